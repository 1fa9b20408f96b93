"""Which of its files stands for an asset, in its record's path and URL: the first seen of those that can be reached; if
none can, the first that is not known to be gone; else the first at all.

Whose metadata, with its sidecars, the record has is another question: that of the first seen file that is not known to
be gone, whether it can be reached or not. So a rating in a sidecar stays while its drive is away."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from .columns import NUMBER, PRESENT
from .transaction import Transaction

_FILES = "SELECT id FROM file WHERE asset_number = asset.number"
_REACHABLE = (
    "verdict IN ('indexed', 'damaged')"
    " AND (SELECT state FROM file_state WHERE file_state.file_id = file.id) = 'present'"
)
# Each ends at the first file that will do, for a photo may have thousands of copies.
_STANDING = (
    f"coalesce(({_FILES} AND {_REACHABLE} ORDER BY id LIMIT 1),"
    f" ({_FILES} AND verdict NOT IN ('gone', 'ignored') ORDER BY id LIMIT 1),"
    f" ({_FILES} ORDER BY id LIMIT 1))"
)
_WITH_COPIES = "SELECT asset_number FROM file WHERE asset_number IS NOT NULL GROUP BY asset_number HAVING count(*) > 1"


def choose(connection: sqlite3.Connection, asset_id: str) -> None:
    """Choose the file of one asset. Moving updated_at is left to the caller."""
    connection.execute(f"UPDATE asset SET file_id = {_STANDING} WHERE id = ?", (asset_id,))


_METADATA_FILE = (
    f"SELECT id FROM file WHERE asset_number = {NUMBER} AND verdict NOT IN ('gone', 'ignored') ORDER BY id LIMIT 1"
)


def metadata_file(connection: sqlite3.Connection, asset_id: str) -> int | None:
    """The row of the file whose metadata, with its sidecars, the record has; None where all are gone."""
    row = connection.execute(_METADATA_FILE, (asset_id,)).fetchone()
    return row[0] if row else None


def reread(connection: sqlite3.Connection, asset_ids: Iterable[str]) -> None:
    """Have the next scan read the metadata of the files that now count for these assets."""
    connection.executemany(
        f"UPDATE file SET reading = NULL WHERE id = ({_METADATA_FILE})", [(one,) for one in asset_ids]
    )


def has_other_files(connection: sqlite3.Connection, asset_id: str, file_id: int) -> bool:
    query = f"SELECT 1 FROM file WHERE asset_number = {NUMBER} AND id <> ? LIMIT 1"
    return connection.execute(query, (asset_id, file_id)).fetchone() is not None


def choose_file(tx: Transaction, asset_id: str) -> None:
    """Choose the file of one asset, whose record may change by it."""
    with tx.record_changed(asset_id):
        choose(tx.connection, asset_id)


def lose_place(tx: Transaction, asset_id: str) -> None:
    """One of the asset's files is gone, and perhaps the last one."""
    tx.touched.orphans.add(asset_id)
    choose_file(tx, asset_id)


def is_present(connection: sqlite3.Connection, asset_id: str) -> bool:
    query = f"SELECT 1 FROM file WHERE asset_number = {NUMBER} AND {PRESENT} LIMIT 1"
    return connection.execute(query, (asset_id,)).fetchone() is not None


def choose_in_root(connection: sqlite3.Connection, root_id: int, now: str) -> None:
    """Choose anew for all assets that lie in a root and somewhere else as well: it, or a drive inside it, went away or
    came back."""
    _choose(
        connection,
        f"number IN ({_WITH_COPIES}) AND EXISTS"
        " (SELECT 1 FROM file WHERE asset_number = asset.number AND root_id = :root)",
        {"root": root_id, "now": now},
    )


def choose_for_lost(connection: sqlite3.Connection, now: str) -> int:
    """Choose for all assets for which no file stands though they have some; the number of them."""
    has_file = "EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number)"
    return _choose(connection, f"file_id IS NULL AND {has_file}", {"now": now})


def choose_everywhere(connection: sqlite3.Connection, now: str) -> int:
    """Choose for all assets that leave a choice; the number of those that are shown elsewhere now."""
    return choose_for_lost(connection, now) + _choose(connection, f"number IN ({_WITH_COPIES})", {"now": now})


def _choose(connection: sqlite3.Connection, which: str, values: dict[str, object]) -> int:
    return connection.execute(
        f"UPDATE asset SET file_id = {_STANDING}, updated_at = :now WHERE {which} AND file_id IS NOT {_STANDING}",
        values,
    ).rowcount


def count_wrong(connection: sqlite3.Connection, away: Iterable[int]) -> int:
    """The assets for which no file stands, or one that cannot be reached, though another one can. away: the roots that
    are offline at this moment, as the index may not know yet."""
    query = f"""
        SELECT count(*) FROM asset LEFT JOIN file AS own ON own.id = asset.file_id WHERE
        (own.id IS NULL OR own.verdict NOT IN ('indexed', 'damaged')
         OR own.root_id IN (SELECT value FROM json_each(:away))
         OR (SELECT state FROM file_state WHERE file_state.file_id = own.id) <> 'present')
        AND EXISTS ({_FILES} AND {_REACHABLE} AND root_id NOT IN (SELECT value FROM json_each(:away)))"""
    return int(connection.execute(query, {"away": json.dumps(list(away))}).fetchone()[0])
