"""Load schema.sql, create an index from it, check an index's schema version."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from indexer.errors import IndexDamaged, IndexUnusable

APPLICATION_ID = 0x50494458
VERSION = 13
# The first version that can be updated (see migrations). Those before it were never released.
OLDEST = 7


def text() -> str:
    """The text of schema.sql: next to the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    installed = package / "schema.sql"
    return (installed if installed.is_file() else package.parent / "schema.sql").read_text(encoding="utf-8")


def check(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the index behind the connection, 0 for a new file.

    Raises IndexUnusable for a file that is not an index, or was made by a newer indexer; IndexDamaged for one that
    SQLite cannot open.
    """
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if application == APPLICATION_ID:
            if version > VERSION:
                raise IndexUnusable(
                    f"{path} is of version {version}, made by a newer indexer: update this one, it knows {VERSION}"
                )
            if 0 < version < OLDEST:
                raise IndexUnusable(
                    f"{path} is of version {version}, from before the first release, and can no longer be updated:"
                    " move it away, and make a new one with 'indexer scan FOLDER'"
                )
            return version
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error
    if application or version or tables:
        raise IndexUnusable(f"{path} is a SQLite file, but not a photo index: name another one with --db")
    return 0


def unreadable(path: Path, error: sqlite3.Error) -> IndexUnusable:
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_NOTADB:
        return IndexDamaged(
            f"{path} is not an index, or its beginning is damaged: name another file with --db,"
            " or put a backup in its place with 'indexer restore BACKUP'"
        )
    if kind == sqlite3.SQLITE_CORRUPT:
        return IndexDamaged(f"{path} is damaged: {error}: try 'indexer repair', or 'indexer restore BACKUP'")
    return IndexUnusable(f"{path} cannot be read: {error}: 'indexer doctor' says more")


def create(connection: sqlite3.Connection, device_id: str) -> None:
    """Create the tables of a new index atomically. Two processes may call this at once: one creates it, both
    continue."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in statements():
                connection.execute(statement)
            connection.execute("INSERT INTO setting (name, value) VALUES ('device_id', ?)", (device_id,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements() -> list[str]:
    """The statements of schema.sql: executescript would commit before it starts, and leave half a schema if killed."""
    complete, pending = [], ""
    for line in re.sub(r"--[^\n]*", "", text()).splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            complete.append(pending)
            pending = ""
    return complete
