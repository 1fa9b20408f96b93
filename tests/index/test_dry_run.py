"""A dry run executes the same code and rolls it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable, NotFound

from ..conftest import put, rows


def content(index: Index) -> list[str]:
    with closing(sqlite3.connect(index.path)) as database:
        return list(database.iterdump())


CHANGES: dict[str, Callable[[Index, str], object]] = {
    "set": lambda index, photo: index.assets.set(photo, rating=5),
    "create": lambda index, photo: index.albums.create("Summer", [photo]),
    "two": lambda index, photo: index.albums.add(index.albums.create("Summer").id, [photo]),
    "put": lambda index, photo: index.trash.put(photo),
    "empty": lambda index, photo: (index.trash.put(photo), index.trash.empty(0)),
    "delete": lambda index, photo: index.trash.delete(photo),
    "remove": lambda index, photo: index.roots.remove(Path(photo).parent),
    "undo": lambda index, photo: (index.assets.set(photo, rating=4), index.history.undo()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_taken_back(index: Index, photos: Path, change: str) -> None:
    photo = str(put(photos / "a.jpg", 1))
    index.scan([photos])
    index.assets.set(photo, description="before")
    before, record = content(index), index.get_json(photo)
    with index.dry_run():
        CHANGES[change](index, photo)
    assert content(index) == before
    assert index.get_json(photo) == record
    with index.dry_run(False):
        CHANGES[change](index, photo)
    assert content(index) != before


def test_what_is_changed_is_seen_meanwhile(index: Index, photos: Path) -> None:
    photo = put(photos / "a.jpg", 1)
    index.scan([photos])
    with index.dry_run():
        index.assets.set(photo, rating=5)
        assert index.get(photo)["metadata"]["rating"] == 5
    assert index.get(photo)["metadata"]["rating"] is None


def test_an_error_ends_it(index: Index, photos: Path) -> None:
    photo = put(photos / "a.jpg", 1)
    index.scan([photos])
    with pytest.raises(NotFound), index.dry_run():
        index.assets.set(photo, rating=5)
        with pytest.raises(NotFound):  # one step fails, the next goes on
            index.albums.add("none", [photo])
        assert index.get(photo)["metadata"]["rating"] == 5
        index.albums.get("none")
    assert index.get(photo)["metadata"]["rating"] is None
    index.assets.set(photo, rating=3)
    assert rows(index, "SELECT rating FROM user_value") == [(3,)]


def test_one_within_another_ends_with_the_outer_one(index: Index, photos: Path) -> None:
    photo = put(photos / "a.jpg", 1)
    index.scan([photos])
    before = content(index)
    with index.dry_run():
        with index.dry_run():
            index.albums.create("inner")
        assert [album.name for album in index.albums.list()] == []
        index.albums.create("outer")
        index.assets.set(photo, rating=5)
        assert [album.name for album in index.albums.list()] == ["outer"]
    assert content(index) == before


def test_nothing_is_written_after_its_transaction_was_lost(index: Index, photos: Path) -> None:
    """As SQLite does by itself when the disk is full."""
    index.scan([photos])
    before = content(index)
    with pytest.raises(IndexUnusable, match="dry run"), index.dry_run():
        index.albums.create("first")
        index.session.connection.execute("ROLLBACK")
        index.albums.create("second")
    with pytest.raises(IndexUnusable, match="dry run"), index.dry_run():
        index.session.connection.execute("ROLLBACK")
        with pytest.raises(IndexUnusable, match="dry run"):
            index.albums.create("third")
        index.albums.create("fourth")
    assert content(index) == before
    index.albums.create("afterwards")
    assert content(index) != before


def test_a_dry_run_makes_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="there is no index"), Index.open(tmp_path / "none.db").dry_run():
        pass
    assert list(tmp_path.iterdir()) == []
