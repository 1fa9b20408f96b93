"""Files read in groups, each as a whole or not at all, though nobody holds them still. In worker processes; it imports
the media room and nothing above it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from io import FileIO
from typing import NamedTuple

from indexer.files import regular_nofollow
from indexer.media.read import file_time, read_source
from indexer.media.source import HEAD, Source
from indexer.workers import at_task

from .gauge import telling
from .requests import ReadRequest, ReadResult

# Files that are open at once.
GROUP = 16
_own = threading.local()


def read_group(orders: Sequence[ReadRequest], first: int = 0) -> list[ReadResult]:
    """At most GROUP files, hashed before the first of them is parsed. Each hash empties the processor's caches: parsed
    after its own hash a photo takes 0.3 ms, after another photo's parsing 0.1 ms. first: the number of the first one in
    its batch."""
    rooms = _rooms()
    opened = [_open(order, rooms[at], first + at) for at, order in enumerate(orders)]
    try:
        return [one if isinstance(one, ReadResult) else _parse(one, number) for number, one in enumerate(opened, first)]
    finally:
        for one in opened:
            if isinstance(one, _Opened):
                one.file.close()


class _Opened(NamedTuple):
    order: ReadRequest
    file: FileIO
    before: os.stat_result
    source: Source


def _rooms() -> list[memoryview]:
    """Where this thread keeps the heads of a group of files, one group after the other."""
    rooms: list[memoryview] | None = getattr(_own, "rooms", None)
    if rooms is None:
        rooms = _own.rooms = [memoryview(bytearray(HEAD)) for _ in range(GROUP)]
    return rooms


def _open(order: ReadRequest, room: memoryview, number: int) -> _Opened | ReadResult:
    """The file with its digests."""
    at_task(number)
    file = None
    try:
        file = FileIO(order.path, opener=regular_nofollow)
        before = os.fstat(file.fileno())
        if not _being_written(file.fileno()):
            if order.gauge is None:
                source = Source(file, hashed=order.hashed, size=before.st_size, room=room)
            else:
                with telling(order.gauge) as tell:
                    source = Source(file, hashed=order.hashed, size=before.st_size, room=room, tell=tell)
            return _Opened(order, file, before, source)
        reading = ReadResult(unstable="another program is writing it")
    except BlockingIOError:
        reading = ReadResult(unstable="another program has it to itself")
    except OSError as error:
        reading = ReadResult(error=error.strerror or str(error))
    if file is not None:
        file.close()
    return reading


def _parse(opened: _Opened, number: int) -> ReadResult:
    at_task(number)
    order, file, before, source = opened
    try:
        facts = read_source(source, os.path.basename(order.path), file_time(before), order.sidecars)
        after = os.fstat(file.fileno())
    except OSError as error:
        return ReadResult(error=error.strerror or str(error))
    except Exception as error:  # a mistake of ours, met at one photo: the others must not pay for it
        return ReadResult(error=f"the reader failed on it: {type(error).__name__}: {error}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or source.size != after.st_size:
        return ReadResult(unstable="it changed while it was read")
    now = (after.st_size, after.st_mtime_ns, after.st_ctime_ns, after.st_ino)
    return ReadResult(facts, None if order.expected and now[: len(order.expected)] == order.expected else after)


def _being_written(descriptor: int) -> bool:
    """Whether some process has the file open for writing, asked of the Linux kernel: it refuses a read lease then
    (fcntl(2), F_SETLEASE). False where it cannot be asked: other systems, network file systems, files of others."""
    if sys.platform != "linux":
        return False
    if signal.getsignal(signal.SIGIO) != signal.SIG_IGN:
        return False  # a lease broken while it is held would kill a process that does not ignore SIGIO
    import fcntl

    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
