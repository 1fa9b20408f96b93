"""The low-level SQLite connection, and replacing the file atomically."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from indexer import private
from indexer.errors import IndexUnusable

# How long a writer waits for another one.
BUSY_SECONDS = 60.0
# What reading a damaged file raises. Its texts, and SQLite's messages that quote them, may not be UTF-8.
BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)
# Suffixes of the files that SQLite keeps next to a database.
_LOGS = ("-wal", "-shm", "-journal")


class IndexConnection(sqlite3.Connection):
    """A connection that knows which file it opened.

    SQLite keeps a file open that was deleted or replaced by another of the same name; what it then writes is lost.
    """

    path: Path
    identity: tuple[int, int]
    # Within `transaction.dry_run`: transactions are parts of one that is rolled back.
    is_dry_run = False

    def ensure_in_place(self) -> None:
        """Raises IndexUnusable if the path no longer leads to the opened file. Costs one stat."""
        try:
            now = _identity(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise IndexUnusable(
                f"the index {self.path} was deleted or moved while it was in use: nothing more is written."
                " Put it back, or restore a backup with 'indexer restore', and start again"
            ) from None
        except OSError:
            return  # unknown; SQLite reports if writing fails
        if now != self.identity:
            raise IndexUnusable(
                f"the index {self.path} was replaced by another file while it was in use: nothing more is written."
                " Start again to use the new one"
            )


def connect_for_reading(path: Path) -> IndexConnection:
    """A read-only connection to any database file, also on a read-only disk."""
    mode = "mode=ro"
    if not os.access(path.parent, os.W_OK):
        # WAL needs a writable place for its shared memory. On a read-only disk nobody writes, so it is not needed.
        mode += "&immutable=1" if not path.with_name(path.name + "-wal").exists() else ""
    return connect(path, mode)


def connect(path: Path, mode: str) -> IndexConnection:
    """A connection to any database file. mode: a parameter of SQLite's file: URLs."""
    # The three special characters of SQLite's file: URLs (sqlite.org/uri.html).
    name = os.fspath(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        if mode == "mode=rwc" and not path.exists():
            private.make_file(path)  # SQLite gives its log and shared memory the mode of the file
        # isolation_level None: transactions are begun and ended explicitly. check_same_thread: a connection belongs to
        # one thread, but another may close it.
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
    """Rename a complete database, which has no log, to `path`. A log next to `path` is deleted: it belongs to the file
    there, or to one deleted while it was open, and SQLite would replay it into any file of that name."""
    if path.exists():
        with (
            suppress(*BROKEN),
            closing(connect(path, "mode=rw")) as old,
        ):  # the old file is complete if this is killed below
            old.execute("PRAGMA busy_timeout = 2000")
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in _LOGS:
        Path(f"{path}{ending}").unlink(missing_ok=True)
    new.replace(path)
