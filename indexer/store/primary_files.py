"""Choose the primary file, which represents an asset in the path and URL of its record: the first seen of its reachable
files, else of those that may exist, else of all.

The metadata in the record, with that of sidecars, comes from the first seen file that may exist, reachable or not. So a
rating in a sidecar stays while its drive is offline."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from .columns import NUMBER, PRESENT, REACHABLE
from .transaction import Transaction

_FILES = "SELECT id FROM file WHERE asset_number = asset.number"
# Each subquery stops at the first match: a photo may have thousands of copies.
_PRIMARY = (
    f"coalesce(({_FILES} AND {REACHABLE} ORDER BY id LIMIT 1),"
    f" ({_FILES} AND {PRESENT} ORDER BY id LIMIT 1),"
    f" ({_FILES} ORDER BY id LIMIT 1))"
)
_WITH_COPIES = "SELECT asset_number FROM file WHERE asset_number IS NOT NULL GROUP BY asset_number HAVING count(*) > 1"


def choose(connection: sqlite3.Connection, asset_id: str) -> None:
    """Choose the file of an asset. The caller must update updated_at."""
    connection.execute(f"UPDATE asset SET file_id = {_PRIMARY} WHERE id = ?", (asset_id,))


_METADATA_FILE = f"SELECT id FROM file WHERE asset_number = {NUMBER} AND {PRESENT} ORDER BY id LIMIT 1"


def metadata_file(connection: sqlite3.Connection, asset_id: str) -> int | None:
    """The id of the file whose metadata, with its sidecars, is in the record; None if all files are gone."""
    row = connection.execute(_METADATA_FILE, (asset_id,)).fetchone()
    return row[0] if row else None


def reread(connection: sqlite3.Connection, asset_ids: Iterable[str]) -> None:
    """Have the next scan read these assets' metadata from the files that provide it now."""
    connection.executemany(
        f"UPDATE file SET reader_version = NULL WHERE id = ({_METADATA_FILE})", [(asset_id,) for asset_id in asset_ids]
    )


def has_other_files(connection: sqlite3.Connection, asset_id: str, file_id: int) -> bool:
    query = f"SELECT 1 FROM file WHERE asset_number = {NUMBER} AND id <> ? LIMIT 1"
    return connection.execute(query, (asset_id, file_id)).fetchone() is not None


def choose_file(tx: Transaction, asset_id: str) -> None:
    """Choose the file of an asset, and update updated_at if that changes the record."""
    with tx.record_changed(asset_id):
        choose(tx.connection, asset_id)


def lose_place(tx: Transaction, asset_id: str) -> None:
    """Record that an asset lost a file, perhaps its last one."""
    tx.touched.orphans.add(asset_id)
    choose_file(tx, asset_id)


def is_present(connection: sqlite3.Connection, asset_id: str) -> bool:
    query = f"SELECT 1 FROM file WHERE asset_number = {NUMBER} AND {PRESENT} LIMIT 1"
    return connection.execute(query, (asset_id,)).fetchone() is not None


def choose_in_root(connection: sqlite3.Connection, root_id: int, now: str) -> None:
    """Choose again for all assets with a file in a root and another file: the root, or a drive in it, went offline or
    came back."""
    _choose(
        connection,
        f"number IN ({_WITH_COPIES}) AND EXISTS"
        " (SELECT 1 FROM file WHERE asset_number = asset.number AND root_id = :root)",
        {"root": root_id, "now": now},
    )


def choose_for_lost(connection: sqlite3.Connection, now: str) -> int:
    """Choose for all assets that have files but no chosen one. Returns their number."""
    has_file = "EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number)"
    return _choose(connection, f"file_id IS NULL AND {has_file}", {"now": now})


def choose_everywhere(connection: sqlite3.Connection, now: str) -> int:
    """Choose for all assets with a choice. Returns the number of those whose file changed."""
    return choose_for_lost(connection, now) + _choose(connection, f"number IN ({_WITH_COPIES})", {"now": now})


def _choose(connection: sqlite3.Connection, which: str, values: dict[str, object]) -> int:
    return connection.execute(
        f"UPDATE asset SET file_id = {_PRIMARY}, updated_at = :now WHERE {which} AND file_id IS NOT {_PRIMARY}",
        values,
    ).rowcount


def count_wrong(connection: sqlite3.Connection, away: Iterable[int]) -> int:
    """Number of assets without a chosen file, or with an unreachable one, that have a reachable file. away: roots that
    are offline at this moment, which the index may not know yet."""
    query = f"""
        SELECT count(*) FROM asset LEFT JOIN file AS own ON own.id = asset.file_id WHERE
        (own.id IS NULL OR own.status NOT IN ('indexed', 'damaged')
         OR own.root_id IN (SELECT value FROM json_each(:away))
         OR (SELECT state FROM file_state WHERE file_state.file_id = own.id) <> 'present')
        AND EXISTS ({_FILES} AND {REACHABLE} AND root_id NOT IN (SELECT value FROM json_each(:away)))"""
    return int(connection.execute(query, {"away": json.dumps(list(away))}).fetchone()[0])
