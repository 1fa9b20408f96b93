"""Which assets: as the command line, Python and the API choose them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from .libraries import default_library


class Filter(NamedTuple):
    """What to list. after and before are wall clocks or their beginnings ('2023', '2023-11-07'), both inclusive."""

    after: str | None = None
    before: str | None = None
    camera: str | None = None
    kind: str | None = None  # 'image' or 'video'
    trashed: bool = False
    keyword: str | None = None  # a whole word that the photo is tagged with, or a part of a hierarchy


def filter_terms(which: Filter) -> tuple[str, list[str]]:
    terms = ["trashed_at IS NOT NULL" if which.trashed else "trashed_at IS NULL"]
    values: list[str] = []
    if which.after:
        terms.append("wall_clock >= ?")
        values.append(which.after)
    if which.before:
        terms.append("wall_clock < ? || '\U0010ffff'")
        values.append(which.before)
    if which.camera:
        terms.append("instr(lower(coalesce(make, '') || ' ' || coalesce(model, '')), lower(?)) > 0")
        values.append(which.camera)
    if which.keyword:
        # A hierarchy (Places|France|Paris, Places/France/Paris) is found by any of its parts.
        terms.append(
            "asset.number IN (SELECT asset_number FROM keyword WHERE word = ? UNION SELECT asset_number FROM keyword"
            " WHERE (word GLOB '*|*' OR word GLOB '*/*')"
            " AND instr('|' || lower(replace(word, '/', '|')) || '|', '|' || lower(?) || '|') > 0)"
        )
        values += [which.keyword, which.keyword]
    if which.kind:
        terms.append("mime_type >= ? || '/' AND mime_type < ? || '0'")
        values += [which.kind, which.kind]
    return " AND ".join(terms), values


State = Literal["live", "trashed", "all"]
# Clocks differ from UTC by no more than so.
_FURTHEST_WEST, _FURTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)


class AssetFilter(NamedTuple):
    """Which assets. after and before are exclusive: without an offset they are wall clocks, with one they are instants,
    and of assets without an offset still wall clocks."""

    state: State = "live"
    ids: Sequence[str] | None = None
    album_id: str | None = None
    person_ids: Sequence[str] = ()
    library_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None


def asset_terms(connection: sqlite3.Connection, which: AssetFilter) -> tuple[list[str], list[Any]]:
    """Terms on the table asset, but for the state."""
    terms, values = list[str](), list[Any]()
    if which.ids is not None:
        terms.append("asset.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(which.ids)))
    if which.album_id is not None:
        terms.append("asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ?)")
        values.append(which.album_id)
    for person_id in which.person_ids:
        terms.append("asset.number IN (SELECT asset_number FROM person_asset WHERE person_id = ?)")
        values.append(person_id)
    if which.library_id is not None:
        terms.append(
            "EXISTS (SELECT 1 FROM file JOIN root ON root.id = root_id WHERE asset_number = asset.number"
            " AND coalesce(library_id, ?) = ?)"
        )
        values += [default_library(connection), which.library_id]
    for sign, moment in ((">", which.after), ("<", which.before)):
        if moment is not None:
            term, more = _beyond(sign, moment)
            terms.append(term)
            values += more
    return terms, values


def _beyond(sign: str, moment: datetime) -> tuple[str, list[str]]:
    clock = _text(moment.replace(tzinfo=None))
    if moment.tzinfo is None:
        return f"wall_clock {sign} ?", [clock]
    try:
        utc = moment.astimezone(UTC).replace(tzinfo=None)
        # No clock that is beyond this instant shows less (or more) than this: so much an index can tell.
        reach = utc + (_FURTHEST_WEST if sign == ">" else _FURTHEST_EAST)
    except OverflowError:  # at either end of time
        return f"wall_clock {sign} ?", [clock]
    bound = min(_text(reach), clock) if sign == ">" else max(_text(reach), clock)
    exact = (
        f"CASE WHEN local_datetime = wall_clock THEN wall_clock {sign} ?"
        f" ELSE strftime('%Y-%m-%dT%H:%M:%f', local_datetime) {sign} ? END"
    )
    return f"wall_clock {sign}= ? AND {exact}", [bound, clock, utc.isoformat(timespec="milliseconds")]


def _text(moment: datetime) -> str:
    """As the index writes wall clocks: no more of a second than there is."""
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def is_months_beginning(moment: datetime | None) -> bool:
    """On the clocks where photos were taken; also where there is no moment."""
    return moment is None or (moment.tzinfo is None and moment == datetime(moment.year, moment.month, 1))
