"""Encode a page of tiles in columns: in a list of objects most bytes would be field names."""

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
    """The columns of the tiles from start up to stop; None if some are gone. version_of: as in the URLs of files."""
    numbers = arranged.tiles[start:stop].tolist()
    ratios = arranged.geometry.ratios[start:stop].tolist()
    tiles = store.tiles(index.session.connection, numbers)
    if [tile.number for tile in tiles] != numbers:
        return None
    times = [tile.time or 0 for tile in tiles]
    members = arranged.base.members_of(arranged.tiles[start:stop])
    names: dict[str, int] = {}
    places = [None if (name := _place(tile)) is None else names.setdefault(name, len(names)) for tile in tiles]
    return {
        "cursor": arranged.changed,
        "start": start,
        "ids": "".join(tile.id.removeprefix("asset_") for tile in tiles),
        "times": [*times[:1], *(before - this for before, this in pairwise(times))],
        "offsets": _runs(_quarters(tile.offset) for tile in tiles),
        "ratios": ratios,
        "kinds": [_kind(arranged.base.order, tile, rows) for tile, rows in zip(tiles, members, strict=True)],
        "versions": "".join(version_of(tile) for tile in tiles),
        "thumbhashes": [tile.thumbhash and tile.thumbhash.rstrip("=") for tile in tiles],
        "places": {"names": list(names), "of": _runs(places)},
        "durations": {
            at: round(tile.duration, 1)
            for at, tile in enumerate(tiles)
            if tile.duration and tile.mime_type.startswith("video/")
        },
        "ratings": {at: tile.rating for at, tile in enumerate(tiles) if tile.rating is not None},
        "favorites": [at for at, tile in enumerate(tiles) if tile.is_favorite],
        "stacks": {
            at: count
            for at, rows in enumerate(members)
            if len(rows) > 1 and (count := _count(arranged.base.order, rows)) > 1
        },
        "descriptions": {at: tile.description for at, tile in enumerate(tiles) if tile.description},
    }


def position(index: Index, arranged: Arranged, asset_id: str) -> int | None:
    """The position of the tile that shows an asset or its stack; None if it is not in the view."""
    number = store.number_of(index.session.connection, asset_id)
    return None if number is None else arranged.ordinal_of(number)


def ids(index: Index, arranged: Arranged, start: int, stop: int, *, with_members: bool) -> list[str]:
    """Ids of the tiles from start up to stop. with_members: with all members of their stacks."""
    return store.ids_of(index.session.connection, arranged.numbers(start, stop, with_members=with_members))


def _kind(order: Order, tile: Tile, members: Rows) -> int:
    kind = VIDEO if tile.mime_type.startswith("video/") else 0
    kind |= MOTION * tile.has_motion | UNDATED * tile.is_undated | AWAY * tile.is_away
    kind |= PANORAMA * (tile.projection_type == "equirectangular") | RAW * tile.mime_type.startswith("image/x-")
    if len(members) == 1:
        return kind
    preferences, live = order.preferences[members], order.live[members]
    has_video = live[0] and (live[store.is_video(preferences)] == live[0]).any()
    return kind | STACK | RAW * bool(store.is_raw(preferences).any()) | LIVE * bool(has_video and not kind & VIDEO)


def _count(order: Order, members: Rows) -> int:
    """The size of a stack without the videos of live photos, which belong to their stills."""
    live, is_video = order.live[members], store.is_video(order.preferences[members])
    return len(members) - int((is_video & (live > 0) & np.isin(live, live[~is_video], kind="sort")).sum())


def _place(tile: Tile) -> str | None:
    """'Paris, France'; 'Utah, United States'; 'Singapore'."""
    parts = [tile.city or tile.state, tile.country]
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def _quarters(offset: str) -> int | None:
    """Quarter hours east of UTC."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    quarters = (int(match[2]) * 60 + int(match[3])) // 15
    return -quarters if match[1] == "-" else quarters


def _runs(values: Iterable[T]) -> list[list[int | T]]:
    """Run-length encoding: [length, value] each."""
    return [[sum(1 for _ in run), value] for value, run in groupby(values)]
