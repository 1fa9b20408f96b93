"""The pool of reader processes (main-process side). Results are returned in the order of the requests."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from indexer.store.files import FileStat
from indexer.work.workers import Workers

from . import worker
from .read_progress import LARGE, ReadProgress
from .requests import ReadRequest, ReadResult

if TYPE_CHECKING:
    from concurrent.futures import Executor

# Work is counted in bytes to hash; opening, parsing and writing a file costs about as much as hashing this many.
_FILE_COST = 256 * 1024
# Batches are large: each hand-over waits for this process, which is busy writing.
_BATCH_COST = 64 * 1024 * 1024
_LOOK_AHEAD = 128
_FIRST_LOOK = 16
# Files requested and not yet handed on: enough to keep workers busy behind one long video, and to fit in memory.
_AHEAD = 1024
_AHEAD_EACH = 128


class Job(NamedTuple):
    """A file to read, with its sidecars. Paths are as the operating system knows them; stat: as seen by the walk.
    hashed: read the whole file, for its digests; else only its metadata."""

    path: str
    stat: FileStat
    sidecars: tuple[str, ...] = ()
    hashed: bool = True


class Readers:
    """Reads files in worker processes, in order. A file that crashes its reader, or takes it too long, is unreadable.
    See indexer.work.workers.Workers for make_executor and executor."""

    def __init__(
        self,
        workers: int | None = None,
        make_executor: Callable[[int], Executor] | None = None,
        executor: Executor | None = None,
        elsewhere: bool = False,
    ) -> None:
        """elsewhere: the executor's workers are on other machines."""
        self._is_elsewhere = elsewhere
        self._progress = ReadProgress()
        self._workers: Workers[ReadRequest, ReadResult] = Workers(
            worker.read_files, _lost, workers, make_executor or _pool, executor
        )

    def read(self, jobs: Iterable[Job], tick: Callable[[], None] = lambda: None) -> Iterator[tuple[Job, ReadResult]]:
        """Each job with its result, in order. `tick` is called periodically while waiting."""
        requested: deque[Job] = deque()

        def requests() -> Iterator[list[ReadRequest]]:
            for batch in _batches(jobs, self._workers.count):
                requested.extend(batch)
                yield list(map(self._request, batch))

        ahead = max(_AHEAD, _AHEAD_EACH * self._workers.count)
        for request, result in self._workers.run(requests(), ahead, tick):
            job = requested.popleft()
            if request.slot is not None:
                self._progress.end(request.slot)
            yield job, _with_own_stat(job, result) if self._is_elsewhere and result.stat is not None else result

    def bytes_ahead(self) -> int:
        """Bytes read so far of large files whose results are still to come."""
        return self._progress.total()

    def close(self) -> None:
        self._workers.close()
        self._progress.close()

    def _request(self, job: Job) -> ReadRequest:
        seen = job.stat
        expected = (seen.size, seen.mtime_ns, seen.ctime_ns, seen.inode)
        if self._is_elsewhere:
            return ReadRequest(job.path, job.sidecars, job.hashed, expected[:2])
        slot = self._progress.begin() if job.hashed and seen.size >= LARGE else None
        return ReadRequest(job.path, job.sidecars, job.hashed, expected, slot)


def _with_own_stat(job: Job, result: ReadResult) -> ReadResult:
    """Replace another machine's stat with this one's, if both see the same file."""
    assert result.stat is not None
    try:
        own = os.lstat(job.path)
    except OSError as error:
        return ReadResult(error=error.strerror or str(error))
    if (own.st_size, own.st_mtime_ns) != (result.stat.st_size, result.stat.st_mtime_ns):
        return ReadResult(unstable="it changed while it was read")
    return result._replace(stat=own)


def _pool(workers: int) -> Executor:
    from indexer.work.pool import process_pool

    return process_pool(workers, worker.warm_up, worker.allowed)


def _lost(request: ReadRequest, reason: str) -> ReadResult:
    return ReadResult(error=f"the reader {reason}")


def _batches(jobs: Iterable[Job], workers: int) -> Iterator[list[Job]]:
    """Split jobs into batches. Each is a small share of the waiting jobs: the last ones get smaller, so that the
    workers finish together, and the first ones need not wait until many files are listed."""
    coming, waiting, cost, ahead = iter(jobs), deque[Job](), 0, _FIRST_LOOK
    while True:
        for job in islice(coming, ahead if len(waiting) < _AHEAD else 0):
            waiting.append(job)
            cost += _cost(job)
        if not waiting:
            return
        ahead = _LOOK_AHEAD
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
