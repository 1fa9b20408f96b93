"""Duplicates and similar photos, and which of each group to keep. Nothing is deleted."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal, NamedTuple

from indexer.store import duplicates
from indexer.store.duplicates import DuplicateFile


class Duplicates(NamedTuple):
    """A group of duplicates or similar photos, the one to keep first: the most pixels, then the best quality, then the
    most bytes; on a tie the first that was indexed.

    kind: 'file' (the same bytes in several places), 'picture' (the same image data, other metadata), 'copy' (resized or
    re-encoded), 'crop' (a part of the other), 'burst' (shots within seconds).
    """

    kind: Literal["file", "picture", "copy", "crop", "burst"]
    photos: list[DuplicateFile]


def exact(connection: sqlite3.Connection) -> list[Duplicates]:
    """Photos with the same bytes, then those with the same image data."""
    files = [Duplicates("file", places) for places in duplicates.copies(connection)]
    groups = duplicates.same_pictures(connection)
    shown = duplicates.shown(connection, [asset_id for group in groups for asset_id in group])
    return files + [Duplicates("picture", ranked) for group in groups if (ranked := _ranked(group, shown))]


def similar(connection: sqlite3.Connection, cache: Path) -> list[Duplicates]:
    """Similar photos, copies first; see indexer.enrich.near_duplicates. cache: the folder of the thumbnails."""
    from .near_duplicates import KINDS, find_similar

    photos = duplicates.select_hashes(connection)
    similar_photos = sorted(find_similar(photos, cache), key=lambda group: KINDS.index(group.kind))
    groups = [(group.kind, [photos[number].asset_id for number in group.members]) for group in similar_photos]
    shown = duplicates.shown(connection, [asset_id for _, group in groups for asset_id in group])
    return [Duplicates(kind, ranked) for kind, group in groups if (ranked := _ranked(group, shown))]


def _ranked(group: list[str], shown: dict[str, DuplicateFile]) -> list[DuplicateFile]:
    """The files of a group, the one to keep first. Empty if fewer than two assets have a file."""
    photos = [shown[asset_id] for asset_id in group if asset_id in shown]
    photos.sort(key=lambda photo: (-photo.width * photo.height, -(photo.quality or 0.0), -photo.size))
    return photos if len(photos) > 1 else []
