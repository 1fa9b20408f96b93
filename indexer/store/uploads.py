"""Map each device's asset ids to indexed assets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from .assets import Existing, select_existing
from .transaction import Transaction


def select_of_device(connection: sqlite3.Connection, device_id: str, names: Sequence[str]) -> list[Existing]:
    """Assets by a device's names for them: their paths on this device, on others the names given at the upload."""
    own = connection.execute("SELECT value FROM setting WHERE name = 'device_id'").fetchone()[0]
    indexed = select_existing(connection, (), (), names) if device_id == own else []
    rows = connection.execute(
        "SELECT asset.id, checksum, checksum_sha1, value, ?1 FROM json_each(?2)"
        " CROSS JOIN upload ON upload.device_id = ?1 AND upload.device_asset_id = value"
        " CROSS JOIN asset ON asset.id = upload.asset_id ORDER BY asset.id",
        (device_id, json.dumps(list(names))),
    )
    return indexed + [Existing(*row) for row in rows]


def record_upload(tx: Transaction, device_id: str, device_asset_id: str, asset_id: str) -> None:
    tx.connection.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?)", (device_id, device_asset_id, asset_id))
