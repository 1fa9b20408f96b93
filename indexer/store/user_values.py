"""Set the user's values of assets, and read them for sidecars."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from indexer import paths
from indexer.media.xmp_write import WRITTEN, Region

from .transaction import Transaction


class UserMetadata(NamedTuple):
    """real_path: the photo's path in the file system. values: by the names in WRITTEN. regions: faces that the user
    named."""

    asset_id: str
    real_path: str
    values: dict[str, str | int]
    regions: tuple[Region, ...]


_NAMED = (
    "SELECT face.asset_id FROM face JOIN person ON person.id = person_id"
    " WHERE assigned_by = 'user' AND name IS NOT NULL AND timestamp_ms IS NULL"
)
_HAS_VALUE = " OR ".join(f"user_value.{name} IS NOT NULL" for name in WRITTEN)


def select_user_metadata(
    connection: sqlite3.Connection, asset_ids: Iterable[str] | None = None
) -> Iterator[UserMetadata]:
    """The user's metadata of live assets with a readable file. asset_ids: only these."""
    only = "" if asset_ids is None else " AND asset.id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(
        f"SELECT asset.id, root.path, file.path, {', '.join(f'user_value.{name}' for name in WRITTEN)}"
        " FROM asset JOIN file ON file.id = asset.file_id JOIN root ON root.id = file.root_id"
        " LEFT JOIN user_value ON user_value.asset_id = asset.id"
        f" WHERE trashed_at IS NULL AND status IN ('indexed', 'damaged') AND ({_HAS_VALUE} OR asset.id IN ({_NAMED}))"
        f"{only} ORDER BY root.path, file.path",
        () if asset_ids is None else (json.dumps(list(asset_ids)),),
    ).fetchall()
    for asset_id, root, path, *values in rows:
        real_path = os.path.join(paths.from_text(root), *paths.from_text(path).split("/"))
        named = {name: value for name, value in zip(WRITTEN, values, strict=True) if value is not None}
        yield UserMetadata(asset_id, real_path, named, _regions(connection, asset_id))


def _regions(connection: sqlite3.Connection, asset_id: str) -> tuple[Region, ...]:
    rows = connection.execute(
        "SELECT name, x, y, w, h, width, height FROM face JOIN person ON person.id = person_id"
        " JOIN asset ON asset.id = asset_id WHERE asset_id = ? AND assigned_by = 'user' AND name IS NOT NULL"
        " AND timestamp_ms IS NULL AND width > 0 AND height > 0 ORDER BY x, y, face.id",
        (asset_id,),
    )
    return tuple(Region(*row) for row in rows)


def set_user_values(tx: Transaction, asset_id: str, **values: object) -> None:
    """Set the user's values of an asset, by column of user_value; None removes a value."""
    with tx.record_changed(asset_id):
        for name, value in values.items():
            tx.connection.execute(
                f"INSERT INTO user_value (asset_id, {name}) VALUES (?, ?)"
                f" ON CONFLICT (asset_id) DO UPDATE SET {name} = excluded.{name}",
                (asset_id, value),
            )
