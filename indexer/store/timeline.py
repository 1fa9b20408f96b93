"""Timeline queries: asset order by time, and tile data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from .columns import PRESENT

Ints = NDArray[Any]  # of int32

# The byte of an aspect ratio of 1, also used if it is unknown; and the steps of an octave, about 2 % each.
UNKNOWN_RATIO, _STEPS_PER_OCTAVE = 128, 32
_ROWS_AT_ONCE = 50_000
_DAY = "substr({0}, 1, 4) * 10000 + substr({0}, 6, 2) * 100 + substr({0}, 9, 2)"
_STATE = {False: "trashed_at IS NULL", True: "trashed_at IS NOT NULL"}

# Several values packed into one integer, because passing a value to Python costs as much as finding it. From the lowest
# bit: rotated by 90 degrees (1 bit), video (1), raw (1), rating (5), width (24), height.
_PACKED = """
(coalesce(orientation, 1) >= 5) + 2 * (mime_type GLOB 'video/*') + 4 * (mime_type GLOB 'image/x-*')
+ (coalesce(rating, 0) << 3) + (min(width, 0xffffff) << 8) + (min(height, 0xffffff) << 32)"""
# The whole table is read fastest in its own order. The days come from `in_order`.
_ALL = f"""
SELECT number, 0, 0, {_PACKED}, auto_stack_id, live_photo_cid FROM asset NOT INDEXED WHERE {{state}}"""
_CHOSEN = f"""
SELECT number, {_DAY.format("wall_clock")}, is_undated, {_PACKED}, auto_stack_id, live_photo_cid
FROM json_each(?) AS chosen CROSS JOIN asset ON number = chosen.value WHERE {{state}}"""


class Moment(NamedTuple):
    """A position in the event feed. mark: identifies the event there, so that the feed of another index, or of a
    restored backup, is not mistaken for this one."""

    cursor: int
    mark: str


class Facts(NamedTuple):
    """Columns of equal length, one row per asset. days: as 20240412. ratios: see `ratio_bytes`. preferences: the member
    of a stack with the lowest one represents it. stacks, live: hashes of the ids that the members of a stack, and the
    still and video of a live photo, share; 0 for none."""

    numbers: Ints
    days: Ints
    undated: NDArray[Any]
    ratios: NDArray[Any]
    preferences: NDArray[Any]
    stacks: NDArray[Any]
    live: NDArray[Any]


# The NumPy types of the columns of Facts, in order.
TYPES = {
    "numbers": "i4",
    "days": "i4",
    "undated": "?",
    "ratios": "u1",
    "preferences": "u2",
    "stacks": "u8",
    "live": "u8",
}


def last(connection: sqlite3.Connection) -> Moment:
    row = connection.execute(
        "SELECT id, created_at || ' ' || event_type || ' ' || entity_id FROM event ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Moment(*row) if row else Moment(0, "")


def is_known(connection: sqlite3.Connection, moment: Moment) -> bool:
    """Whether the feed contains this moment."""
    row = connection.execute(
        "SELECT created_at || ' ' || event_type || ' ' || entity_id FROM event WHERE id = ?", (moment.cursor,)
    ).fetchone()
    return (row[0] if row else "") == moment.mark and (row is not None or moment.cursor == 0)


def changed_since(connection: sqlite3.Connection, cursor: int) -> list[int]:
    """Numbers of the assets that have events after this one."""
    rows = connection.execute(
        "SELECT DISTINCT asset_number FROM event NOT INDEXED WHERE id > ? AND asset_number IS NOT NULL", (cursor,)
    )
    return [row[0] for row in rows]


def in_order(connection: sqlite3.Connection, *, trashed: bool = False) -> tuple[Ints, Ints, Ints]:
    """Numbers and days of all live (or trashed) assets, newest first, ties by id; and the numbers of all assets that
    are dated only by their file. Live assets are read from database indexes alone."""
    rows = connection.execute(
        f"SELECT number, {_DAY.format('wall_clock')} FROM asset WHERE {_STATE[trashed]} ORDER BY wall_clock DESC, id"
    )
    assets = np.fromiter(rows, np.dtype([("number", "i4"), ("day", "i4")]))
    undated = connection.execute("SELECT number FROM asset WHERE is_undated = 1")
    return assets["number"].copy(), assets["day"].copy(), np.fromiter((row[0] for row in undated), np.int32)


def in_order_of_day(connection: sqlite3.Connection, day: int) -> Ints:
    text = f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"
    rows = connection.execute(
        "SELECT number FROM asset WHERE trashed_at IS NULL AND wall_clock >= ?1 AND wall_clock < ?1 || '~'"
        " ORDER BY wall_clock DESC, id",
        (text,),
    )
    return np.fromiter((row[0] for row in rows), np.int32)


def facts(connection: sqlite3.Connection, among: Sequence[int] | None = None, *, trashed: bool = False) -> Facts:
    """Facts of live (or trashed) assets, in no particular order. among: only of these numbers. Without it, the columns
    days and undated are zero: see `in_order`."""
    chosen = () if among is None else (json.dumps(list(among)),)
    rows = connection.execute((_CHOSEN if chosen else _ALL).format(state=_STATE[trashed]), chosen)
    parts = [_columns([])]
    while batch := rows.fetchmany(_ROWS_AT_ONCE):
        parts.append(_columns(batch))
    assets = Facts(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    _add_related(connection, assets, chosen)
    return assets


def _columns(rows: list[tuple[Any, ...]]) -> Facts:
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 6
    numbers, days, undated, values, stacks, live = columns
    packed = np.array(values, np.int64)
    is_rotated, widths, heights = packed & 1 > 0, packed >> 8 & 0xFFFFFF, packed >> 32
    return Facts(
        np.array(numbers, np.int32),
        np.array(days, np.int32),
        np.array(undated, np.bool_),
        ratio_bytes(np.where(is_rotated, heights, widths), np.where(is_rotated, widths, heights)),
        _preferences(packed >> 1 & 1, packed >> 2 & 1, packed >> 3 & 7),
        _hashes(stacks),
        _hashes(live),
    )


def ratio_bytes(widths: NDArray[Any], heights: NDArray[Any]) -> NDArray[Any]:
    """128 + 32 log2(width / height), for ratios from 1:16 to 16:1."""
    is_known = (widths > 0) & (heights > 0)
    ratios = np.divide(widths, heights, out=np.ones(len(widths)), where=is_known)
    steps: NDArray[Any] = np.clip(np.rint(UNKNOWN_RATIO + _STEPS_PER_OCTAVE * np.log2(ratios)), 0, 255).astype(np.uint8)
    return steps


# A preference, from the highest bit down: video, raw, not a favorite, 5 - rating, 1 - quality in 1023 steps.
_VIDEO, _RAW, _NO_FAVORITE, _STARS, _QUALITY = 15, 14, 13, 10, 1023


def _preferences(video: NDArray[Any], raw: NDArray[Any], ratings: NDArray[Any]) -> NDArray[Any]:
    bits: NDArray[Any] = video << _VIDEO | raw << _RAW | 1 << _NO_FAVORITE | (5 - ratings) << _STARS | _QUALITY
    return bits.astype(np.uint16)


def is_video(preferences: NDArray[Any]) -> NDArray[Any]:
    return preferences >> _VIDEO & 1 > 0


def is_raw(preferences: NDArray[Any]) -> NDArray[Any]:
    return preferences >> _RAW & 1 > 0


def _hashes(texts: Sequence[str | None]) -> NDArray[np.uint64]:
    hashes = np.zeros(len(texts), np.uint64)
    for row, text in enumerate(texts):
        if text is not None:
            hashes[row] = _hash(text)
    return hashes


def _hash(text: str) -> int:
    return xxh3_64_intdigest(text.encode()) or 1


_STACKS = "SELECT asset_number, auto_stack_id, live_photo_cid FROM stack_member"
_CHOSEN_STACKS = f"{_STACKS} WHERE asset_number IN (SELECT value FROM json_each(?))"
_VALUES = """
SELECT number, user_value.rating, is_favorite FROM user_value CROSS JOIN asset ON asset.id = asset_id"""
_CHOSEN_VALUES = """
SELECT number, user_value.rating, is_favorite FROM json_each(?) AS chosen CROSS JOIN asset ON number = chosen.value
CROSS JOIN user_value ON asset_id = asset.id"""
_QUALITIES = """
SELECT asset_number, metric.value FROM json_each(?) AS chosen CROSS JOIN metric ON asset_number = chosen.value
WHERE name = 'quality' AND metric.value IS NOT NULL"""


def _add_related(connection: sqlite3.Connection, assets: Facts, chosen: Sequence[str]) -> None:
    """Add values from other tables: inferred stacks, the user's rating and favorites, quality."""
    if not len(assets.numbers):
        return
    order = np.argsort(assets.numbers, kind="stable")
    ordered = assets.numbers[order]

    def by_row(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Sequence[Any]]]:
        """The row of each asset in the facts, with the values after its number; unknown assets are left out."""
        values = list(rows)
        numbers = np.array([value[0] for value in values], np.int32)
        at = np.searchsorted(ordered, numbers)
        is_known = (at < len(order)) & (ordered[np.minimum(at, len(order) - 1)] == numbers)
        for position in np.flatnonzero(is_known).tolist():
            yield int(order[at[position]]), values[position][1:]

    for row, (stack, live) in by_row(connection.execute(_CHOSEN_STACKS if chosen else _STACKS, chosen)):
        for column, text in ((assets.stacks, stack), (assets.live, live)):
            if text is not None and column[row] == 0:
                column[row] = _hash(text)
    for row, (rating, is_favorite) in by_row(connection.execute(_CHOSEN_VALUES if chosen else _VALUES, chosen)):
        preference = int(assets.preferences[row])
        if rating is not None:
            preference = preference & ~(7 << _STARS) | (5 - rating) << _STARS
        assets.preferences[row] = preference & ~(1 << _NO_FAVORITE) if is_favorite else preference
    stacked = assets.numbers[(assets.stacks > 0) | (assets.live > 0)]
    for first in range(0, len(stacked), _ROWS_AT_ONCE):
        batch = json.dumps(stacked[first : first + _ROWS_AT_ONCE].tolist())
        for row, (quality,) in by_row(connection.execute(_QUALITIES, (batch,))):
            worse = _QUALITY - round(min(max(quality, 0.0), 1.0) * _QUALITY)
            assets.preferences[row] = int(assets.preferences[row]) & ~_QUALITY | worse


