"""Updating an index of an older version: nothing is lost, and a copy is kept first."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable
from indexer.media.dates import utc
from indexer.store import connection, schema
from indexer.store.api_keys import ACTIONS, select_keys
from indexer.store.migrations import migrate, v9

from ..conftest import put, rows, run

ASSET = "asset_2222222222222222222222"
OLD = Path(__file__).with_name("schema_7.sql")


@pytest.fixture
def old_index(tmp_path: Path, photos: Path) -> Path:
    """As version 7 left it: one photo with the user's values, and the face of a person."""
    put(photos / "a.jpg", 1)
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as database:
        database.executescript(OLD.read_text())
        database.executescript(
            f"""
            INSERT INTO setting VALUES ('device_id', 'device_x');
            INSERT INTO root (id, path, uri, added_at)
            VALUES (1, '{photos}', 'file://{photos}', '2026-01-01T00:00:00.000Z');
            INSERT INTO asset (id, checksum, checksum_sha1, mime_type, file_size_bytes, original_file_name,
                               local_datetime, created_at, updated_at, words_changed_at, make)
            VALUES ('{ASSET}', 'c', 's', 'image/jpeg', 5, 'gone.jpg', '2020-01-01T00:00:00', 'x', 'x', 'x', 'Leica');
            INSERT INTO user_value (asset_id, rating, description) VALUES ('{ASSET}', 5, 'mine');
            INSERT INTO person VALUES ('person_1', 'Ada', NULL, 0, 0, NULL, 'x', 'x');
            INSERT INTO face (id, asset_id, person_id, x, y, w, h, created_at, updated_at)
            VALUES ('face_1', '{ASSET}', 'person_1', 1, 2, 3, 4, 'x', 'x');
            """
        )
    database.close()
    return path


def fill_old(path: Path, assets: int, version: int = 7) -> None:
    """An index of an older version with many assets and the user's values of them."""
    with sqlite3.connect(path) as database:
        database.executescript(OLD.read_text())
        database.execute("INSERT INTO setting VALUES ('device_id', 'device_x')")
        database.execute("INSERT INTO root (id, path, uri, added_at) VALUES (1, '/gone', 'file:///gone', 'x')")
        for number in range(1, assets + 1):
            asset = f"asset_{number:022d}"
            database.execute(
                "INSERT INTO file (id, root_id, folder, name, verdict, asset_number, size, mtime_ns, inode, seen_at)"
                " VALUES (?1, 1, 'f', ?1 || '.jpg', 'indexed', ?1, 5, 6, 7, 'x')",
                (number,),
            )
            database.execute(
                "INSERT INTO asset (number, id, checksum, mime_type, file_size_bytes, original_file_name, local_datetime,"
                " file_id, created_at, updated_at, words_changed_at)"
                " VALUES (?1, ?2, ?1, 'image/jpeg', 5, 'a.jpg', '2020-01-01T00:00:00', ?1, 'x', 'x', 'x')",
                (number, asset),
            )
            database.execute("INSERT INTO user_value (asset_id, rating, description) VALUES (?, 4, 'mine')", (asset,))
        database.execute("INSERT INTO month VALUES ('2020-01', ?, 0)", (assets,))
        database.execute(f"PRAGMA user_version = {version}")
    database.close()


