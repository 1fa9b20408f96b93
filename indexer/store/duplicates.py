"""Queries for duplicates and similar photos."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .columns import REACHABLE


class DuplicateFile(NamedTuple):
    """A file of a photo, as listed among duplicates. path: as stored. size: bytes."""

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


def copies(connection: sqlite3.Connection) -> list[list[DuplicateFile]]:
    """Live assets with several reachable files of the same bytes: their files, the first seen first."""
    rows = connection.execute(
        _SHOWN.format(join="file.asset_number = asset.number") + f"{REACHABLE} AND asset.number IN"
        " (SELECT asset_number FROM file WHERE asset_number IS NOT NULL AND status IN ('indexed', 'damaged')"
        " GROUP BY asset_number HAVING count(*) > 1)"
        " ORDER BY asset.id, file.id"
    )
    return [places for places in _grouped(DuplicateFile(*row) for row in rows) if len(places) > 1]


def same_pictures(connection: sqlite3.Connection) -> list[list[str]]:
    """Live assets with the same image data and different metadata."""
    rows = connection.execute(
        "SELECT group_concat(id) FROM (SELECT id, fingerprint FROM asset"
        " WHERE fingerprint IS NOT NULL AND trashed_at IS NULL ORDER BY created_at, id)"
        " GROUP BY fingerprint HAVING count(*) > 1 ORDER BY 1"
    )
    return [row[0].split(",") for row in rows]


class HashedPhoto(NamedTuple):
    """hashes: see indexer.enrich.enrichers.perceptual_hashes; wall_clock and camera identify the shots of a burst;
    thumbnail is a file in the cache, if there is one."""

    asset_id: str
    hashes: bytes
    wall_clock: str
    camera: str | None
    thumbnail: str | None


def select_hashes(connection: sqlite3.Connection) -> list[HashedPhoto]:
    """Perceptual hashes of all live photos. Videos are left out: one frame does not represent a video."""
    rows = connection.execute(
        "SELECT asset.id, hashes, wall_clock, model, rendition.file FROM perceptual_hash"
        " JOIN asset ON asset.number = perceptual_hash.asset_number"
        " LEFT JOIN rendition ON rendition.asset_number = asset.number AND rendition.name = 'thumbnail'"
        " WHERE trashed_at IS NULL AND asset.mime_type NOT GLOB 'video/*' ORDER BY wall_clock, asset.id"
    )
    return [HashedPhoto(*row) for row in rows]


def shown(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> dict[str, DuplicateFile]:
    """Asset id -> the chosen file; assets without one are left out."""
    rows = connection.execute(
        _SHOWN.format(join="file.id = asset.file_id") + "asset.id IN (SELECT value FROM json_each(?))",
        (json.dumps(asset_ids),),
    )
    return {row[0]: DuplicateFile(*row) for row in rows}


def _grouped(rows: Iterable[DuplicateFile]) -> list[list[DuplicateFile]]:
    groups: dict[str, list[DuplicateFile]] = {}
    for row in rows:
        groups.setdefault(row.asset_id, []).append(row)
    return list(groups.values())
