"""Copies of an index: made while others write, checked, and put back; and a new index out of a damaged one."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from indexer import private, scratch
from indexer.errors import IndexDamaged, IndexUnusable, UsageError

from . import schema
from .connection import open_as_it_is
from .counters import recount
from .database import BROKEN, connect, connect_for_reading, put_in_place
from .tables import TABLES

_PAGES = 2048  # copied at a time: other writers get their turn in between


def copy_to(connection: sqlite3.Connection, target: Path, *, overwrite: bool = False, is_checked: bool = True) -> None:
    """The index as it is at one moment, whole, into a file of its own. Raises UsageError where there is one already,
    IndexUnusable where it cannot be written or fails the check; then there is none."""
    if target.exists():
        if not overwrite:
            raise UsageError(f"{target} is there already: name another file, or say --overwrite")
        if target.samefile(connection.execute("PRAGMA database_list").fetchone()[2]):
            raise UsageError(f"{target} is the index itself: name another file")
    try:
        with scratch.folder(target.parent) as own:
            half = own / target.name
            private.make_file(half)
            with closing(sqlite3.connect(half)) as copy:
                connection.backup(copy, pages=_PAGES)
                # A backup is one file: no log beside it.
                copy.execute("PRAGMA journal_mode = DELETE")
                if is_checked and (problems := damages(copy)):
                    raise IndexUnusable(f"the copy is damaged: {problems[0]}: see 'indexer doctor'")
            put_in_place(half, target)
    except (OSError, sqlite3.Error) as error:
        raise IndexUnusable(f"cannot write {target}: {error}") from error


@contextmanager
def held(path: Path) -> Iterator[BinaryIO]:
    """Nobody else writes to this index meanwhile, damaged as it may be. Raises UsageError where somebody does.

    Yields the file: POSIX locks end when a process closes any descriptor of a file (sqlite.org/howtocorrupt.html), so
    that this one is closed last."""
    with path.open("rb") as file, closing(connect(path, "mode=rw")) as connection:
        try:
            connection.execute("PRAGMA busy_timeout = 2000")
            connection.execute("BEGIN IMMEDIATE")
        except BROKEN as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise UsageError(f"another program writes to {path}: stop it first") from error
            # Else it is too damaged for anybody to write to it.
        yield file


def is_damaged(path: Path) -> bool:
    """Whether SQLite does not even open the index. Raises IndexUnusable for another program's file."""
    try:
        open_as_it_is(path).close()
    except IndexDamaged:
        from indexer.media.formats import sniff

        with path.open("rb") as file:
            if sniff(file.read(4096), path.name) is not None:
                raise UsageError(f"{path} is a photo or film, not an index: name another file with --db") from None
        return True
    return False


def keep(path: Path, kept: Path) -> None:
    """Copy an index as it is: at one moment where SQLite can do so, else byte for byte."""
    if not is_damaged(path):
        with suppress(IndexUnusable), closing(open_as_it_is(path)) as present:
            copy_to(present, kept, is_checked=False)
            return
    with scratch.folder(kept.parent) as own, held(path) as file:
        copy_bytes(file, own / kept.name)
        rename(own / kept.name, kept)


def rename(path: Path, name: Path) -> None:
    """A damaged index, with its log if SQLite could not fold it in, to a name that nothing has."""
    if (log := Path(f"{path}-wal")).exists():
        log.rename(f"{name}-wal")
    path.rename(name)


def copy_bytes(file: BinaryIO, target: Path) -> None:
    """A file that is held, with its log, byte for byte into one file."""
    try:
        with private.create(target) as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        if (log := Path(f"{file.name}-wal")).exists():
            private.copy(log, Path(f"{target}-wal"))
        with closing(connect(target, "mode=rw")) as connection, suppress(*BROKEN):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except OSError as error:
        raise IndexUnusable(f"cannot keep a copy of {file.name}: {error}") from error


def install(new: Path, path: Path) -> None:
    """A whole index, which nobody else has open, in the place of what lies at path, if anything does. Killed at any
    moment, it is the one or the other; and those who have that one open go on with the new content."""
    if not _can_take(path, new):
        put_in_place(new, path.resolve())
        return
    with closing(connect(new, "mode=ro")) as source, closing(connect(path, "mode=rw")) as target:
        put_back(source, target)


