"""The index is deleted, moved or replaced while a program writes to it: that is noticed, and nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable

from ..conftest import Watcher, put, rows
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
        index.backup(copy)
    copy.replace(database)


@pytest.mark.parametrize("happens", [take_away, replace])
def test_a_watch_whose_index_goes_ends_and_says_so(
    photos: Path, watch: Callable[..., Watcher], happens: Callable[[Path], None]
) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    happens(watcher.database)
    put(photos / "b.jpg", 2)
    assert watcher.process.wait(timeout=20) == 1
    said = watcher.err.read_text()
    assert ("was replaced" if happens is replace else "was deleted or moved") in said
    assert "start again" in said.lower() and "Traceback" not in said
    with Index.open(watcher.database) as index:
        index.scan([photos])
        assert index.counts().assets == 2


def test_an_idle_watch_notices_too(photos: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    take_away(watcher.database)
    assert watcher.process.wait(timeout=20) == 1
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


@pytest.mark.parametrize("happens", [take_away, replace])
def test_a_server_whose_index_goes_is_unhealthy(
    photos: Path, tmp_path: Path, serve: Serve, happens: Callable[[Path], None]
) -> None:
    put(photos / "a.jpg", 1)
    database = tmp_path / "index.db"
    with Index.open(database) as index:
        index.scan([photos])
        (asset,) = (one.id for one in index.list())
    server = serve(database)
    with server.http() as client:
        assert client.get("/healthz").status_code == 200
        assert client.patch(f"/api/assets/{asset}", json={"rating": 3}).status_code < 500
        happens(database)
        health = client.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (503, "unavailable")
        assert "while it was in use" in health.json()["detail"]
        assert client.get(f"/api/assets/{asset}").status_code == 503
        assert client.get("/api/assets").status_code == 503
    assert server.stop() == 0


def test_a_restored_index_is_the_same_file(photos: Path, tmp_path: Path, serve: Serve) -> None:
    put(photos / "a.jpg", 1)
    database = tmp_path / "index.db"
    with Index.open(database) as index:
        index.scan([photos])
        index.backup(tmp_path / "backup.db")
    server = serve(database)
    put(photos / "b.jpg", 2)
    with Index.open(database) as index:
        index.scan([photos])
        index.restore_backup(tmp_path / "backup.db")
        assert rows(index, "SELECT count(*) FROM asset") == [(1,)]
    with server.http() as client:
        assert client.get("/healthz").status_code == 200
        assert len(client.get("/api/assets").json()["data"]) == 1
