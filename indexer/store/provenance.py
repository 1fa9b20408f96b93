"""Read and write provenance rows (which source gave each value)."""

from __future__ import annotations

import sqlite3

from indexer.media.facts import Provenance

from .columns import NUMBER


def select_provenance(connection: sqlite3.Connection, asset_id: str) -> list[Provenance]:
    """The provenance of dates and places, in the order of precedence."""
    rows = connection.execute(
        "SELECT field, source, value, note FROM provenance WHERE asset_id = ? ORDER BY field, rank", (asset_id,)
    )
    return [Provenance._make(row) for row in rows]


def select_user_provenance(connection: sqlite3.Connection, asset_id: str) -> list[Provenance]:
    """The user's values in the index, which take precedence over the file's."""
    cursor = connection.execute("SELECT * FROM user_value WHERE asset_id = ?", (asset_id,))
    names = [column[0] for column in cursor.description]
    values = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Provenance(field, "you, in the index", str(value)) for field, value in values if value is not None]


def select_place_provenance(connection: sqlite3.Connection, asset_id: str) -> list[Provenance]:
    """The values looked up by the asset's coordinates."""
    cursor = connection.execute(f"SELECT * FROM place WHERE asset_number = {NUMBER}", (asset_id,))
    names = [column[0] for column in cursor.description]
    values = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Provenance(field, "looked up by the coordinates", value) for field, value in values if value is not None]
