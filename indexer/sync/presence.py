"""Is it really gone? An error is never an absence, and a drive that is not there has lost nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
from typing import NamedTuple

from indexer import paths
from indexer.store import queries
from indexer.store.changes import Volume
from indexer.store.rows import Root, StoredFile

from .mounts import mount_problem
from .rules import real_folder
from .volumes import volume_of

_SAMPLE = 50


class Found(NamedTuple):
    """A root as it is now. problem: why it cannot be compared with the index, or None: it is missing, unreadable,
    suddenly empty, or another folder lies in its place; then the rest is unknown."""

    problem: str | None
    volume: Volume | None = None
    inode: int | None = None


def find_root(connection: sqlite3.Connection, root: Root, *, may_be_empty: bool = False) -> Found:
    """may_be_empty: the user says that what is missing was really deleted."""
    real = paths.from_text(root.path)
    try:
        info = os.stat(real)
        with os.scandir(real) as entries:
            empty = next(entries, None) is None
        volume = volume_of(real)
    except OSError as error:
        return Found(f"it cannot be opened: {error.strerror}")
    found = Found(None, volume, info.st_ino)
    if is_same_folder(root, volume, info.st_ino):
        if empty and not may_be_empty and queries.count_present(connection, root.id):
            return Found("it is empty and was not, as when its drive is not mounted")
        return found
    known = queries.some_present(connection, root.id, _SAMPLE)
    if not known or any(os.path.lexists(_real_path(root, file)) for file in known):
        return found  # copied to another drive, say
    if empty:
        return Found("it is empty and was not, as when its drive is not mounted")
    return Found("another folder lies there: nothing that was indexed is in it")


def is_same_folder(root: Root, volume: Volume, inode: int) -> bool:
    """Whether a folder is the one that the root was when it was last seen, wherever it lies now."""
    if root.volume is not None and volume.identity is not None:
        return (root.volume, root.inode) == (volume.identity, inode)
    return (root.device, root.inode) == (volume.device, inode)


class Presence:
    """Which files are there and which are not, for some moments: what is known of roots and mounts is found out once.

    may_be_empty: as for find_root."""

    def __init__(self, connection: sqlite3.Connection, roots: dict[int, Root], *, may_be_empty: bool = False) -> None:
        self._connection = connection
        self._may_be_empty = may_be_empty
        self._roots = roots
        self._is_reachable: dict[int, bool] = {}
        self._away: dict[int, list[str]] = {}
        self._listings: dict[str, frozenset[str]] = {}

    def look_anew(self) -> None:
        """Folders are listed again from now on."""
        self._listings.clear()

    def offline_mounts(self, root_id: int) -> list[str]:
        """The folders of a root whose drives are away."""
        if root_id not in self._away:
            root, mounts = self._roots[root_id], queries.mounts(self._connection, root_id)
            self._away[root_id] = [mount.folder for mount in mounts if mount_problem(root, mount)]
        return self._away[root_id]

    def is_absent(self, file: StoredFile) -> bool:
        """Whether no file is at the file's place any more, with its root and drive there to say so."""
        root = self._roots.get(file.root_id)
        if root is None or not self._can_say(root, file):
            return False
        try:
            info = os.lstat(_real_path(root, file))
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return stat.S_ISDIR(info.st_mode) or not self._is_listed(root, file)

    def has_left(self, file: StoredFile) -> bool:
        """As is_absent, or something else lies there now: another inode under the same name."""
        root = self._roots.get(file.root_id)
        if root is None:
            return False
        try:
            if os.lstat(_real_path(root, file)).st_ino != file.inode:
                return self._can_say(root, file)
        except OSError:
            pass
        return self.is_absent(file)

    def _can_say(self, root: Root, file: StoredFile) -> bool:
        if root.id not in self._is_reachable:
            found = find_root(self._connection, root, may_be_empty=self._may_be_empty)
            self._is_reachable[root.id] = found.problem is None
        away = self.offline_mounts(root.id)
        return self._is_reachable[root.id] and not any(paths.is_below(file.folder, folder) for folder in away)

    def _is_listed(self, root: Root, file: StoredFile) -> bool:
        """Whether the folder has just this name: file systems that take `a.jpg` for `A.JPG`, or one form of `é` for the
        other, say of every such name that it is there."""
        folder = real_folder(paths.from_text(root.path), file.folder)
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except OSError:
                return True
        return paths.from_text(file.name) in self._listings[folder]


def _real_path(root: Root, file: StoredFile) -> str:
    folder = real_folder(paths.from_text(root.path), file.folder)
    return os.path.join(folder, paths.from_text(file.name))
