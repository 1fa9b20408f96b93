"""Requests to readers, and their results. The main process imports this module too: it must stay cheap to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import os

    from indexer.media.facts import MediaFacts

    from .read_progress import Slot


class ReadRequest(NamedTuple):
    """A file to read. hashed: also take its digests. expected: its size, mtime_ns, ctime_ns and inode; only the first
    two for another machine, where the others may differ. slot: where to report progress."""

    path: str
    sidecars: tuple[str, ...] = ()
    hashed: bool = True
    expected: tuple[int, ...] = ()
    slot: Slot | None = None


class ReadResult(NamedTuple):
    """Facts, or why there are none. stat: the one they hold for, if it is not the expected one. unstable: why the file
    did not hold still."""

    facts: MediaFacts | None = None
    stat: os.stat_result | None = None
    unstable: str | None = None
    error: str | None = None
