"""Work for an executor: it starts with the first task, results come back in order, and a crash costs one task."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:  # imported where there is work: a scan that finds nothing new does without
    from concurrent.futures import Executor, Future


class Deadly(Exception):
    """Workers died at this batch, or beside it; the executor goes on."""


Task = TypeVar("Task")
Result = TypeVar("Result")

_TICK_SECONDS = 0.2


def worker_count() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def calm_collector() -> None:
    """For a process that is ours: have Python look for cycles among its objects less often. Batches of thousands of
    small ones come and go, and hold none; what is there now, the modules, is never looked at again. 5 % of a scan of
    small photos, here and in the workers."""
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
        self._make = make_executor or _local
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
        from concurrent.futures import BrokenExecutor, Future

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
        from concurrent.futures import BrokenExecutor

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
        from concurrent.futures import BrokenExecutor

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


def _local(workers: int) -> Executor:
    from .pool import process_pool

    return process_pool(workers)


def _result(future: Future[list[Result]], tick: Callable[[], None]) -> list[Result]:
    while True:
        try:
            return future.result(timeout=_TICK_SECONDS)
        except TimeoutError:
            tick()
