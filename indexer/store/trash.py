"""Move assets to and from the trash, purge them, and exclude content that the user deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from . import primary_files
from .columns import NUMBER
from .files import FileStat
from .stacks import rebuild_stacks
from .transaction import Touched, Transaction

# The reason of a file that is excluded because the user deleted its asset from the index.
EXCLUDED = "you deleted it from the index; 'indexer roots --take-back' has it indexed again"
_WITHOUT_FILE = """
SELECT id FROM asset WHERE file_id IS NULL AND trashed_at IS NULL AND trash_override IS NULL
UNION
SELECT asset.id FROM file INDEXED BY file_away JOIN asset ON asset.number = file.asset_number
WHERE file.status IN ('gone', 'ignored') AND file.asset_number IS NOT NULL
  AND asset.trashed_at IS NULL AND trash_override IS NULL"""


class Trashed(NamedTuple):
    """An asset in the trash. by_user: the user trashed it; otherwise its files are gone. is_forgotten: no files are
    left, as when its folder is no longer indexed. held: why it cannot be purged."""

    id: str
    name: str
    trashed_at: str
    size: int
    by_user: bool
    held: str | None
    is_forgotten: bool


def trashed_at(connection: sqlite3.Connection, asset_id: str) -> str | None:
    """When an asset was trashed; None if it is live."""
    row = connection.execute("SELECT trashed_at FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return row[0] if row else None


def select_trashed(connection: sqlite3.Connection) -> list[Trashed]:
    """Oldest in the trash first. A file that exists, or is on an offline drive, prevents purging its asset."""
    rows = connection.execute(
        "SELECT asset.id, original_file_name, trashed_at, file_size_bytes, trash_override IS 'in',"
        " CASE WHEN EXISTS (SELECT 1 FROM file_state WHERE asset_id = asset.id AND state = 'offline')"
        "      THEN 'its drive is disconnected'"
        "      WHEN EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number AND status <> 'gone')"
        "      THEN 'its file is still there' END,"
        " NOT EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number)"
        " FROM asset WHERE trashed_at IS NOT NULL ORDER BY trashed_at, asset.id"
    )
    return [Trashed._make((*row[:4], bool(row[4]), row[5], bool(row[6]))) for row in rows]


def is_excluded(connection: sqlite3.Connection, checksum: str | None = None) -> bool:
    """Whether this content is excluded; without a checksum, whether any is."""
    query = "SELECT 1 FROM excluded_content WHERE ?1 IS NULL OR checksum = ?1 LIMIT 1"
    return connection.execute(query, (checksum,)).fetchone() is not None


def trash_asset(tx: Transaction, asset_id: str) -> None:
    """Trash an asset for the user; it stays there whatever happens to its files."""
    with tx.record_changed(asset_id):
        tx.connection.execute(
            "UPDATE asset SET trashed_at = coalesce(trashed_at, ?), trash_override = 'in' WHERE id = ?",
            (tx.now, asset_id),
        )


def restore_asset(tx: Transaction, asset_id: str) -> bool:
    """Restore an asset for the user; it stays live even if its files are gone. False if it was not in the trash."""
    with tx.record_changed(asset_id):
        override = None if primary_files.is_present(tx.connection, asset_id) else "out"
        row = tx.connection.execute(
            "UPDATE asset SET trashed_at = NULL, trash_override = ? WHERE id = ? AND trashed_at IS NOT NULL",
            (override, asset_id),
        )
    return bool(row.rowcount)


def purge_assets(tx: Transaction, asset_ids: Iterable[str]) -> None:
    """Delete assets from the index, with their files and all their data."""
    for asset_id in asset_ids:
        tx.connection.execute("UPDATE asset SET file_id = NULL WHERE id = ?", (asset_id,))
        tx.connection.execute(f"DELETE FROM file WHERE asset_number = {NUMBER}", (asset_id,))
        tx.connection.execute("DELETE FROM asset WHERE id = ?", (asset_id,))


def trash_orphans(tx: Transaction, touched: Touched, *, everything: bool = False) -> None:
    """Trash assets without a file, and rebuild the stacks of changed folders. Called at the end of a pass, so that a
    file moved from one folder to another is not trashed in between. everything: check all assets, not only those that
    lost a file since the last call; a process that was killed may have left some."""
    if everything:
        primary_files.choose_for_lost(tx.connection, tx.now)
        touched.orphans.update(row[0] for row in tx.connection.execute(_WITHOUT_FILE).fetchall())
    for asset_id in sorted(touched.orphans):
        if not primary_files.is_present(tx.connection, asset_id):
            with tx.record_changed(asset_id):
                tx.connection.execute(
                    "UPDATE asset SET trashed_at = ?"
                    " WHERE id = ? AND trashed_at IS NULL AND trash_override IS NOT 'out'",
                    (tx.now, asset_id),
                )
    touched.orphans.clear()
    for root_id, folder in sorted(touched.folders):
        rebuild_stacks(tx, root_id, folder)
    touched.folders.clear()


def exclude(tx: Transaction, asset_id: str) -> None:
    """Delete an asset whose files exist. From now on files with its content are ignored."""
    tx.connection.execute(
        "INSERT OR IGNORE INTO excluded_content SELECT checksum, ? FROM asset WHERE id = ?", (tx.now, asset_id)
    )
    tx.connection.execute(
        "UPDATE file SET status = 'ignored', reason = ?, asset_number = NULL, seen_at = ?"
        f" WHERE asset_number = {NUMBER} AND status <> 'gone'",
        (EXCLUDED, tx.now, asset_id),
    )
    purge_assets(tx, [asset_id])


def record_excluded(tx: Transaction, stat: FileStat) -> None:
    """Record a file with excluded content. Its stat is stored, so that it is not read again."""
    columns = "status, reason, size, mtime_ns, ctime_ns, inode, device, seen_at"
    tx.connection.execute(
        f"INSERT INTO file (root_id, folder, name, {columns}) VALUES (?, ?, ?, 'ignored', ?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (root_id, folder, name) DO UPDATE SET ({columns}) ="
        f" ({', '.join(f'excluded.{name}' for name in columns.split(', '))})",
        (*stat[:3], EXCLUDED, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, stat.device, tx.now),
    )


def unexclude(tx: Transaction, checksum: str | None) -> int:
    """Stop excluding a content, or all of it, for the next scan to find. Returns the number of contents."""
    where, values = ("", ()) if checksum is None else (" WHERE checksum = ?", (checksum,))
    count = tx.connection.execute(f"DELETE FROM excluded_content{where}", values).rowcount
    if count:  # it is unknown which files hold it: all excluded ones are read again
        tx.connection.execute(
            "DELETE FROM file WHERE status = 'ignored' AND reason = ? AND asset_number IS NULL", (EXCLUDED,)
        )
    return count