def _can_take(path: Path, new: Path) -> bool:
    """Whether SQLite can write the pages of another index into this one, whatever is in it."""
    if not path.exists():
        return False
    try:
        with closing(connect(path, "mode=rw")) as old, closing(connect(new, "mode=ro")) as other:
            sizes = {one.execute("PRAGMA page_size").fetchone()[0] for one in (old, other)}
            old.execute("BEGIN IMMEDIATE")  # reads the header
    except sqlite3.DatabaseError as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    return len(sizes) == 1


def put_back(source: sqlite3.Connection, connection: sqlite3.Connection) -> None:
    """All of `source` in the place of what the connection has, in one transaction."""
    try:
        source.backup(connection)
    except sqlite3.Error as error:
        raise IndexUnusable(f"cannot write to the index: {error}") from error


def beside(path: Path, what: str) -> Path:
    """A name that nothing has yet, for what is kept beside an index."""
    name = f"{path.name}.{what}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(one for one in map(path.with_name, names) if not one.exists())


def open_copy(path: Path) -> sqlite3.Connection:
    """A backup, checked. Raises IndexUnusable where it is not sound."""
    if not path.is_file():
        raise IndexUnusable(f"there is no index at {path}")
    connection = connect_for_reading(path)
    if schema.check(connection, path) == 0:
        raise IndexUnusable(f"{path} is empty")
    if problems := damages(connection):
        raise IndexUnusable(f"{path} is damaged: {problems[0]}")
    return connection


def damages(connection: sqlite3.Connection, *, quick: bool = False) -> list[str]:
    """What is wrong with the file behind a connection, in SQLite's words; empty for a sound one."""
    try:
        check = "quick_check" if quick else "integrity_check"
        found = [row[0] for row in connection.execute(f"PRAGMA {check}(10)")]
        loose = connection.execute("PRAGMA foreign_key_check").fetchmany(10)
    except BROKEN as error:
        return [str(error)]
    refers = [f"a row of {row[0]} refers to nothing in {row[2]}" for row in loose]
    return [text for text in found if text != "ok"] + refers


def version_of(damaged: Path) -> int | None:
    """The schema's version; None where it cannot be read."""
    try:
        with closing(_open_damaged(damaged)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except BROKEN:
        return None


def lay_out_as(damaged: Path, path: Path) -> None:
    """A new index without rows, of the version of a damaged one that is older than this: what `salvage` puts there is
    then updated as in any older index. Raises one of BROKEN where it cannot be read of which version, and how."""
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
    """Every row of a damaged index that can still be read, into a new and empty one of its version; the number of rows
    by table."""
    saved: dict[str, int] = {}
    with closing(_open_damaged(damaged)) as source:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for table in _tables(connection):
            saved[table] = _save_table(source, connection, table)
        connection.execute("COMMIT")
    return saved


def mend(connection: sqlite3.Connection, device_id: str) -> None:
    """What was salvaged, as far as it goes, made to hold together.

    Files whose asset is lost are to be read again: a scan finds them under the same ids, and with them what still
    refers to them. What then refers to nothing, `drop_loose` takes out."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT OR IGNORE INTO setting VALUES ('device_id', ?)", (device_id,))
    # The number of a lost asset may be another's after the next scan; its id is its own for ever.
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


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Those to be salvaged, as far as this version has them. An older one may have some that this one has not."""
    known = {table.name: table for table in TABLES}
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search*'"
    )
    present = {row[0] for row in rows}
    older = sorted(present - known.keys())
    return older + [table.name for table in TABLES if table.name in present and table.is_salvaged]


def _by_number(connection: sqlite3.Connection) -> list[str]:
    """Tables of what was found out of assets."""
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
    target.execute(f"DELETE FROM {table}")  # what triggers wrote, or a new index begins with
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    count = 0
    for row in _readable(source, table, columns):
        with suppress(*BROKEN):  # a row that breaks a rule is as good as lost
            count += target.execute(insert, row).rowcount
    return count


def _readable(source: sqlite3.Connection, table: str, columns: list[str]) -> list[tuple[object, ...]]:
    """The rows from the front as far as they can be read, then from the back."""
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


def drop_loose(connection: sqlite3.Connection) -> None:
    """Without the rows that refer to lost ones; until none is left, for one may hang on another. What happened to an
    asset whose row was lost is its history still, under the number that it has now."""
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
