"""From an older version of the schema to the present one.

A migration says only what schema.sql cannot: new columns of old tables, and what is to become of old rows. New tables,
indexes and triggers, and all views, come from schema.sql itself; so does a table whose constraints have changed: it is
made anew and takes over the old one's rows."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from indexer.errors import IndexUnusable

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
        "DROP TRIGGER IF EXISTS face_deleted",
        "ALTER TABLE root ADD COLUMN library_id TEXT REFERENCES library (id) ON DELETE SET NULL",
    ),
    7: (
        "DROP INDEX IF EXISTS asset_fingerprint",
        "DROP INDEX IF EXISTS asset_sha1",
        "DROP INDEX IF EXISTS event_entity",
        "DROP INDEX IF EXISTS metadata_camera",
        "DROP TRIGGER IF EXISTS asset_created",
        "DROP TRIGGER IF EXISTS asset_month_created",
        "ALTER TABLE file ADD COLUMN created_ns INTEGER",
        "UPDATE file SET created_ns ="
        " CAST(round((julianday(file_created_at) - 2440587.5) * 86400000) AS INTEGER) * 1000000"
        " WHERE file_created_at <> file_modified_at",
    ),
}
# version reached -> tables whose columns or constraints are other than before
_REBUILT: dict[int, tuple[str, ...]] = {3: ("file",), 6: ("variant",), 7: ("file", "metadata")}
# version reached -> what new tables are to hold of old rows
_FILLS: dict[int, tuple[str, ...]] = {
    6: (
        "INSERT INTO month SELECT substr(wall_clock, 1, 7), count(*) FILTER (WHERE trashed_at IS NULL),"
        " count(trashed_at) FROM asset GROUP BY 1",
    ),
    7: (
        "UPDATE file SET device_asset_id = nullif(device_asset_id, path), uri = nullif(uri, path)",
        "INSERT INTO person_count SELECT person_id, count(DISTINCT asset_id) FROM face"
        " WHERE person_id IS NOT NULL GROUP BY 1",
    ),
}


def migrate(connection: sqlite3.Connection, path: Path, version: int, target: int, statements: list[str]) -> None:
    """Bring the index to `target` in one transaction. A copy of it as it was is kept beside it first.

    Raises IndexUnusable where the copy cannot be made."""
    keep_copy(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been here while this one waited.
        if connection.execute("PRAGMA user_version").fetchone()[0] == version:
            for kind, name in connection.execute("SELECT type, name FROM sqlite_schema WHERE type = 'view'").fetchall():
                connection.execute(f'DROP {kind} "{name}"')
            for number in range(version + 1, target + 1):
                for statement in _STEPS[number]:
                    connection.execute(statement)
            rebuilt = {table for number in range(version + 1, target + 1) for table in _REBUILT.get(number, ())}
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            for table in sorted(rebuilt & there):
                _rebuild(connection, table, statements)
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
    half = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    try:
        half.unlink(missing_ok=True)
        target = sqlite3.connect(half)
        try:
            connection.backup(target)
            copied = target.execute("PRAGMA user_version").fetchone()[0]
        finally:
            target.close()
        if copied == version:  # else another process has updated it meanwhile, and kept its own copy
            half.replace(copy)
        else:
            half.unlink()
    except (OSError, sqlite3.Error) as error:
        half.unlink(missing_ok=True)
        raise IndexUnusable(f"cannot keep a copy of the index before it is updated, at {copy}: {error}") from error
    return copy


def _rebuild(connection: sqlite3.Connection, table: str, statements: list[str]) -> None:
    """sqlite.org/lang_altertable.html, section 7: a new table under another name, then the old one's name. Foreign keys
    are not enforced yet on this connection, so that what refers to the table goes on referring to it."""
    create = next(one for one in statements if one.split()[:3] == ["CREATE", "TABLE", table])
    connection.execute(create.replace(f"TABLE {table} ", f"TABLE new_{table} ", 1))
    old, new = (
        {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} for name in (table, f"new_{table}")
    )
    columns = ", ".join(sorted(old & new))
    connection.execute(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")
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
