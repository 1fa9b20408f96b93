"""Locate the video of a motion photo or live photo, embedded or separate."""

from __future__ import annotations

import os
import sqlite3
from typing import NamedTuple

from ..errors import NotFound
from ..store import enrichments, motion_photos
from ..store.metadata import select_motion
from ..sync.explain import original
from .session import Session


class MotionVideo(NamedTuple):
    """`size` bytes of an existing file from offset `start`. asset_id: the asset that the file belongs to."""

    asset_id: str
    path: str
    start: int
    size: int
    mime_type: str


class VideoRef(NamedTuple):
    """asset_id: the asset whose file contains the video."""

    asset_id: str
    mime_type: str


def find_video(connection: sqlite3.Connection, asset_id: str) -> VideoRef | None:
    """The video of an asset, or None."""
    inside = select_motion(connection, asset_id)
    if inside is not None:
        return VideoRef(asset_id, inside.mime_type)
    paired = motion_photos.paired_video(connection, asset_id)
    if paired is None:
        return None
    files = enrichments.picture_files(connection, paired)
    return VideoRef(paired, files[0].mime_type) if files else None


def motion_video(session: Session, asset_id: str) -> MotionVideo:
    """Raises NotFound if there is none, or its file cannot be read or is shorter than in the index."""
    connection = session.connection
    inside = select_motion(connection, asset_id)
    owner = asset_id if inside is not None else motion_photos.paired_video(connection, asset_id)
    if owner is None:
        raise NotFound(f"{asset_id} is neither a motion photo nor a live photo")
    path = original(connection, owner)
    if path is None:
        raise NotFound(f"the file of {owner} cannot be reached now")
    size = os.path.getsize(path)
    if inside is None:
        return MotionVideo(owner, path, 0, size, enrichments.picture_files(connection, owner)[0].mime_type)
    if inside.offset + inside.size > size:
        raise NotFound(f"the file of {owner} is shorter than it was: scan its folder again")
    return MotionVideo(owner, path, inside.offset, inside.size, inside.mime_type)
