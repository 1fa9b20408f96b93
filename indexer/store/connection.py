"""Open an index: schema check, migration, pragmas."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import private
from indexer.errors import IndexDamaged, IndexUnusable, UsageError

from . import schema
from .database import IndexConnection, connect, connect_for_reading

# The writer's page cache. More gains nothing at 20,000 photos, and little at 80,000.
_CACHE_KB = 8 * 1024
# The write-ahead log grows to 16 MB before a checkpoint, so that a page changed by many batches is copied once.
_CHECKPOINT_PAGES = 4000
# Instructions of SQLite's virtual machine: some tenths of a millisecond.
_STEPS_BETWEEN_CHECKS = 10_000
TOO_LONG = "this takes more than {seconds:g} seconds: ask for less at once"


def open_for_reading(path: Path, *, may_update: bool = True) -> IndexConnection:
    """A read-only connection; an index of an older version is updated first. Raises IndexUnusable if there is no index,
    or if it is older and may not be updated."""
    connection = open_without_update(path)
    version = schema.check(connection, path)
    if version < schema.VERSION:  # queries need the current schema
        connection.close()
        if not may_update:
            raise IndexUnusable(f"{path} is of version {version}: 'indexer status' updates it, and keeps a copy")
        open_for_writing(path).close()
        return open_for_reading(path)
    return connection


def open_without_update(path: Path) -> IndexConnection:
    """A read-only connection to an index of this version or an older one. Raises IndexUnusable if there is no index,
    IndexDamaged if it is empty or cannot be opened."""
    if not path.is_file():
        raise IndexUnusable(f"there is no index at {path}: make one with 'indexer scan FOLDER'")
    connection = connect_for_reading(path)
    if schema.check(connection, path) == 0:
        raise IndexDamaged(f"{path} is empty: fill it with 'indexer scan FOLDER', or 'indexer restore BACKUP'")
    return connection


def open_for_writing(path: Path) -> IndexConnection:
    """A writable connection. Creates the index and its folder if there are none."""
    try:
        private.make_folder(path.parent)
    except OSError as error:
        raise IndexUnusable(f"cannot make the folder {path.parent} for the index: {error.strerror}") from error
    if path.exists() and not os.access(path, os.W_OK):
        raise IndexUnusable(f"cannot write to the index {path}: it is read-only, or on a read-only disk")
    connection = connect(path, "mode=rwc")
    version = schema.check(connection, path)
    try:
        if version == 0:
            from indexer import config, ids

            schema.create(connection, ids.device_id(config.machine_name()))
        elif version < schema.VERSION:
            from .migrations import migrate

            migrate(connection, path, version, schema.VERSION, schema.statements())
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")  # with WAL: survives crashes, the last commits may be lost
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    except sqlite3.DatabaseError as error:
        raise schema.unreadable(path, error) from error
    return connection


def interrupt_after(connection: sqlite3.Connection, until: Callable[[], float]) -> None:
    """Interrupt every statement that runs after `until()` (in time.monotonic)."""
    connection.set_progress_handler(lambda: time.monotonic() > until(), _STEPS_BETWEEN_CHECKS)


@contextmanager
def deadline(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt the body after this time. Raises UsageError then."""
    end = time.monotonic() + seconds
    interrupt_after(connection, lambda: end)
    try:
        yield
    except sqlite3.OperationalError as error:
        if not is_interrupted(error):
            raise
        raise UsageError(TOO_LONG.format(seconds=seconds)) from error
    finally:
        connection.set_progress_handler(None, 0)


def is_interrupted(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
