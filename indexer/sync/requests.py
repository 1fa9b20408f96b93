"""Message types between the main process and reader processes. The main process imports this module too: it must stay
cheap to import."""

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
    """Facts, or the reason for their absence. stat: the file's, if it differs from the expected one. unstable: how the
    file changed while it was read."""

    facts: MediaFacts | None = None
    stat: os.stat_result | None = None
    unstable: str | None = None
    error: str | None = None
