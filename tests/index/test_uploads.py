"""The cost of an upload, and the order in which it reaches the disk."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer import Index
from indexer.index import uploads

from ..conftest import put

_NOW = datetime(2026, 5, 1, tzinfo=UTC)


def send(index: Index, data: bytes, name: str) -> tuple[str, bool]:
    with uploads.staging_folder(index.path) as folder:
        path = folder / name
        path.write_bytes(data)
        digest = hashlib.sha256(data).digest()
        upload = uploads.Upload(path, name, digest, "phone", name, _NOW, _NOW, None)
        return index.uploads.add(upload)


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="Linux tells what a process has read")
def test_an_upload_is_read_once(index: Index, photos: Path, tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", 1)
    index.scan([photos])
    data = (tmp_path / "a.jpg").read_bytes() + bytes(40_000_000)
    before = _read()
    assert send(index, data, "a.jpg")[1]
    assert (_read() - before) / len(data) < 1.6


def _read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_known_upload_lists_no_folder_of_photos(index: Index, photos: Path) -> None:
    for number in range(5):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    listed: list[object] = []
    watching = [True]
    sys.addaudithook(lambda event, args: listed.append(args[0]) if event in _LISTS and watching else None)
    asset, is_new = send(index, (photos / "3.jpg").read_bytes(), "3.jpg")
    watching.clear()
    assert (asset, is_new) == (index.session.resolve(photos / "3.jpg"), False)
    assert str(photos) not in map(str, listed) and listed


_LISTS = ("os.listdir", "os.scandir")


def test_the_journal_of_a_move_is_on_the_disk_before_the_move(
    index: Index, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut in between must not leave a file that nobody knows of."""
    put(tmp_path / "a.jpg", 1)
    index.scan([photos])
    steps: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        steps.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    data = (tmp_path / "a.jpg").read_bytes()
    send(index, data, "a.jpg")
    journal = f"{hashlib.sha256(data).hexdigest()}.place"
    assert steps[: steps.index("05") + 1] == ["a.jpg", journal, ".coming", "05"]


def test_a_dry_run_deletes_no_upload(index: Index, photos: Path) -> None:
    index.scan([photos])
    asset, _ = send(index, put(photos.parent / "a.jpg", 1).read_bytes(), "a.jpg")
    (kept,) = index.roots.uploaded_files(asset)
    index.trash.put([asset])
    for delete in (lambda: index.trash.empty(0), lambda: index.trash.delete([asset])):
        with index.dry_run():
            delete()
            assert [one.id for one in index.trash.list()] == []
        assert kept.exists() and [one.id for one in index.trash.list()] == [asset]
    index.trash.empty(0)
    assert not kept.exists()
