"""What a page of tiles shows, in columns: most bytes of a list of objects would be the names of their fields."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby, pairwise
from typing import Any, TypeVar

from indexer.store import timeline as store
from indexer.store.timeline import Tile

from . import Arranged

T = TypeVar("T", bound=Hashable)

# Bits of a tile's kind.
VIDEO, LIVE, MOTION, PANORAMA, RAW, STACK, AWAY, UNDATED = (1 << bit for bit in range(8))
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def columns(
    connection: sqlite3.Connection, arranged: Arranged, start: int, stop: int, version_of: Callable[[Tile], str]
) -> dict[str, Any] | None:
    """Of the tiles from start up to stop. version_of: as the URLs of files have it. None: some are gone."""
    numbers = arranged.tiles[start:stop].tolist()
    ratios = arranged.geometry.ratios[start:stop].tolist()
    found = store.tiles(connection, numbers)
    if [one.number for one in found] != numbers:
        return None
    times = [one.time or 0 for one in found]
    stacks = {at: count for at, count in enumerate(_stack_sizes(arranged, numbers)) if count > 1}
    names: dict[str, int] = {}
    places = [None if (name := _place(one)) is None else names.setdefault(name, len(names)) for one in found]
    return {
        "cursor": arranged.changed,
        "start": start,
        "ids": "".join(one.id.removeprefix("asset_") for one in found),
        "times": [*times[:1], *(before - this for before, this in pairwise(times))],
        "offsets": _runs(_quarters(one.offset) for one in found),
        "ratios": ratios,
        "kinds": [_kind(arranged, one, at in stacks) for at, one in enumerate(found)],
        "versions": "".join(version_of(one) for one in found),
        "thumbhashes": [one.thumbhash and one.thumbhash.rstrip("=") for one in found],
        "places": {"names": list(names), "of": _runs(places)},
        "durations": {
            at: round(one.duration, 1) for at, one in enumerate(found) if one.duration and one.mime_type[:6] == "video/"
        },
        "ratings": {at: one.rating for at, one in enumerate(found) if one.rating is not None},
        "favorites": [at for at, one in enumerate(found) if one.is_favorite],
        "stacks": stacks,
        "descriptions": {at: one.description for at, one in enumerate(found) if one.description},
    }


def _stack_sizes(arranged: Arranged, numbers: Iterable[int]) -> list[int]:
    return [len(arranged.base.members_of(number)) for number in numbers]


def _kind(arranged: Arranged, one: Tile, is_stack: bool) -> int:
    kind = VIDEO if one.mime_type.startswith("video/") else 0
    kind |= MOTION * one.has_motion | UNDATED * one.is_undated | AWAY * one.is_away
    kind |= PANORAMA * (one.projection_type == "equirectangular")
    order, members = arranged.base.order, arranged.base.members_of(one.number)
    kind |= RAW * bool(store.is_raw(order.preferences[members]).any())
    if is_stack:
        videos = order.live[members[store.is_video(order.preferences[members])]]
        own = order.live[members[0]]
        kind |= STACK | LIVE * bool(not kind & VIDEO and own and (videos == own).any())
    return kind


def _place(one: Tile) -> str | None:
    """'Paris, France'; 'Utah, United States'; 'Singapore'."""
    parts = [one.city or one.state, one.country]
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def _quarters(offset: str) -> int | None:
    """Quarter hours east of UTC."""
    found = _OFFSET.fullmatch(offset)
    if found is None:
        return None
    quarters = (int(found[2]) * 60 + int(found[3])) // 15
    return -quarters if found[1] == "-" else quarters


def _runs(values: Iterable[T]) -> list[list[int | T]]:
    """[how many, of what] in a row."""
    return [[sum(1 for _ in some), value] for value, some in groupby(values)]
