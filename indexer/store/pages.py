"""What clients of the HTTP API ask for: pages that go on behind a given id, and counts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from .clients import default_library

State = Literal["live", "trashed", "all"]

# Clocks differ from UTC by no more than so.
_FURTHEST_WEST, _FURTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)


class Record(NamedTuple):
    """An asset with its record, and what its URLs are made of."""

    id: str
    json: str
    checksum: str
    mime_type: str
    width: int
    height: int
    orientation: int


class Wanted(NamedTuple):
    """Which assets. after and before are exclusive: without an offset they are wall clocks, with one they are instants,
    and of assets without an offset still wall clocks."""

    state: State = "live"
    ids: Sequence[str] | None = None
    album_id: str | None = None
    person_ids: Sequence[str] = ()
    library_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None


_RECORD = (
    "SELECT asset.id, asset_json.json, checksum, mime_type, width, height, coalesce(orientation, 1)"
    " FROM {source} JOIN asset ON asset.id = source.id"
    " JOIN asset_json ON asset_json.id = asset.id"
)


def record(connection: sqlite3.Connection, asset_id: str) -> Record | None:
    row = connection.execute(_RECORD.format(source="(SELECT ? AS id) AS source"), (asset_id,)).fetchone()
    return Record(*row) if row else None


def records(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> list[Record]:
    """In this order, without those that are not there."""
    source = "(SELECT key AS place, value AS id FROM json_each(?)) AS source"
    rows = connection.execute(f"{_RECORD.format(source=source)} ORDER BY source.place", (json.dumps(list(asset_ids)),))
    return [Record(*row) for row in rows]


def page(connection: sqlite3.Connection, wanted: Wanted, after_id: str | None, limit: int) -> list[str] | None:
    """Ids of assets: the newest first, ties by id; those in the trash by when they came there. after_id: only those
    behind this asset; None is returned where there is no such asset."""
    source, order = "asset", "trashed_at" if wanted.state == "trashed" else "wall_clock"
    rarest = _rarest(connection, wanted.person_ids) if wanted.person_ids and wanted.state != "trashed" else None
    others = [one for one in wanted.person_ids if one != rarest]
    terms, values = _where(connection, wanted._replace(person_ids=others))
    if rarest is not None:
        source, order = "person_asset CROSS JOIN asset ON asset.number = asset_number", "taken"
        terms.append("person_id = ?")
        values.append(rarest)
    if after_id is not None:
        column = "trashed_at" if order == "trashed_at" else "wall_clock"
        row = connection.execute(f"SELECT {column} FROM asset WHERE id = ?", (after_id,)).fetchone()
        if row is None:
            return None
        terms += [f"{order} <= ?", f"({order} < ? OR asset.id > ?)"]
        values += [row[0] or "", row[0] or "", after_id]
    # Two indexes, one of the live and one of the trashed, so that a page of either is read and no more.
    parts = {"live": ["NULL"], "trashed": ["NOT NULL"], "all": ["NULL", "NOT NULL"]}[wanted.state]
    selects = [
        f"SELECT * FROM (SELECT asset.id AS id, {order} AS place FROM {source}"
        f" WHERE {' AND '.join([f'trashed_at IS {part}', *terms])} ORDER BY {order} DESC, asset.id LIMIT ?)"
        for part in parts
    ]
    rows = connection.execute(
        f"{' UNION ALL '.join(selects)} ORDER BY place DESC, id LIMIT ?", [*[*values, limit] * len(parts), limit]
    )
    return [row[0] for row in rows]


def _rarest(connection: sqlite3.Connection, person_ids: Sequence[str]) -> str:
    """Of these people, the one on the fewest photos."""
    query = "SELECT value FROM json_each(?) LEFT JOIN person_count ON person_id = value ORDER BY assets LIMIT 1"
    return str(connection.execute(query, (json.dumps(list(person_ids)),)).fetchone()[0])


def _where(connection: sqlite3.Connection, wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Terms on the table asset, but for the state."""
    terms, values = list[str](), list[Any]()
    if wanted.ids is not None:
        terms.append("asset.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(wanted.ids)))
    if wanted.album_id is not None:
        terms.append("asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ?)")
        values.append(wanted.album_id)
    for person_id in wanted.person_ids:
        terms.append("asset.number IN (SELECT asset_number FROM person_asset WHERE person_id = ?)")
        values.append(person_id)
    if wanted.library_id is not None:
        terms.append(
            "EXISTS (SELECT 1 FROM file JOIN root ON root.id = root_id WHERE asset_number = asset.number"
            " AND coalesce(library_id, ?) = ?)"
        )
        values += [default_library(connection), wanted.library_id]
    for sign, moment in ((">", wanted.after), ("<", wanted.before)):
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


def months(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> list[tuple[str, int]]:
    """How many assets there are of each month that has any ('2024-05'), the newest first."""
    if wanted._replace(state="live", before=None) == Wanted() and _is_months_beginning(wanted.before):
        kept = {"live": "live", "trashed": "trashed", "all": "live + trashed"}[wanted.state]
        until = f"{wanted.before:%Y-%m}" if wanted.before else "~"
        query = f"SELECT month, {kept} FROM month WHERE {kept} > 0 AND month < ? ORDER BY month DESC LIMIT ?"
        return connection.execute(query, (until, limit)).fetchall()
    terms, values = _where(connection, wanted)
    state = {"live": ["trashed_at IS NULL"], "trashed": ["trashed_at IS NOT NULL"], "all": []}[wanted.state]
    rows = connection.execute(
        "SELECT substr(wall_clock, 1, 7) AS month, count(*) FROM asset"
        f" WHERE {' AND '.join([*state, *terms]) or 'true'} GROUP BY month ORDER BY month DESC LIMIT ?",
        (*values, limit),
    )
    return rows.fetchall()


def _is_months_beginning(moment: datetime | None) -> bool:
    """On the clocks where photos were taken; also where there is no moment."""
    return moment is None or (moment.tzinfo is None and moment == datetime(moment.year, moment.month, 1))


def live_count(connection: sqlite3.Connection) -> int:
    """How many assets are not in the trash."""
    return int(connection.execute("SELECT coalesce(sum(live), 0) FROM month").fetchone()[0])


class AlbumInfo(NamedTuple):
    """start, end: the oldest and the newest local_datetime in it; cover: chosen by the user, else the newest."""

    id: str
    name: str
    description: str | None
    created_at: str
    updated_at: str
    assets: int
    start: str | None
    end: str | None
    cover: str | None


_ALBUM = """
SELECT album.id, name, album.description, album.created_at, album.updated_at, count(asset.id),
       (SELECT local_datetime FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock LIMIT 1),
       (SELECT local_datetime FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock DESC LIMIT 1),
       coalesce(cover_asset_id, (SELECT asset_id FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock DESC, asset_id LIMIT 1))
FROM album LEFT JOIN album_asset ON album_id = album.id
LEFT JOIN asset ON asset.id = asset_id AND trashed_at IS NULL
WHERE {where} GROUP BY album.id ORDER BY album.created_at DESC, album.id LIMIT ?"""


def album(connection: sqlite3.Connection, album_id: str) -> AlbumInfo | None:
    row = connection.execute(_ALBUM.format(where="album.id = ?"), (album_id, 1)).fetchone()
    return AlbumInfo(*row) if row else None


def albums(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None,
    asset_id: str | None,
    after_id: str | None,
    limit: int,
) -> list[AlbumInfo] | None:
    """The newest first. None: there is no album after_id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("album.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    if asset_id is not None:
        terms.append("album.id IN (SELECT album_id FROM album_asset WHERE asset_id = ?)")
        values.append(asset_id)
    if after_id is not None:
        row = connection.execute("SELECT created_at FROM album WHERE id = ?", (after_id,)).fetchone()
        if row is None:
            return None
        terms.append("(album.created_at < ? OR album.created_at = ? AND album.id > ?)")
        values += [row[0], row[0], after_id]
    rows = connection.execute(_ALBUM.format(where=" AND ".join(terms)), (*values, limit))
    return [AlbumInfo(*row) for row in rows]


class Link(NamedTuple):
    """That an asset is in an album."""

    id: str
    album_id: str
    asset_id: str
    created_at: str
    updated_at: str


def links(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None,
    album_id: str | None,
    asset_id: str | None,
    after_id: str | None,
    limit: int,
) -> list[Link]:
    """By id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in (("album_id = ?", album_id), ("asset_id = ?", asset_id), ("id > ?", after_id)):
        if value is not None:
            terms.append(column)
            values.append(value)
    rows = connection.execute(
        f"SELECT id, album_id, asset_id, created_at, updated_at FROM album_asset WHERE {' AND '.join(terms)}"
        " ORDER BY id LIMIT ?",
        (*values, limit),
    )
    return [Link(*row) for row in rows]


class PersonInfo(NamedTuple):
    id: str
    name: str | None
    birth_date: str | None
    is_hidden: int
    is_favorite: int
    thumbnail_face_id: str | None
    created_at: str
    updated_at: str
    assets: int


def people(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    album_id: str | None = None,
    name: str | None = None,
    named: bool | None = None,
) -> list[PersonInfo]:
    """Favourites first, then those with a name, those of whom there are most photos first."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("person.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    if asset_id is not None:
        terms.append("person.id IN (SELECT person_id FROM face WHERE asset_id = ?)")
        values.append(asset_id)
    if album_id is not None:
        terms.append(
            "person.id IN (SELECT person_id FROM face JOIN album_asset ON album_asset.asset_id = face.asset_id"
            " WHERE album_id = ?)"
        )
        values.append(album_id)
    if named is not None:
        terms.append(f"name IS {'NOT ' * named}NULL")
    rows = connection.execute(
        "SELECT person.id, name, birth_date, is_hidden, is_favorite, thumbnail_face_id, person.created_at,"
        " person.updated_at, count(DISTINCT face.asset_id) FILTER (WHERE trashed_at IS NULL) AS assets"
        " FROM person LEFT JOIN face ON person_id = person.id LEFT JOIN asset ON asset.id = face.asset_id"
        f" WHERE {' AND '.join(terms)} GROUP BY person.id"
        " ORDER BY is_favorite DESC, name IS NULL, assets DESC, name, person.id",
        values,
    )
    found = [PersonInfo(*row) for row in rows]
    return found if name is None else [one for one in found if name.casefold() in (one.name or "").casefold()]


class FaceInfo(NamedTuple):
    id: str
    asset_id: str
    person_id: str | None
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    created_at: str
    updated_at: str


def faces(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    person_id: str | None = None,
    after_id: str | None = None,
    limit: int = -1,
) -> list[FaceInfo]:
    """By id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in (("asset_id = ?", asset_id), ("person_id = ?", person_id), ("id > ?", after_id)):
        if value is not None:
            terms.append(column)
            values.append(value)
    rows = connection.execute(
        "SELECT id, asset_id, person_id, x, y, w, h, timestamp_ms, created_at, updated_at FROM face"
        f" WHERE {' AND '.join(terms)} ORDER BY id LIMIT ?",
        (*values, limit),
    )
    return [FaceInfo(*row) for row in rows]
