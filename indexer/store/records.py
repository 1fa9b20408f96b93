"""Read asset records, as the view asset_json renders them, with the data for their URLs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


def asset_json(connection: sqlite3.Connection, asset_id: str) -> str | None:
    row = connection.execute("SELECT json FROM asset_json WHERE id = ?", (asset_id,)).fetchone()
    return row[0] if row else None


def has_asset(connection: sqlite3.Connection, asset_id: str) -> bool:
    return connection.execute("SELECT 1 FROM asset WHERE id = ?", (asset_id,)).fetchone() is not None


class Record(NamedTuple):
    """An asset's record, with the data for its URLs."""

    id: str
    json: str
    checksum: str
    mime_type: str
    width: int
    height: int
    orientation: int
    has_faces: int


_RECORD = (
    "SELECT asset.id, asset_json.json, checksum, mime_type, width, height, coalesce(orientation, 1),"
    " EXISTS (SELECT 1 FROM face WHERE face.asset_id = asset.id)"
    " FROM {source} JOIN asset ON asset.id = source.id"
    " JOIN asset_json ON asset_json.id = asset.id"
)


def select_record(connection: sqlite3.Connection, asset_id: str) -> Record | None:
    row = connection.execute(_RECORD.format(source="(SELECT ? AS id) AS source"), (asset_id,)).fetchone()
    return Record(*row) if row else None


def select_records(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> list[Record]:
    """The records of assets, in the given order, without unknown ids."""
    import json  # a lookup of one record does not need it

    source = "(SELECT key AS place, value AS id FROM json_each(?)) AS source"
    rows = connection.execute(f"{_RECORD.format(source=source)} ORDER BY source.place", (json.dumps(list(asset_ids)),))
    return [Record(*row) for row in rows]


def with_values(connection: sqlite3.Connection, text: str, values: Mapping[str, Any]) -> str:
    """JSON with other values at these paths (sqlite.org/json1.html#path_arguments)."""
    import json

    arguments = [part for path, value in values.items() for part in (path, json.dumps(value, separators=(",", ":")))]
    changed: str = connection.execute(
        f"SELECT json_set(?{', ?, json(?)' * len(values)})", (text, *arguments)
    ).fetchone()[0]
    return changed
