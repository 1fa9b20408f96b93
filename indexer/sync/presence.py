"""Is it really gone? An error is never an absence, and a drive that is not there has lost nothing."""

from __future__ import annotations

import os
import sqlite3
import stat

from indexer import paths
from indexer.store import queries
from indexer.store.rows import Root, StoredFile

from .rules import real_folder

_SAMPLE = 50


def root_problem(connection: sqlite3.Connection, root: Root) -> str | None:
    """Why a root cannot be compared with the index now, or None: it is missing, unreadable, suddenly empty, or
    another folder lies in its place."""
    real = paths.from_text(root.path)
    try:
        info = os.stat(real)
        with os.scandir(real) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        return f"it cannot be opened: {error.strerror}"
    if not queries.count_present(connection, root.id):
        return None
    if empty:
        return "it is empty, and was not: is its drive mounted?"
    if (info.st_dev, info.st_ino) != (root.device, root.inode):
        known = queries.some_present(connection, root.id, _SAMPLE)
        if not any(os.path.lexists(_real_path(root, file)) for file in known):
            return "another folder lies there: nothing that was indexed is in it"
    return None


def is_absent(root: Root, file: StoredFile) -> bool:
    """Whether no file is at the file's place any more, with the root there to say so."""
    try:
        return stat.S_ISDIR(os.lstat(_real_path(root, file)).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return os.path.isdir(paths.from_text(root.path))
    except OSError:
        return False


def has_left(root: Root, file: StoredFile) -> bool:
    """As is_absent, or something else lies there now: another inode under the same name."""
    try:
        info = os.lstat(_real_path(root, file))
    except OSError:
        return is_absent(root, file)
    return info.st_ino != file.inode


def _real_path(root: Root, file: StoredFile) -> str:
    folder = real_folder(paths.from_text(root.path), file.folder)
    return os.path.join(folder, paths.from_text(file.name))
