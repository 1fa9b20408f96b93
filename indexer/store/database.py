"""The file of an index, as SQLite has it: opened, and put in place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from indexer import private
from indexer.errors import IndexUnusable

# A writer that finds another one at work waits this long before it gives up.
BUSY_SECONDS = 60.0
# What reading a damaged file raises: its texts, and SQLite's words on them, may be no UTF-8.
BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)
# What SQLite keeps beside a database.
_LOGS = ("-wal", "-shm", "-journal")


class IndexConnection(sqlite3.Connection):
    """A connection that knows which file it opened.

    SQLite holds on to a file that was deleted, or replaced by another of the same name: what is written then is lost.
    """

    path: Path
    identity: tuple[int, int]

    def ensure_in_place(self) -> None:
        """Raises IndexUnusable where the path no longer leads to the file that was opened. Costs one stat."""
        try:
            now = _identity(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise IndexUnusable(
                f"the index {self.path} was deleted or moved while it was in use: nothing more is written."
                " Put it back, or restore a backup with 'indexer restore', and start again"
            ) from None
        except OSError:
            return  # it cannot be told: SQLite will say if it cannot be written
        if now != self.identity:
            raise IndexUnusable(
                f"the index {self.path} was replaced by another file while it was in use: nothing more is written."
                " Start again to use the new one"
            )


def connect_for_reading(path: Path) -> IndexConnection:
    """A connection that cannot write, to whatever lies at path, on a read-only disk too."""
    mode = "mode=ro"
    if not os.access(path.parent, os.W_OK):
        # WAL needs a place for its shared memory; on a read-only disk nobody writes, and it can do without.
        mode += "&immutable=1" if not path.with_name(path.name + "-wal").exists() else ""
    return connect(path, mode)


def connect(path: Path, mode: str) -> IndexConnection:
    """A connection to whatever lies at path. mode: as of SQLite's file: URLs."""
    # The three characters that mean something in SQLite's file: URLs (sqlite.org/uri.html).
    name = os.fspath(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        if mode == "mode=rwc" and not path.exists():
            private.make_file(path)  # SQLite gives its log, and their shared memory, the mode of the file
        # Transactions are begun and ended by hand (isolation_level None). A connection belongs to one thread, but
        # another one may close it (check_same_thread).
        connection = sqlite3.connect(
            f"file:{name}?{mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=IndexConnection,
        )
        connection.path = path.absolute()
        connection.identity = _identity(path)
    except (sqlite3.Error, OSError) as error:
        raise IndexUnusable(f"cannot open the index {path}: {error}") from error
    return connection


def _identity(path: Path) -> tuple[int, int]:
    info = os.stat(path)
    return info.st_dev, info.st_ino


def put_in_place(new: Path, path: Path) -> None:
    """Rename a whole database, which has no log. A log beside `path` belongs to the file that lies there, or to one
    that was deleted while it was open: SQLite would play it into any file of that name."""
    if path.exists():
        with suppress(*BROKEN), closing(connect(path, "mode=rw")) as old:  # killed below, the old one is whole
            old.execute("PRAGMA busy_timeout = 2000")
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in _LOGS:
        Path(f"{path}{ending}").unlink(missing_ok=True)
    new.replace(path)
