"""An executor for workers on other machines: those of a Dask scheduler (distributed.dask.org).

All workers must see the photos under the same paths and run the same indexer. A task whose file a worker cannot open,
or that crashes it, is retried on this machine; a batch of a worker that dies is sent to another. Only this machine
writes the index.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

from indexer.errors import ClusterUnavailable, UsageError

from .limits import Allowance
from .pool import process_pool
from .workers import Lost, WorkerDied, worker_count

_CONNECT_SECONDS = 10
_LOOK_SECONDS = 1.0
# Results that a dying worker held and nobody had fetched are lost: those batches are sent again. A batch lost more
# often than this was lost by the scheduler.
_TIMES_LOST = 3
# How long to wait for a new worker after the last one has left.
_ALONE_SECONDS = 30.0

Function = Callable[[Sequence[Any]], list[Any]]
NeedsLocal = Callable[[Any], bool]
Signature = Callable[[], str]


class WrongVersion(Exception):
    """A worker whose results would differ from this machine's: its address and signature."""


def work(signature: Signature, expected: str, function: Function, tasks: Sequence[Any]) -> tuple[str, list[Any]]:
    """Runs on a worker. Returns its machine's name and the results. Raises WrongVersion."""
    if (actual := signature()) != expected:
        from distributed import get_worker

        raise WrongVersion(get_worker().address, actual)
    return socket.gethostname(), function(tasks)


class Cluster:
    """The workers of a scheduler; a context manager.

    on_message is called with one sentence for each worker that cannot be used, has left, or does not see the photos.
    signature: a module-level function; results are the same only if it returns the same here and on a worker.
    Raises ClusterUnavailable if there is no scheduler or no usable worker, UsageError if Dask is not installed.
    """

    def __init__(self, address: str, on_message: Callable[[str], None], signature: Signature) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UsageError("a cluster needs Dask: pip install 'photo-indexer[cluster]'") from error
        self.address = address
        self._tell = on_message
        self._signature = signature
        connect: Any = distributed.Client
        try:
            self._client: Any = connect(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="indexer")
        except (OSError, ValueError) as error:
            raise ClusterUnavailable(f"there is no scheduler at {address}: start one with 'dask scheduler'") from error
        self._lock = threading.RLock()
        self._good: dict[str, int] = {}  # threads by address
        self._bad: dict[str, str] = {}
        self._out: set[_Task] = set()
        self._end = threading.Event()
        try:
            self.look()
            if not self._good:
                why = "; ".join(f"{worker}: {reason}" for worker, reason in self._bad.items()) or "it has none"
                raise ClusterUnavailable(f"no worker of {address} can be used ({why})")
        except BaseException:
            self._client.close()
            raise
        threading.Thread(target=self._watch, name="indexer-cluster", daemon=True).start()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._client.close()

    @property
    def count(self) -> int:
        """Tasks that can run at once; at least two (see `executor`)."""
        return max(sum(self._good.values()), 2)

    def executor(
        self,
        needs_local: NeedsLocal,
        allowed: Callable[[Any], Allowance],
        and_then: Callable[[], None] | None,
        count: int,
    ) -> Executor:
        """needs_local: whether a worker could not reach the file of a result; allowed, and_then: as those of
        `process_pool`, for what is done here. With count 1, a local pool: a task that crashed workers is retried alone
        here, since each crash costs the cluster a worker."""
        make = partial(process_pool, and_then=and_then, allowed=allowed)
        return make(1) if count == 1 else RemoteExecutor(self, needs_local, make)

    def look(self) -> None:
        """Update the list of workers; new ones are asked for their signature."""
        threads: dict[str, int] = self._client.nthreads()
        with self._lock:
            new = [address for address in threads if address not in self._good and address not in self._bad]
            answers = self._client.run(self._signature, workers=new, on_error="return") if new else {}
            for address, answer in answers.items():
                if answer == self._signature():
                    self._good[address] = threads[address]
                else:
                    self._bad[address] = f"runs {answer}" if isinstance(answer, str) else f"has no indexer ({answer})"
                    self._tell(f"worker {address} is not used: it {self._bad[address]}, here is {self._signature()}")
            for address in [address for address in self._good if address not in threads]:
                del self._good[address]
                self._tell(f"worker {address} has gone; its tasks are repeated")

    def send(self, task: _Task) -> None:
        with self._lock:
            self._out.add(task)
            # If all workers are good, any will do, including later ones.
            task.allowed = list(self._good) if self._bad else None
            task.remote = self._client.submit(
                work, self._signature, self._signature(), task.function, task.tasks, workers=task.allowed, pure=False
            )
            task.remote.add_done_callback(partial(self._arrived, task))

    def forget(self, tasks: Sequence[_Task]) -> None:
        with self._lock:
            self._out.difference_update(tasks)
        with suppress(Exception):  # a scheduler that is gone has nothing to cancel
            self._client.cancel([task.remote for task in tasks], asynchronous=False)

    def tell_missed(self, missed: Counter[str]) -> None:
        for host, count in sorted(missed.items()):
            files = "file" if count == 1 else "files"
            self._tell(f"{count:,} {files} that {host} could not open were read here: does it see the photos' folder?")

    def _arrived(self, task: _Task, remote: Any) -> None:
        """Runs in a thread of the client. Fetching a result may take a while: if the worker that holds it dies first,
        another one computes it again."""
        error: BaseException | None
        try:
            error = remote.exception() if remote.status != "cancelled" else None
            answer = remote.result() if remote.status == "finished" else None
        except CancelledError:  # by `forget`, or with the scheduler
            error = answer = None
        except OSError as lost:
            error, answer = ClusterUnavailable(f"the scheduler at {self.address} does not answer: {lost}"), None
        with self._lock:
            if task not in self._out or remote is not task.remote:
                return
            self._out.discard(task)
        if answer is not None:
            task.take(*answer)
        elif isinstance(error, WrongVersion | ImportError | AttributeError) and self._sorts_out(error):
            self.send(task)
        elif type(error).__name__ == "KilledWorker":
            task.fail(WorkerDied(str(error)))
        elif error is None and task.lost < _TIMES_LOST:
            task.lost += 1
            self.send(task)
        else:
            task.fail(error or ClusterUnavailable(f"the scheduler at {self.address} has dropped a task"))

    def _sorts_out(self, error: Exception) -> bool:
        """Whether this error ruled out a worker, and others are left."""
        with self._lock:
            known = len(self._bad)
            if isinstance(error, WrongVersion):
                address, actual = error.args
                self._good.pop(address, None)
                self._bad[address] = f"runs {actual}"
                self._tell(f"worker {address} is not used: it runs {actual}, here is {self._signature()}")
            else:
                self._good.clear()
                self.look()
            return len(self._bad) > known and bool(self._good)

    def _watch(self) -> None:
        alone = 0.0
        while not self._end.wait(_LOOK_SECONDS):
            try:
                self.look()
                alone = 0.0 if self._good else alone + _LOOK_SECONDS
            except Exception:  # the scheduler does not answer, for whatever reason
                alone += _LOOK_SECONDS
            with self._lock:
                out = list(self._out)
            if alone >= _ALONE_SECONDS:
                self.forget(out)
                for task in out:
                    task.fail(ClusterUnavailable(f"no worker of {self.address} has been there for {alone:.0f} seconds"))
            elif not alone:
                for task in out:  # sent to workers that have all left
                    if task.allowed and not any(address in self._good for address in task.allowed):
                        self.forget([task])
                        self.send(task)


