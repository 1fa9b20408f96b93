"""What a page of tiles shows, in columns: most bytes of a list of objects would be the names of their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from indexer.store import timeline as store
from indexer.store.timeline import Tile

from . import Arranged
from .order import Order, Rows

if TYPE_CHECKING:
    from indexer.index import Index

T = TypeVar("T", bound=Hashable)

# Bits of a tile's kind.
VIDEO, LIVE, MOTION, PANORAMA, RAW, STACK, AWAY, UNDATED = (1 << bit for bit in range(8))
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def columns(
    index: Index, arranged: Arranged, start: int, stop: int, version_of: Callable[[Tile], str]
) -> dict[str, Any] | None:
    """Of the tiles from start up to stop. version_of: as the URLs of files have it. None: some are gone."""
    numbers = arranged.tiles[start:stop].tolist()
    ratios = arranged.geometry.ratios[start:stop].tolist()
    found = store.tiles(index.session.connection, numbers)
    if [one.number for one in found] != numbers:
        return None
    times = [one.time or 0 for one in found]
    members = arranged.base.members_of(arranged.tiles[start:stop])
    names: dict[str, int] = {}
    places = [None if (name := _place(one)) is None else names.setdefault(name, len(names)) for one in found]
    return {
        "cursor": arranged.changed,
        "start": start,
        "ids": "".join(one.id.removeprefix("asset_") for one in found),
        "times": [*times[:1], *(before - this for before, this in pairwise(times))],
        "offsets": _runs(_quarters(one.offset) for one in found),
        "ratios": ratios,
        "kinds": [_kind(arranged.base.order, one, rows) for one, rows in zip(found, members, strict=True)],
        "versions": "".join(version_of(one) for one in found),
        "thumbhashes": [one.thumbhash and one.thumbhash.rstrip("=") for one in found],
        "places": {"names": list(names), "of": _runs(places)},
        "durations": {
            at: round(one.duration, 1) for at, one in enumerate(found) if one.duration and one.mime_type[:6] == "video/"
        },
        "ratings": {at: one.rating for at, one in enumerate(found) if one.rating is not None},
        "favorites": [at for at, one in enumerate(found) if one.is_favorite],
        "stacks": {
            at: count
            for at, rows in enumerate(members)
            if len(rows) > 1 and (count := _count(arranged.base.order, rows)) > 1
        },
        "descriptions": {at: one.description for at, one in enumerate(found) if one.description},
    }


def position(index: Index, arranged: Arranged, asset_id: str) -> int | None:
    """The ordinal of the tile that an asset is, or lies under; None: it is not in the view."""
    number = store.number_of(index.session.connection, asset_id)
    return None if number is None else arranged.ordinal_of(number)


def ids(index: Index, arranged: Arranged, start: int, stop: int, *, with_members: bool) -> list[str]:
    """Of the tiles from start up to stop; with_members: of all in their stacks."""
    return store.ids_of(index.session.connection, arranged.numbers(start, stop, with_members=with_members))


def _kind(order: Order, one: Tile, members: Rows) -> int:
    kind = VIDEO if one.mime_type.startswith("video/") else 0
    kind |= MOTION * one.has_motion | UNDATED * one.is_undated | AWAY * one.is_away
    kind |= PANORAMA * (one.projection_type == "equirectangular") | RAW * one.mime_type.startswith("image/x-")
    if len(members) == 1:
        return kind
    preferences, live = order.preferences[members], order.live[members]
    has_video = live[0] and (live[store.is_video(preferences)] == live[0]).any()
    return kind | STACK | RAW * bool(store.is_raw(preferences).any()) | LIVE * bool(has_video and not kind & VIDEO)


def _count(order: Order, members: Rows) -> int:
    """Without the videos of live photos: each is a part of its still."""
    live, is_video = order.live[members], store.is_video(order.preferences[members])
    return len(members) - int((is_video & (live > 0) & np.isin(live, live[~is_video], kind="sort")).sum())


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
