"""Begin write transactions on the index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from indexer.errors import DiskFull, IndexUnusable
from indexer.media.dates import utc

from .database import IndexConnection
from .records import asset_json

_ADVICE = "What was written before is kept; 'indexer doctor' says more"
# Bytes: a disk with fewer free counts as full.
_MIN_FREE = 1 << 20
# Nanoseconds. If the last event is further ahead of the clock than this, the clock was set back, and its time holds.
_MAX_AHEAD = 1_000_000_000


def timestamp() -> str:
    """The current time in UTC, as stored in the index."""
    return utc(time.time_ns())


def _timestamp_after(last: str) -> str:
    """The current time, once it is later than the last event: within a millisecond, or within a second if the clock was
    set back a little; the write lock is held meanwhile."""
    while (now := timestamp()) <= last < utc(time.time_ns() + _MAX_AHEAD):
        time.sleep(0.0002)
    return now


@dataclass
class Touched:
    """What must be checked at the end of a pass. orphans: assets that lost a file, perhaps their last. folders: (root,
    folder) of changed files, whose stacks may have changed."""

    orphans: set[str] = field(default_factory=set)
    folders: set[tuple[int, str]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.orphans or self.folders)

    def update(self, other: Touched) -> None:
        self.orphans |= other.orphans
        self.folders |= other.folders

    def clear(self) -> None:
        self.orphans.clear()
        self.folders.clear()


class Transaction:
    """A write transaction with one timestamp. Store functions that write take one; `begin` creates it.

    now: later than any event, so that a second change of the same asset advances its updated_at and has an event too;
    but the clock's time if the clock was set back by more than a second.
    is_dry_run: nothing outside the index may change, as it is not rolled back.
    change_id: the id of the user's change (see `undo.user_change`); 0 if it is none."""

    def __init__(self, connection: IndexConnection) -> None:
        self.connection = connection
        self.is_dry_run = connection.is_dry_run
        last = connection.execute("SELECT created_at FROM event ORDER BY id DESC LIMIT 1").fetchone()
        self.now = _timestamp_after(last[0] if last else "")
        self.touched = Touched()
        self.change_id = 0

    @contextmanager
    def record_changed(self, asset_id: str) -> Iterator[None]:
        """Update updated_at if the body changes the asset's record."""
        before = asset_json(self.connection, asset_id)
        yield
        if asset_json(self.connection, asset_id) != before:
            self.connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (self.now, asset_id))


# How a transaction begins, ends, and is undone: of its own, and in a dry run.
_STATEMENTS = {
    False: ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"),
    True: ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part"),
}


@contextmanager
def dry_run(connection: IndexConnection) -> Iterator[None]:
    """Roll back all writes of the body at its end; the body sees them. Other writers wait meanwhile."""
    was_dry_run = connection.is_dry_run
    with suppress(_RolledBack), begin(connection):
        connection.is_dry_run = True
        try:
            yield
        finally:
            connection.is_dry_run = was_dry_run
        raise _RolledBack


class _RolledBack(Exception):
    """Ends a dry run."""


@contextmanager
def begin(connection: IndexConnection) -> Iterator[Transaction]:
    """A transaction that waits for other writers and is rolled back on any exception. In a dry run, a part of the
    transaction that is rolled back at the end of it.

    Raises IndexUnusable if the file was deleted, replaced or is damaged, or if another writer does not finish;
    DiskFull, a subclass, if there is no space."""
    opening, ending, undoing = _STATEMENTS[connection.is_dry_run]
    if connection.is_dry_run and not connection.in_transaction:  # a savepoint would begin one, and commit it
        raise IndexUnusable("the dry run cannot go on: SQLite ended its transaction, as it does when a disk is full")
    try:
        connection.execute(opening)
        connection.ensure_in_place()
        yield Transaction(connection)
        connection.execute(ending)
    except BaseException as error:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute(undoing)
        if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.IntegrityError | sqlite3.ProgrammingError
        ):
            kind = DiskFull if _is_disk_full(error, connection.path) else IndexUnusable
            raise kind(f"cannot write to the index: {error}. {_ADVICE}") from error
        raise


def probe(connection: IndexConnection) -> None:
    """Write without changing anything, to test for disk space. Raises DiskFull."""
    with begin(connection):
        connection.execute("UPDATE setting SET value = value WHERE name = 'device_id'")


def _is_disk_full(error: sqlite3.Error, path: Path) -> bool:
    """Whether the disk is full. Some writes, e.g. to shared memory, fail with a general error then: check the free
    space."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        import shutil

        try:
            return shutil.disk_usage(path).free < _MIN_FREE
        except OSError:  # for example, deleted meanwhile
            return False
    return code == sqlite3.SQLITE_FULL
