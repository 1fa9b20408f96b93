"""What goes from the disk to the store: a file as found, and what is to be done about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from indexer.media.facts import MediaFacts

from .rows import StoredFile

Kind = Literal["new", "modified", "moved", "copy", "back", "touched", "reread"]


class Volume(NamedTuple):
    """A file system as it is mounted now. filesystem is its type (None: unknown); identity the same after every mount,
    None where the system cannot tell."""

    device: int
    filesystem: str | None
    identity: str | None


class FileStat(NamedTuple):
    """A file found in a root. folder and name are as stored (indexer.paths); times in nanoseconds.

    created_ns is the birth time where the platform tells it, else the earlier of mtime and ctime. reading names what
    its metadata is read with: another text means that it has to be read again.
    """

    root_id: int
    folder: str
    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    created_ns: int
    reading: str


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


class PassedOver(NamedTuple):
    """A path that gets a verdict and no new asset: ignored, not_media, unreadable, unstable.

    The asset already known at an unreadable or unstable place stays: an error is not an absence.
    """

    root_id: int
    folder: str
    name: str
    verdict: Literal["ignored", "not_media", "unreadable", "unstable", "damaged"]
    reason: str
    is_folder: bool = False