class Tile(NamedTuple):
    """The data of a tile. time: its wall clock in seconds since 1970, read as UTC; None for an invalid date.
    offset: of that clock, '+02:00', or ''. duration: seconds. is_away: none of its files can be reached now."""

    number: int
    id: str
    time: int | None
    offset: str
    mime_type: str
    orientation: int
    checksum: str
    is_undated: int
    projection_type: str | None
    duration: float | None
    thumbhash: str | None
    has_motion: int
    city: str | None
    state: str | None
    country: str | None
    rating: int | None
    is_favorite: int | None
    description: str | None
    is_away: int


_TILES = """
SELECT number, asset.id, CAST(strftime('%s', wall_clock) AS INTEGER), substr(local_datetime, length(wall_clock) + 1),
       mime_type, coalesce(orientation, 1), checksum, is_undated, projection_type, duration, thumbhash,
       EXISTS (SELECT 1 FROM motion_photo WHERE motion_photo.asset_number = number),
       coalesce(mine.city, asset.city, place.city), coalesce(mine.state, asset.state, place.state),
       coalesce(mine.country, asset.country, place.country), coalesce(mine.rating, asset.rating), is_favorite,
       substr(coalesce(mine.description, asset.description), 1, {most}),
       NOT EXISTS (
           SELECT 1 FROM file JOIN root ON root.id = root_id
           WHERE file.asset_number = number AND status NOT IN ('missing', 'gone', 'ignored') AND root.offline_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM mount WHERE mount.root_id = file.root_id AND mount.offline_at IS NOT NULL
                             AND (file.folder = mount.folder OR file.folder >= mount.folder || '/'
                                  AND file.folder < mount.folder || '0')))
FROM json_each(?) AS chosen CROSS JOIN asset ON number = chosen.value
LEFT JOIN user_value AS mine ON mine.asset_id = asset.id
LEFT JOIN place ON place.asset_number = number
LEFT JOIN perceptual_hash ON perceptual_hash.asset_number = number"""
# Characters of a description in a tile.
_MAX_DESCRIPTION = 200


