"""What runs in a worker process: files in, facts out. It imports the media room and nothing above it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from indexer.media.facts import MediaFacts
    from indexer.media.source import Source

if sys.platform == "linux":
    import fcntl


class Reading(NamedTuple):
    """What came of reading one file: facts with the stat they hold for, or why not."""

    facts: MediaFacts | None = None
    stat: os.stat_result | None = None
    unstable: str | None = None
    error: str | None = None


def get_ready() -> None:
    """Import what reading needs."""
    import indexer.media.read  # noqa: F401


# A file's path, its sidecars' paths, whether its digests are wanted
Order = tuple[str, tuple[str, ...], bool]
# Files that are open at once.
_GROUP = 16


def read_files(orders: Sequence[Order]) -> list[Reading]:
    """Read files that are to hold still meanwhile; a reading of half a file is no reading.

    A group of files is hashed before the first of them is parsed. Each hash empties the processor's caches: parsed
    after its own hash a photo takes 0.3 ms, after another photo's parsing 0.1 ms."""
    return [reading for at in range(0, len(orders), _GROUP) for reading in _read_group(orders[at : at + _GROUP])]


def _read_group(orders: Sequence[Order]) -> list[Reading]:
    with ExitStack() as files:
        opened = [_open(order, files) for order in orders]
        return [one if isinstance(one, Reading) else _parse(one) for one in opened]


class _Opened(NamedTuple):
    order: Order
    file: BinaryIO
    before: os.stat_result
    source: Source


def _open(order: Order, files: ExitStack) -> _Opened | Reading:
    """The file with its digests."""
    # Here, for the main process imports this module too, and reads no file.
    from indexer.media.source import Source

    path, _, hashed = order
    try:
        file = files.enter_context(open(path, "rb", buffering=0))  # noqa: SIM115  the stack closes it
        before = os.fstat(file.fileno())
        if _being_written(file.fileno()):
            return Reading(unstable="another program is writing it")
        return _Opened(order, file, before, Source(file, hashed=hashed))
    except OSError as error:
        return Reading(error=error.strerror or str(error))


def _parse(opened: _Opened) -> Reading:
    from indexer.media.read import file_time, read_source

    (path, sidecars, _), file, before, source = opened
    try:
        facts = read_source(source, os.path.basename(path), file_time(before), sidecars)
        after = os.fstat(file.fileno())
    except OSError as error:
        return Reading(error=error.strerror or str(error))
    except Exception as error:  # a mistake of ours, met at one photo: the others must not pay for it
        return Reading(error=f"the reader failed on it: {type(error).__name__}: {error}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or source.size != after.st_size:
        return Reading(unstable="it changed while it was read")
    return Reading(facts, after)


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
