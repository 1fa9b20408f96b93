"""Run batches of tasks on an executor, which starts with the first task; a task that kills its worker loses only
itself."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:  # imported where there is work: a scan that finds nothing new does without
    from concurrent.futures import Executor, Future


class WorkerDied(Exception):
    """Workers died while they had this batch; the executor goes on."""


class Lost(NamedTuple):
    """What an executor returns for a task at which its worker died. reason continues "the reader …": "crashed on it",
    "was stopped after 30 seconds"."""

    reason: str


@dataclass(frozen=True)
class Remote:
    """A function of a module, for an executor of processes: only the worker imports the module."""

    module: str
    name: str

    def __call__(self, *arguments: Any) -> Any:
        return getattr(import_module(self.module), self.name)(*arguments)


Task = TypeVar("Task")
Result = TypeVar("Result")

_TICK_SECONDS = 0.2
# Where this process notes which task of its batch it is at; set in watched workers (see pool).
_at: MutableSequence[int] | None = None


def worker_count() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tune_gc() -> None:
    """Freeze loaded modules and collect garbage less often, in a process of our own: batches of thousands of small
    objects come and go without cycles. Saves 5 % of a scan of small photos, here and in the workers."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def tell_task_to(at: MutableSequence[int]) -> None:
    global _at
    _at = at


def at_task(number: int) -> None:
    """Called before each task of a batch: if the worker dies, that task is to blame."""
    if _at is not None:
        _at[0] = number


class Workers(Generic[Task, Result]):
    """Runs `function` on batches of tasks; it returns as many results.

    A task at which a worker dies, because it crashed or took too much, gets the result that `lost` makes of it and the
    reason; the others are not affected.
    make_executor: any concurrent.futures.Executor will do, here or on other machines. executor: one that runs already,
    used until `close`.
    """

    def __init__(
        self,
        function: Callable[[Sequence[Task]], list[Result]],
        lost: Callable[[Task, str], Result],
        count: int | None,
        make_executor: Callable[[int], Executor],
        executor: Executor | None = None,
    ) -> None:
        self.count = count or worker_count()
        self._function = function
        self._lost = lost
        self._make = make_executor
        self._executor = executor

    def run(
        self, batches: Iterable[Sequence[Task]], ahead: int, tick: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in order; about `ahead` tasks are out at most. `tick` is called now and then while
        it waits."""
        waiting: deque[tuple[Sequence[Task], Future[list[Result | Lost]]]] = deque()
        out = 0
        for batch in batches:
            waiting.append((batch, self._submit(batch)))
            out += len(batch)
            while waiting and (out > ahead or waiting[0][1].done()):
                out -= len(waiting[0][0])
                yield from self._results(*waiting.popleft(), tick)
        while waiting:
            yield from self._results(*waiting.popleft(), tick)

    def run_as_done(
        self, batches: Iterable[Sequence[Task]], ahead: int, tick: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Task, Result]]:
        """As `run`, in the order in which results arrive: a slow task delays no other."""
        from concurrent.futures import FIRST_COMPLETED, wait

        out: dict[Future[list[Result | Lost]], Sequence[Task]] = {}
        coming, more = iter(batches), True
        while more or out:
            while more and sum(map(len, out.values())) < ahead and not any(future.done() for future in out):
                batch = next(coming, None)
                more = batch is not None
                if batch is not None:
                    out[self._submit(batch)] = batch
            done, _ = wait(out, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield from self._results(out.pop(future), future, tick)
            tick()

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _submit(self, batch: Sequence[Task]) -> Future[list[Result | Lost]]:
        if self._executor is None:
            self._executor = self._make(self.count)
        return self._executor.submit(self._function, batch)  # type: ignore[arg-type]

    def _results(
        self, batch: Sequence[Task], future: Future[list[Result | Lost]], tick: Callable[[], None]
    ) -> Iterator[tuple[Task, Result]]:
        try:
            results = _result(future, tick)
        except WorkerDied:
            results = self._run_apart(batch)
        for task, result in zip(batch, results, strict=True):
            yield task, self._lost(task, result.reason) if isinstance(result, Lost) else result

    def _run_apart(self, batch: Sequence[Task]) -> list[Result | Lost]:
        executor = self._make(1)
        try:
            results: list[Result | Lost] = list(executor.submit(self._function, batch).result())
            return results
        finally:
            executor.shutdown(wait=True)


def _result(future: Future[list[Result | Lost]], tick: Callable[[], None]) -> list[Result | Lost]:
    while True:
        try:
            return future.result(timeout=_TICK_SECONDS)
        except TimeoutError:
            tick()