def tiles(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[Tile]:
    """The tiles of assets, in the given order, without unknown numbers."""
    rows = connection.execute(_TILES.format(most=_MAX_DESCRIPTION), (json.dumps(list(numbers)),))
    return [Tile(*row) for row in rows]


def ids_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[str]:
    """The ids of assets, in the given order, without unknown numbers."""
    rows = connection.execute(
        "SELECT asset.id FROM json_each(?) AS chosen CROSS JOIN asset ON number = chosen.value",
        (json.dumps(list(numbers)),),
    )
    return [row[0] for row in rows]


def number_of(connection: sqlite3.Connection, asset_id: str) -> int | None:
    row = connection.execute("SELECT number FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return int(row[0]) if row else None


def of_album(connection: sqlite3.Connection, album_id: str) -> Ints | None:
    """Numbers of the assets in an album; None if there is no such album."""
    if connection.execute("SELECT 1 FROM album WHERE id = ?", (album_id,)).fetchone() is None:
        return None
    rows = connection.execute(
        "SELECT number FROM album_asset JOIN asset ON asset.id = asset_id WHERE album_id = ?", (album_id,)
    )
    return np.fromiter((row[0] for row in rows), np.int32)


def of_person(connection: sqlite3.Connection, person_id: str) -> Ints | None:
    """Numbers of the assets with a person; None if there is no such person."""
    if connection.execute("SELECT 1 FROM person WHERE id = ?", (person_id,)).fetchone() is None:
        return None
    rows = connection.execute("SELECT asset_number FROM person_asset WHERE person_id = ?", (person_id,))
    return np.fromiter((row[0] for row in rows), np.int32)


def of_folder(connection: sqlite3.Connection, path: str) -> Ints | None:
    """Numbers of the assets with a file in a folder or below it; None if the folder is not indexed. path: absolute, as
    stored."""
    path = path.rstrip("/") or "/"
    parts, is_known = list[Ints](), False
    for root_id, root in connection.execute("SELECT id, path FROM root").fetchall():
        if _is_within(root, path):
            folder = ""
        elif _is_within(path, root):
            folder = path[len(root.rstrip("/")) + 1 :]
        else:
            continue
        is_known = True
        rows = connection.execute(
            f"SELECT asset_number FROM file WHERE root_id = ?1 AND asset_number IS NOT NULL AND {PRESENT}"
            " AND (?2 = '' OR folder = ?2 OR folder >= ?2 || '/' AND folder < ?2 || '0')",
            (root_id, folder),
        )
        parts.append(np.fromiter((row[0] for row in rows), np.int32))
    return np.concatenate(parts) if is_known else None


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
