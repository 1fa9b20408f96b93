"""What is asked of the index to find copies and look-alikes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_THERE = "verdict IN ('indexed', 'damaged')"
# A copy on a drive that is away is none to count on.
_REACHABLE = "(SELECT state FROM file_state WHERE file_state.file_id = file.id) = 'present'"


class Shown(NamedTuple):
    """A photo as duplicates are listed, at one place; path is as stored, size in bytes."""

    asset_id: str
    path: str
    width: int
    height: int
    size: int
    quality: float | None
    taken_at: str


_SHOWN = """
SELECT asset.id, root.path || '/' || file.path, width, height, file_size_bytes, metric.value, local_datetime
FROM asset JOIN file ON {join} JOIN root ON root.id = file.root_id
LEFT JOIN metric ON metric.asset_number = asset.number AND metric.name = 'quality'
WHERE trashed_at IS NULL AND """


def copies(connection: sqlite3.Connection) -> list[list[Shown]]:
    """Live assets that lie in several places within reach, with the same bytes: their places, the first seen first."""
    rows = connection.execute(
        _SHOWN.format(join="file.asset_number = asset.number") + f"{_THERE} AND {_REACHABLE} AND asset.number IN"
        f" (SELECT asset_number FROM file WHERE asset_number IS NOT NULL AND {_THERE}"
        " GROUP BY asset_number HAVING count(*) > 1)"
        " ORDER BY asset.id, file.id"
    )
    return [places for places in _grouped(Shown(*row) for row in rows) if len(places) > 1]


def same_pictures(connection: sqlite3.Connection) -> list[list[str]]:
    """Live assets that hold the same coded picture, with other words around it."""
    rows = connection.execute(
        "SELECT group_concat(id) FROM (SELECT id, fingerprint FROM asset"
        " WHERE fingerprint IS NOT NULL AND trashed_at IS NULL ORDER BY created_at, id)"
        " GROUP BY fingerprint HAVING count(*) > 1 ORDER BY 1"
    )
    return [row[0].split(",") for row in rows]


class Looks(NamedTuple):
    """hashes: see indexer.enrich.enrichers.appearance; wall_clock and camera tell the shots of a burst; thumbnail is a
    file in the cache, if there is one."""

    asset_id: str
    hashes: bytes
    wall_clock: str
    camera: str | None
    thumbnail: str | None


def appearances(connection: sqlite3.Connection) -> list[Looks]:
    """Of all live photos; films are left out, for one picture of a film is not the film."""
    rows = connection.execute(
        "SELECT asset.id, hashes, wall_clock, model, variant.file FROM appearance"
        " JOIN asset ON asset.number = appearance.asset_number"
        " LEFT JOIN variant ON variant.asset_number = asset.number AND variant.name = 'thumbnail'"
        " WHERE trashed_at IS NULL AND asset.mime_type NOT GLOB 'video/*' ORDER BY wall_clock, asset.id"
    )
    return [Looks(*row) for row in rows]


def shown(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> dict[str, Shown]:
    """By id, of those that have a file at all."""
    rows = connection.execute(
        _SHOWN.format(join="file.id = asset.file_id") + "asset.id IN (SELECT value FROM json_each(?))",
        (json.dumps(asset_ids),),
    )
    return {row[0]: Shown(*row) for row in rows}


def _grouped(rows: Iterable[Shown]) -> list[list[Shown]]:
    groups: dict[str, list[Shown]] = {}
    for row in rows:
        groups.setdefault(row.asset_id, []).append(row)
    return list(groups.values())
