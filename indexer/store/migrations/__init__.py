"""Schema migrations, one module per version.

A migration contains only what schema.sql cannot: new columns of existing tables, and conversions of existing rows. New
tables and indexes, and all triggers and views, come from schema.sql itself; so does a table whose columns or
constraints have changed: it is rebuilt and its rows are copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path

from indexer import private, scratch
from indexer.errors import IndexUnusable

from ..database import put_in_place
from ..schema import OLDEST
from .migration import Migration


def migrate(connection: sqlite3.Connection, path: Path, version: int, target: int, statements: list[str]) -> None:
    """Bring the index to `target` in one transaction. A copy of the old one is kept next to it.

    Raises IndexUnusable if the copy cannot be made."""
    keep_copy(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been here while this one waited.
        if connection.execute("PRAGMA user_version").fetchone()[0] == version:
            _carry_out(connection, steps_to(target)[version - OLDEST :], statements)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def steps_to(target: int) -> list[Migration]:
    """The migrations from version OLDEST to `target`, one per version."""
    return [import_module(f"{__name__}.v{number}").MIGRATION for number in range(OLDEST + 1, target + 1)]


def _carry_out(connection: sqlite3.Connection, steps: Sequence[Migration], statements: list[str]) -> None:
    made_anew = "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'trigger')"
    for kind, name in connection.execute(made_anew).fetchall():
        connection.execute(f'DROP {kind} "{name}"')
    for step in steps:
        for statement in step.before:
            connection.execute(statement)
    for table in sorted({table for step in steps for table in step.rebuilt}):
        _rebuild(connection, table, statements)
    for step in steps:
        for table, column, definition in step.generated:
            if column not in {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")
    _make_missing(connection, statements)
    for step in steps:
        for statement in step.after:
            connection.execute(statement)


def keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy a snapshot of `index.db` to `index.db.v1`; an existing copy stays."""
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


def _rebuild(connection: sqlite3.Connection, table: str, statements: list[str]) -> None:
    """sqlite.org/lang_altertable.html, section 7: a new table under another name, then the old one's name. Foreign keys
    are not enforced yet on this connection, so references to the table stay valid."""
    create = next(statement for statement in statements if statement.split()[:3] == ["CREATE", "TABLE", table])
    connection.execute(create.replace(f"TABLE {table} ", f"TABLE new_{table} ", 1))
    old = {column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 0").description}
    new = {row[1] for row in connection.execute(f"PRAGMA table_info(new_{table})")}
    columns = ", ".join(sorted(old & new))
    connection.execute(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE new_{table} RENAME TO {table}")


def _make_missing(connection: sqlite3.Connection, statements: list[str]) -> None:
    # An index and a trigger may have one name.
    known = set(connection.execute("SELECT type, name FROM sqlite_schema").fetchall())
    for statement in statements:
        words = statement.split()
        if words[0].upper() == "CREATE":
            kind, name = words[2:4] if words[1].upper() in ("UNIQUE", "VIRTUAL") else words[1:3]
            if (kind.lower(), name) not in known:
                connection.execute(statement)
        else:
            connection.execute(statement)
