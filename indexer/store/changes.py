"""What a scan or a watch has found, for the index to carry out."""

from __future__ import annotations

from typing import Literal, NamedTuple

from indexer.media.facts import MediaFacts

from .files import FileStat, StoredFile

Kind = Literal["new", "modified", "moved", "copy", "back", "touched", "reread"]


class Change(NamedTuple):
    """One step from what is stored to what is there.

    new       content never seen: becomes an asset; asset_id is its id where that is known to be free
    modified  the asset at this place has other bytes now: keeps its id. With `left`: it lay elsewhere before, and is
              known by its picture
    moved     a known asset lies here now; `left` is the place it has left, as it was stored
    copy      a known asset lies here as well
    back      a file that was gone or ignored is there again
    touched   the same bytes, another stat
    reread    the same file; its metadata was read again, alone, for its sidecar or the reader has changed

    displaced is the asset that lay at this place before, where it was another one.
    """

    kind: Kind
    stat: FileStat
    facts: MediaFacts | None = None
    asset_id: str | None = None
    left: StoredFile | None = None
    displaced: str | None = None
