"""Local process pools. Each worker is watched: one that takes more for a task than it may is killed, and only that task
is lost. A module of its own: a rescan that reads nothing need not import multiprocessing, a tenth of its
instructions."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import TYPE_CHECKING, Any

from indexer.errors import NoWorkers

from .limits import Allowance, Watch, unbounded
from .workers import Lost, at_task, tell_task_to, tune_gc

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

# Added to the niceness of workers.
NICENESS = 5
# How often busy workers are checked.
_TICK_SECONDS = 0.25
# A worker's task number between tasks.
_IDLE = -1
# A batch is given up after this many workers died with it, none at one of its tasks; so is the pool if this many die
# before they took a batch.
_MOST_DEATHS = 3
# Windows waits for 63 things at once: two of each worker, and the bell.
_MOST_ON_WINDOWS = 30
# How long to wait for a killed worker to end.
_DEATH_SECONDS = 5.0

Function = Callable[[Sequence[Any]], list[Any]]
_main_lock = threading.Lock()
_is_worker = False


def process_pool(
    workers: int,
    and_then: Callable[[], None] | None = None,
    allowed: Callable[[Any], Allowance] = unbounded,
    niceness: int = NICENESS,
) -> Pool:
    """Workers are forked from a clean server process, never from this one, which may have threads and open databases.
    and_then: a module's function, called in each at its start. allowed: what a task may take. niceness: added to that
    of the workers; the main process has priority, since all of them wait for it."""
    return Pool(workers, _context(), and_then, allowed, niceness)


def early_pool(workers: int, warm_up: Callable[[], None], allowed: Callable[[Any], Allowance]) -> Pool | None:
    """Workers forked at once, by a caller that has no threads and no open database yet: they start while it continues.
    None if it has any, or not on Linux."""
    if sys.platform != "linux" or len(os.listdir("/proc/self/task")) > 1:  # threads of libraries too
        return None
    pool = Pool(workers, multiprocessing.get_context("fork"), warm_up, allowed)
    pool.start()
    return pool


def most_workers(count: int, platform: str = sys.platform) -> int:
    return min(count, _MOST_ON_WINDOWS) if platform == "win32" else count


def is_worker() -> bool:
    """Whether this process belongs to a pool: it runs one task at a time, and nothing else."""
    return _is_worker


class _Batch:
    """Tasks that were submitted together, until all are done. left: numbers of the remaining ones."""

    def __init__(self, function: Function, tasks: Sequence[Any]) -> None:
        self.future: Future[list[Any]] = Future()
        self.function, self.tasks = function, tasks
        self.left = list(range(len(tasks)))
        self.deaths = 0
        self._results: list[Any] = [None] * len(tasks)

    def message(self) -> bytes:
        return pickle.dumps((self.function, [self.tasks[number] for number in self.left]))

    def take(self, results: Sequence[Any]) -> None:
        for number, result in zip(self.left, results, strict=True):
            self._results[number] = result
        self.left = []

    def lose(self, at: int | None, reason: str) -> None:
        """at: the place among those that are left; None: all of them."""
        for number in self.left if at is None else [self.left[at]]:
            self._results[number] = Lost(reason)
        self.left = [] if at is None else [*self.left[:at], *self.left[at + 1 :]]

    def finish(self) -> None:
        self.future.set_result(self._results)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):  # it was cancelled before it began
            self.future.set_exception(error)


class _Worker:
    """A process, the pipes to it and from it, and its batch. ended_at: the task for which it was killed."""

    batch: _Batch | None = None
    watch: Watch | None = None
    reason = "crashed on it"
    ended_at: int | None = None

    def __init__(self, context: BaseContext, and_then: Callable[[], None] | None, niceness: int) -> None:
        theirs, self._tasks = context.Pipe(duplex=False)
        self.results, answers = context.Pipe(duplex=False)
        self._at = context.RawArray("i", [_IDLE])
        process: Any = getattr(context, "Process")  # noqa: B009  typeshed has it only in the classes below
        self.process: SpawnProcess = process(
            target=_work, args=(theirs, answers, self._at, and_then, niceness), daemon=True
        )
        try:
            with _without_main():
                self.process.start()
        except BaseException:
            self._tasks.close()
            self.results.close()
            raise
        finally:
            theirs.close()
            answers.close()

    def send(self, batch: _Batch) -> None:
        message = batch.message()
        self.batch, self.watch = batch, None
        with suppress(OSError):  # it has just died: that is seen next
            self._tasks.send_bytes(message)

    def at(self) -> int | None:
        """The current task, by its number in the batch; None between two tasks."""
        number: int = self._at[0]
        return number if self.batch is not None and 0 <= number < len(self.batch.left) else None

    def end(self) -> None:
        self.process.kill()

    def end_for(self, at: int, reason: str) -> None:
        self.ended_at, self.reason = at, reason
        self.end()

    def died_at(self) -> int | None:
        """The task that is to blame for its death; None if it had moved on to another one before it died."""
        at = self.at()
        return at if self.ended_at in (None, at) else None

    def close(self) -> None:
        self.process.join(_DEATH_SECONDS)
        with suppress(ValueError):  # it is not dead yet: it waits for a disk that does not answer
            self.process.close()
        self._tasks.close()
        self.results.close()


class Pool(Executor):
    """submit(function, tasks) gives a future of as many results, some of which may be Lost. A thread hands out batches,
    collects results and watches the workers.

    A future, or `submit`, raises NoWorkers if no worker can be started. That is retried with the next batch, and
    periodically while other workers live."""

    def __init__(
        self,
        workers: int,
        context: BaseContext,
        and_then: Callable[[], None] | None,
        allowed: Callable[[Any], Allowance],
        niceness: int = NICENESS,
    ) -> None:
        self._count, self._context = most_workers(workers), context
        self._and_then, self._allowed, self._niceness = and_then, allowed, niceness
        self._lock = threading.RLock()
        self._waiting: deque[_Batch] = deque()
        self._workers: list[_Worker] = []
        self._stillborn = 0
        self._thread: threading.Thread | None = None
        self._is_closing = self._is_cancelled = self._has_rung = False
        self._news, self._bell = multiprocessing.Pipe(duplex=False)

    def start(self) -> None:
        """Start all workers at once. Replacements, and those that cannot be started now, come from a clean process."""
        with suppress(OSError):
            for _ in range(self._count):
                self._workers.append(_Worker(self._context, self._and_then, self._niceness))
        self._context = _context()

    @property
    def is_closed(self) -> bool:
        return self._is_closing

    def submit(self, function: Function, tasks: Sequence[Any]) -> Future[list[Any]]:  # type: ignore[override]
        batch = _Batch(function, tasks)
        with self._lock:
            if self._is_closing:
                raise NoWorkers("the worker processes were stopped")
            if self._thread is None:
                thread = threading.Thread(target=self._manage, name="indexer-pool", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    raise NoWorkers(f"no worker process can be started now: {error}") from error
                self._thread = thread
            self._waiting.append(batch)
            self._ring()
        return batch.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """cancel_futures: kill workers during their tasks, which is safe because tasks have no side effects."""
        with self._lock:
            if self._is_closing:
                return
            self._is_closing, self._is_cancelled = True, cancel_futures
            thread = self._thread
            if thread is not None:
                self._ring()
        if thread is None:
            self._end(None)
        elif wait:
            thread.join()

    def _ring(self) -> None:
        if not self._has_rung:
            self._bell.send_bytes(b"")
            self._has_rung = True  # only now: Ctrl-C may come in between, and twice does no harm

    # In the thread

    def _manage(self) -> None:
        """Run the manager thread. If it fails, every future ends with the reason."""
        failure = None
        try:
            self._serve()
        except Exception as error:
            failure = NoWorkers(f"the worker processes were lost: {_text_of(error)}")
            failure.__cause__ = error
        with self._lock:
            self._is_closing = True
        self._end(failure)

    def _serve(self) -> None:
        while True:
            with self._lock:
                if self._is_cancelled or (self._is_closing and not self._waiting and not any(self._busy())):
                    break
            self._hand_out()
            about: dict[Any, _Worker | None] = {self._news: None}
            for worker in self._workers:
                about[worker.results] = about[worker.process.sentinel] = worker
            ready = wait(list(about), timeout=_TICK_SECONDS if any(self._busy()) else None)
            if self._news in ready:
                with self._lock:
                    self._news.recv_bytes()
                    self._has_rung = False
            for heard in dict.fromkeys(about[handle] for handle in ready):
                if heard is not None:
                    self._hear(heard)
            for worker in self._busy():
                self._look_after(worker)

    def _busy(self) -> Iterator[_Worker]:
        return (worker for worker in self._workers if worker.batch is not None)

    def _hand_out(self) -> None:
        """Without the lock, for to start a worker and to send to it may take a while, and `submit` takes none. Only
        this thread takes out of what waits."""
        while self._waiting and not self._is_cancelled:
            worker = self._free_worker()
            if worker is None:
                return
            batch = self._waiting.popleft()
            if batch.future.running() or batch.future.set_running_or_notify_cancel():
                try:
                    worker.send(batch)
                except Exception as error:  # it cannot be pickled
                    batch.fail(error)

    def _free_worker(self) -> _Worker | None:
        """A new one where all others are busy; None: there is none now."""
        for worker in self._workers:
            if worker.batch is None:
                return worker
        if len(self._workers) >= self._count:
            return None
        try:
            self._workers.append(_Worker(self._context, self._and_then, self._niceness))
        except Exception as error:
            if not self._workers:
                reason = NoWorkers(f"no worker process can be started now: {_text_of(error)}")
                reason.__cause__ = error
                self._fail_waiting(reason)
            return None
        return self._workers[-1]

    def _hear(self, worker: _Worker) -> None:
        """Handle a message from a worker, or its death."""
        try:
            message = worker.results.recv_bytes() if worker.results.poll() else None
        except (EOFError, OSError):
            self._bury(worker)
            return
        if message is not None:
            self._take(worker, message)
        elif not worker.process.is_alive():
            self._bury(worker)

    def _take(self, worker: _Worker, message: bytes) -> None:
        batch, worker.batch, self._stillborn = worker.batch, None, 0
        assert batch is not None
        try:
            results, error = pickle.loads(message)
            if error is None:
                batch.take(results)
        except Exception as odd:
            error = odd
        if error is not None:
            batch.fail(error)
        else:
            batch.finish()

    def _bury(self, worker: _Worker) -> None:
        worker.end()
        worker.close()
        batch, at = worker.batch, worker.died_at()
        self._workers.remove(worker)
        if batch is None:
            return
        if at is not None:
            batch.lose(at, worker.reason)
        else:
            batch.deaths += 1
            self._stillborn += 1
            if batch.deaths >= _MOST_DEATHS:
                if self._stillborn >= _MOST_DEATHS:
                    batch.fail(NoWorkers("worker processes do not start, or crash"))
                    return
                batch.lose(None, worker.reason)
        if batch.left:
            self._waiting.appendleft(batch)
        else:
            batch.finish()

    def _look_after(self, worker: _Worker) -> None:
        at, batch = worker.at(), worker.batch
        if at is None or batch is None:
            worker.watch = None
            return
        task = batch.left[at]
        if worker.watch is None or worker.watch.task != task:
            worker.watch = Watch(task, worker.process.pid or 0, self._allowed(batch.tasks[task]))
        try:
            reason = worker.watch.look()
        except OSError:  # too many open files: checked again later
            return
        if reason is not None and worker.at() == at:
            worker.end_for(at, reason)

    def _end(self, failure: NoWorkers | None) -> None:
        """failure: the reason for the end, unless it was requested."""
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            if worker.batch is not None:
                worker.batch.fail(failure or NoWorkers("the worker processes were stopped"))
            worker.close()
        self._workers = []
        if failure is None:
            for batch in self._waiting:
                batch.future.cancel()
        self._fail_waiting(failure or NoWorkers("the worker processes were stopped"))
        self._news.close()
        self._bell.close()

    def _fail_waiting(self, reason: NoWorkers) -> None:
        while self._waiting:
            self._waiting.popleft().fail(reason)


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# In a worker


def _work(tasks: Connection, answers: Connection, at: Any, and_then: Callable[[], None] | None, niceness: int) -> None:
    prepare(and_then, niceness)
    tell_task_to(at)
    with suppress(EOFError):
        while True:
            answers.send_bytes(_answer(tasks.recv_bytes()))


def _answer(message: bytes) -> bytes:
    try:
        function, batch = pickle.loads(message)
        del message
        at_task(0)
        try:
            results = function(batch)
        finally:
            at_task(_IDLE)
        return pickle.dumps((results, None))
    except Exception as error:
        error.add_note(traceback.format_exc())
        return _in_bytes(error)


def _in_bytes(error: Exception) -> bytes:
    """Only its text where it cannot be sent, or cannot be put together again."""
    try:
        message = pickle.dumps((None, error))
        pickle.loads(message)
    except Exception:
        message = pickle.dumps((None, RuntimeError("".join(traceback.format_exception(error)))))
    return message


def prepare(and_then: Callable[[], None] | None = None, niceness: int = NICENESS) -> None:
    """Ctrl-C is the main process's to handle; SIGIO is what a lease's holder gets (see sync.reading). And a worker does
    not outlive the main process, however that one ends."""
    global _is_worker
    _is_worker = True
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(niceness)
    tune_gc()
    if and_then is not None:
        and_then()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _context() -> BaseContext:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([__name__, "indexer.sync.reading"])
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """A worker does not import the caller's `__main__`, as it otherwise would to find what that defines: nothing here
    needs it, and a script without the `if __name__ == "__main__"` guard would run again in each."""
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
