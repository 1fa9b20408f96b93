"""Worker processes that read files ahead; results come back in the order they were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as NotYet
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import NamedTuple

from indexer.store.changes import FileStat

from . import worker
from .pool import process_pool, worker_count
from .worker import Reading

# Work is counted in bytes to hash; opening, parsing and writing a file costs about as much as hashing this many.
_FILE_COST = 256 * 1024
# Much goes to a worker at once: each hand-over waits for this process, which is busy writing.
_BATCH_COST = 64 * 1024 * 1024
_LOOK_AHEAD = 128
_FIRST_LOOK = 16
# Files asked for and not yet handed on: enough to keep workers busy behind one long film, little enough to hold.
_AHEAD = 1024
_TICK_SECONDS = 0.2


class Job(NamedTuple):
    """A file to read, with its sidecars. Paths are as the operating system knows them; stat is what the walk saw.
    hashed: all of it is read, for its digests; else only its metadata."""

    path: str
    stat: FileStat
    sidecars: tuple[str, ...] = ()
    hashed: bool = True


class Readers:
    """A pool that starts with the first file and survives a reader that crashes: that file alone is told unreadable.

    make_executor: any concurrent.futures.Executor will do, here or on other machines. executor: one that runs already,
    for as long as it lasts.
    """

    def __init__(
        self,
        workers: int | None = None,
        make_executor: Callable[[int], Executor] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.workers = workers or worker_count()
        self._make = make_executor or process_pool
        self._executor = executor

    def read(self, jobs: Iterable[Job], tick: Callable[[], None] = lambda: None) -> Iterator[tuple[Job, Reading]]:
        """Each job with its reading, in order. `tick` is called now and then while it waits."""
        waiting: deque[tuple[list[Job], Future[list[Reading]]]] = deque()
        ahead = 0
        for batch in _batches(jobs, self.workers):
            waiting.append((batch, self._submit(batch)))
            ahead += len(batch)
            while waiting and (ahead > _AHEAD or waiting[0][1].done()):
                ahead -= len(waiting[0][0])
                yield from self._next(waiting, tick)
        while waiting:
            yield from self._next(waiting, tick)

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _submit(self, batch: list[Job]) -> Future[list[Reading]]:
        if self._executor is None:
            self._executor = self._make(self.workers)
        try:
            return self._executor.submit(worker.read_files, list(map(_order, batch)))
        except BrokenProcessPool as error:
            broken: Future[list[Reading]] = Future()
            broken.set_exception(error)
            return broken

    def _next(
        self, waiting: deque[tuple[list[Job], Future[list[Reading]]]], tick: Callable[[], None]
    ) -> Iterator[tuple[Job, Reading]]:
        batch, future = waiting.popleft()
        try:
            readings = _result(future, tick)
        except BrokenProcessPool:
            # A worker died and took the pool along. Any of the files in flight may be the cause: read this batch's
            # one by one, and send the others to a new pool.
            self.close()
            readings = [self._read_alone(job) for job in batch]
            for index, (later, _) in enumerate(waiting):
                waiting[index] = (later, self._submit(later))
        yield from zip(batch, readings, strict=True)

    def _read_alone(self, job: Job) -> Reading:
        executor = self._make(1)
        try:
            return executor.submit(worker.read_files, [_order(job)]).result()[0]
        except BrokenProcessPool:
            return Reading(error="the reader crashed on it")
        finally:
            executor.shutdown(wait=True)


def _result(future: Future[list[Reading]], tick: Callable[[], None]) -> list[Reading]:
    while True:
        try:
            return future.result(timeout=_TICK_SECONDS)
        except NotYet:
            tick()


def _batches(jobs: Iterable[Job], workers: int) -> Iterator[list[Job]]:
    """A batch is a small share of what is known to wait: the last ones get smaller and smaller, so that the workers end
    together, and the first are not held back until much is listed."""
    coming, waiting, cost, look = iter(jobs), deque[Job](), 0, _FIRST_LOOK
    while True:
        for job in islice(coming, look if len(waiting) < _AHEAD else 0):
            waiting.append(job)
            cost += _cost(job)
        if not waiting:
            return
        look = _LOOK_AHEAD
        room = min(cost // (2 * workers), _BATCH_COST)
        batch = [waiting.popleft()]
        room -= _cost(batch[0])
        while waiting and _cost(waiting[0]) <= room:
            room -= _cost(waiting[0])
            batch.append(waiting.popleft())
        cost -= sum(map(_cost, batch))
        yield batch


def _cost(job: Job) -> int:
    return job.stat.size + _FILE_COST if job.hashed else _FILE_COST


def _order(job: Job) -> worker.Order:
    return job.path, job.sidecars, job.hashed
