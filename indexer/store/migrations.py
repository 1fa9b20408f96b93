"""From an older version of the schema to the present one.

A migration says only what schema.sql cannot: new columns of old tables, and what is to become of old rows. New tables
and indexes, and all triggers and views, come from schema.sql itself; so does a table whose columns or constraints have
changed: it is made anew and takes over the old one's rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from indexer import ids, private, scratch
from indexer.errors import IndexUnusable

from .copies import put_in_place

# version reached -> what to do with an index of the version before
_STEPS: dict[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE file ADD COLUMN reading TEXT",
        "ALTER TABLE metadata ADD COLUMN origins TEXT CHECK (origins IS NULL OR json_valid(origins))",
        "ALTER TABLE face ADD COLUMN source TEXT NOT NULL DEFAULT 'file'",
    ),
    3: (
        "ALTER TABLE root ADD COLUMN volume TEXT",
        "ALTER TABLE root ADD COLUMN filesystem TEXT",
        "ALTER TABLE asset ADD COLUMN fingerprint TEXT",
        "ALTER TABLE asset ADD COLUMN trash_wish TEXT CHECK (trash_wish IN ('in', 'out'))",
    ),
    4: (
        *(
            f"ALTER TABLE user_value ADD COLUMN {name} TEXT"
            for name in ("city", "state", "country", "country_code", "sublocation", "place_name")
        ),
        "DROP TABLE variant",  # was never filled
    ),
    5: (
        "ALTER TABLE face ADD COLUMN confidence REAL",
        "ALTER TABLE face ADD COLUMN assigned_by TEXT CHECK (assigned_by IN ('file', 'user', 'likeness'))",
        "UPDATE face SET assigned_by = 'file' WHERE person_id IS NOT NULL",
    ),
    6: (
        "DROP INDEX file_failed",
        "DROP INDEX IF EXISTS asset_newest",
        "DROP INDEX IF EXISTS face_person",
        "ALTER TABLE root ADD COLUMN library_id TEXT REFERENCES library (id) ON DELETE SET NULL",
    ),
    7: (
        "ALTER TABLE file ADD COLUMN created_ns INTEGER",
        "UPDATE file SET created_ns ="
        " CAST(round((julianday(file_created_at) - 2440587.5) * 86400000) AS INTEGER) * 1000000"
        " WHERE file_created_at <> file_modified_at",
        # The words are made anew when somebody searches.
        "DROP TABLE IF EXISTS search",
        "DROP TABLE IF EXISTS search_row",
        "DELETE FROM setting WHERE name = 'words_cursor'",
    ),
    8: (),
    9: ("ALTER TABLE user_value ADD COLUMN is_favorite INTEGER CHECK (is_favorite IN (0, 1))",),
}
# version reached -> new generated columns, of tables that may have been rebuilt with them in the same migration
_GENERATED: dict[int, dict[tuple[str, str], str]] = {
    9: {
        ("asset", "is_undated"): "INTEGER NOT NULL GENERATED ALWAYS AS"
        " (coalesce(origins ->> '$.local_datetime[0][0]', '') = 'the file''s time') VIRTUAL"
    },
}
# Tables whose rows referred to assets by id, and do so by number since version 7; a file may hold none.
_NUMBERED = (
    "appearance companion enrichment generated_description keyword meaning metric motion place text_line variant"
)
_BY_NUMBER = "(SELECT asset.rowid AS asset_number, {name}.* FROM {name} {join} asset ON asset.id = asset_id)"
# version reached -> tables whose columns or constraints are other than before, and what their rows are made of
_REBUILT: dict[int, dict[str, str]] = {
    3: {"file": "file"},
    6: {"variant": "variant"},
    7: {
        "asset": "(SELECT asset.rowid AS number, id IS NOT id_of(checksum) AS id_differs,"
        " coalesce(metadata.updated_at, asset.updated_at) AS words_changed_at,"
        " asset.*, metadata.* FROM asset LEFT JOIN metadata ON asset_id = id ORDER BY asset.rowid)",
        "event": "(SELECT event.*, asset.rowid AS asset_number FROM event LEFT JOIN asset ON asset.id = entity_id)",
        "file": _BY_NUMBER.format(name="file", join="LEFT JOIN"),
        **{name: _BY_NUMBER.format(name=name, join="JOIN") for name in _NUMBERED.split()},
    },
    8: {"api_key": "api_key"},
}
# version reached -> what new tables are to hold of old rows
_FILLS: dict[int, tuple[str, ...]] = {
    6: (
        "INSERT INTO month SELECT substr(wall_clock, 1, 7), count(*) FILTER (WHERE trashed_at IS NULL),"
        " count(trashed_at) FROM asset GROUP BY 1",
    ),
    7: (
        "DROP TABLE metadata",
        "UPDATE file SET device_asset_id = nullif(device_asset_id, path), uri = nullif(uri, path)",
        "INSERT INTO person_asset SELECT DISTINCT person_id, wall_clock, number"
        " FROM face JOIN asset ON asset.id = asset_id WHERE person_id IS NOT NULL",
        "INSERT INTO person_count SELECT person_id, count(*) FROM person_asset GROUP BY 1",
    ),
}


def migrate(connection: sqlite3.Connection, path: Path, version: int, target: int, statements: list[str]) -> None:
    """Bring the index to `target` in one transaction. A copy of it as it was is kept beside it first.

    Raises IndexUnusable where the copy cannot be made."""
    keep_copy(connection, path, version)
    connection.create_function("id_of", 1, ids.of_checksum, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been here while this one waited.
        if connection.execute("PRAGMA user_version").fetchone()[0] == version:
            made_anew = "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'trigger')"
            for kind, name in connection.execute(made_anew).fetchall():
                connection.execute(f'DROP {kind} "{name}"')
            for number in range(version + 1, target + 1):
                for statement in _STEPS[number]:
                    connection.execute(statement)
            rebuilt: dict[str, str] = {}
            for number in range(version + 1, target + 1):
                rebuilt |= _REBUILT.get(number, {})
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            for table in sorted(rebuilt.keys() & there):
                _rebuild(connection, table, rebuilt[table], statements)
            for number in range(version + 1, target + 1):
                for (table, name), definition in _GENERATED.get(number, {}).items():
                    if name not in {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}:
                        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")
            _make_missing(connection, statements)
            for number in range(version + 1, target + 1):
                for statement in _FILLS.get(number, ()):
                    connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """`index.db` is copied to `index.db.v1`, whole and at one moment; an earlier copy stays."""
    copy = path.with_name(f"{path.name}.v{version}")
    if copy.exists():
        return copy
    try:
        with scratch.folder(path.parent) as own:
            half = own / copy.name
            private.make_file(half)
            with closing(sqlite3.connect(half)) as target:
                connection.backup(target)
                copied = target.execute("PRAGMA user_version").fetchone()[0]
            if copied == version:  # else another process has updated it meanwhile, and kept its own copy
                put_in_place(half, copy)
    except (OSError, sqlite3.Error) as error:
        raise IndexUnusable(f"cannot keep a copy of the index before it is updated, at {copy}: {error}") from error
    return copy


def _rebuild(connection: sqlite3.Connection, table: str, rows: str, statements: list[str]) -> None:
    """sqlite.org/lang_altertable.html, section 7: a new table under another name, then the old one's name. Foreign keys
    are not enforced yet on this connection, so that what refers to the table goes on referring to it."""
    create = next(one for one in statements if one.split()[:3] == ["CREATE", "TABLE", table])
    connection.execute(create.replace(f"TABLE {table} ", f"TABLE new_{table} ", 1))
    old = {column[0] for column in connection.execute(f"SELECT * FROM {rows} LIMIT 0").description}
    new = {row[1] for row in connection.execute(f"PRAGMA table_info(new_{table})")}
    columns = ", ".join(sorted(old & new))
    connection.execute(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {rows}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE new_{table} RENAME TO {table}")


def _make_missing(connection: sqlite3.Connection, statements: list[str]) -> None:
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    for statement in statements:
        words = statement.split()
        if words[0].upper() == "CREATE":
            name = words[3] if words[1].upper() in ("UNIQUE", "VIRTUAL") else words[2]
            if name not in known:
                connection.execute(statement)
        else:
            connection.execute(statement)
