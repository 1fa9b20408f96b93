"""The index is deleted, moved or replaced while in use: that is reported, and nothing is lost silently."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable, UsageError

from ..conftest import Watcher, put, rows, run, until
from ..serve.conftest import Serve, serve

__all__ = ["serve"]


def take_away(database: Path) -> None:
    for part in database.parent.glob(f"{database.name}*"):
        if part.is_file():
            part.unlink()


def replace(database: Path) -> None:
    """By a copy, as file managers and synchronisers do it."""
    copy = database.with_name("copy.db")
    with Index.open(database) as index:
        index.maintenance.backup(copy)
    copy.replace(database)


@pytest.mark.parametrize("happens", [take_away, replace])
def test_a_watch_whose_index_goes_ends_and_says_so(
    photos: Path, watch: Callable[..., Watcher], happens: Callable[[Path], None]
) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    happens(watcher.database)
    put(photos / "b.jpg", 2)
    assert watcher.process.wait(timeout=180) == 1
    said = watcher.err.read_text()
    assert ("was replaced" if happens is replace else "was deleted or moved") in said
    assert "start again" in said.lower() and "Traceback" not in said
    with Index.open(watcher.database) as index:
        index.scan([photos])
        assert index.status.counts().assets == 2


def test_an_idle_watch_notices_too(photos: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    take_away(watcher.database)
    assert watcher.process.wait(timeout=180) == 1
    assert not watcher.database.exists()


def test_a_scan_and_an_enrich_end_at_their_next_batch(photos: Path, tmp_path: Path) -> None:
    for number in range(20):
        put(photos / f"{number}.jpg", number)
    for work in ("scan", "enrich"):
        database = tmp_path / f"{work}.db"
        with Index.open(database) as index:
            if work == "enrich":
                index.scan([photos])

            def gone(*_: object, database: Path = database) -> None:
                take_away(database)

            with pytest.raises(IndexUnusable, match="was deleted or moved"):
                if work == "scan":
                    index.scan([photos], on_progress=gone)
                else:
                    index.enrich(["quality"], on_progress=gone)


@pytest.mark.parametrize("options", [(), ("--watch",)], ids=["serve", "serve --watch"])
@pytest.mark.parametrize("happens", [take_away, replace])
def test_a_server_whose_index_goes_is_unhealthy(
    photos: Path, tmp_path: Path, serve: Serve, happens: Callable[[Path], None], options: tuple[str, ...]
) -> None:
    put(photos / "a.jpg", 1)
    database = tmp_path / "index.db"
    with Index.open(database) as index:
        index.scan([photos])
        (asset,) = (one.id for one in index.list())
    server = serve(database, *options)
    with server.http() as client:
        assert client.get("/healthz").status_code == 200
        assert client.patch(f"/api/assets/{asset}", json={"rating": 3}).status_code < 500
        happens(database)
        health = client.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (503, "unavailable")
        assert "while it was in use" in health.json()["detail"]
        assert client.get(f"/api/assets/{asset}").status_code == 503
        assert client.get("/api/assets").status_code == 503
        if options:
            put(photos / "b.jpg", 2)
            until(lambda: "while it was in use" in client.get("/healthz").text, what="the watch to notice too")
            assert happens is replace or not database.exists()
    assert server.stop() == 0


def test_a_restored_index_is_the_same_file(photos: Path, tmp_path: Path, serve: Serve) -> None:
    put(photos / "a.jpg", 1)
    database = tmp_path / "index.db"
    with Index.open(database) as index:
        index.scan([photos])
        index.maintenance.backup(tmp_path / "backup.db")
    server = serve(database)
    put(photos / "b.jpg", 2)
    with Index.open(database) as index:
        index.scan([photos])
        index.maintenance.restore(tmp_path / "backup.db")
        assert rows(index, "SELECT count(*) FROM asset") == [(1,)]
    with server.http() as client:
        assert client.get("/healthz").status_code == 200
        assert len(client.get("/api/assets").json()["data"]) == 1


def test_a_restore_is_not_undone_by_the_log_of_a_deleted_index(
    photos: Path, tmp_path: Path, watch: Callable[..., Watcher]
) -> None:
    """SQLite leaves the log of a file that was deleted while it was open, and plays it into the next one of that name."""
    for number in range(40):
        put(photos / f"{number}.jpg", number)
    watcher = watch(photos, "--rest", "0")
    backup = tmp_path / "backup.db"
    assert run("backup", backup, database=watcher.database).returncode == 0
    for number in range(200):
        put(photos / f"more{number}.jpg", f"more {number}")
    with Index.open(watcher.database) as index:
        until(lambda: rows(index, "SELECT count(*) FROM asset") == [(240,)], what="the photos to be indexed")
    watcher.process.send_signal(signal.SIGSTOP)
    watcher.database.unlink()  # and nothing else
    refused = run("restore", backup, database=watcher.database)  # the watch has not noticed yet
    assert refused.returncode == 2 and "stop it first" in refused.stderr
    watcher.process.send_signal(signal.SIGCONT)
    assert watcher.process.wait(timeout=180) == 1
    assert run("restore", backup, database=watcher.database).returncode == 0
    assert run("doctor", database=watcher.database).returncode == 0
    with Index.open(watcher.database) as index:
        assert rows(index, "SELECT count(*) FROM asset") == [(40,)]


def test_a_backup_over_a_file_with_a_log_is_sound(photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", 1)
    target = tmp_path / "copy.db"
    with Index.open(tmp_path / "index.db") as index:
        index.scan([photos])
        with closing(sqlite3.connect(target, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("CREATE TABLE other AS SELECT zeroblob(1000000)")
            log = target.with_name("copy.db-wal")
            left = log.read_bytes()
        log.write_bytes(left)
        index.maintenance.backup(target, overwrite=True)
        with closing(sqlite3.connect(target)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("SELECT count(*) FROM asset").fetchone() == (1,)
        with pytest.raises(UsageError, match="the index itself"):
            index.maintenance.backup(index.path, overwrite=True)
