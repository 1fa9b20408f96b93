"""The index file: created completely or not at all, recognized by its mark, one schema in every installation."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable
from indexer.store import connection, schema
from indexer.store.columns import NUMBER
from indexer.store.files import count_all
from indexer.store.transaction import begin

from ..conftest import Command, put, rows, run


def test_the_file_at_the_top_is_the_schema() -> None:
    top = Path(__file__).parents[2] / "schema.sql"
    assert schema.text() == top.read_text(encoding="utf-8")
    with sqlite3.connect(":memory:") as database:
        database.executescript(top.read_text())
        assert database.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert database.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        for name in ("asset_json", "photo", "path_status", "status_count"):
            database.execute(f"SELECT * FROM {name}").fetchall()
        tables = database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search*'"
        ).fetchall()
        assert all("STRICT" in sql for name, sql in tables)


def test_another_schema_has_another_version() -> None:
    """If this fails after a change of schema.sql: raise the version, write a migration, and record the new digest."""
    statements = sorted(" ".join(sql.split()) for sql in schema.statements())
    digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16]
    assert {schema.VERSION: digest} == {13: "c7c27f6679305c2a"}


def test_a_new_index_is_wal_and_marked(index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    assert rows(index, "PRAGMA journal_mode") == [("wal",)]
    assert rows(index, "PRAGMA user_version") == [(schema.VERSION,)]


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to look at " * 20)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (x)")
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as database:
        database.executescript(schema.text())
        database.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    for path, words in ((text, "not an index"), (other, "not a photo index"), (newer, "newer indexer")):
        before = path.read_bytes()
        for attempt in (lambda at=path: Index.open(at).get("x"), lambda at=path: Index.open(at).scan([tmp_path])):
            with pytest.raises(IndexUnusable, match=words):
                attempt()
        assert path.read_bytes() == before
    with pytest.raises(IndexUnusable, match="there is no index"):
        Index.open(tmp_path / "none.db").get("x")
    assert not (tmp_path / "none.db").exists()


def test_two_processes_may_make_one_index(photos: Path, tmp_path: Path) -> None:
    for number in range(40):
        put(photos / f"{number}.jpg", number)
    command = ["--db", tmp_path / "index.db", "scan", photos]
    both = [Command(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in both:
        _, stderr = process.communicate(timeout=180)
        assert (process.returncode, stderr) == (0, "")
    index = Index.open(tmp_path / "index.db")
    assert rows(index, "SELECT count(*) FROM asset") == rows(index, "SELECT count(*) FROM file") == [(40,)]


def test_readers_do_not_wait_for_a_writer(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    writing = connection.open_for_writing(index.path)
    with begin(writing):
        writing.execute("UPDATE asset SET width = 1")
        assert Index.open(index.path).get(path)["width"] == 64


def test_a_failed_transaction_leaves_nothing(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    writing = connection.open_for_writing(index.path)
    before = rows(index, "SELECT * FROM asset")
    with pytest.raises(KeyError), begin(writing):
        writing.execute("DELETE FROM asset")
        raise KeyError
    assert rows(index, "SELECT * FROM asset") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run as another user")
def test_a_read_only_index_can_be_read(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    index.close()
    index.path.chmod(0o444)
    index.path.parent.chmod(0o555)
    try:
        assert Index.open(index.path).get(path)["id"]
    finally:
        index.path.parent.chmod(0o755)


def test_an_id_that_is_taken_takes_the_next_counter(index: Index, photos: Path) -> None:
    """Edited, and then its old content comes back as another file."""
    path = put(photos / "a.jpg", "first")
    index.scan([photos])
    original = index.get(path)["id"]
    put(path, "edited")
    index.scan()
    old = put(photos / "b.jpg", "first")
    index.scan()
    assert index.get(path)["id"] == original
    assert index.get(old)["id"] != original


def test_the_record_holds_what_later_rooms_fill(index: Index, photos: Path) -> None:
    """The schema has their place: rows in those tables come out in the record, and updated_at is told by the writer."""
    from gumnut.types import AssetResponse

    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    asset = index.get(path)["id"]
    now = "2026-01-01T00:00:00.000Z"
    database = connection.open_for_writing(index.path)
    statements = [
        (
            f"INSERT INTO place VALUES ({NUMBER}, 'San Francisco', 'California', 'United States', 'US', NULL,"
            " 'Golden Gate Bridge', 'America/Los_Angeles')",
            (asset,),
        ),
        (f"INSERT INTO metric VALUES ({NUMBER}, 'quality', 0.5)", (asset,)),
        ("INSERT INTO setting VALUES ('cache_uri', 'file:///cache')", ()),
        (
            f"INSERT INTO rendition VALUES ({NUMBER}, 'thumbnail', 't.jpg', 'image/jpeg', 360, 240, 9000, ?)",
            (asset, now),
        ),
        (f"INSERT INTO caption VALUES ({NUMBER}, '')", (asset,)),
        ("INSERT INTO user_value (asset_id, rating, description) VALUES (?, 4, 'mine')", (asset,)),
        ("INSERT INTO person VALUES ('person_1', 'Marie', '1867-11-07', 0, 1, NULL, ?, ?)", (now, now)),
        (
            "INSERT INTO face VALUES ('face_1', ?, 'person_1', 1, 2, 3, 4, NULL, 'faces', 0.9, 'similarity', ?, ?)",
            (asset, now, now),
        ),
        (
            "INSERT INTO face VALUES ('face_2', ?, 'person_1', 5, 6, 7, 8, 40, 'faces', 0.8, 'user', ?, ?)",
            (asset, now, now),
        ),
    ]
    for sql, values in statements:
        database.execute(sql, values)
    text = index.get_json(asset)
    AssetResponse.model_validate_json(text, strict=True)
    record = json.loads(text)
    assert record["metadata"]["display_label"] == "Golden Gate Bridge, San Francisco, California"
    assert (record["metadata"]["rating"], record["exif"]["description"]) == (4, "mine")
    assert record["metrics"] == {"quality": 0.5}
    assert list(record["asset_urls"]) == ["original", "thumbnail", "fullsize"]
    assert record["description"] == ""
    assert [face["bounding_box"] for face in record["faces"]] == [
        {"x": 1, "y": 2, "w": 3, "h": 4},
        {"x": 5, "y": 6, "w": 7, "h": 8},
    ]
    assert [(one["name"], one["is_favorite"], one["asset_count"]) for one in record["people"]] == [("Marie", True, 1)]


@pytest.mark.parametrize(
    ("place", "label"),
    [
        ((None, None, None, None, None), None),
        (("Paris", None, "France", None, None), "Paris, France"),
        (("Paris", "Île-de-France", "France", None, None), "Paris, Île-de-France"),
        (("Sydney", "New South Wales", "Australia", "The Rocks", None), "The Rocks, Sydney, New South Wales"),
        ((None, None, "France", None, None), "France"),
        ((None, "Utah", "United States", None, None), "United States"),
        (("Singapore", None, "Singapore", None, None), "Singapore"),
        ((None, None, "Japan", None, "Mount Fuji"), "Mount Fuji, Japan"),
    ],
)
def test_display_label(index: Index, photos: Path, place: tuple[str | None, ...], label: str | None) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    database = connection.open_for_writing(index.path)
    database.execute(
        f"INSERT INTO place (asset_number, city, state, country, sublocation, place_name) VALUES ({NUMBER}, ?, ?, ?, ?, ?)",
        (index.get(path)["id"], *place),
    )
    assert index.get(path)["metadata"]["display_label"] == label


def test_newest_first_uses_its_index(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    plan = rows(
        index,
        "EXPLAIN QUERY PLAN SELECT id FROM asset WHERE trashed_at IS NULL ORDER BY wall_clock DESC, id LIMIT 20",
    )
    assert any("asset_newest" in str(row[3]) for row in plan)
    assert not any("TEMP B-TREE" in str(row[3]) for row in plan)


def test_get_needs_neither_sqlite_utils_nor_pillow(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    for wanted in (path, index.get(path)["id"]):
        code = (
            "import sys; from indexer.cli import main\n"
            f"main(['--db', {str(index.path)!r}, 'get', {str(wanted)!r}], standalone_mode=False)\n"
            "heavy = {'sqlite_utils', 'PIL', 'rich', 'watchdog', 'av', 'exifread', 'platformdirs', 'shortuuid'}\n"
            "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stderr.strip() == "[]"


def test_an_empty_database_file_is_filled(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "index.db").touch()
    put(photos / "a.jpg", 1)
    assert run("list", database=tmp_path / "index.db").returncode == 1
    assert run("scan", photos, database=tmp_path / "index.db").returncode == 0


def test_counts(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 1)
    index.scan([photos])
    with connection.open_for_reading(index.path) as database:
        counts = count_all(database)
    assert (counts.assets, counts.files, counts.by_root) == (1, 2, {1: 2})


def test_a_query_lets_go_of_the_index(index: Index, photos: Path) -> None:
    """A connection that is left open keeps SQLite's log beside the index, and every later opening has to read it."""
    put(photos / "a.jpg", 1)
    index.scan([photos])
    assert len(list(index.query("SELECT id FROM asset"))) == 1
    index.close()
    assert not index.path.with_name(f"{index.path.name}-wal").exists()
