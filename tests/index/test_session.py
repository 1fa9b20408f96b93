"""One Index used by several threads, and resolving ids and paths."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from indexer import Index, IndexUnusable, NotFound, UsageError
from indexer.store.schema import VERSION

from ..conftest import put

T = TypeVar("T")


def in_a_thread(do: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(do).result()


def test_an_index_opened_in_one_thread_is_used_in_another(index: Index, photos: Path) -> None:
    """Without a sqlite3.ProgrammingError."""
    path = put(photos / "a.jpg", 1)
    index.scan(photos)
    assert in_a_thread(lambda: index.get(path)) == index.get(path)
    assert in_a_thread(lambda: index.assets.set(path, rating=4)) == [index.get(path)["id"]]
    assert index.get(path)["metadata"]["rating"] == 4
    index.assets.set(path, rating=5)
    assert in_a_thread(lambda: index.get(path))["metadata"]["rating"] == 5


def test_threads_write_one_after_the_other(index: Index, photos: Path) -> None:
    paths = [put(photos / f"{number}.jpg", number) for number in range(8)]
    index.scan(photos)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: index.assets.set(path, description=path.name), paths))
    assert {index.get(path)["metadata"]["description"] for path in paths} == {path.name for path in paths}


def test_connections_end_with_their_threads_and_with_the_index(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan(photos)
    for _ in range(5):
        in_a_thread(index.status.counts)
    assert len(index.session._connections) <= 2
    begun, end = threading.Event(), threading.Event()

    def reads() -> None:
        index.status.counts()
        begun.set()
        end.wait(30)

    thread = threading.Thread(target=reads)
    thread.start()
    assert begun.wait(30)
    index.close()
    assert not index.session._connections
    end.set()
    thread.join()
    assert len(index.list()) == 1  # opened again


def test_a_write_goes_to_the_file_that_is_there_now(index: Index, photos: Path, tmp_path: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan(photos)
    index.assets.set(path, rating=1)
    copy = index.maintenance.backup(tmp_path / "backup.db")
    index.assets.set(path, rating=2)
    os.replace(copy, index.path)
    for log in ("-wal", "-shm"):
        Path(f"{index.path}{log}").unlink(missing_ok=True)
    index.assets.set(path, description="after")
    values = index.get(path)["metadata"]
    assert (values["rating"], values["description"]) == (1, "after")


def test_an_index_that_a_newer_indexer_updated_is_not_written(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan(photos)
    index.assets.set(path, rating=1)
    with sqlite3.connect(index.path) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    with pytest.raises(IndexUnusable, match="newer indexer"):
        index.assets.set(path, rating=2)


def test_a_string_is_one_asset_or_folder(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan(str(photos))
    asset_id = index.get(path)["id"]
    assert index.assets.set(asset_id, rating=3) == [asset_id]
    assert index.trash.put(str(path)) == [asset_id]
    assert index.trash.restore(asset_id) == [asset_id]
    album = index.albums.create("one", asset_id)
    assert list(index.albums.assets(album.id)) == [asset_id]


def test_nothing_is_written_where_there_is_no_index_or_it_is_for_reading_only(index: Index, photos: Path) -> None:
    with pytest.raises(IndexUnusable, match="there is no index"):
        index.albums.create("one")
    assert not index.path.exists()
    put(photos / "a.jpg", 1)
    index.scan(photos)
    with Index.open(index.path, read_only=True) as reader:
        assert len(reader.list()) == 1
        with pytest.raises(UsageError, match="for reading only"):
            reader.albums.create("one")


def test_unknown_assets(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan(photos)
    for unknown in ("asset_2222222222222222222222", photos / "b.jpg", "/elsewhere.jpg"):
        with pytest.raises(NotFound):
            index.get(unknown)
        with pytest.raises(NotFound):
            index.assets.set([photos / "a.jpg", unknown], rating=1)
    assert index.get(photos / "a.jpg")["metadata"]["rating"] is None
