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
_IMPORTS = "points_of_interest_imports"  # setting: the number of imports


class PointOfInterest(NamedTuple):
    """id and code: GeoNames' id and feature code (CSTL, MUS, PRK)."""

    id: int
    name: str
    code: str
    latitude: float
    longitude: float


def add(connection: sqlite3.Connection, points: Iterable[PointOfInterest]) -> None:
    """Add points of interest; those with a known id replace the old ones."""
    connection.executemany(
        "INSERT OR REPLACE INTO point_of_interest (id, name, code, latitude, longitude) VALUES (?, ?, ?, ?, ?)", points
    )


def forget_all(connection: sqlite3.Connection) -> int:
    return connection.execute("DELETE FROM point_of_interest").rowcount


def stamp(connection: sqlite3.Connection) -> int:
    """The number of imports. When it changes, places are looked up again."""
    return int(setting(connection, _IMPORTS) or 0)


def next_stamp(connection: sqlite3.Connection) -> None:
    put_setting(connection, _IMPORTS, str(stamp(connection) + 1))


def around(
    connection: sqlite3.Connection, latitude: float, longitude: float, metres: float
) -> list[tuple[PointOfInterest, float]]:
    """All within this distance of a point, perhaps with some beyond it; each with its distance in metres."""
    # A degree of longitude is shorter than one of latitude by this factor.
    scale = max(math.cos(math.radians(latitude)), 0.01)
    rows, columns = (
        math.ceil(metres / size * _CELLS_PER_DEGREE) for size in (_METRES_PER_DEGREE, _METRES_PER_DEGREE * scale)
    )
    row, column = int((latitude + 90) * _CELLS_PER_DEGREE), int((longitude + 180) * _CELLS_PER_DEGREE)
    points: list[PointOfInterest] = []
    for number in range(row - rows, row + rows + 1):
        # Columns wrap around at the antimeridian.
        spans = [(column - columns, column + columns)]
        if column - columns < 0:
            spans = [(0, column + columns), (_CELLS_PER_ROW + column - columns, _CELLS_PER_ROW - 1)]
        elif column + columns >= _CELLS_PER_ROW:
            spans = [(column - columns, _CELLS_PER_ROW - 1), (0, column + columns - _CELLS_PER_ROW)]
        for low, high in spans:
            cells = connection.execute(
                "SELECT id, name, code, latitude, longitude FROM point_of_interest WHERE cell BETWEEN ? AND ?",
                (number * _CELLS_PER_ROW + low, number * _CELLS_PER_ROW + high),
            )
            points += map(PointOfInterest._make, cells)
    return [(point, _distance(point, latitude, longitude, scale)) for point in points]


def _distance(point: PointOfInterest, latitude: float, longitude: float, scale: float) -> float:
    """Metres on a flat earth, accurate enough for short distances."""
    east = (point.longitude - longitude + 180) % 360 - 180
    return math.hypot(point.latitude - latitude, east * scale) * _METRES_PER_DEGREE
