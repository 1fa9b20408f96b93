"""Copy an index while others write, check copies, and replace an index with one."""

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
from .connection import open_without_update
from .database import BROKEN, connect, connect_for_reading, put_in_place

_PAGES = 2048  # copied at a time, so that other writers get their turn


def copy_to(connection: sqlite3.Connection, target: Path, *, overwrite: bool = False, is_checked: bool = True) -> None:
    """Copy a snapshot of the index into one file. Raises UsageError if the file exists, IndexUnusable if it
    cannot be written or fails the check; then there is no file."""
    if target.exists():
        if not overwrite:
            raise UsageError(f"{target} already exists: name another file, or use --overwrite")
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
                if is_checked and (problems := find_damage(copy)):
                    raise IndexUnusable(f"the copy is damaged: {problems[0]}: see 'indexer doctor'")
            put_in_place(half, target)
    except (OSError, sqlite3.Error) as error:
        raise IndexUnusable(f"cannot write {target}: {error}") from error


@contextmanager
def hold(path: Path) -> Iterator[BinaryIO]:
    """Keep others from writing to an index, even a damaged one. Raises UsageError if somebody is writing to it.

    Yields the open file: POSIX locks end when a process closes any descriptor of a file
    (sqlite.org/howtocorrupt.html), so this one is closed last."""
    with path.open("rb") as file, closing(connect(path, "mode=rw")) as connection:
        try:
            connection.execute("PRAGMA busy_timeout = 2000")
            connection.execute("BEGIN IMMEDIATE")
        except BROKEN as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise UsageError(f"another program writes to {path}: stop it first") from error
            # Otherwise it is too damaged for anybody to write to.
        yield file


def cannot_be_opened(path: Path) -> bool:
    """Whether SQLite cannot even open the index. Raises IndexUnusable for another program's file."""
    try:
        open_without_update(path).close()
    except IndexDamaged:
        from indexer.media.formats import sniff

        with path.open("rb") as file:
            if sniff(file.read(4096), path.name) is not None:
                raise UsageError(f"{path} is a photo or video, not an index: name another file with --db") from None
        return True
    return False


def keep_copy(path: Path, kept: Path) -> None:
    """Copy an index: a snapshot if SQLite can read it, else byte by byte."""
    if not cannot_be_opened(path):
        with suppress(IndexUnusable), closing(open_without_update(path)) as present:
            copy_to(present, kept, is_checked=False)
            return
    with scratch.folder(kept.parent) as own, hold(path) as file:
        copy_bytes(file, own / kept.name)
        rename_damaged(own / kept.name, kept)


def rename_damaged(path: Path, name: Path) -> None:
    """Rename a damaged index, together with its log if SQLite could not check it in."""
    if (log := Path(f"{path}-wal")).exists():
        log.rename(f"{name}-wal")
    path.rename(name)


def copy_bytes(file: BinaryIO, target: Path) -> None:
    """Copy an index on hold, with its log, byte by byte into one file."""
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
    """Replace the file at path, if any, by a valid index that nobody else has open. If killed at any moment, either
    the old or the new one is there, complete. Processes that have the old one open continue with the new content."""
    if not _accepts_pages(path, new):
        put_in_place(new, path.resolve())
        return
    with closing(connect(new, "mode=ro")) as source, closing(connect(path, "mode=rw")) as target:
        restore_into(source, target)


def _accepts_pages(path: Path, new: Path) -> bool:
    """Whether SQLite can write the pages of another index into this one, whatever its content."""
    if not path.exists():
        return False
    try:
        with closing(connect(path, "mode=rw")) as old, closing(connect(new, "mode=ro")) as other:
            sizes = {connection.execute("PRAGMA page_size").fetchone()[0] for connection in (old, other)}
            old.execute("BEGIN IMMEDIATE")  # reads the header
    except sqlite3.DatabaseError as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    return len(sizes) == 1


def restore_into(source: sqlite3.Connection, connection: sqlite3.Connection) -> None:
    """Replace the content of an index by that of `source`, in one transaction."""
    try:
        source.backup(connection)
    except sqlite3.Error as error:
        raise IndexUnusable(f"cannot write to the index: {error}") from error


def unused_name(path: Path, what: str) -> Path:
    """A name next to an index that is not in use yet."""
    name = f"{path.name}.{what}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(candidate for candidate in map(path.with_name, names) if not candidate.exists())


def open_backup(path: Path) -> sqlite3.Connection:
    """Open a backup after checking it. Raises IndexUnusable if it is damaged."""
    if not path.is_file():
        raise IndexUnusable(f"there is no index at {path}")
    connection = connect_for_reading(path)
    if schema.check(connection, path) == 0:
        raise IndexUnusable(f"{path} is empty")
    if problems := find_damage(connection):
        raise IndexUnusable(f"{path} is damaged: {problems[0]}")
    return connection


def find_damage(connection: sqlite3.Connection, *, quick: bool = False) -> list[str]:
    """SQLite's error messages for the file behind a connection; empty if it is intact."""
    try:
        check = "quick_check" if quick else "integrity_check"
        problems = [row[0] for row in connection.execute(f"PRAGMA {check}(10)")]
        loose = connection.execute("PRAGMA foreign_key_check").fetchmany(10)
    except BROKEN as error:
        return [str(error)]
    refers = [f"a row of {row[0]} refers to nothing in {row[2]}" for row in loose]
    return [text for text in problems if text != "ok"] + refers
