"""Read and edit roots (indexed folders), and the drives mounted in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import primary_files
from .transaction import Transaction


class Root(NamedTuple):
    """An indexed folder. path is as stored (see indexer.paths)."""

    id: int
    path: str
    uri: str
    volume: str | None
    filesystem: str | None
    device: int | None
    inode: int | None
    added_at: str
    scanned_at: str | None
    offline_at: str | None
    offline_reason: str | None


class Mount(NamedTuple):
    """Another file system mounted inside a root. folder is as stored, within the root."""

    root_id: int
    folder: str
    volume: str | None
    filesystem: str | None
    device: int
    offline_at: str | None


class Volume(NamedTuple):
    """A mounted file system. filesystem: its type. identity: the same after every mount. Both are None if unknown."""

    device: int
    filesystem: str | None
    identity: str | None


ROOT_COLUMNS = "id, path, uri, volume, filesystem, device, inode, added_at, scanned_at, offline_at, offline_reason"


def select_roots(connection: sqlite3.Connection) -> list[Root]:
    return [Root(*row) for row in connection.execute(f"SELECT {ROOT_COLUMNS} FROM root ORDER BY path")]


def select_mounts(connection: sqlite3.Connection, root_id: int) -> list[Mount]:
    query = (
        "SELECT root_id, folder, volume, filesystem, device, offline_at FROM mount WHERE root_id = ? ORDER BY folder"
    )
    return [Mount(*row) for row in connection.execute(query, (root_id,))]


def add_root(tx: Transaction, path: str, uri: str) -> Root:
    row = tx.connection.execute(
        "INSERT INTO root (path, uri, added_at) VALUES (?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET path = excluded.path"
        f" RETURNING {ROOT_COLUMNS}",
        (path, uri, tx.now),
    ).fetchone()
    return Root(*row)


def mark_root_found(tx: Transaction, root: Root, volume: Volume, inode: int) -> None:
    """Mark a root as online, on this file system. If it is the same drive with another device number, its files kept
    their inodes, and the stored device numbers are updated."""
    if root.inode == inode and root.volume == volume.identity and root.device not in (None, volume.device):
        _renumber(tx, root.id, root.device, volume.device)
    tx.connection.execute(
        "UPDATE root SET device = ?, inode = ?, volume = ?, filesystem = ?, offline_at = NULL, offline_reason = NULL"
        " WHERE id = ?",
        (volume.device, inode, volume.identity, volume.filesystem, root.id),
    )
    if root.offline_at is not None:
        primary_files.choose_in_root(tx.connection, root.id, tx.now)


def mark_root_offline(tx: Transaction, root: Root, reason: str) -> None:
    tx.connection.execute(
        "UPDATE root SET offline_at = coalesce(offline_at, ?), offline_reason = ? WHERE id = ?",
        (tx.now, reason, root.id),
    )
    if root.offline_at is None:
        primary_files.choose_in_root(tx.connection, root.id, tx.now)


def mark_root_scanned(tx: Transaction, root_id: int) -> None:
    tx.connection.execute("UPDATE root SET scanned_at = ? WHERE id = ?", (tx.now, root_id))


def move_root(tx: Transaction, root_id: int, path: str, uri: str) -> None:
    """Change the path of a root that was moved with all its files."""
    tx.connection.execute("UPDATE root SET path = ?, uri = ? WHERE id = ?", (path, uri, root_id))
    tx.connection.execute(
        "UPDATE asset SET updated_at = ? WHERE number IN (SELECT asset_number FROM file WHERE root_id = ?)",
        (tx.now, root_id),
    )


def put_mounts(tx: Transaction, root_id: int, changed_mounts: Mapping[str, Volume], away: Iterable[str]) -> None:
    """changed_mounts: new or changed drives inside a root. away: all drives that are offline."""
    for folder, volume in changed_mounts.items():
        old = tx.connection.execute(
            "SELECT device FROM mount WHERE root_id = ? AND folder = ?", (root_id, folder)
        ).fetchone()
        if old and old[0] != volume.device:
            _renumber(tx, root_id, old[0], volume.device)
        tx.connection.execute(
            "INSERT INTO mount (root_id, folder, volume, filesystem, device) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (root_id, folder) DO UPDATE SET volume = excluded.volume,"
            " filesystem = excluded.filesystem, device = excluded.device",
            (root_id, folder, volume.identity, volume.filesystem, volume.device),
        )
    changed = tx.connection.execute(
        "UPDATE mount SET offline_at = iif(offline_at IS NULL, ?2, NULL)"
        " WHERE root_id = ?3 AND (offline_at IS NULL) = (folder IN (SELECT value FROM json_each(?1)))",
        (json.dumps(list(away)), tx.now, root_id),
    ).rowcount
    if changed:
        primary_files.choose_in_root(tx.connection, root_id, tx.now)


def forget_mount(tx: Transaction, root_id: int, folder: str) -> None:
    """Treat the files of a mount as an ordinary part of the root."""
    tx.connection.execute("DELETE FROM mount WHERE root_id = ? AND folder = ?", (root_id, folder))


def _renumber(tx: Transaction, root_id: int, old: int | None, new: int) -> None:
    tx.connection.execute("UPDATE file SET device = ? WHERE root_id = ? AND device = ?", (new, root_id, old))


def remove_root(tx: Transaction, root_id: int) -> None:
    """Delete a root and its files from the index. The next `trash_orphans` trashes assets left without a file."""
    rows = tx.connection.execute(
        "SELECT id FROM asset WHERE number IN (SELECT asset_number FROM file WHERE root_id = ?)", (root_id,)
    )
    asset_ids = [row[0] for row in rows.fetchall()]
    tx.touched.orphans.update(asset_ids)
    tx.connection.execute("DELETE FROM root WHERE id = ?", (root_id,))
    primary_files.choose_for_lost(tx.connection, tx.now)
    primary_files.reread(tx.connection, asset_ids)
