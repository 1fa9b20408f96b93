"""From an older version of the schema to the present one.

A migration says only what schema.sql cannot: new columns of old tables, and what is to become of old rows. New tables
and indexes, and all views, come from schema.sql itself."""

from __future__ import annotations

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
            _make_missing(connection, statements)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """`index.db` is copied to `index.db.v1`, whole and at one moment; an earlier copy stays."""
    copy = path.with_name(f"{path.name}.v{version}")
    if copy.exists():
        return copy
    half = copy.with_name(copy.name + ".part")
    try:
        half.unlink(missing_ok=True)
        with sqlite3.connect(half) as target:
            connection.backup(target)
        target.close()
        half.replace(copy)
    except (OSError, sqlite3.Error) as error:
        raise IndexUnusable(f"cannot keep a copy of the index before it is updated, at {copy}: {error}") from error
    return copy


def _make_missing(connection: sqlite3.Connection, statements: list[str]) -> None:
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    for statement in statements:
        words = statement.split()
        if words[0].upper() == "CREATE":
            name = words[2] if words[1].upper() != "UNIQUE" else words[3]
            if name not in known:
                connection.execute(statement)
        else:
            connection.execute(statement)
