"""Is it really gone? An error is never an absence, and a drive that is not there has lost nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
from typing import NamedTuple

from indexer import paths
from indexer.store.database import IndexConnection
from indexer.store.files import StoredFile, count_present, select_sample
from indexer.store.roots import Root, Volume, mark_root_found, mark_root_offline, select_mounts, select_roots
from indexer.store.transaction import begin

from .mounts import mount_problem
from .rules import real_folder
from .volumes import is_same_folder, root_of, volume_of

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
        if empty and not may_be_empty and count_present(connection, root.id):
            return Found("it is empty and was not, as when its drive is not mounted")
        return found
    if twin := _root_at(connection, root, volume, info.st_ino):
        return Found(f"it is the same folder as {twin.path} now, which is indexed itself")
    known = select_sample(connection, root.id, _SAMPLE)
    if not known or any(os.path.lexists(_real_path(root, file)) for file in known):
        return found  # copied to another drive, say
    if empty:
        return Found("it is empty and was not, as when its drive is not mounted")
    return Found("another folder lies there: nothing that was indexed is in it")


def note_root(connection: IndexConnection, root: Root, found: Found) -> None:
    """Write down whether a root is there, and where, if the index says otherwise."""
    known = (root.device, root.inode, root.volume, root.offline_why if root.offline_at else None)
    if found.problem is not None and known[-1] != found.problem:
        with begin(connection) as tx:
            mark_root_offline(tx, root, found.problem)
    elif (
        found.volume is not None
        and found.inode is not None
        and known != (found.volume.device, found.inode, found.volume.identity, None)
    ):
        with begin(connection) as tx:
            mark_root_found(tx, root, found.volume, found.inode)


def _root_at(connection: sqlite3.Connection, root: Root, volume: Volume, inode: int) -> Root | None:
    """The other root that this folder is, as when a link to it lies in the place of `root`."""
    others = (other for other in select_roots(connection) if other.id != root.id and other.inode is not None)
    return next((other for other in others if is_same_folder(other, volume, inode)), None)


class Presence:
    """Which files are there and which are not, for some moments: what is known of roots and mounts is found out once.

    may_be_empty: as for find_root. found: the roots that were asked for, as they are, by id."""

    def __init__(self, connection: sqlite3.Connection, roots: dict[int, Root], *, may_be_empty: bool = False) -> None:
        self._connection = connection
        self._may_be_empty = may_be_empty
        self._roots = roots
        self.found: dict[int, Found] = {}
        self._away: dict[int, list[str]] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._is_folder: dict[tuple[int, str], bool] = {}

    def look_anew(self) -> None:
        """Folders are looked at again from now on."""
        self._listings.clear()
        self._is_folder.clear()

    def offline_mounts(self, root_id: int) -> list[str]:
        """The folders of a root whose drives are away."""
        if root_id not in self._away:
            root, mounts = self._roots[root_id], select_mounts(self._connection, root_id)
            self._away[root_id] = [mount.folder for mount in mounts if mount_problem(root, mount)]
        return self._away[root_id]

    def is_absent(self, file: StoredFile) -> bool:
        """Whether no file is at the file's place any more, with its root and drive there to say so. What is reached
        only through a link, or lies in a root of its own, is not at this place."""
        root = self._roots.get(file.root_id)
        if root is None or not self._can_say(root, file):
            return False
        try:
            if not self._is_entered(root, file.folder):
                return True
            info = os.lstat(_real_path(root, file))
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return stat.S_ISDIR(info.st_mode) or not self._is_listed(root, file)

    def has_left(self, file: StoredFile, links: int) -> bool:
        """Whether the file of this row is the one that was just found elsewhere, with the inode that the row has and
        so many hard links: its place is absent, or holds another inode now, or is another way to the only link there
        is, as behind a bind mount."""
        root = self._roots.get(file.root_id)
        if root is None:
            return False
        try:
            if os.lstat(_real_path(root, file)).st_ino != file.inode or links == 1:
                return self._can_say(root, file)
        except OSError:
            pass
        return self.is_absent(file)

    def _is_entered(self, root: Root, folder: str) -> bool:
        """Whether a walk of the root would come to this folder: neither it nor one that it lies in is a link, or a root
        of its own. Raises OSError as os.lstat does."""
        real, current, others = paths.from_text(root.path), "", [one for one in self._roots.values() if one != root]
        for name in folder.split("/") if folder else ():
            current = paths.join(current, name)
            known = self._is_folder.get((root.id, current))
            if known is None:
                info = os.lstat(path := real_folder(real, current))
                known = stat.S_ISDIR(info.st_mode) and root_of(others, path, info) is None
                self._is_folder[root.id, current] = known
            if not known:
                return False
        return True

    def _can_say(self, root: Root, file: StoredFile) -> bool:
        if root.id not in self.found:
            self.found[root.id] = find_root(self._connection, root, may_be_empty=self._may_be_empty)
        if self.found[root.id].problem is not None:
            return False
        return not any(paths.is_below(file.folder, folder) for folder in self.offline_mounts(root.id))

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
