"""The action of a scan for a file, from its stat and its row alone."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.media.versions import reader_version
from indexer.store.files import StoredFile
from indexer.store.trash import EXCLUDED
from indexer.sync.compare import Action, compare, unchanged_size

READING = reader_version("a.jpg")


def stat(size: int = 100, mtime: int = 1, ctime: int = 2, inode: int = 3, device: int = 4) -> os.stat_result:
    exact = {"st_atime_ns": 0, "st_mtime_ns": mtime, "st_ctime_ns": ctime}
    return os.stat_result((0o100644, inode, device, 1, 0, 0, size, 0, 0, 0), exact)


ROW = StoredFile(1, 1, "", "a.jpg", "indexed", None, 0, "asset_a", 100, 1, 2, 3, 4, READING)
GONE = ROW._replace(status="gone")
DELETED = ROW._replace(status="ignored", reason=EXCLUDED, asset_id=None, reader_version=None)


@pytest.mark.parametrize(
    ("info", "row", "by_inode", "action"),
    [
        # Nothing is stored, or not of an asset
        (stat(), None, True, "identify"),
        (stat(), None, False, "identify"),
        (stat(), ROW._replace(status="unreadable", asset_id=None), True, "identify"),
        (stat(), ROW._replace(status="not_media", asset_id=None, size=None, inode=None), True, "identify"),
        # The row is right
        (stat(), ROW, True, "unchanged"),
        (stat(), ROW._replace(status="damaged", reason="the file is cut off"), True, "unchanged"),
        (stat(device=9), ROW, True, "unchanged"),  # device numbers change with every mount
        # Other bytes, or another file
        (stat(size=101), ROW, True, "identify"),
        (stat(mtime=9), ROW, True, "identify"),
        (stat(inode=9), ROW, True, "identify"),
        (stat(size=101), ROW, False, "identify"),
        (stat(mtime=9), ROW, False, "identify"),
        # Only the ctime: a new mode, or bytes written under the old time
        (stat(ctime=9), ROW, True, "read"),
        # Inodes and ctimes that a mount made up
        (stat(inode=9), ROW, False, "unchanged"),
        (stat(ctime=9, inode=9), ROW, False, "unchanged"),
        # Another sidecar, another version of the reader
        (stat(), ROW._replace(reader_version="older"), True, "refresh"),
        (stat(), ROW._replace(reader_version=None), True, "refresh"),
        (stat(ctime=9), ROW._replace(reader_version="older"), True, "read"),
        (stat(ctime=9), ROW._replace(reader_version="older"), False, "refresh"),
        # It was away
        (stat(), GONE, True, "returned"),
        (stat(), ROW._replace(status="missing"), True, "returned"),
        (stat(), ROW._replace(status="ignored", reason="a rule"), True, "returned"),
        (stat(ctime=9), GONE, True, "returned"),
        (stat(inode=9), GONE, False, "returned"),
        (stat(), GONE._replace(reader_version=None), True, "read"),
        (stat(inode=9), GONE, True, "identify"),
        (stat(size=101), GONE, True, "identify"),
        # An asset whose file could not be read
        (stat(), ROW._replace(status="unreadable"), True, "read"),
        (stat(), ROW._replace(status="unstable"), True, "read"),
        (stat(mtime=9), ROW._replace(status="unreadable"), True, "identify"),
        # The user deleted it from the index
        (stat(), DELETED, True, "excluded"),
        (stat(), DELETED, False, "excluded"),
        (stat(size=101), DELETED, True, "identify"),
        (stat(mtime=9), DELETED, True, "identify"),
        (stat(ctime=9), DELETED, True, "identify"),
        (stat(inode=9), DELETED, False, "identify"),
    ],
)
def test_compare(info: os.stat_result, row: StoredFile | None, by_inode: bool, action: Action) -> None:
    assert compare(info, READING, row, by_inode=by_inode) == action


small = st.integers(1, 2)
rows = st.builds(
    ROW._replace,
    status=st.sampled_from(["indexed", "indexed", "damaged", "missing", "unreadable"]),
    asset_id=st.sampled_from(["asset_a", "asset_a", None]),
    size=small,
    mtime_ns=small,
    ctime_ns=small,
    inode=small,
    reader_version=st.sampled_from([READING, READING, "older"]),
)


@given(st.lists(st.tuples(st.builds(stat, small, small, small, small), rows), max_size=3), st.booleans())
def test_the_fast_path_finds_unchanged_what_compare_does(
    files: list[tuple[os.stat_result, StoredFile]], one_more: bool
) -> None:
    names = [f"{number}.jpg" for number in range(len(files))]
    infos = {name: info for name, (info, _) in zip(names, files, strict=True)}
    known = {
        name: (name, row.mtime_ns, row.size, row.ctime_ns, row.inode, row.reader_version, int(is_sound(row)))
        for name, (_, row) in zip(names, files, strict=True)
    }
    if one_more:
        known["gone.jpg"] = ("gone.jpg", 1, 1, 1, 1, READING, 1)
    is_unchanged = not one_more and all(
        compare(info, READING, row, by_inode=True) == "unchanged" for info, row in files
    )
    size = sum(info.st_size for info in infos.values())
    assert unchanged_size(infos, known) == (size if is_unchanged else None)  # type: ignore[arg-type]


def is_sound(row: StoredFile) -> bool:
    return row.status in ("indexed", "damaged") and row.asset_id is not None
