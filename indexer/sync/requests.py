"""What readers are asked for, and what they answer. The main process imports this module too: it stays cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import os

    from indexer.media.facts import MediaFacts

    from .gauge import Place


class ReadRequest(NamedTuple):
    """A file to read. hashed: are its digests wanted? expected: its size, mtime_ns, ctime_ns and inode; of these only
    the first two for another machine, which may count the others otherwise. gauge: where to tell how far it is read."""

    path: str
    sidecars: tuple[str, ...] = ()
    hashed: bool = True
    expected: tuple[int, ...] = ()
    gauge: Place | None = None


class ReadResult(NamedTuple):
    """What came of reading one file: facts, or why there are none. stat: the one they hold for, where it is not the one
    that was expected."""

    facts: MediaFacts | None = None
    stat: os.stat_result | None = None
    unstable: str | None = None
    error: str | None = None
