"""Writing to the index: what is written together is seen together, or not at all."""

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
# Bytes: with fewer a disk is full.
_NO_ROOM = 1 << 20


def timestamp() -> str:
    """Now, as the index writes it: UTC."""
    return utc(time.time_ns())


@dataclass
class Touched:
    """What is to be looked at again when a whole pass is through. orphans: assets that lost a place, and may have none
    left. folders: a root and a folder in it, whose files changed and may belong together in other ways."""

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
    """What is written at once, bearing one time. Functions of the store that write take one; `begin` makes it.

    change_id: of the user's change that it is (see `undo.user_change`); 0: none."""

    def __init__(self, connection: IndexConnection) -> None:
        self.connection = connection
        self.now = timestamp()
        self.touched = Touched()
        self.change_id = 0

    @contextmanager
    def record_changed(self, asset_id: str) -> Iterator[None]:
        """Moves updated_at if the asset's record has become another one within."""
        before = asset_json(self.connection, asset_id)
        yield
        if asset_json(self.connection, asset_id) != before:
            self.connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (self.now, asset_id))


@contextmanager
def begin(connection: IndexConnection) -> Iterator[Transaction]:
    """Waits for other writers; on any exception nothing of it is kept.

    Raises IndexUnusable where the file was deleted or replaced, or is damaged, or another writer does not come to an
    end; DiskFull, one of these, where there is no room."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.ensure_in_place()
        yield Transaction(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.IntegrityError | sqlite3.ProgrammingError
        ):
            kind = DiskFull if _is_disk_full(error, connection.path) else IndexUnusable
            raise kind(f"cannot write to the index: {error}. {_ADVICE}") from error
        raise


def probe(connection: IndexConnection) -> None:
    """Write something that changes nothing: is there room again? Raises DiskFull."""
    with begin(connection):
        connection.execute("UPDATE setting SET value = value WHERE name = 'device_id'")


def _is_disk_full(error: sqlite3.Error, path: Path) -> bool:
    """Some writes, as to the shared memory, fail for want of room like for any other trouble."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        import shutil

        try:
            return shutil.disk_usage(path).free < _NO_ROOM
        except OSError:  # it was deleted meanwhile, say
            return False
    return code == sqlite3.SQLITE_FULL
