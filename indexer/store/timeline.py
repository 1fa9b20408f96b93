"""The order of assets in time, and what a tile shows of each: the timeline's SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

Ints = NDArray[Any]  # of int32

# A ratio of 1, and one that is not known. Steps of an octave: 2 % each.
UNKNOWN_RATIO, _STEPS = 128, 32
# Rows that are taken from SQLite at once.
_AT_ONCE = 50_000
_DAY = "substr({0}, 1, 4) * 10000 + substr({0}, 6, 2) * 100 + substr({0}, 9, 2)"
_STATE = {False: "trashed_at IS NULL", True: "trashed_at IS NOT NULL"}

# Numbers in one, for each that Python is handed costs as much as to find it: from the lowest bit on whether it is
# turned on its side, a video, raw; stars, width, height.
_PACKED = """
(coalesce(orientation, 1) >= 5) + 2 * (mime_type GLOB 'video/*') + 4 * (mime_type GLOB 'image/x-*')
+ (coalesce(rating, 0) << 3) + (min(width, 0xffffff) << 8) + (min(height, 0xffffff) << 32)"""
# The whole table is read fastest in its own order; the days of all come with `in_order`.
_ALL = f"""
SELECT number, 0, 0, {_PACKED}, auto_stack_id, live_photo_cid FROM asset NOT INDEXED WHERE {{state}}"""
_CHOSEN = f"""
SELECT number, {_DAY.format("wall_clock")}, is_undated, {_PACKED}, auto_stack_id, live_photo_cid
FROM json_each(?) AS one CROSS JOIN asset ON number = one.value WHERE {{state}}"""


class Moment(NamedTuple):
    """A place in the feed. mark: of the event there, so that the feed of another index, or of a backup that was put in
    its place, is not taken for the same."""

    cursor: int
    mark: str


class Facts(NamedTuple):
    """Columns of equal length, a row an asset. days: 20240412. ratios: see `ratio_bytes`. preferences: the least of a
    stack is the one that stands for it. stacks and live: hashes of what the members of a stack, and the still and the
    video of a live photo, have in common; 0: nothing."""

    numbers: Ints
    days: Ints
    undated: NDArray[Any]
    ratios: NDArray[Any]
    preferences: NDArray[Any]
    stacks: NDArray[Any]
    live: NDArray[Any]


# In the order of these columns.
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
    """Whether the feed still leads through this moment."""
    row = connection.execute(
        "SELECT created_at || ' ' || event_type || ' ' || entity_id FROM event WHERE id = ?", (moment.cursor,)
    ).fetchone()
    return (row[0] if row else "") == moment.mark and (row is not None or moment.cursor == 0)


def changed_since(connection: sqlite3.Connection, cursor: int) -> list[int]:
    """Numbers of the assets that events after this one are about."""
    rows = connection.execute(
        "SELECT DISTINCT asset_number FROM event NOT INDEXED WHERE id > ? AND asset_number IS NOT NULL", (cursor,)
    )
    return [row[0] for row in rows]


def count_live(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(sum(live), 0) FROM month").fetchone()[0])


def in_order(connection: sqlite3.Connection, *, trashed: bool = False) -> tuple[Ints, Ints, Ints]:
    """Numbers and days of all live assets, or of those in the trash, the newest first, ties by id; and the numbers of
    those of them that only their file dates. The live ones are read from database indexes alone."""
    rows = connection.execute(
        f"SELECT number, {_DAY.format('wall_clock')} FROM asset WHERE {_STATE[trashed]} ORDER BY wall_clock DESC, id"
    )
    found = np.fromiter(rows, np.dtype([("number", "i4"), ("day", "i4")]))
    undated = connection.execute("SELECT number FROM asset WHERE is_undated = 1")
    return found["number"].copy(), found["day"].copy(), np.fromiter((row[0] for row in undated), np.int32)


def in_order_of_day(connection: sqlite3.Connection, day: int) -> Ints:
    text = f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"
    rows = connection.execute(
        "SELECT number FROM asset WHERE trashed_at IS NULL AND wall_clock >= ?1 AND wall_clock < ?1 || '~'"
        " ORDER BY wall_clock DESC, id",
        (text,),
    )
    return np.fromiter((row[0] for row in rows), np.int32)


def facts(connection: sqlite3.Connection, among: Sequence[int] | None = None, *, trashed: bool = False) -> Facts:
    """Of those among these numbers that are live (or in the trash), in no particular order. Where none are named, of
    all, but for the day and whether they have one: see `in_order`."""
    chosen = () if among is None else (json.dumps(list(among)),)
    rows = connection.execute((_CHOSEN if chosen else _ALL).format(state=_STATE[trashed]), chosen)
    parts = [_columns([])]
    while some := rows.fetchmany(_AT_ONCE):
        parts.append(_columns(some))
    found = Facts(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    _add_rest(connection, found, chosen)
    return found


def _columns(rows: list[tuple[Any, ...]]) -> Facts:
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 6
    numbers, days, undated, several, stacks, live = columns
    packed = np.array(several, np.int64)
    is_turned, widths, heights = packed & 1 > 0, packed >> 8 & 0xFFFFFF, packed >> 32
    return Facts(
        np.array(numbers, np.int32),
        np.array(days, np.int32),
        np.array(undated, np.bool_),
        ratio_bytes(np.where(is_turned, heights, widths), np.where(is_turned, widths, heights)),
        _preferences(packed >> 1 & 1, packed >> 2 & 1, packed >> 3 & 7),
        _hashes(stacks),
        _hashes(live),
    )


def ratio_bytes(widths: NDArray[Any], heights: NDArray[Any]) -> NDArray[Any]:
    """128 + 32 log2(width / height), for anything from 1:16 to 16:1."""
    is_known = (widths > 0) & (heights > 0)
    ratios = np.divide(widths, heights, out=np.ones(len(widths)), where=is_known)
    found: NDArray[Any] = np.clip(np.rint(UNKNOWN_RATIO + _STEPS * np.log2(ratios)), 0, 255).astype(np.uint8)
    return found


# Of a preference, from the highest bit down: a video, a raw photo, no favorite, stars (5 to 0), quality (1 to 0).
_VIDEO, _RAW, _NO_FAVORITE, _STARS, _QUALITY = 15, 14, 13, 10, 1023


def _preferences(video: NDArray[Any], raw: NDArray[Any], ratings: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = video << _VIDEO | raw << _RAW | 1 << _NO_FAVORITE | (5 - ratings) << _STARS | _QUALITY
    return found.astype(np.uint16)


def is_video(preferences: NDArray[Any]) -> NDArray[Any]:
    return preferences >> _VIDEO & 1 > 0


def is_raw(preferences: NDArray[Any]) -> NDArray[Any]:
    return preferences >> _RAW & 1 > 0


def _hashes(texts: Sequence[str | None]) -> NDArray[np.uint64]:
    found = np.zeros(len(texts), np.uint64)
    for at, text in enumerate(texts):
        if text is not None:
            found[at] = _hash(text)
    return found


def _hash(text: str) -> int:
    return xxh3_64_intdigest(text.encode()) or 1


_COMPANIONS = "SELECT asset_number, auto_stack_id, live_photo_cid FROM stack_member"
_CHOSEN_COMPANIONS = f"{_COMPANIONS} WHERE asset_number IN (SELECT value FROM json_each(?))"
_VALUES = """
SELECT number, user_value.rating, is_favorite FROM user_value CROSS JOIN asset ON asset.id = asset_id"""
_CHOSEN_VALUES = """
SELECT number, user_value.rating, is_favorite FROM json_each(?) AS one CROSS JOIN asset ON number = one.value
CROSS JOIN user_value ON asset_id = asset.id"""
_QUALITIES = """
SELECT asset_number, metric.value FROM json_each(?) AS one CROSS JOIN metric ON asset_number = one.value
WHERE name = 'quality' AND metric.value IS NOT NULL"""


def _add_rest(connection: sqlite3.Connection, found: Facts, chosen: Sequence[str]) -> None:
    """What has rows of its own: they add to what the asset's row says, or take its place."""
    if not len(found.numbers):
        return
    order = np.argsort(found.numbers, kind="stable")
    ordered = found.numbers[order]

    def by_row(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Sequence[Any]]]:
        some = list(rows)
        numbers = np.array([row[0] for row in some], np.int32)
        at = np.searchsorted(ordered, numbers)
        for row in np.flatnonzero((at < len(order)) & (ordered[np.minimum(at, len(order) - 1)] == numbers)).tolist():
            yield int(order[at[row]]), some[row][1:]

    for row, (stack, live) in by_row(connection.execute(_CHOSEN_COMPANIONS if chosen else _COMPANIONS, chosen)):
        for column, text in ((found.stacks, stack), (found.live, live)):
            if text is not None and column[row] == 0:
                column[row] = _hash(text)
    for row, (rating, is_favorite) in by_row(connection.execute(_CHOSEN_VALUES if chosen else _VALUES, chosen)):
        preference = int(found.preferences[row])
        if rating is not None:
            preference = preference & ~(7 << _STARS) | (5 - rating) << _STARS
        found.preferences[row] = preference & ~(1 << _NO_FAVORITE) if is_favorite else preference
    stacked = found.numbers[(found.stacks > 0) | (found.live > 0)]
    for first in range(0, len(stacked), _AT_ONCE):
        some = json.dumps(stacked[first : first + _AT_ONCE].tolist())
        for row, (quality,) in by_row(connection.execute(_QUALITIES, (some,))):
            worse = _QUALITY - round(min(max(quality, 0.0), 1.0) * _QUALITY)
            found.preferences[row] = int(found.preferences[row]) & ~_QUALITY | worse


