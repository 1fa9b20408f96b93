"""Rows of the index as the other rooms see them."""

from __future__ import annotations

from typing import NamedTuple

# In a statement on a table that refers to assets by number: the id of the row's asset; and the number of an id.
ASSET_ID = "(SELECT asset.id FROM asset WHERE asset.number = asset_number)"
NUMBER = "(SELECT asset.number FROM asset WHERE asset.id = ?)"


class Root(NamedTuple):
    """A folder that is indexed. path is as stored (see indexer.paths)."""

    id: int
    path: str
    uri: str
    volume: str | None
    filesystem: str | None
    device: int | None
    inode: int | None
    added_at: str
    scanned_at: str | None
    offline_at: str | None
    offline_why: str | None


class Mount(NamedTuple):
    """Another file system mounted inside a root. folder is as stored, within the root."""

    root_id: int
    folder: str
    volume: str | None
    filesystem: str | None
    device: int
    offline_at: str | None


class Coverage(NamedTuple):
    """How the running watch follows a root; see schema.sql."""

    root_id: int
    mode: str
    why: str | None
    since: str
    watches: int
    uncovered: tuple[str, ...]
    overflows: int


class StoredFile(NamedTuple):
    """A path of the index with what is known of it. A NamedTuple: one is made for every file of every scan."""

    id: int
    root_id: int
    folder: str
    name: str
    verdict: str
    reason: str | None
    is_folder: int
    asset_id: str | None
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    inode: int | None
    device: int | None
    reading: str | None


class Verdict(NamedTuple):
    """What the index says of one path."""

    root: str
    path: str
    verdict: str
    reason: str | None
    is_folder: bool
    asset_id: str | None
    seen_at: str


class Activity(NamedTuple):
    """A scan, watch or server at work; note: what keeps it from its work, or else befell it; address: of a server, for
    browsers of its machine."""

    kind: str
    host: str
    pid: int
    roots: tuple[str, ...]
    started_at: str
    note: str | None = None
    address: str | None = None
