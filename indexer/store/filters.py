"""The asset filter shared by lists, pages, counts and searches, and its SQL conditions."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from indexer.query import Near, Query, Range

from .libraries import default_library

State = Literal["live", "trashed", "all"]
# Two indexes, one of live and one of trashed assets: a page of either reads no more than that page.
STATES: dict[State, tuple[str, ...]] = {
    "live": ("asset.trashed_at IS NULL",),
    "trashed": ("asset.trashed_at IS NOT NULL",),
    "all": ("asset.trashed_at IS NULL", "asset.trashed_at IS NOT NULL"),
}

# A condition on the table asset, and the values of its parameters.
Condition = tuple[str, Sequence[Any]]

# UTC offsets lie between these.
_FURTHEST_WEST, _FURTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)
_METRES_PER_DEGREE = 111_195.0
_RANGE_COLUMNS = {
    "iso": "asset.iso",
    "aperture": "asset.f_number",
    "focal": "asset.focal_length",
    "quality": "(SELECT value FROM metric WHERE asset_number = asset.number AND metric.name = 'quality')",
}


class AssetFilter(NamedTuple):
    """The conditions on assets; all of them must hold.

    after, before: exclusive. Without an offset they are wall clocks; with one they are instants, compared with the wall
    clock of assets that have no offset. taken_from, taken_to: wall clocks or their beginnings ('2023', '2023-11-07'),
    inclusive. camera: part of make and model. keyword: a whole keyword, or a part of a hierarchical one.
    """

    state: State = "live"
    ids: Sequence[str] | None = None
    album_id: str | None = None
    person_ids: Sequence[str] = ()
    library_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    taken_from: str | None = None
    taken_to: str | None = None
    camera: str | None = None
    keyword: str | None = None
    kind: Literal["image", "video"] | None = None
    ranges: Sequence[Range] = ()
    near: Near | None = None
    is_favorite: bool = False


# All assets that are not in the trash.
LIVE = AssetFilter()


def filter_of(query: Query) -> AssetFilter:
    """The filter of a search, without its words."""
    return AssetFilter(
        state="trashed" if query.is_trashed else "live",
        taken_from=query.after,
        taken_to=query.before,
        kind=query.kind,
        ranges=query.ranges,
        near=query.near,
        is_favorite=query.is_favorite,
    )


def conditions(connection: sqlite3.Connection, which: AssetFilter) -> Iterator[Condition]:
    """The conditions of the filter, except for the state (see STATES)."""
    yield from _memberships(connection, which)
    if which.after is not None:
        yield _beyond(">", which.after)
    if which.before is not None:
        yield _beyond("<", which.before)
    if which.taken_from:
        yield "asset.wall_clock >= ?", [which.taken_from]
    if which.taken_to:
        yield "asset.wall_clock < ? || '\U0010ffff'", [which.taken_to]
    if which.camera:
        yield "instr(lower(coalesce(make, '') || ' ' || coalesce(model, '')), lower(?)) > 0", [which.camera]
    if which.keyword:
        yield _keyword(which.keyword)
    if which.kind:
        yield "asset.mime_type >= ? || '/' AND asset.mime_type < ? || '0'", [which.kind, which.kind]
    for each in which.ranges:
        yield from _range(each)
    if which.is_favorite:
        yield "asset.id IN (SELECT asset_id FROM user_value WHERE is_favorite = 1)", []
    if which.near is not None:
        yield near_condition(which.near)


def _memberships(connection: sqlite3.Connection, which: AssetFilter) -> Iterator[Condition]:
    """Conditions on ids, album, people and library."""
    if which.ids is not None:
        yield "asset.id IN (SELECT value FROM json_each(?))", [json.dumps(list(which.ids))]
    if which.album_id is not None:
        yield "asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ?)", [which.album_id]
    for person_id in which.person_ids:
        yield "asset.number IN (SELECT asset_number FROM person_asset WHERE person_id = ?)", [person_id]
    if which.library_id is not None:
        yield (
            (
                "EXISTS (SELECT 1 FROM file JOIN root ON root.id = root_id WHERE asset_number = asset.number"
                " AND coalesce(library_id, ?) = ?)"
            ),
            [default_library(connection), which.library_id],
        )


def near_condition(near: Near) -> Condition:
    """A bounding box, by the index of places, and within it the distance on a flat earth: exact enough up to some
    hundred kilometres."""
    degrees = near.kilometres * 1000 / _METRES_PER_DEGREE
    narrow = max(math.cos(math.radians(min(abs(near.latitude) + degrees, 89.9))), 0.001)
    across = min(degrees / narrow, 180.0)
    shrunk = math.cos(math.radians(near.latitude))
    # Longitudes relative to the center, so that the antimeridian needs no special case.
    apart = "(asset.longitude - ? - 360.0 * round((asset.longitude - ?) / 360.0))"
    clause = (
        f"asset.latitude BETWEEN ? AND ? AND abs({apart}) <= ?"
        f" AND (asset.latitude - ?) * (asset.latitude - ?) + {apart} * {apart} * ? <= ?"
    )
    values: list[float] = [near.latitude - degrees, near.latitude + degrees]
    values += [near.longitude, near.longitude, across, near.latitude, near.latitude]
    values += [near.longitude] * 4 + [shrunk * shrunk, degrees * degrees]
    return clause, values


def is_start_of_month(moment: datetime | None) -> bool:
    """Whether the moment is None, or the start of a month in local time."""
    return moment is None or (moment.tzinfo is None and moment == datetime(moment.year, moment.month, 1))


def _beyond(sign: Literal["<", ">"], moment: datetime) -> Condition:
    clock = _text(moment.replace(tzinfo=None))
    if moment.tzinfo is None:
        return f"wall_clock {sign} ?", [clock]
    try:
        utc = moment.astimezone(UTC).replace(tzinfo=None)
        # No wall clock beyond this instant shows less (or more) than this: the part that an index can answer.
        reach = utc + (_FURTHEST_WEST if sign == ">" else _FURTHEST_EAST)
    except OverflowError:  # at either end of the calendar
        return f"wall_clock {sign} ?", [clock]
    bound = min(_text(reach), clock) if sign == ">" else max(_text(reach), clock)
    exact = (
        f"CASE WHEN local_datetime = wall_clock THEN wall_clock {sign} ?"
        f" ELSE strftime('%Y-%m-%dT%H:%M:%f', local_datetime) {sign} ? END"
    )
    return f"wall_clock {sign}= ? AND {exact}", [bound, clock, utc.isoformat(timespec="milliseconds")]


def _text(moment: datetime) -> str:
    """A wall clock in stored form: without trailing zeros of a fraction."""
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def _keyword(word: str) -> Condition:
    # A hierarchy (Places|France|Paris, Places/France/Paris) is found by any of its parts.
    return (
        "asset.number IN (SELECT asset_number FROM keyword WHERE word = ? UNION SELECT asset_number FROM keyword"
        " WHERE (word GLOB '*|*' OR word GLOB '*/*')"
        " AND instr('|' || lower(replace(word, '/', '|')) || '|', '|' || lower(?) || '|') > 0)"
    ), [word, word]


def _range(which: Range) -> Iterator[Condition]:
    signs = (f">{'' if which.is_open[0] else '='} ?", f"<{'' if which.is_open[1] else '='} ?")
    ends = [(sign, end) for sign, end in zip(signs, (which.low, which.high), strict=True) if end is not None]
    if which.name != "rating":
        for sign, end in ends:
            yield f"{_RANGE_COLUMNS[which.name]} {sign}", [end]
        return
    # The user's rating, else the file's. Few assets have the user's: those are listed first, not looked up row by row.
    holds = " AND ".join(f"{{0}} {sign}" for sign, _ in ends)
    rated = "SELECT asset_id FROM user_value WHERE "
    yield (
        (
            f"({holds.format('asset.rating')} AND asset.id NOT IN ({rated} rating IS NOT NULL)"
            f" OR asset.id IN ({rated} {holds.format('rating')}))"
        ),
        [end for _, end in (*ends, *ends)],
    )
