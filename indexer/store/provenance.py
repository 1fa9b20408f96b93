"""Where the values of a record come from, as far as the index keeps it."""

from __future__ import annotations

import sqlite3

from indexer.media.facts import Origin

from .columns import NUMBER


def select_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What the index keeps of where dates and places come from, the believed word first."""
    rows = connection.execute(
        "SELECT field, source, value, note FROM origin WHERE asset_id = ? ORDER BY field, rank", (asset_id,)
    )
    return [Origin._make(row) for row in rows]


def select_user_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What the user said of an asset in the index, which wins over its file."""
    cursor = connection.execute("SELECT * FROM user_value WHERE asset_id = ?", (asset_id,))
    names = [column[0] for column in cursor.description]
    said = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "you, in the index", str(value)) for field, value in said if value is not None]


def select_looked_up(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What was found out of the place where an asset's coordinates lie."""
    cursor = connection.execute(f"SELECT * FROM place WHERE asset_number = {NUMBER}", (asset_id,))
    names = [column[0] for column in cursor.description]
    said = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "looked up by the coordinates", value) for field, value in said if value is not None]
