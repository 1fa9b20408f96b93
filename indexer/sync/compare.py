"""Compare a file's stat with its stored row to choose: skip, re-read metadata, or read. Pure: accesses neither the disk
nor the index."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from indexer.media.versions import reader_version
from indexer.store.files import Known, StoredFile
from indexer.store.trash import EXCLUDED

# Statuses of a file that is present, and of one whose asset is to be found elsewhere, if at all.
SOUND = ("indexed", "damaged")
AWAY = ("missing", "gone", "ignored")

Action = Literal["unchanged", "excluded", "returned", "refresh", "read", "identify"]


def compare(info: os.stat_result, reader_version: str, row: StoredFile | None, *, by_inode: bool) -> Action:
    """Choose what to do about a file.

    unchanged  nothing
    excluded   nothing: the user deleted this content from the index
    returned   the asset's file was away and is present again
    refresh    the same bytes, but changed sidecars or reader version: read the metadata
    read       read the file
    identify   unknown here: look for a known file that moved, else read it

    reader_version: the current one for this file. by_inode: whether inodes identify files on its file system; if not,
    size and modification time are used.
    """
    if row is None:
        return "identify"
    if row.reason == EXCLUDED:
        known = (row.size, row.mtime_ns, row.ctime_ns, row.inode)
        if known == (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino):
            return "excluded"
    if (
        row.asset_id is None
        or (row.size, row.mtime_ns) != (info.st_size, info.st_mtime_ns)
        or (by_inode and row.inode != info.st_ino)
    ):
        return "identify"
    if row.status in SOUND and (not by_inode or row.ctime_ns == info.st_ctime_ns):
        return "unchanged" if row.reader_version == reader_version else "refresh"
    if row.status in AWAY and row.reader_version == reader_version:
        return "returned"
    return "read"


def unchanged_size(files: Mapping[str, os.stat_result], rows: Mapping[str, Known]) -> int | None:
    """Fast path: the bytes of a folder's files if `compare` would find all of them unchanged; None if it might not.

    For folders without sidecars. Most folders of a rescan need no more than this.
    """
    if len(rows) != len(files):
        return None
    size, versions = 0, dict[str, str]()
    for name, info in files.items():
        ending = name[-4:]  # there are few: looking one up is cheaper than a call
        version = versions.get(ending) or versions.setdefault(ending, reader_version(name))
        seen = (name, info.st_mtime_ns, info.st_size, info.st_ctime_ns, info.st_ino, version, 1)
        if rows.get(name) != seen:
            return None
        size += info.st_size
    return size
