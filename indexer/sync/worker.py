"""What runs in a worker process: files in, facts out. It imports the media room and nothing above it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from functools import cache
from io import FileIO
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from indexer.media.facts import MediaFacts
    from indexer.media.source import Source

if sys.platform == "linux":
    import fcntl


class Reading(NamedTuple):
    """What came of reading one file: facts, or why there are none. stat: the one they hold for, where it is not the one
    that was expected."""

    facts: MediaFacts | None = None
    stat: os.stat_result | None = None
    unstable: str | None = None
    error: str | None = None


def get_ready() -> None:
    """Import what reading needs."""
    import indexer.media.read  # noqa: F401


class Order(NamedTuple):
    """A file to read. hashed: are its digests wanted? expected: its size, mtime_ns, ctime_ns and inode; of these only
    the first two for another machine, which may count the others otherwise."""

    path: str
    sidecars: tuple[str, ...] = ()
    hashed: bool = True
    expected: tuple[int, ...] = ()


def is_refused(reading: Reading) -> bool:
    """Whether another machine may be able to read it."""
    return reading.error is not None


# Files that are open at once.
_GROUP = 16


def read_files(orders: Sequence[Order]) -> list[Reading]:
    """Read files that are to hold still meanwhile; a reading of half a file is no reading.

    A group of files is hashed before the first of them is parsed. Each hash empties the processor's caches: parsed
    after its own hash a photo takes 0.3 ms, after another photo's parsing 0.1 ms."""
    return [reading for at in range(0, len(orders), _GROUP) for reading in _read_group(orders[at : at + _GROUP])]


def _read_group(orders: Sequence[Order]) -> list[Reading]:
    opened = [_open(order, room) for order, room in zip(orders, _rooms(), strict=False)]
    try:
        return [one if isinstance(one, Reading) else _parse(one) for one in opened]
    finally:
        for one in opened:
            if isinstance(one, _Opened):
                one.file.close()


class _Opened(NamedTuple):
    order: Order
    file: FileIO
    before: os.stat_result
    source: Source


@cache
def _rooms() -> list[memoryview]:
    """Where the heads of a group of files are kept, in this process one at a time."""
    from indexer.media.source import HEAD

    return [memoryview(bytearray(HEAD)) for _ in range(_GROUP)]


def _open(order: Order, room: memoryview) -> _Opened | Reading:
    """The file with its digests."""
    # Here, for the main process imports this module too, and reads no file.
    from indexer.media.source import Source

    file = None
    try:
        file = FileIO(order.path)
        before = os.fstat(file.fileno())
        if not _being_written(file.fileno()):
            return _Opened(order, file, before, Source(file, hashed=order.hashed, size=before.st_size, room=room))
        reading = Reading(unstable="another program is writing it")
    except OSError as error:
        reading = Reading(error=error.strerror or str(error))
    if file is not None:
        file.close()
    return reading


def _parse(opened: _Opened) -> Reading:
    from indexer.media.read import file_time, read_source

    order, file, before, source = opened
    try:
        facts = read_source(source, os.path.basename(order.path), file_time(before), order.sidecars)
        after = os.fstat(file.fileno())
    except OSError as error:
        return Reading(error=error.strerror or str(error))
    except Exception as error:  # a mistake of ours, met at one photo: the others must not pay for it
        return Reading(error=f"the reader failed on it: {type(error).__name__}: {error}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or source.size != after.st_size:
        return Reading(unstable="it changed while it was read")
    now = (after.st_size, after.st_mtime_ns, after.st_ctime_ns, after.st_ino)
    return Reading(facts, None if order.expected and now[: len(order.expected)] == order.expected else after)


def _being_written(descriptor: int) -> bool:
    """Whether some process has the file open for writing, asked of the Linux kernel: it refuses a read lease then
    (fcntl(2), F_SETLEASE). False where it cannot be asked: other systems, network file systems, files of others."""
    if sys.platform != "linux" or signal.getsignal(signal.SIGIO) != signal.SIG_IGN:
        return False  # a lease broken while it is held would kill a process that does not ignore SIGIO
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