class _Task:
    """A batch in flight: sent, perhaps again, until a result arrives."""

    allowed: Sequence[str] | None
    remote: Any
    lost = 0

    def __init__(self, executor: RemoteExecutor, function: Function, tasks: Sequence[Any]) -> None:
        self.future: Future[list[Any]] = Future()
        self.function, self.tasks = function, tasks
        self._executor = executor

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)
        self._executor.done(self)

    def take(self, host: str, results: list[Any]) -> None:
        refused = [number for number, result in enumerate(results) if self._executor.needs_local(result)]
        if not refused:
            self._set(results)
            return
        retry = self._executor.local_executor().submit(self.function, [self.tasks[number] for number in refused])
        retry.add_done_callback(partial(self._take_local, host, results, refused))

    def _take_local(self, host: str, results: list[Any], refused: list[int], retry: Future[list[Any]]) -> None:
        """Merge the results of the refused tasks, which were retried on this machine."""
        if retry.cancelled() or (error := retry.exception()) is not None:
            self.fail(error if not retry.cancelled() and error is not None else BrokenExecutor("stopped"))
            return
        for number, result in zip(refused, retry.result(), strict=True):
            results[number] = result
            if not isinstance(result, Lost) and not self._executor.needs_local(result):
                self._executor.missed[host] += 1
        self._set(results)

    def _set(self, results: list[Any]) -> None:
        if not self.future.done():
            self.future.set_result(results)
        self._executor.done(self)


class RemoteExecutor(Executor):
    """submit(function, tasks) runs on a worker of the cluster."""

    def __init__(self, cluster: Cluster, needs_local: NeedsLocal, make: Callable[[int], Executor]) -> None:
        self.needs_local = needs_local
        self._make = make
        self.missed: Counter[str] = Counter()  # by machine: files that it could not open, but this one could
        self._cluster = cluster
        self._open: set[_Task] = set()
        self._local: Executor | None = None
        self._lock = threading.Lock()

    def submit(self, function: Function, tasks: Sequence[Any]) -> Future[list[Any]]:  # type: ignore[override]
        task = _Task(self, function, tasks)
        with self._lock:
            self._open.add(task)
        self._cluster.send(task)
        return task.future

    def local_executor(self) -> Executor:
        with self._lock:
            if self._local is None:
                self._local = self._make(worker_count())
            return self._local

    def done(self, task: _Task) -> None:
        with self._lock:
            self._open.discard(task)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            tasks, self._open = list(self._open), set()
        if tasks:
            self._cluster.forget(tasks)
        for task in tasks:
            task.future.cancel()
        if self._local is not None:
            self._local.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._cluster.tell_missed(self.missed)
