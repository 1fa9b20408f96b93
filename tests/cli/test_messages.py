"""Errors are one clear line; messages go to stderr, as JSON with --log-json."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import put, run


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("get", "asset_2222222222222222222222"), 3, "no asset"),
        (("get", "nowhere.jpg"), 3, "no record"),
        (("scan", "/no/such/folder"), 1, "No such file"),
        (("query", "SELEC 1"), 2, "does not run"),
        (("query", "DELETE FROM asset"), 2, "readonly"),
        (("roots", "--forget", "/no/such/folder"), 3, "not an indexed folder"),
        (("restore", "/no/such/backup"), 1, "no index at"),
        (("merge", "/no/such/index"), 1, "no index at"),
        (("albums", "list", "Nothing"), 3, "no album"),
    ],
)
def test_a_users_mistake_is_one_line(
    index: Index, photos: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    done = run(*arguments, database=index.path)
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("indexer: ")
    as_json = run("--log-json", "--db", index.path, *arguments)
    line = json.loads(as_json.stderr)
    assert (line["level"], as_json.returncode) == ("error", code)
    assert words in line["message"]
    debugged = run("--debug", "--db", index.path, *arguments)
    assert debugged.stderr.startswith("Traceback")
    assert debugged.stderr.endswith(done.stderr)
    assert debugged.returncode == code


def test_two_albums_of_one_name_are_told_apart(index: Index, photos: Path) -> None:
    """Clients of the HTTP API may make them; the command line makes none."""
    put(photos / "a.jpg", 1)
    index.scan([photos])
    first, second = index.albums.create("Rome", [photos / "a.jpg"]), index.albums.create("Rome")
    other = index.albums.create("Paris")
    for arguments in (
        ("list", "Rome"),
        ("add", "Rome", photos / "a.jpg"),
        ("rename", "Rome", "Roma"),
        ("delete", "Rome"),
    ):
        done = run("albums", *arguments, database=index.path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "2 albums are called 'Rome'" in done.stderr
        assert first.id in done.stderr
        assert second.id in done.stderr
    for arguments in (("create", "Paris"), ("create", "Paris", "--dry-run"), ("rename", first.id, "Paris")):
        done = run("albums", *arguments, database=index.path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "there is already an album 'Paris'" in done.stderr
        assert other.id in done.stderr
    assert run("albums", "rename", first.id, "Rome", database=index.path).returncode == 0
    assert run("albums", "delete", second.id, database=index.path).returncode == 0
    assert [one.name for one in index.albums.list()] == ["Paris", "Rome"]


def test_what_a_scan_has_to_say_as_json(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    photos.rename(photos.with_name("away"))
    done = run("--log-json", "--db", index.path, "scan")
    line = json.loads(done.stderr)
    assert (line["level"], done.returncode) == ("warning", 1)
    assert "Offline" in line["message"]


def test_a_damaged_index_is_one_line(index: Index, photos: Path) -> None:
    for number in range(50):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    index.close()
    with sqlite3.connect(index.path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    data = bytearray(index.path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    index.path.write_bytes(data)
    for command in ("list", "status", "scan"):
        done = run(command, database=index.path)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "indexer repair" in done.stderr or "indexer doctor" in done.stderr


@pytest.mark.parametrize("group", ["albums", "people", "trash", "places"])
def test_a_group_without_a_command_explains_itself(index: Index, group: str) -> None:
    told = run(group, database=index.path)
    assert "Commands:" in told.stdout + told.stderr
    assert "\\n" not in told.stdout + told.stderr


def test_a_limit_that_is_no_number_is_refused(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    monkeypatch.setenv("INDEXER_MEMORY", "much")
    told = run("enrich", database=index.path)
    assert (told.returncode, told.stderr) == (
        2,
        "indexer: INDEXER_MEMORY is 'much'; use a number of megabytes up to 1024, as in 800\n",
    )
    monkeypatch.setenv("INDEXER_MEMORY", "800 MB")
    assert run("enrich", database=index.path).returncode == 0
