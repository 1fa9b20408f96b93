"""Points of interest (bridges, museums, parks) that the user imported from a GeoNames dump."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from .enrichments import put_setting, setting

# Cells per degree; see the column `cell` in schema.sql.
_CELLS_PER_DEGREE = 50
_CELLS_PER_ROW = 360 * _CELLS_PER_DEGREE
_METRES_PER_DEGREE = 111_195.0  # of latitude
_IMPORTS = "landmark_files"  # setting: the number of imports


class Landmark(NamedTuple):
    """id and code: GeoNames' id and feature code (CSTL, MUS, PRK)."""

    id: int
    name: str
    code: str
    latitude: float
    longitude: float


def add(connection: sqlite3.Connection, landmarks: Iterable[Landmark]) -> None:
    """Add landmarks; those with a known id replace the old ones."""
    connection.executemany(
        "INSERT OR REPLACE INTO landmark (id, name, code, latitude, longitude) VALUES (?, ?, ?, ?, ?)", landmarks
    )


def forget_all(connection: sqlite3.Connection) -> int:
    return connection.execute("DELETE FROM landmark").rowcount


def stamp(connection: sqlite3.Connection) -> int:
    """The number of imports. When it changes, places are looked up again."""
    return int(setting(connection, _IMPORTS) or 0)


def next_stamp(connection: sqlite3.Connection) -> None:
    put_setting(connection, _IMPORTS, str(stamp(connection) + 1))


def around(
    connection: sqlite3.Connection, latitude: float, longitude: float, metres: float
) -> list[tuple[Landmark, float]]:
    """All landmarks within this distance of a point, perhaps with some beyond it; each with its distance in metres."""
    # A degree of longitude is shorter than one of latitude by this factor.
    scale = max(math.cos(math.radians(latitude)), 0.01)
    rows, columns = (
        math.ceil(metres / size * _CELLS_PER_DEGREE) for size in (_METRES_PER_DEGREE, _METRES_PER_DEGREE * scale)
    )
    row, column = int((latitude + 90) * _CELLS_PER_DEGREE), int((longitude + 180) * _CELLS_PER_DEGREE)
    landmarks: list[Landmark] = []
    for number in range(row - rows, row + rows + 1):
        # Columns wrap around at the antimeridian.
        spans = [(column - columns, column + columns)]
        if column - columns < 0:
            spans = [(0, column + columns), (_CELLS_PER_ROW + column - columns, _CELLS_PER_ROW - 1)]
        elif column + columns >= _CELLS_PER_ROW:
            spans = [(column - columns, _CELLS_PER_ROW - 1), (0, column + columns - _CELLS_PER_ROW)]
        for low, high in spans:
            cells = connection.execute(
                "SELECT id, name, code, latitude, longitude FROM landmark WHERE cell BETWEEN ? AND ?",
                (number * _CELLS_PER_ROW + low, number * _CELLS_PER_ROW + high),
            )
            landmarks += map(Landmark._make, cells)
    return [(landmark, _distance(landmark, latitude, longitude, scale)) for landmark in landmarks]


def _distance(landmark: Landmark, latitude: float, longitude: float, scale: float) -> float:
    """Metres on a flat earth, accurate enough for short distances."""
    east = (landmark.longitude - longitude + 180) % 360 - 180
    return math.hypot(landmark.latitude - latitude, east * scale) * _METRES_PER_DEGREE