class Tile(NamedTuple):
    """What is shown of an asset. time: seconds since 1970 of its wall clock, read as UTC; None where the clock shows
    what is in no calendar. offset: of that clock, '+02:00', or ''. duration: seconds. is_away: none of its files can be
    reached now."""

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
       coalesce(said.city, asset.city, place.city), coalesce(said.state, asset.state, place.state),
       coalesce(said.country, asset.country, place.country), coalesce(said.rating, asset.rating), is_favorite,
       substr(coalesce(said.description, asset.description), 1, {most}),
       NOT EXISTS (
           SELECT 1 FROM file JOIN root ON root.id = root_id
           WHERE file.asset_number = number AND verdict IN ('indexed', 'damaged') AND root.offline_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM mount WHERE mount.root_id = file.root_id AND mount.offline_at IS NOT NULL
                             AND (file.folder = mount.folder OR file.folder >= mount.folder || '/'
                                  AND file.folder < mount.folder || '0')))
FROM json_each(?) AS one CROSS JOIN asset ON number = one.value
LEFT JOIN user_value AS said ON said.asset_id = asset.id
LEFT JOIN place ON place.asset_number = number
LEFT JOIN appearance ON appearance.asset_number = number"""
# Characters of a description that a tile has.
_MOST_DESCRIBED = 200


def tiles(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[Tile]:
    """In this order, without those that are not there."""
    rows = connection.execute(_TILES.format(most=_MOST_DESCRIBED), (json.dumps(list(numbers)),))
    return [Tile(*row) for row in rows]


def ids_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[str]:
    """In this order, without those that are not there."""
    rows = connection.execute(
        "SELECT asset.id FROM json_each(?) AS one CROSS JOIN asset ON number = one.value", (json.dumps(list(numbers)),)
    )
    return [row[0] for row in rows]


def number_of(connection: sqlite3.Connection, asset_id: str) -> int | None:
    row = connection.execute("SELECT number FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return int(row[0]) if row else None


def of_album(connection: sqlite3.Connection, album_id: str) -> Ints | None:
    """Numbers of the assets in it. None: there is no such album."""
    if connection.execute("SELECT 1 FROM album WHERE id = ?", (album_id,)).fetchone() is None:
        return None
    rows = connection.execute(
        "SELECT number FROM album_asset JOIN asset ON asset.id = asset_id WHERE album_id = ?", (album_id,)
    )
    return np.fromiter((row[0] for row in rows), np.int32)


def of_person(connection: sqlite3.Connection, person_id: str) -> Ints | None:
    """Numbers of the assets that a person is on. None: there is no such person."""
    if connection.execute("SELECT 1 FROM person WHERE id = ?", (person_id,)).fetchone() is None:
        return None
    rows = connection.execute("SELECT asset_number FROM person_asset WHERE person_id = ?", (person_id,))
    return np.fromiter((row[0] for row in rows), np.int32)


def of_folder(connection: sqlite3.Connection, path: str) -> Ints | None:
    """Numbers of the assets that have a file in a folder or below it; path: as stored, absolute. None: the folder is
    not indexed."""
    path = path.rstrip("/") or "/"
    found, is_known = list[Ints](), False
    for root_id, root in connection.execute("SELECT id, path FROM root").fetchall():
        if _is_within(root, path):
            folder = ""
        elif _is_within(path, root):
            folder = path[len(root.rstrip("/")) + 1 :]
        else:
            continue
        is_known = True
        rows = connection.execute(
            "SELECT asset_number FROM file WHERE root_id = ?1 AND asset_number IS NOT NULL"
            " AND verdict NOT IN ('gone', 'ignored')"
            " AND (?2 = '' OR folder = ?2 OR folder >= ?2 || '/' AND folder < ?2 || '0')",
            (root_id, folder),
        )
        found.append(np.fromiter((row[0] for row in rows), np.int32))
    return np.concatenate(found) if is_known else None


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
