"""Other file systems mounted inside a root: while one is disconnected, its files are offline, not missing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from indexer import paths
from indexer.store.database import IndexConnection
from indexer.store.roots import Mount, Root, put_mounts, select_mounts
from indexer.store.transaction import begin

from .rules import real_folder
from .volumes import volume_of


def mount_problem(root: Root, mount: Mount) -> str | None:
    """Why the drive mounted inside a root cannot be reached, or None."""
    real = real_folder(paths.from_text(root.path), mount.folder)
    try:
        if os.stat(real).st_dev == os.stat(os.path.dirname(real)).st_dev:
            return "nothing is mounted there"
        identity = volume_of(real).identity
    except OSError as error:
        return error.strerror or str(error)
    if None not in (identity, mount.volume) and identity != mount.volume:
        return "another drive is mounted there"
    return None


def note_mounts(connection: IndexConnection, root: Root, folders: Iterable[str]) -> list[Mount]:
    """Record the mount points that a walk met, and which known ones are offline; returns the latter."""
    known = {mount.folder: mount for mount in select_mounts(connection, root.id)}
    offline = {folder: mount for folder, mount in known.items() if mount_problem(root, mount)}
    mounted = {}
    for folder in set(folders) - set(offline):
        with suppress(OSError):
            mounted[folder] = volume_of(real_folder(paths.from_text(root.path), folder))
    changed = {
        folder: volume
        for folder, volume in mounted.items()
        if folder not in known or (known[folder].device, known[folder].volume) != (volume.device, volume.identity)
    }
    if changed or any((mount.offline_at is not None) != (folder in offline) for folder, mount in known.items()):
        with begin(connection) as tx:
            put_mounts(tx, root.id, changed, offline)
    return list(offline.values())
