"""Named places that the user imported: bridges, museums, parks, from a dump of GeoNames."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from .enrichments import put_setting, setting

# Cells of the table are so many to a degree: see schema.sql.
_CELLS = 50
_ROW = 360 * _CELLS
_METRES = 111_195.0  # of a degree of latitude
_FILES = "landmark_files"


class Landmark(NamedTuple):
    """id: GeoNames' own. code: what it is, in GeoNames' words (CSTL, MUS, PRK)."""

    id: int
    name: str
    code: str
    latitude: float
    longitude: float


def add(connection: sqlite3.Connection, some: Iterable[Landmark]) -> None:
    """One that is known already is put in its own place."""
    connection.executemany(
        "INSERT OR REPLACE INTO landmark (id, name, code, latitude, longitude) VALUES (?, ?, ?, ?, ?)", some
    )


def forget_all(connection: sqlite3.Connection) -> int:
    return connection.execute("DELETE FROM landmark").rowcount


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM landmark").fetchone()[0])


def stamp(connection: sqlite3.Connection) -> int:
    """Another number after each import: places are looked up again."""
    return int(setting(connection, _FILES) or 0)


def next_stamp(connection: sqlite3.Connection) -> None:
    put_setting(connection, _FILES, str(stamp(connection) + 1))


def around(
    connection: sqlite3.Connection, latitude: float, longitude: float, metres: float
) -> list[tuple[Landmark, float]]:
    """Those that lie so near, with their distances; some that lie further may be among them."""
    narrow = max(math.cos(math.radians(latitude)), 0.01)
    rows, columns = (math.ceil(metres / size * _CELLS) for size in (_METRES, _METRES * narrow))
    row, column = int((latitude + 90) * _CELLS), int((longitude + 180) * _CELLS)
    found = []
    for number in range(row - rows, row + rows + 1):
        # East of the antimeridian cells begin anew.
        spans = [(column - columns, column + columns)]
        if column - columns < 0:
            spans = [(0, column + columns), (_ROW + column - columns, _ROW - 1)]
        elif column + columns >= _ROW:
            spans = [(column - columns, _ROW - 1), (0, column + columns - _ROW)]
        for low, high in spans:
            found += connection.execute(
                "SELECT id, name, code, latitude, longitude FROM landmark WHERE cell BETWEEN ? AND ?",
                (number * _ROW + low, number * _ROW + high),
            ).fetchall()
    some = map(Landmark._make, found)
    return [(one, _apart(one, latitude, longitude, narrow)) for one in some]


def _apart(one: Landmark, latitude: float, longitude: float, narrow: float) -> float:
    """Metres, as on a flat earth, which is true enough for so little."""
    east = (one.longitude - longitude + 180) % 360 - 180
    return math.hypot(one.latitude - latitude, east * narrow) * _METRES
