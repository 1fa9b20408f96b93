"""Changes that a scan or watch found, for the index to apply."""

from __future__ import annotations

from typing import Literal, NamedTuple

from indexer.media.facts import MediaFacts

from .files import FileStat, StoredFile

Kind = Literal["new", "modified", "moved", "copied", "returned", "stat_changed", "refreshed"]


class Change(NamedTuple):
    """One difference between the index and the folders.

    new           unknown content becomes an asset; asset_id is its id if that is known to be free
    modified      the asset at this path has other bytes and keeps its id; with `source` it was there before, and was
                  recognized by its image data
    moved         a known asset is at this path now; `source` is its stored former file
    copied        a known asset is at this path too
    returned      a missing, gone or ignored file is present again
    stat_changed  the same bytes with another stat
    refreshed     the same file; only its metadata was read again, because a sidecar or the reader changed

    replaced: the other asset that was at this path before.
    """

    kind: Kind
    stat: FileStat
    facts: MediaFacts | None = None
    asset_id: str | None = None
    source: StoredFile | None = None
    replaced: str | None = None
