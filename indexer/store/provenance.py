"""The stored provenance of a record's values."""

from __future__ import annotations

import sqlite3

from indexer.media.facts import Origin

from .columns import NUMBER


def select_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """The origins of dates and places, in the order of precedence."""
    rows = connection.execute(
        "SELECT field, source, value, note FROM origin WHERE asset_id = ? ORDER BY field, rank", (asset_id,)
    )
    return [Origin._make(row) for row in rows]


def select_user_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """The user's values in the index, which take precedence over the file's."""
    cursor = connection.execute("SELECT * FROM user_value WHERE asset_id = ?", (asset_id,))
    names = [column[0] for column in cursor.description]
    values = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "you, in the index", str(value)) for field, value in values if value is not None]


def select_place_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """The values looked up by the asset's coordinates."""
    cursor = connection.execute(f"SELECT * FROM place WHERE asset_number = {NUMBER}", (asset_id,))
    names = [column[0] for column in cursor.description]
    values = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "looked up by the coordinates", value) for field, value in values if value is not None]
