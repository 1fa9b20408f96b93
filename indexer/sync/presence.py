"""Distinguish missing files from unreachable drives and errors. An error is never an absence; files on a disconnected
drive are not missing."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Mapping
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


class RootStatus(NamedTuple):
    """The current status of a root. problem: why it counts as offline (it is missing, unreadable, suddenly empty, or
    replaced by another folder), and then the rest is unknown; None if it is present."""

    problem: str | None
    volume: Volume | None = None
    inode: int | None = None


def check_root(connection: sqlite3.Connection, root: Root, *, may_be_empty: bool = False) -> RootStatus:
    """may_be_empty: the user confirmed that missing files were deleted."""
    real = paths.from_text(root.path)
    try:
        info = os.stat(real)
        with os.scandir(real) as entries:
            empty = next(entries, None) is None
        volume = volume_of(real)
    except OSError as error:
        return RootStatus(f"it cannot be opened: {error.strerror}")
    present = RootStatus(None, volume, info.st_ino)
    if is_same_folder(root, volume, info.st_ino):
        if empty and not may_be_empty and count_present(connection, root.id):
            return RootStatus("it is empty and was not, as when its drive is not mounted")
        return present
    if twin := _root_at(connection, root, volume, info.st_ino):
        return RootStatus(f"it is the same folder as {twin.path} now, which is indexed itself")
    known = select_sample(connection, root.id, _SAMPLE)
    if not known or any(os.path.lexists(_real_path(root, file)) for file in known):
        return present  # copied to another drive, say
    if empty:
        return RootStatus("it is empty and was not, as when its drive is not mounted")
    return RootStatus("another folder is in its place: it contains nothing that was indexed")


def note_root(connection: IndexConnection, root: Root, status: RootStatus) -> None:
    """Record whether a root is present, and on which volume, if that differs from the index."""
    known = (root.device, root.inode, root.volume, root.offline_reason if root.offline_at else None)
    if status.problem is not None and known[-1] != status.problem:
        with begin(connection) as tx:
            mark_root_offline(tx, root, status.problem)
    elif (
        status.volume is not None
        and status.inode is not None
        and known != (status.volume.device, status.inode, status.volume.identity, None)
    ):
        with begin(connection) as tx:
            mark_root_found(tx, root, status.volume, status.inode)


def _root_at(connection: sqlite3.Connection, root: Root, volume: Volume, inode: int) -> Root | None:
    """The other root that this folder is, e.g. when a link to it replaced `root`."""
    others = (other for other in select_roots(connection) if other.id != root.id and other.inode is not None)
    return next((other for other in others if is_same_folder(other, volume, inode)), None)


class Presence:
    """Short-lived cache of which files are present and which are absent: each root and mount is checked once.

    may_be_empty: as for check_root. statuses: of the roots that were checked, by id."""

    def __init__(
        self, connection: sqlite3.Connection, roots: Mapping[int, Root], *, may_be_empty: bool = False
    ) -> None:
        self._connection = connection
        self._may_be_empty = may_be_empty
        self._roots = roots
        self.statuses: dict[int, RootStatus] = {}
        self._offline_mounts: dict[int, list[str]] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._is_folder: dict[tuple[int, str], bool] = {}

    def clear_cache(self) -> None:
        """Check folders again from now on."""
        self._listings.clear()
        self._is_folder.clear()

    def offline_mounts(self, root_id: int) -> list[str]:
        """The mount points of a root whose drives are disconnected."""
        if root_id not in self._offline_mounts:
            root, mounts = self._roots[root_id], select_mounts(self._connection, root_id)
            self._offline_mounts[root_id] = [mount.folder for mount in mounts if mount_problem(root, mount)]
        return self._offline_mounts[root_id]

    def is_absent(self, file: StoredFile) -> bool:
        """Whether the file is certainly no longer at its place: root and drive are present, and the file is not. A file
        reached only through a link, or in a root of its own, is not at this place."""
        root = self._roots.get(file.root_id)
        if root is None or not self._is_reachable(root, file):
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
        """Whether the row's file is the one just found elsewhere with the row's inode and this many hard links: its
        place is absent, or holds another inode, or is another way to the only link, as through a bind mount."""
        root = self._roots.get(file.root_id)
        if root is None:
            return False
        try:
            if os.lstat(_real_path(root, file)).st_ino != file.inode or links == 1:
                return self._is_reachable(root, file)
        except OSError:
            pass
        return self.is_absent(file)

    def _is_entered(self, root: Root, folder: str) -> bool:
        """Whether a walk of the root reaches this folder: neither it nor a folder above it is a link or a root of its
        own. Raises OSError as os.lstat does."""
        real, current, others = (
            paths.from_text(root.path),
            "",
            [other for other in self._roots.values() if other != root],
        )
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

    def _is_reachable(self, root: Root, file: StoredFile) -> bool:
        if root.id not in self.statuses:
            self.statuses[root.id] = check_root(self._connection, root, may_be_empty=self._may_be_empty)
        if self.statuses[root.id].problem is not None:
            return False
        return not any(paths.is_below(file.folder, folder) for folder in self.offline_mounts(root.id))

    def _is_listed(self, root: Root, file: StoredFile) -> bool:
        """Whether the folder lists exactly this name: file systems that take `a.jpg` for `A.JPG`, or one form of `é`
        for the other, find a file under any of them."""
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
