"""Worker processes: a pool that starts with the first task, hands results back in order, and survives a crash."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.process
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures import TimeoutError as NotYet
from concurrent.futures.process import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import Generic, TypeVar


class Deadly(BrokenExecutor):
    """Workers died at this batch, or beside it; the executor goes on."""


Task = TypeVar("Task")
Result = TypeVar("Result")

_TICK_SECONDS = 0.2
_BEHIND = 5


def worker_count() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_pool(workers: int, and_then: Callable[[], None] | None = None) -> Executor:
    """Workers are forked off a clean server process, never off this one, which may have threads and open databases.
    and_then: a function of a module, called in each at its start."""
    return _QuietPool(workers, mp_context=_context(), initializer=prepare, initargs=(and_then,))


def early_pool(workers: int, get_ready: Callable[[], None]) -> Executor | None:
    """Workers forked at once, by a caller that has no threads and no open database yet: they get ready while it does.
    None where that is not so, or not Linux."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return None
    pool: Executor = _QuietPool(workers, mp_context=multiprocessing.get_context("fork"), initializer=prepare)
    for _ in range(workers):
        pool.submit(get_ready)
    return pool


def prepare(and_then: Callable[[], None] | None = None) -> None:
    """Ctrl-C is the main process's to handle; SIGIO is what a lease's holder gets (see sync.worker). And a worker does
    not outlive the main process, however that one ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_BEHIND)  # the main process comes first: all of them wait for it, and it for one of them at most
    calm_collector()
    if and_then is not None:
        and_then()


def calm_collector() -> None:
    """Have Python look for cycles among its objects less often: batches of thousands of small ones come and go here,
    and hold none. What is there now, the modules, is never looked at again. 5 % of a scan of small photos."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Workers(Generic[Task, Result]):
    """Runs `function` on batches of tasks, which it answers with as many results.

    A task at which a worker crashes has the result that `crashed` makes of it; the others do not suffer.
    make_executor: any concurrent.futures.Executor will do, here or on other machines. executor: one that runs already,
    for as long as it lasts.
    """

    def __init__(
        self,
        function: Callable[[Sequence[Task]], list[Result]],
        crashed: Callable[[Task], Result],
        count: int | None = None,
        make_executor: Callable[[int], Executor] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.count = count or worker_count()
        self._function = function
        self._crashed = crashed
        self._make = make_executor or process_pool
        self._executor = executor

    def run(
        self, batches: Iterable[Sequence[Task]], ahead: int, tick: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in order; at most about `ahead` tasks are out at once. `tick` is called now and
        then while it waits."""
        waiting: deque[tuple[Sequence[Task], Future[list[Result]]]] = deque()
        out = 0
        for batch in batches:
            waiting.append((batch, self._submit(batch)))
            out += len(batch)
            while waiting and (out > ahead or waiting[0][1].done()):
                out -= len(waiting[0][0])
                yield from self._next(waiting, tick)
        while waiting:
            yield from self._next(waiting, tick)

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _submit(self, batch: Sequence[Task]) -> Future[list[Result]]:
        if self._executor is None:
            self._executor = self._make(self.count)
        try:
            return self._executor.submit(self._function, batch)
        except BrokenExecutor as error:
            broken: Future[list[Result]] = Future()
            broken.set_exception(error)
            return broken

    def _next(
        self, waiting: deque[tuple[Sequence[Task], Future[list[Result]]]], tick: Callable[[], None]
    ) -> Iterator[tuple[Task, Result]]:
        batch, future = waiting.popleft()
        try:
            results = _result(future, tick)
        except Deadly:
            results = self._run_apart(batch)
        except BrokenExecutor:
            # A worker died and took the pool along. Any of the tasks in flight may be the cause: run this batch apart,
            # and send the others to a new pool.
            self.close()
            results = self._run_apart(batch)
            for index, (later, _) in enumerate(waiting):
                waiting[index] = (later, self._submit(later))
        yield from zip(batch, results, strict=True)

    def _run_apart(self, batch: Sequence[Task]) -> list[Result]:
        """In a process of its own; where it dies, by halves, until the tasks that kill it are alone."""
        executor = self._make(1)
        try:
            return executor.submit(self._function, batch).result()
        except BrokenExecutor:
            if len(batch) == 1:
                return [self._crashed(batch[0])]
        finally:
            executor.shutdown(wait=True)
        half = len(batch) // 2
        return self._run_apart(batch[:half]) + self._run_apart(batch[half:])


def _result(future: Future[list[Result]], tick: Callable[[], None]) -> list[Result]:
    while True:
        try:
            return future.result(timeout=_TICK_SECONDS)
        except NotYet:
            tick()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _context() -> BaseContext:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(
            [__name__, "indexer.sync.worker", "indexer.media.read", "concurrent.futures.process"]
        )
    return context


class _QuietPool(ProcessPoolExecutor):
    """A pool whose workers do not import the caller's `__main__`, as they otherwise would to find what it defines:
    nothing here needs it, and a script without the `if __name__ == "__main__"` guard would run again in each."""

    def submit(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return super().submit(*args, **kwargs)
        finally:
            sys.modules["__main__"] = main
