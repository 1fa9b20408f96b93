"""Folders are recognized, however their drive is mounted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer import Index
from indexer.store.connection import open_for_writing
from indexer.store.roots import Root, Volume, put_mounts
from indexer.store.transaction import begin
from indexer.sync.volumes import is_same_folder, root_of, volume_of

from ..conftest import put, rows

ROOT = Root(1, "/photos", "file:///photos", "uuid:A", "ext4", 5, 2, "", None, None, None)


@pytest.mark.parametrize(
    ("volume", "device", "inode", "now", "now_inode", "is_same"),
    [
        # Both volumes are known: the device number does not count
        ("uuid:A", 5, 2, Volume(9, "ext4", "uuid:A"), 2, True),
        ("uuid:A", 5, 2, Volume(5, "ext4", "uuid:B"), 2, False),
        ("uuid:A", 5, 2, Volume(5, "ext4", "uuid:A"), 3, False),
        # One is not: the device number has to do
        ("uuid:A", 5, 2, Volume(5, "ext4", None), 2, True),
        ("uuid:A", 5, 2, Volume(9, "ext4", None), 2, False),
        (None, 5, 2, Volume(5, "ext4", "uuid:A"), 2, True),
        (None, 5, 2, Volume(9, "ext4", "uuid:A"), 2, False),
        # Neither is
        (None, 5, 2, Volume(5, None, None), 2, True),
        (None, 5, 2, Volume(9, None, None), 2, False),
        (None, 5, 2, Volume(5, None, None), 3, False),
        # The root was never found
        (None, None, None, Volume(5, "ext4", "uuid:A"), 2, False),
    ],
)
def test_is_same_folder(
    volume: str | None, device: int | None, inode: int | None, now: Volume, now_inode: int, is_same: bool
) -> None:
    root = ROOT._replace(volume=volume, device=device, inode=inode)
    assert is_same_folder(root, now, now_inode) is is_same


def test_a_device_and_an_inode_alone_make_no_root(tmp_path: Path) -> None:
    """The next drive gets the device number of the last one, and its top has the same inode."""
    info, volume = os.stat(tmp_path), volume_of(str(tmp_path))
    known = ROOT._replace(device=info.st_dev, inode=info.st_ino, volume=volume.identity)
    other_volume = known._replace(volume=f"not {volume.identity}")
    assert root_of([known], str(tmp_path), info) == known
    assert root_of([known._replace(inode=info.st_ino + 1)], str(tmp_path), info) is None
    assert root_of([known._replace(device=info.st_dev + 1)], str(tmp_path), info) is None
    is_told_apart = volume.identity is not None
    assert root_of([other_volume], str(tmp_path), info) == (None if is_told_apart else other_volume)


def renumbered(index: Index, by: int) -> None:
    """As if the drives had been mounted under other device numbers when they were last seen."""
    with open_for_writing(index.path) as database:
        database.execute("UPDATE root SET device = device + ?", (by,))
        database.execute("UPDATE file SET device = device + ?", (by,))
    database.close()


def test_after_a_remount_files_are_still_known_by_their_inodes(index: Index, photos: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        put(photos / name, name)
    index.scan([photos])
    asset = index.session.resolve(photos / "a.jpg")
    renumbered(index, 1000)
    (photos / "a.jpg").rename(photos / "moved.jpg")
    summary = index.scan()
    assert (summary.moved, summary.unchanged, summary.bytes_read) == (1, 1, 0)
    assert index.session.resolve(photos / "moved.jpg") == asset
    assert rows(index, "SELECT DISTINCT device FROM file") == [(photos.stat().st_dev,)]


def test_a_remounted_drive_inside_a_root_has_its_files_renumbered(index: Index, photos: Path) -> None:
    put(photos / "drive" / "a.jpg", "a")
    put(photos / "b.jpg", "b")
    index.scan([photos])
    (root,) = index.roots.list()
    with open_for_writing(index.path) as database:
        with begin(database) as tx:
            put_mounts(tx, root.id, {"drive": Volume(1, "ext4", "uuid:A")}, [])
            database.execute("UPDATE file SET device = 1 WHERE folder = 'drive'")
        with begin(database) as tx:
            put_mounts(tx, root.id, {"drive": Volume(2, "ext4", "uuid:A")}, [])
    database.close()
    devices = dict(rows(index, "SELECT path, device FROM file JOIN path_status USING (path)"))  # type: ignore[arg-type]
    assert devices == {"drive/a.jpg": 2, "b.jpg": photos.stat().st_dev}
    assert rows(index, "SELECT device FROM mount") == [(2,)]
