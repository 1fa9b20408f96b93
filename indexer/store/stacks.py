"""Which assets belong together though no file says so: a photo and its raw, the shots of a burst, a still and its film.

Names alone pair nothing: two phones in one folder both have an IMG_0001. What camera made them and when must agree.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from indexer import ids

from .columns import NUMBER
from .transaction import Transaction

_SECONDS = 2.0
_FILM_SECONDS = 20.0
# Phones' names: 00000IMG_00000_BURST20240131123456789_COVER.jpg; IMG_20240131_123456_BURST001.jpg
_BURST = re.compile(r"BURST(\d{17})|^(.*)_BURST\d{1,4}(?=[_.])", re.IGNORECASE)
# PXL_….RAW-01.COVER.jpg and PXL_….RAW-02.ORIGINAL.dng; PXL_….MP.jpg and PXL_….MP
_MARKS = re.compile(r"(\.RAW-\d\d\.[A-Z]+|\.MP|\.MOTION-\d\d\.[A-Z]+|~\d)+$", re.IGNORECASE)
_IN_FOLDER = """
SELECT asset.id, file.name, asset.mime_type, asset.wall_clock, asset.make, asset.auto_stack_id, asset.live_photo_cid,
       asset.duration
FROM file JOIN asset ON asset.number = asset_number
WHERE file.root_id = ? AND file.folder = ? AND file.verdict NOT IN ('gone', 'ignored')
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
    def is_film(self) -> bool:
        return self.mime_type.startswith("video/")

    @property
    def is_raw(self) -> bool:
        return self.mime_type.startswith("image/x-")


def pairs_in(connection: sqlite3.Connection, root_id: int, folder: str) -> dict[str, tuple[str | None, str | None]]:
    """Asset of this folder -> the stack and the live photo it belongs to, so far as no file says it itself."""
    shots = [_Shot._make(row) for row in connection.execute(_IN_FOLDER, (root_id, folder))]
    if not any(shot.is_film or shot.is_raw or _BURST.search(shot.name) for shot in shots):
        return {shot.asset_id: (None, None) for shot in shots}
    stacks: dict[str, str] = {}
    films: dict[str, str] = {}
    for group in _grouped(shots, _stem):
        stills = [shot for shot in group if not shot.is_film]
        if any(shot.is_raw for shot in stills) and not all(shot.is_raw for shot in stills):
            _join(stacks, stills, "stack")
        for still in stills:
            _join(films, [still, *(shot for shot in group if _is_its_film(still, shot))], "live")
    for group in _grouped(shots, _burst):
        _join(stacks, [shot for shot in group if shot.stack is None], "stack")
    return {shot.asset_id: (stacks.get(shot.asset_id), films.get(shot.asset_id)) for shot in shots}


def _grouped(shots: Iterable[_Shot], key_of: Callable[[str], str | None]) -> list[list[_Shot]]:
    groups: dict[str, list[_Shot]] = {}
    for shot in shots:
        key = key_of(shot.name)
        if key:
            groups.setdefault(key, []).append(shot)
    return [group for group in groups.values() if len(group) > 1]


def _stem(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return _MARKS.sub("", stem).lower()


def _burst(name: str) -> str | None:
    found = _BURST.search(name)
    return (found[1] or found[2]) if found else None


def _join(known: dict[str, str], shots: list[_Shot], kind: str) -> None:
    """Shots that agree with the first on camera and moment get one id, made of the first one's."""
    if kind == "stack" and any(not _agree(one, other) for one, other in combinations(shots, 2)):
        return
    if len({shot.asset_id for shot in shots}) > 1:
        first = min(shot.asset_id for shot in shots)
        known.update({shot.asset_id: ids.named_id(kind, first) for shot in shots})


def _agree(one: _Shot, other: _Shot) -> bool:
    if _maker(one) is None or _maker(one) != _maker(other):
        return False
    return bool(_BURST.search(one.name)) or _apart(one, other) <= _SECONDS


def _is_its_film(still: _Shot, film: _Shot) -> bool:
    """The film of a live photo is short, of the same make, and was taken in the same moment; where one of them says
    itself whose it is, only that counts."""
    if not film.is_film or still.cid or film.cid or (film.duration or 0) > _FILM_SECONDS:
        return False
    return _maker(still) is not None and _maker(still) == _maker(film) and _apart(still, film) <= _SECONDS


def _maker(shot: _Shot) -> str | None:
    """'nikon' for NIKON CORPORATION and Nikon alike."""
    return shot.make.split()[0].lower() if shot.make else None


def _apart(one: _Shot, other: _Shot) -> float:
    try:
        moments = [datetime.fromisoformat(shot.wall_clock[:19]) for shot in (one, other)]
    except ValueError:
        return float("inf")
    return abs((moments[0] - moments[1]).total_seconds())


# Whether a folder holds nothing that could have a companion, or had one: no raw photo, no film, no burst.
_NO_COMPANIONS = """
SELECT NOT EXISTS (
    SELECT 1 FROM file JOIN asset ON asset.number = file.asset_number
    LEFT JOIN stack_member ON stack_member.asset_number = asset.number
    WHERE root_id = :root AND folder = :folder
      AND (mime_type GLOB 'video/*' OR mime_type GLOB 'image/x-*' OR name LIKE '%BURST%'
           OR stack_member.asset_number IS NOT NULL))"""


def rebuild_stacks(tx: Transaction, root_id: int, folder: str) -> None:
    if tx.connection.execute(_NO_COMPANIONS, {"root": root_id, "folder": folder}).fetchone()[0]:
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
