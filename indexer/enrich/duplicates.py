"""Photos that exist more than once, and which of them to keep. Nothing is deleted."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal, NamedTuple

from indexer.store import duplicates
from indexer.store.duplicates import DuplicateFile


class Duplicates(NamedTuple):
    """Photos that are the same or look alike, the one to keep first: it has the most pixels, then the best quality,
    then the most bytes; of equal ones it was seen first.

    kind: 'file' (the same bytes in several places), 'picture' (the same coded picture, with other words in the file),
    'copy' (resized or encoded again), 'crop' (a part of it), 'burst' (shots within seconds).
    """

    kind: Literal["file", "picture", "copy", "crop", "burst"]
    photos: list[DuplicateFile]


def exact(connection: sqlite3.Connection) -> list[Duplicates]:
    """The same bytes, and the same pictures."""
    found = [Duplicates("file", places) for places in duplicates.copies(connection)]
    groups = duplicates.same_pictures(connection)
    shown = duplicates.shown(connection, [one for group in groups for one in group])
    return found + [Duplicates("picture", ranked) for group in groups if (ranked := _ranked(group, shown))]


def similar(connection: sqlite3.Connection, cache: Path) -> list[Duplicates]:
    """Similar photos; see indexer.enrich.near_duplicates. cache: the folder of the thumbnails."""
    from .near_duplicates import find_alike

    looks = duplicates.select_hashes(connection)
    alike = sorted(find_alike(looks, cache), key=lambda one: ("copy", "crop", "burst").index(one.kind))
    groups = [(one.kind, [looks[number].asset_id for number in one.members]) for one in alike]
    shown = duplicates.shown(connection, [one for _, group in groups for one in group])
    return [Duplicates(kind, ranked) for kind, group in groups if (ranked := _ranked(group, shown))]


def _ranked(group: list[str], shown: dict[str, DuplicateFile]) -> list[DuplicateFile]:
    """Empty if fewer than two of them have a file."""
    photos = [shown[one] for one in group if one in shown]
    photos.sort(key=lambda one: (-one.width * one.height, -(one.quality or 0.0), -one.size))
    return photos if len(photos) > 1 else []
