"""What a scan or a watch has found, for the index to carry out."""

from __future__ import annotations

from typing import Literal, NamedTuple

from indexer.media.facts import MediaFacts

from .files import FileStat, StoredFile

Kind = Literal["new", "modified", "moved", "copied", "returned", "stat_changed", "refreshed"]


class Change(NamedTuple):
    """One step from what is stored to what is there.

    new           unknown content: becomes an asset; asset_id is its id where that is known to be free
    modified      the asset at this place has other bytes now and keeps its id; with `source` it lay there before, and
                  was recognized by its picture
    moved         a known asset lies here now; `source` is where it lay, as stored
    copied        a known asset lies here as well
    returned      a file that was missing, gone or ignored is present again
    stat_changed  the same bytes, another stat
    refreshed     the same file; only its metadata was read again, because a sidecar or the reader has changed

    replaced: the other asset that lay at this place before.
    """

    kind: Kind
    stat: FileStat
    facts: MediaFacts | None = None
    asset_id: str | None = None
    source: StoredFile | None = None
    replaced: str | None = None