def test_nothing_is_lost_and_a_copy_is_kept(old_index: Path, photos: Path) -> None:
    index = Index.open(old_index)
    record = index.get(ASSET)
    assert (record["metadata"]["make"], record["metadata"]["rating"], record["people"][0]["name"]) == (
        "Leica",
        5,
        "Ada",
    )
    copy = old_index.with_name("old.db.v7")
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (7,)
        assert database.execute("SELECT rating FROM user_value").fetchone() == (5,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert "Leica" in database.execute("SELECT json FROM asset_json").fetchone()[0]
    index.scan([photos])
    assert index.get(photos / "a.jpg")["mime_type"] == "image/jpeg"


@pytest.mark.parametrize("version", [7, 11])
def test_an_updated_index_has_what_a_new_one_has(tmp_path: Path, version: int) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as database:
        database.executescript(OLD.with_name(f"schema_{version}.sql").read_text())
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
    connection.open_for_writing(tmp_path / "old.db").close()
    connection.open_for_writing(tmp_path / "new.db").close()
    assert _shape(tmp_path / "old.db") == _shape(tmp_path / "new.db")


def _shape(path: Path) -> dict[str, object]:
    """Names of everything, columns of tables in any order, the text of views and indexes."""
    with sqlite3.connect(path) as database:
        found: dict[str, object] = {"version": database.execute("PRAGMA user_version").fetchone()}
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_schema").fetchall():
            columns = database.execute(
                f'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo("{name}")'
            )
            found[f"{kind} {name}"] = sorted(columns.fetchall()) if kind == "table" else sql
        return found


def test_what_was_read_by_old_readers_is_read_again(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    with connection.open_for_writing(index.path) as database:
        database.execute("UPDATE file SET reader_version = NULL")
    summary = index.scan()
    assert (summary.refreshed, summary.bytes_read) == (1, 0)


def test_an_update_that_fails_leaves_the_index_as_it_was(old_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v9, "MIGRATION", v9.MIGRATION._replace(after=("NO SUCH STATEMENT",)))
    with pytest.raises(IndexUnusable):
        connection.open_for_writing(old_index)
    with sqlite3.connect(old_index) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (7,)
        assert database.execute("SELECT count(*) FROM asset_json").fetchone() == (1,)


def test_a_newer_index_is_refused(index: Index, photos: Path) -> None:
    index.scan([photos])
    index.close()
    with sqlite3.connect(index.path) as database:
        database.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(IndexUnusable, match="newer indexer"):
        Index.open(index.path).status.counts()


def test_two_processes_at_once(old_index: Path, tmp_path: Path) -> None:
    """Both see version 7; the second finds the work done."""
    shutil.copy(old_index, tmp_path / "b.db")
    one, two = (sqlite3.connect(tmp_path / "b.db", isolation_level=None) for _ in range(2))
    for database in (one, two):
        migrate(database, tmp_path / "b.db", 7, schema.VERSION, schema.statements())
    assert rows(Index.open(tmp_path / "b.db"), "SELECT count(*) FROM asset_json") == [(1,)]


def test_one_from_before_the_first_release_is_refused(old_index: Path) -> None:
    with sqlite3.connect(old_index) as database:
        database.execute("PRAGMA user_version = 6")
    database.close()
    before = old_index.read_bytes()
    done = run("status", database=old_index)
    assert done.returncode == 1 and "is of version 6, from before the first release" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and old_index.read_bytes() == before


def test_10_makes_the_trigger_that_9_left_out(old_index: Path) -> None:
    with sqlite3.connect(old_index) as database:
        for statement in v9.MIGRATION.before:
            database.execute(statement)
        for table, column, definition in v9.MIGRATION.generated:
            written_by_9 = definition.replace("provenance", "origins")
            database.execute(f"ALTER TABLE {table} ADD COLUMN {column} {written_by_9}")
        database.execute("DROP TRIGGER asset_trashed")
        database.execute("PRAGMA user_version = 9")
    database.close()
    index = Index.open(old_index)
    index.trash.put([ASSET])
    assert "asset_trashed" in [event.event_type for event in index.history.events()]


def test_11_renames_and_keeps_every_row(old_index: Path) -> None:
    with sqlite3.connect(old_index) as database:
        (number,) = database.execute("SELECT number FROM asset WHERE id = ?", (ASSET,)).fetchone()
        database.execute("INSERT INTO left_out VALUES ('c', '2020')")
        database.execute("INSERT INTO companion VALUES (?, 's', 'l')", (number,))
        database.execute("INSERT INTO motion VALUES (?, 1, 2, 'video/mp4')", (number,))
        database.execute("UPDATE asset SET trash_wish = 'out', words_changed_at = '2021'")
        database.execute("INSERT OR REPLACE INTO setting VALUES ('words_cursor', '7')")
        database.execute("INSERT INTO user_change (id, created_at, what) VALUES (1, 'x', 'restored')")
        database.execute(
            "INSERT INTO user_change_row (change_id, table_name, before, after) VALUES (1, 'asset', ?, ?)",
            (
                json.dumps({"id": ASSET, "trashed_at": "2020", "trash_wish": "in"}),
                json.dumps({"id": ASSET, "trashed_at": None, "trash_wish": "out"}),
            ),
        )
    database.close()
    connection.open_for_writing(old_index).close()
    with Index.open(old_index, read_only=True) as index:
        assert rows(index, "SELECT * FROM excluded_content") == [("c", "2020")]
        assert rows(index, "SELECT * FROM stack_member") == [(number, "s", "l")]
        assert rows(index, "SELECT * FROM motion_photo") == [(number, 1, 2, "video/mp4")]
        assert rows(index, "SELECT trash_override, metadata_changed_at FROM asset") == [("out", "2021")]
        assert rows(index, "SELECT value FROM setting WHERE name GLOB '*_cursor'") == [("7",)]
        assert index.get(ASSET)["metadata"]["live_photo_cid"] == "l"
    with Index.open(old_index) as index:
        undone = index.history.undo()
        assert undone is not None and undone.kept == 0
        assert rows(index, "SELECT trashed_at, trash_override FROM asset") == [("2020", "in")]


def test_12_renames_and_keeps_every_row(tmp_path: Path) -> None:
    path, origins = (
        tmp_path / "old.db",
        json.dumps({"local_datetime": [["the file's time", "2020"], ["film original datetime", "film 8"]]}),
    )
    with closing(sqlite3.connect(path)) as database:
        database.executescript(OLD.with_name("schema_11.sql").read_text())
        database.executescript(
            f"""
            INSERT INTO setting VALUES ('device_id', 'device_x');
            INSERT INTO root (id, path, uri, added_at) VALUES (1, '/gone', 'file:///gone', 'x');
            INSERT INTO asset (number, id, checksum, mime_type, file_size_bytes, original_file_name, local_datetime,
                               file_id, created_at, updated_at, metadata_changed_at)
            VALUES (1, '{ASSET}', 'c', 'image/jpeg', 5, 'b.jpg', '2020-01-01T00:00:00', 1, 'x', 'x', 'x');
            INSERT INTO month VALUES ('2020-01', 1, 0) ON CONFLICT DO UPDATE SET live = 1;
            INSERT INTO file (id, root_id, folder, name, verdict, asset_number, size, mtime_ns, inode, reading, seen_at)
            VALUES (1, 1, 'f', 'b.jpg', 'damaged', 1, 5, 6, 7, 'still 1.1', 'x'),
                   (2, 1, 'f', 'b.mp4', 'missing', 1, 5, 6, 8, 'film 1.1 a.xmp 1', 'x');
            INSERT INTO file (id, root_id, folder, name, verdict, reason, seen_at)
            VALUES (3, 1, 'f', 'film.txt', 'not_media', 'not a photo or film: .txt', 'x');
            INSERT INTO user_value (asset_id, rating) VALUES ('{ASSET}', 4);
            INSERT INTO variant VALUES (1, 'preview', 'p.jpg', 'image/jpeg', 30, 40, 5, '2022');
            INSERT INTO appearance VALUES (1, 't', x'01');
            INSERT INTO meaning VALUES (1, 'm', x'02');
            INSERT INTO generated_description VALUES (1, 'a cat');
            """
        )
        database.execute("UPDATE asset SET origins = ?", (origins,))
        for name in ("variants", "appearance", "meaning", "describe", "quality"):
            database.execute("INSERT INTO enrichment VALUES (1, ?, 1, 'key', NULL, 'x')", (name,))
        database.commit()
    with Index.open(path) as index:
        record = index.get(ASSET)
        assert (record["metadata"]["rating"], record["description"]) == (4, "a cat")
        provenance = origins.replace("film original", "video original")
        assert rows(index, "SELECT provenance, is_undated FROM asset") == [(provenance, 1)]
        assert rows(index, "SELECT status, reader_version, reason FROM file ORDER BY id") == [
            ("damaged", "still 1.1", None),
            ("missing", "video 1.1 a.xmp 1", None),
            ("not_media", None, "not a photo or video: .txt"),
        ]
        assert rows(index, "SELECT name, used_at FROM rendition") == [("preview", "2022")]
        assert rows(index, "SELECT thumbhash, hashes FROM perceptual_hash") == [("t", b"\1")]
        assert rows(index, "SELECT model, vector FROM image_embedding") == [("m", b"\2")]
        assert rows(index, "SELECT text FROM caption") == [("a cat",)]
        assert rows(index, "SELECT enricher, input_key FROM enrichment ORDER BY enricher") == [
            (name, "key") for name in ("captions", "image_embeddings", "perceptual_hashes", "quality", "renditions")
        ]
    assert path.with_name("old.db.v11").is_file()


def test_13_renames_values_too(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    face = {"id": "face_1", "assigned_by": "likeness"}
    with closing(sqlite3.connect(path)) as database:
        database.executescript(OLD.with_name("schema_11.sql").read_text())
        database.executescript(
            f"""
            INSERT INTO setting VALUES ('device_id', 'device_x'), ('landmark_files', '3');
            INSERT INTO root (id, path, uri, added_at, offline_at, offline_why)
            VALUES (1, '/gone', 'file:///gone', 'x', '2026-01-01T00:00:00.000Z', 'it is missing');
            INSERT INTO watch_state (root_id, mode, why, since) VALUES (1, 'polling', 'no events', 'x');
            INSERT INTO asset (number, id, checksum, mime_type, file_size_bytes, original_file_name, local_datetime,
                               created_at, updated_at, metadata_changed_at)
            VALUES (1, '{ASSET}', 'c', 'image/jpeg', 5, 'b.jpg', '2020-01-01T00:00:00', 'x', 'x', 'x');
            INSERT INTO month VALUES ('2020-01', 1, 0) ON CONFLICT DO UPDATE SET live = 1;
            INSERT INTO person (id, name, created_at, updated_at) VALUES ('person_1', 'Ada', 'x', 'x');
            INSERT INTO face (id, asset_id, person_id, x, y, w, h, assigned_by, created_at, updated_at)
            VALUES ('face_1', '{ASSET}', 'person_1', 1, 2, 3, 4, 'likeness', 'x', 'x'),
                   ('face_2', '{ASSET}', 'person_1', 1, 2, 3, 4, 'user', 'x', 'x'),
                   ('face_3', '{ASSET}', NULL, 1, 2, 3, 4, NULL, 'x', 'x');
            INSERT INTO face_embedding VALUES ('face_1', 'm', x'00');
            UPDATE person SET thumbnail_face_id = 'face_1';
            INSERT INTO landmark (id, name, code, latitude, longitude) VALUES (9, 'Bridge', 'BDG', 1, 2);
            INSERT INTO user_change VALUES (1, 'x', 'moved a face', NULL);
            DELETE FROM event;
            """
        )
        payload = {"path": "/p/b.jpg", "left": "/p/a.jpg"}
        database.execute(
            "INSERT INTO event (created_at, entity_id, asset_number, event_type, payload) VALUES (?, ?, 1, ?, ?)",
            ("x", ASSET, "file_moved", json.dumps(payload)),
        )
        database.execute(
            "INSERT INTO user_change_row (change_id, table_name, before, after) VALUES (1, 'face', ?, ?)",
            (json.dumps(face), json.dumps(face | {"assigned_by": "user"})),
        )
        database.commit()
    with Index.open(path) as index:
        assert index.get(ASSET)["people"][0]["name"] == "Ada"
        assert rows(index, "SELECT offline_reason FROM root") == [("it is missing",)]
        assert rows(index, "SELECT mode, reason FROM watch_state") == [("polling", "no events")]
        assert rows(index, "SELECT id, assigned_by, person_id FROM face ORDER BY id") == [
            ("face_1", "similarity", "person_1"),
            ("face_2", "user", "person_1"),
            ("face_3", None, None),
        ]
        assert rows(index, "SELECT face_id FROM face_embedding") == [("face_1",)]
        assert rows(index, "SELECT thumbnail_face_id FROM person") == [("face_1",)]
        assert rows(index, "SELECT name FROM point_of_interest WHERE cell > 0") == [("Bridge",)]
        assert rows(index, "SELECT value FROM setting WHERE name = 'points_of_interest_imports'") == [("3",)]
        ((text,),) = rows(index, "SELECT payload FROM event WHERE event_type = 'file_moved'")
        assert json.loads(str(text)) == {"path": "/p/b.jpg", "previous_path": "/p/a.jpg"}
        assert rows(index, "SELECT count(*) FROM event") == [(1,)]  # it is no change of any photo
        ((before, after),) = rows(index, "SELECT before, after FROM user_change_row")
        assert [json.loads(str(text))["assigned_by"] for text in (before, after)] == ["similarity", "user"]
        assert rows(index, "PRAGMA foreign_key_check") == [] and rows(index, "PRAGMA integrity_check") == [("ok",)]


def test_file_times_are_to_the_millisecond_downwards(index: Index, photos: Path) -> None:
    """As `utc` says of the same nanoseconds, before 1970 too."""
    moments = [
        0,
        1,
        999_999,
        1_000_000,
        -1,
        -999_999,
        -1_000_000,
        -1_000_001,
        1_700_000_000_999_999_999,
        2**62,
        -(2**62),
    ]
    put(photos / "a.jpg", 1)
    index.scan([photos])
    with connection.open_for_writing(index.path) as database:
        for moment in moments:
            row = database.execute(
                "UPDATE file SET mtime_ns = ?1, created_ns = ?1 RETURNING file_created_at, file_modified_at", (moment,)
            ).fetchone()
            assert row == (utc(moment), utc(moment))


@pytest.mark.parametrize("seed", [0, 2])  # 1 hits the page that says where all of user_value lies
def test_a_damaged_index_of_an_older_version_is_repaired(tmp_path: Path, seed: int) -> None:
    """It cannot be updated: what can be read of it is saved first, and updated then."""
    fill_old(path := tmp_path / "old.db", assets=1000)
    with sqlite3.connect(path) as database:
        schema_pages = database.execute("SELECT max(rootpage) FROM sqlite_schema").fetchone()[0]
        said = dict(database.execute("SELECT asset_id, rating FROM user_value").fetchall())
    database.close()
    data, chance = bytearray(path.read_bytes()), random.Random(seed)
    pages = len(data) // 4096
    for _ in range(pages // 40):
        page = chance.randrange(schema_pages, pages)
        data[page * 4096 : page * 4096 + 4096] = chance.randbytes(4096)
    path.write_bytes(data)
    doctor = run("doctor", database=path)
    assert doctor.returncode == 1 and "indexer repair" in doctor.stdout
    done = run("repair", database=path)
    assert done.returncode == 0, done.stderr
    with Index.open(path) as index:
        assert rows(index, "PRAGMA integrity_check") == [("ok",)]
        assert rows(index, "PRAGMA foreign_key_check") == []
        saved = dict(rows(index, "SELECT asset_id, rating FROM user_value"))
        assert saved.items() <= said.items()
        assert len(saved) > 50 and index.status.counts().assets > 100
        assert rows(index, "SELECT sum(live) FROM month") == [(index.status.counts().assets,)]
        rated = rows(index, "SELECT id FROM asset_json WHERE json ->> '$.metadata.rating' = 4")
        assert {row[0] for row in rated} == saved.keys()
        assert [root.path for root in index.roots.list()] == ["/gone"]


def test_a_key_of_an_older_version_stays_one_for_everything(tmp_path: Path) -> None:
    fill_old(path := tmp_path / "old.db", assets=0)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO api_key VALUES ('apikey_1', 'phone', 'h', '2026-01-01T00:00:00.000Z', NULL)")
    database.close()
    with Index.open(path) as index:
        assert rows(index, "SELECT id, name, hash, created_at, last_used_at FROM api_key") == [
            ("apikey_1", "phone", "h", "2026-01-01T00:00:00.000Z", None)
        ]
        (key,) = select_keys(index.session.connection)
        assert tuple(key.actions) == ACTIONS


@pytest.mark.parametrize("version", [7, 8])
def test_9_knows_whose_date_is_only_the_files_time(tmp_path: Path, version: int) -> None:
    origins = {
        1: None,
        2: '{"local_datetime": [["the file\'s time", "2020"]]}',
        3: '{"local_datetime": [["the file\'s name", "2020"], ["the file\'s time", "2021"]], "latitude": [["x", "1"]]}',
        4: '{"latitude": [["x", "1"]]}',
    }
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as database:
        database.executescript(OLD.with_name("schema_7.sql").read_text())
        database.execute("INSERT INTO setting VALUES ('device_id', 'device_x')")
        for number, text in origins.items():
            database.execute(
                "INSERT INTO asset (number, id, checksum, mime_type, file_size_bytes, original_file_name, local_datetime,"
                " created_at, updated_at, words_changed_at, origins)"
                " VALUES (?, ?, 'c', 'image/jpeg', 5, 'a.jpg', '2020-01-01T00:00:00', 'x', 'x', 'x', ?)",
                (number, f"asset_{number:022d}", text),
            )
        database.execute("INSERT INTO user_value (asset_id, rating) VALUES (?, 5)", (f"asset_{1:022d}",))
        if version == 8:
            database.execute("PRAGMA user_version = 8")
    database.close()
    with Index.open(path) as index:
        connection.open_for_writing(path).close()
        assert rows(index, "SELECT number, is_undated FROM asset") == [(1, 0), (2, 1), (3, 0), (4, 0)]
        assert rows(index, "SELECT rating, is_favorite FROM user_value") == [(5, None)]


def test_the_files_time_is_called_the_same_in_the_schema(index: Index, photos: Path) -> None:
    named = put(photos / "IMG_20200102_030405.jpg", 1)
    undated = put(photos / "a.jpg", 2)
    index.scan([photos])
    found = dict(rows(index, "SELECT id, is_undated FROM asset"))
    assert found == {index.get(named)["id"]: 0, index.get(undated)["id"]: 1}
