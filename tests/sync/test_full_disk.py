"""The index's disk is full for a while: a watch waits, then resumes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable
from indexer.store.connection import open_for_writing
from indexer.store.transaction import begin

from ..conftest import Watcher, put, rows, run, sized, until
from .drives import Drive, drive

__all__ = ["drive"]


@pytest.fixture(params=["ext4", "tmpfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, drive: Callable[[], Drive]) -> Iterator[Path]:
    at = tmp_path / "disk"
    if request.param == "ext4":
        yield drive().mount(at)
        return
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sized(16, 64)}m", "none", at], check=True)
    yield at
    subprocess.run(["umount", "--lazy", at], check=True)


def fill(disk: Path, leave: int) -> Path:
    """But for so many bytes, of those that only root may use too."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            while (free := os.statvfs(disk)).f_bfree * free.f_frsize > leave + size:
                try:
                    file.write(b"\0" * size)
                except OSError:
                    break
    return ballast


def state(database: Path) -> list[tuple[object, ...]]:
    with Index.open(database) as index:
        return rows(
            index,
            "SELECT path, status, checksum FROM file LEFT JOIN asset ON number = asset_number"
            " WHERE status <> 'gone' ORDER BY path",
        )


def test_a_watch_waits_for_room_and_nothing_is_lost(
    photos: Path, tmp_path: Path, disk: Path, watch: Callable[..., Watcher], request: pytest.FixtureRequest
) -> None:
    enrich = "tmpfs" in request.node.name  # on one of the two
    (tmp_path / "index.db").symlink_to(disk / "index.db")
    for number in range(50):
        put(photos / "a" / f"{number}.jpg", number)
    watcher = watch(photos, enrich=enrich)
    ballast = fill(disk, 60_000)
    for number in range(sized(200 if enrich else 1000, 10_000)):
        put(photos / "b" / f"{number}.jpg", f"b {number}")
    waiting = "waiting until there is room"
    until(lambda: waiting in watcher.printed(), what="the watch to wait")
    (photos / "a").rename(photos / "c")
    (photos / "b" / "7.jpg").unlink()
    put(photos / "b" / "8.jpg", "edited")
    shown = run("status", database=watcher.database).stdout
    assert "full" in shown and waiting in shown
    time.sleep(6)  # for a try in vain
    assert watcher.process.poll() is None
    assert watcher.printed().count(waiting) == 1
    ballast.unlink()
    until(lambda: "there is room again" in watcher.printed(), what="the watch to go on")
    assert waiting not in run("status", database=watcher.database).stdout
    with Index.open(tmp_path / "fresh.db") as fresh:
        fresh.scan([photos])
    until(lambda: state(watcher.database) == state(tmp_path / "fresh.db"), 20, "the same as an undisturbed scan")
    index = Index.open(watcher.database)
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") <= [(1,)]  # 7.jpg, if it was read
    if enrich:
        due = "SELECT count(*) FROM asset WHERE number NOT IN (SELECT asset_number FROM enrichment)"
        until(lambda: rows(index, due + " AND trashed_at IS NULL") == [(0,)], 120, "enriching to go on")
    index.close()
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


def test_an_index_deleted_at_the_moment_of_an_error_is_unusable(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    with (
        closing(open_for_writing(index.path)) as connection,
        pytest.raises(IndexUnusable, match="disk I/O error"),
        begin(connection),
    ):
        index.path.unlink()
        raise error
