"""Infer stacks from names, makers and times: a photo and its raw, the shots of a burst, a still and its video.

Names alone are not enough: two phones in one folder both have an IMG_0001. The maker and the time must agree too.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from indexer import ids

from .columns import NUMBER, PRESENT
from .transaction import Transaction

_MAX_SECONDS_APART = 2.0
_MAX_VIDEO_SECONDS = 20.0
# Names that phones give: 00000IMG_00000_BURST20240131123456789_COVER.jpg; IMG_20240131_123456_BURST001.jpg
_BURST = re.compile(r"BURST(\d{17})|^(.*)_BURST\d{1,4}(?=[_.])", re.IGNORECASE)
# PXL_….RAW-01.COVER.jpg and PXL_….RAW-02.ORIGINAL.dng; PXL_….MP.jpg and PXL_….MP
_SUFFIXES = re.compile(r"(\.RAW-\d\d\.[A-Z]+|\.MP|\.MOTION-\d\d\.[A-Z]+|~\d)+$", re.IGNORECASE)
_IN_FOLDER = f"""
SELECT asset.id, file.name, asset.mime_type, asset.wall_clock, asset.make, asset.auto_stack_id, asset.live_photo_cid,
       asset.duration
FROM file JOIN asset ON asset.number = asset_number
WHERE file.root_id = ? AND file.folder = ? AND {PRESENT}
ORDER BY file.name"""


class _Shot(NamedTuple):
    asset_id: str
    name: str
    mime_type: str
    wall_clock: str
    make: str | None
    stack: str | None
    cid: str | None
    duration: float | None

    @property
    def is_video(self) -> bool:
        return self.mime_type.startswith("video/")

    @property
    def is_raw(self) -> bool:
        return self.mime_type.startswith("image/x-")


def pairs_in(connection: sqlite3.Connection, root_id: int, folder: str) -> dict[str, tuple[str | None, str | None]]:
    """Asset of this folder -> its stack and live photo, if inferred."""
    shots = [_Shot._make(row) for row in connection.execute(_IN_FOLDER, (root_id, folder))]
    if not any(shot.is_video or shot.is_raw or _BURST.search(shot.name) for shot in shots):
        return {shot.asset_id: (None, None) for shot in shots}
    stacks: dict[str, str] = {}
    live_photos: dict[str, str] = {}
    for group in _grouped(shots, _stem):
        stills = [shot for shot in group if not shot.is_video]
        if any(shot.is_raw for shot in stills) and not all(shot.is_raw for shot in stills):
            _group(stacks, stills, "stack")
        for still in stills:
            _group(live_photos, [still, *(shot for shot in group if _is_video_of(still, shot))], "live")
    for group in _grouped(shots, _burst):
        _group(stacks, [shot for shot in group if shot.stack is None], "stack")
    return {shot.asset_id: (stacks.get(shot.asset_id), live_photos.get(shot.asset_id)) for shot in shots}


def _grouped(shots: Iterable[_Shot], key_of: Callable[[str], str | None]) -> list[list[_Shot]]:
    groups: dict[str, list[_Shot]] = {}
    for shot in shots:
        key = key_of(shot.name)
        if key:
            groups.setdefault(key, []).append(shot)
    return [group for group in groups.values() if len(group) > 1]


def _stem(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return _SUFFIXES.sub("", stem).lower()


def _burst(name: str) -> str | None:
    match = _BURST.search(name)
    return (match[1] or match[2]) if match else None


def _group(groups: dict[str, str], shots: list[_Shot], kind: str) -> None:
    """Give shots one id, made of the lowest asset id. All pairs of a stack must agree on maker and time."""
    if kind == "stack" and any(not _agree(shot, other) for shot, other in combinations(shots, 2)):
        return
    if len({shot.asset_id for shot in shots}) > 1:
        first = min(shot.asset_id for shot in shots)
        groups.update({shot.asset_id: ids.named_id(kind, first) for shot in shots})


def _agree(shot: _Shot, other: _Shot) -> bool:
    if _maker(shot) is None or _maker(shot) != _maker(other):
        return False
    return bool(_BURST.search(shot.name)) or _seconds_apart(shot, other) <= _MAX_SECONDS_APART


def _is_video_of(still: _Shot, video: _Shot) -> bool:
    """Whether a video is a live photo's: short, of the same maker, taken at the same moment. If one of them contains an
    id that pairs them, only that counts."""
    if not video.is_video or still.cid or video.cid or (video.duration or 0) > _MAX_VIDEO_SECONDS:
        return False
    is_same_maker = _maker(still) is not None and _maker(still) == _maker(video)
    return is_same_maker and _seconds_apart(still, video) <= _MAX_SECONDS_APART


def _maker(shot: _Shot) -> str | None:
    """'nikon' for both NIKON CORPORATION and Nikon."""
    return shot.make.split()[0].lower() if shot.make else None


def _seconds_apart(shot: _Shot, other: _Shot) -> float:
    try:
        moments = [datetime.fromisoformat(either.wall_clock[:19]) for either in (shot, other)]
    except ValueError:
        return float("inf")
    return abs((moments[0] - moments[1]).total_seconds())


# Whether a folder has no candidates for a stack (raw photo, video, burst) and no member of one.
_NO_CANDIDATES = """
SELECT NOT EXISTS (
    SELECT 1 FROM file JOIN asset ON asset.number = file.asset_number
    LEFT JOIN stack_member ON stack_member.asset_number = asset.number
    WHERE root_id = :root AND folder = :folder
      AND (mime_type GLOB 'video/*' OR mime_type GLOB 'image/x-*' OR name LIKE '%BURST%'
           OR stack_member.asset_number IS NOT NULL))"""


def rebuild_stacks(tx: Transaction, root_id: int, folder: str) -> None:
    if tx.connection.execute(_NO_CANDIDATES, {"root": root_id, "folder": folder}).fetchone()[0]:
        return
    for asset_id, pair in pairs_in(tx.connection, root_id, folder).items():
        query = f"SELECT auto_stack_id, live_photo_cid FROM stack_member WHERE asset_number = {NUMBER}"
        if pair != (tx.connection.execute(query, (asset_id,)).fetchone() or (None, None)):
            with tx.record_changed(asset_id):
                tx.connection.execute(
                    f"INSERT INTO stack_member VALUES ({NUMBER}, ?, ?) ON CONFLICT (asset_number) DO UPDATE SET"
                    " auto_stack_id = excluded.auto_stack_id, live_photo_cid = excluded.live_photo_cid",
                    (asset_id, *pair),
                )
