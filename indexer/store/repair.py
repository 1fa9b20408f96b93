"""Copy the readable rows of a damaged index into a new one."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from . import schema
from .counters import recount
from .database import BROKEN, connect
from .tables import TABLES


def version_of(damaged: Path) -> int | None:
    """The schema version of a damaged index; None if it cannot be read."""
    try:
        with closing(_open_damaged(damaged)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except BROKEN:
        return None


def create_as(damaged: Path, path: Path) -> None:
    """Create an empty index of the same, older version as a damaged one: what `salvage` puts there is then updated like
    any older index. Raises one of BROKEN if the version or the schema cannot be read."""
    with closing(_open_damaged(damaged)) as source:
        version = source.execute("PRAGMA user_version").fetchone()[0]
        statements = source.execute(
            "SELECT sql FROM sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL"
            " AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search*' ORDER BY type DESC, rowid"
        ).fetchall()
    with closing(connect(path, "mode=rwc")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for (statement,) in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")


def salvage(damaged: Path, connection: sqlite3.Connection) -> dict[str, int]:
    """Copy every readable row of a damaged index into a new, empty one of its version. Returns the number of rows by
    table."""
    saved: dict[str, int] = {}
    with closing(_open_damaged(damaged)) as source:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for table in _tables(connection):
            saved[table] = _save_table(source, connection, table)
        connection.execute("COMMIT")
    return saved


def rebuild_references(connection: sqlite3.Connection, device_id: str) -> None:
    """Make salvaged rows consistent.

    Files whose asset is lost are to be read again: a scan gives their assets the same ids, to which rows may still
    refer. `delete_dangling` then deletes rows that refer to nothing."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT OR IGNORE INTO setting VALUES ('device_id', ?)", (device_id,))
    # After the next scan another asset may have the number of a lost one; ids are never reused.
    connection.execute("UPDATE file SET asset_number = NULL WHERE asset_number NOT IN (SELECT number FROM asset)")
    for table in _by_number(connection):
        connection.execute(f"DELETE FROM {table} WHERE asset_number NOT IN (SELECT number FROM asset)")
    connection.execute("UPDATE asset SET file_id = NULL WHERE file_id NOT IN (SELECT id FROM file)")
    recount(connection)
    connection.execute("DELETE FROM setting WHERE name = 'search_cursor'")
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")


def _open_damaged(path: Path) -> sqlite3.Connection:
    connection = connect(path, "mode=ro")
    connection.execute("PRAGMA writable_schema = ON")  # a file with fewer pages than it claims is opened nevertheless
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


# Of processes at work, as they were called before version 11.
_FORMERLY_RUNNING = {"activity", "coverage"}


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Tables to be salvaged. An index of an older version may have some that this version does not know."""
    known = {table.name: table for table in TABLES}
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search*'"
    )
    present = {row[0] for row in rows}
    older = sorted(present - known.keys() - _FORMERLY_RUNNING)
    return older + [table.name for table in TABLES if table.name in present and table.is_salvaged]


def _by_number(connection: sqlite3.Connection) -> list[str]:
    """Tables of derived data."""
    rows = connection.execute(
        "SELECT one.name FROM sqlite_schema AS one WHERE one.type = 'table' AND one.name NOT IN ('file', 'event')"
        " AND EXISTS (SELECT 1 FROM pragma_table_info(one.name) AS of_it WHERE of_it.name = 'asset_number')"
    )
    return [row[0] for row in rows]


def _save_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    ours = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        theirs = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except BROKEN:
        return 0
    columns = [name for name in ours if name in theirs]
    if not columns:
        return 0
    target.execute(f"DELETE FROM {table}")  # what triggers wrote, or a new index starts with
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    count = 0
    for row in _readable(source, table, columns):
        with suppress(*BROKEN):  # a row that violates a constraint is lost
            count += target.execute(insert, row).rowcount
    return count


def _readable(source: sqlite3.Connection, table: str, columns: list[str]) -> list[tuple[object, ...]]:
    """The rows that can be read from the front, then those from the back."""
    chosen = ", ".join(columns)
    rows: dict[object, tuple[object, ...]] = {}
    keyed = _has_rowid(source, table)
    key = "rowid" if keyed else columns[0]
    for order in ("ASC", "DESC"):
        try:
            for row in source.execute(f"SELECT {key}, {chosen} FROM {table} ORDER BY {key} {order}"):
                identity = row[0] if keyed else row[1:]
                if order == "DESC" and identity in rows:
                    break
                rows[identity] = row[1:]
            else:
                break
        except BROKEN:
            continue
    return list(rows.values())


def _has_rowid(source: sqlite3.Connection, table: str) -> bool:
    try:
        row = source.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    except BROKEN:
        return True
    return row is None or "WITHOUT ROWID" not in str(row[0])


def delete_dangling(connection: sqlite3.Connection) -> None:
    """Delete rows that refer to lost ones, repeatedly, as one may depend on another. Events of an asset whose row was
    lost get its present number."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE event SET asset_number = asset.number FROM asset"
        " WHERE asset.id = entity_id AND asset_number IS NOT asset.number AND asset_number IS NOT NULL"
    )
    for _ in range(10):
        loose = {row[0] for row in connection.execute("PRAGMA foreign_key_check")}
        if not loose:
            break
        for table in loose:
            for row in connection.execute(f"PRAGMA foreign_key_list({table})").fetchall():
                parent, own, theirs, action = row[2], row[3], row[4] or "id", row[6]
                do = f"UPDATE {table} SET {own} = NULL" if action == "SET NULL" else f"DELETE FROM {table}"
                connection.execute(f"{do} WHERE {own} IS NOT NULL AND {own} NOT IN (SELECT {theirs} FROM {parent})")
    connection.execute("COMMIT")
