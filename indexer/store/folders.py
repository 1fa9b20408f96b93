"""Folders and the number of live assets in each."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from .columns import PRESENT


class Root(NamedTuple):
    """path: as stored. away: unreachable folders in it, each with its subfolders; '' is the whole root."""

    id: int
    path: str
    away: tuple[str, ...]


def roots(connection: sqlite3.Connection) -> list[Root]:
    """Sorted by path."""
    away: dict[int, list[str]] = {}
    for root_id, folder in connection.execute(
        "SELECT id, '' FROM root WHERE offline_at IS NOT NULL"
        " UNION ALL SELECT root_id, folder FROM mount WHERE offline_at IS NOT NULL"
    ):
        away.setdefault(root_id, []).append(folder)
    rows = connection.execute("SELECT id, path FROM root ORDER BY path")
    return [Root(root_id, path, tuple(away.get(root_id, ()))) for root_id, path in rows]


def offline(connection: sqlite3.Connection) -> str:
    """A text that identifies what cannot be reached now: roots, drives in them, and missing files."""
    row = connection.execute(
        "SELECT coalesce(group_concat(place, char(10)), '') FROM ("
        " SELECT id AS place FROM root WHERE offline_at IS NOT NULL"
        " UNION ALL SELECT root_id || '/' || folder FROM mount WHERE offline_at IS NOT NULL"
        " UNION ALL SELECT count(*) || ' ' || total(id) FROM file WHERE status = 'missing' ORDER BY 1)"
    ).fetchone()
    return str(row[0])


def counts(connection: sqlite3.Connection) -> dict[tuple[int, str], int]:
    """(Root, folder) -> number of files of live assets in it."""
    rows = connection.execute(
        "SELECT root_id, folder, count(*) FROM file CROSS JOIN asset ON number = asset_number"
        f" WHERE asset_number IS NOT NULL AND {PRESENT} AND trashed_at IS NULL GROUP BY root_id, folder"
    )
    return {(root_id, folder): count for root_id, folder, count in rows}


def copies(connection: sqlite3.Connection) -> dict[int, list[tuple[int, str]]]:
    """Number of a live asset with several files -> root and folder of each."""
    places: dict[int, list[tuple[int, str]]] = {}
    for number, root_id, folder in connection.execute(
        "SELECT asset_number, root_id, folder FROM ("
        "  SELECT asset_number AS several FROM file WHERE asset_number IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        ") CROSS JOIN file ON asset_number = several CROSS JOIN asset ON number = asset_number"
        f" WHERE asset_number IS NOT NULL AND {PRESENT} AND trashed_at IS NULL"
    ):
        places.setdefault(number, []).append((root_id, folder))
    return places
