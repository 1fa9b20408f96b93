"""kill -9 during a command that changes users' data: either all of it is done or nothing, and it can be repeated."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import put, run, sized
from .test_care import killed, left_over, moments, problems

KILLS = sized(5, 50)
_SAID = (
    "SELECT json_remove(json, '$.updated_at', '$.trashed_at', '$.exif.updated_at', '$.metadata.updated_at') FROM asset_json ORDER BY id",
    "SELECT id, trashed_at IS NULL, trash_override FROM asset ORDER BY id",
    "SELECT root.path, file.path, status FROM file JOIN root ON root.id = root_id ORDER BY 1, 2",
    "SELECT * FROM user_value ORDER BY 1",
    "SELECT id, name FROM album ORDER BY 1",
    "SELECT album_id, asset_id FROM album_asset ORDER BY 1, 2",
)


def said(database: Path) -> list[tuple[object, ...]]:
    """All that an index says, but for when it came to say it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [row for query in _SAID for row in connection.execute(query).fetchall()]


@pytest.fixture
def filled(index: Index, photos: Path, tmp_path: Path) -> Index:
    """An index with copies, albums, values and a trash; and another.db, which knows some of it and more."""
    for number in range(120):
        put(photos / f"{number % 6}" / f"{number}.jpg", number)
        if number % 4 == 0:
            put(tmp_path / "more" / f"{number}.jpg", number)
            put(tmp_path / "more" / f"only {number}.jpg", f"only {number}")
    index.scan([photos, tmp_path / "more"])
    ids = [one.id for one in index.list(limit=-1)]
    index.assets.set(ids[:40], rating=4)
    index.albums.create("Best", ids[10:60])
    index.trash.put(ids[60:90])
    shutil.rmtree(photos / "5")
    index.scan()
    index.close()
    with Index.open(tmp_path / "another.db") as other:
        other.scan([tmp_path / "more"])
        other.assets.set([one.id for one in other.list(limit=-1)], description="said there")
    return index


COMMANDS: dict[str, Callable[[Path], tuple[object, ...]]] = {
    "undo": lambda top: ("undo",),
    "trash": lambda top: ("trash", "empty", "--older-than", 0, "--yes"),
    "merge": lambda top: ("merge", top / "another.db"),
    "forget": lambda top: ("roots", "--forget", top / "more"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_F14_kill_9_anywhere_in_what_users_do(filled: Index, tmp_path: Path, name: str) -> None:
    command = COMMANDS[name](tmp_path)
    with closing(sqlite3.connect(filled.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data, before = filled.path.read_bytes(), said(filled.path)
    folder = tmp_path / "here"
    tried = folder / "index.db"

    def begin() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tried.write_bytes(data)

    begin()
    started = time.monotonic()
    done = run(*command, database=tried)
    assert done.returncode == 0, done.stderr
    seconds, after = time.monotonic() - started, said(tried)
    assert after != before
    for moment in moments(seconds, KILLS):
        begin()
        killed(moment, *command, database=tried)
        assert problems(tried) == []
        now = said(tried)
        assert now in (before, after)
        if now == before:
            done = run(*command, database=tried)
            assert done.returncode == 0, done.stderr
            assert said(tried) == after
        # A copy from before a merge may be there twice; of what was half written nothing is left after one more run.
        run("backup", folder / "copy.db", database=tried)
        known = ("index.db", "index.db-wal", "index.db-shm", "index.db.before-merge-*", "copy.db", "index.db.indexer-*")
        assert left_over(folder, *known) == []


def test_F14_kill_9_anywhere_in_a_backup(filled: Index, tmp_path: Path) -> None:
    """A file with the requested name is complete; a partial one is removed by the next backup."""
    folder = tmp_path / "backups"
    folder.mkdir()
    expected = said(filled.path)
    started = time.monotonic()
    assert run("backup", folder / "copy.db", database=filled.path).returncode == 0
    seconds = time.monotonic() - started
    for moment in moments(seconds, KILLS):
        shutil.rmtree(folder)
        folder.mkdir()
        killed(moment, "backup", folder / "copy.db", database=filled.path)
        if (folder / "copy.db").exists():
            assert problems(folder / "copy.db") == []
            assert said(folder / "copy.db") == expected
        assert run("backup", folder / "copy.db", "--overwrite", database=filled.path).returncode == 0
        assert said(folder / "copy.db") == expected
        assert left_over(folder, "copy.db") == []
    assert said(filled.path) == expected
