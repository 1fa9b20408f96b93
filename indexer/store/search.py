"""The word index, kept up by the change feed, and what is asked of it."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from indexer.query import Near, Query, Range, Term

from .assets import LISTED, Listed
from .connection import deadline
from .enrichments import put_setting, setting

_CURSOR = "words_cursor"
# Events that are looked at in one transaction.
_AT_ONCE = 20_000
_COLUMNS = ("name", "folder", "description", "keywords", "place", "people", "camera", "albums", "text", "taken")
# What a word is worth in each of them.
_WEIGHTS = (4.0, 2.0, 3.0, 5.0, 4.0, 6.0, 2.0, 3.0, 1.0, 2.0)
# Scripts that are written without spaces: each letter is taken for a word, and words for letters side by side.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])"
)

_CHANGED = """
WITH happened AS (SELECT * FROM event WHERE id > :after AND id <= :until)
SELECT entity_id FROM happened WHERE entity_type IN ('asset', 'metadata', 'file')
UNION SELECT payload ->> 'asset_id' FROM happened WHERE payload ->> 'asset_id' IS NOT NULL
UNION SELECT face.asset_id FROM happened JOIN face ON face.id = entity_id WHERE entity_type = 'face'
UNION SELECT face.asset_id FROM happened JOIN face ON face.person_id = entity_id WHERE entity_type = 'person'
UNION SELECT album_asset.asset_id FROM happened JOIN album_asset ON album_id = entity_id WHERE entity_type = 'album'"""
_FOUND_BY_WORDS = "asset.number IN (SELECT rowid FROM search WHERE search MATCH ?)"
# Two rankings, made one by the sum of the reciprocals of the places (Cormack et al. 2009), with their constant.
_FUSION = 60
_BY_BOTH = f"""
LEFT JOIN (
    SELECT number, row_number() OVER (ORDER BY score) AS place FROM (
        SELECT rowid AS number, bm25(search, {", ".join(map(str, _WEIGHTS))}) AS score
        FROM search WHERE search MATCH ? LIMIT -1)
) AS by_words ON by_words.number = asset.number
LEFT JOIN (SELECT value AS asset_id, key AS place FROM json_each(?)) AS by_meaning ON by_meaning.asset_id = asset.id"""
# Where words are all that is asked for, and more photos than this have them, none of them is the best: those of them
# that were taken in last are shown, the newest first, as it is where nobody asked for words. Photos that have the words
# themselves come before those that have longer ones: FTS5 steps through the rows of a word from the last one on, but of
# the words that begin alike it lists all rows before it gives the first.
_CROWD_OF_WORDS = 300
_TAKEN_IN_LAST = """
SELECT one.id FROM search CROSS JOIN asset AS one ON one.number = search.rowid
WHERE search MATCH ? AND one.trashed_at IS NULL ORDER BY search.rowid DESC LIMIT ?"""
# To sort n photos of a circle takes as long as to look at all N, the newest first, until a page of them lies in it,
# where n is about the root of 30 N.
_PATIENCE = 30
# A search that takes longer is given up.
SECONDS = 5.0
_METRES_OF_A_DEGREE = 111_195.0


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether something has happened that the word index does not know yet."""
    last = connection.execute("SELECT max(id) FROM event").fetchone()[0] or 0
    return setting(connection, _CURSOR) != str(last)


def catch_up(connection: sqlite3.Connection) -> bool:
    """Take in some of what has happened, in the caller's transaction; whether there is more.

    The cursor is the last event that is known. Before an index is taken in for the first time it is none, and while it
    is, by the numbers of its assets, it is `event:number`: what happens meanwhile is seen to afterwards."""
    last = connection.execute("SELECT max(id) FROM event").fetchone()[0] or 0
    since, _, number = (setting(connection, _CURSOR) or f"{last}:0").partition(":")
    if number:
        until = int(number) + _AT_ONCE
        query = "SELECT id FROM asset WHERE number > ? AND number <= ?"
        _take_in(connection, [row[0] for row in connection.execute(query, (int(number), until))])
        is_through = until >= (connection.execute("SELECT max(number) FROM asset").fetchone()[0] or 0)
        put_setting(connection, _CURSOR, since if is_through else f"{since}:{until}")
        return not is_through or int(since) < last
    until = min(last, int(since) + _AT_ONCE)
    _take_in(connection, [row[0] for row in connection.execute(_CHANGED, {"after": int(since), "until": until})])
    put_setting(connection, _CURSOR, str(until))
    return until < last


def _take_in(connection: sqlite3.Connection, asset_ids: list[str]) -> None:
    chosen = json.dumps(asset_ids)
    connection.execute(
        "DELETE FROM search WHERE rowid IN (SELECT number FROM asset WHERE id IN (SELECT value FROM json_each(?)))",
        (chosen,),
    )
    rows = connection.execute(
        f"SELECT number, {', '.join(_COLUMNS)} FROM asset_words"
        " WHERE asset_id IN (SELECT value FROM json_each(?)) ORDER BY number",
        (chosen,),
    )
    connection.executemany(
        f"INSERT INTO search (rowid, {', '.join(_COLUMNS)}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})",
        ((row[0], *map(_spaced, row[1:])) for row in rows.fetchall()),
    )


def _spaced(text: str | None) -> str | None:
    return _UNSPACED.sub(r" \1 ", text) if text and not text.isascii() else text


def free_terms(query: Query) -> tuple[Term, ...]:
    """Words that may be found anywhere, and that a picture may be about."""
    return tuple(one for one in query.terms if one.column is None and not one.is_whole)


def searched(connection: sqlite3.Connection, query: Query, limit: int, about: Sequence[str] = ()) -> list[Listed]:
    """The best first where there are words; else the newest. about: assets whose pictures are about the free words,
    the nearest first; they are found too."""
    return [Listed(*row) for row in _rows(connection, LISTED, query, limit, about)]


def searched_json(connection: sqlite3.Connection, query: Query, limit: int, about: Sequence[str] = ()) -> Iterator[str]:
    """The records of `searched`, each as asset_json has it."""
    shown = "(SELECT json FROM asset_json WHERE asset_json.id = asset.id)"
    return (row[0] for row in _rows(connection, shown, query, limit, about))


def _rows(
    connection: sqlite3.Connection, shown: str, query: Query, limit: int, about: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """What they are is known when the first one comes: so long it may take, whoever reads the others."""
    with deadline(connection, SECONDS):
        statement, values = _statement(shown, query, limit, about, None if about else _crowd(connection, query))
        found = connection.execute(statement, (*values, limit))
        first = found.fetchone()
    return chain([] if first is None else [first], found)


def as_sql(query: Query, limit: int) -> str:
    """The statement that is run, with its values in it: for people who go on from there."""
    statement, values = _statement(LISTED, query, limit)
    for value in (*values, limit):
        text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
        statement = statement.replace("?", text, 1)
    return statement


def _statement(
    shown: str, query: Query, limit: int, about: Sequence[str] = (), crowd: Sequence[str] | None = None
) -> tuple[str, list[str | float]]:
    """Inside, which they are, and in which order; of those alone outside what is shown. The last value is the limit."""
    inside, values = _found(query, limit, about, crowd)
    return (
        f"SELECT {shown} FROM ({inside} LIMIT ?) AS found JOIN asset ON asset.id = found.asset_id"
        " LEFT JOIN file ON file.id = asset.file_id LEFT JOIN root ON root.id = file.root_id"
        " ORDER BY found.score, found.moment DESC, found.asset_id"
    ), values


def matching(
    connection: sqlite3.Connection,
    query: Query,
    about: Sequence[str] = (),
    *,
    trashed: bool = False,
    ranked: bool = False,
) -> list[int]:
    """Numbers of all live assets that are found, or of all in the trash, and perhaps of others; ranked: in the order of
    `searched`. Raises UsageError where it takes too long."""
    tables, score, where, values = _parts(query, -1, about, None)
    if not ranked and tables == _BY_WORDS and len(where) == 1:
        statement = f"SELECT rowid FROM search WHERE {where[0]}"
    else:
        where.insert(0, f"asset.trashed_at IS {'NOT ' * trashed}NULL")
        first = "" if score == "0" else f"{score}, "  # ORDER BY 0 would name a column
        order = f"ORDER BY {first}wall_clock DESC, asset.id" if ranked else ""
        if ranked and tables == _BY_WORDS and _is_crowded(connection, values[0]):
            order = "ORDER BY search.rowid DESC"
        statement = f"SELECT asset.number {tables} WHERE {' AND '.join(where) or 'true'} {order}"
    with deadline(connection, SECONDS):
        return [row[0] for row in connection.execute(statement, values)]


def _is_crowded(connection: sqlite3.Connection, match: str | float) -> bool:
    """Whether so many have the words that none of them is the best: then those come first that were indexed last."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
    return int(connection.execute(query, (match, _MOST_RANKED + 1)).fetchone()[0]) > _MOST_RANKED


# As many are ranked in a tenth of a second.
_MOST_RANKED = 20_000
_BY_WORDS = "FROM asset JOIN search ON search.rowid = asset.number"


def _found(
    query: Query, limit: int, about: Sequence[str], crowd: Sequence[str] | None
) -> tuple[str, list[str | float]]:
    tables, score, where, values = _parts(query, limit, about, crowd)
    where.insert(0, "asset.trashed_at IS NOT NULL" if query.is_trashed else "asset.trashed_at IS NULL")
    order = ("score, " if score != "0" else "") + "moment DESC, asset.id"
    return (
        f"SELECT asset.id AS asset_id, asset.wall_clock AS moment, {score} AS score {tables}"
        f" WHERE {' AND '.join(where)} ORDER BY {order}"
    ), values


def _parts(
    query: Query, limit: int, about: Sequence[str], crowd: Sequence[str] | None
) -> tuple[str, str, list[str], list[str | float]]:
    """FROM …, the score, what has to hold besides being live or not, and the values in them."""
    tables, score = "FROM asset", "0"
    where, values = list[str](), list[str | float]()
    if about:
        tables += _BY_BOTH
        where.append("(by_words.place IS NOT NULL OR by_meaning.place IS NOT NULL)")
        free, others = free_terms(query), [one for one in query.terms if one not in free_terms(query)]
        values += [" AND ".join(map(_match, free)), json.dumps(about)]
        if others:
            where.append(_FOUND_BY_WORDS)
            values.append(" AND ".join(map(_match, others)))
        by_words, by_meaning = (f"coalesce(1.0 / ({_FUSION} + by_{one}.place), 0)" for one in ("words", "meaning"))
        score = f"-({by_words} + {by_meaning})"
    elif crowd and limit < len(crowd):
        tables = "FROM json_each(?) AS last JOIN asset ON asset.id = last.value"
        values.append(json.dumps(crowd))
    elif query.terms:
        tables = _BY_WORDS
        where.append("search MATCH ?")
        values.append(" AND ".join(map(_match, query.terms)))
        score = f"bm25(search, {', '.join(map(str, _WEIGHTS))})"
    if query.without:
        where.append(f"NOT {_FOUND_BY_WORDS}")
        values.append(" OR ".join(map(_match, query.without)))
    for clause, some in _clauses(query, crowd is not None):
        where.append(clause)
        values += some
    return tables, score, where, values


def _crowd(connection: sqlite3.Connection, query: Query) -> Sequence[str] | None:
    """Where so many photos are found by what is asked for that not all of them should be looked at: those to look at;
    none of a circle, which is looked for among the newest. None: they are few."""
    if query.terms:
        if query._replace(terms=()) != Query():
            return None
        whole = [term._replace(is_whole=True) for term in query.terms]
        for match in dict.fromkeys(" AND ".join(map(_match, terms)) for terms in (whole, query.terms)):
            found = connection.execute(_TAKEN_IN_LAST, (match, _CROWD_OF_WORDS + 1)).fetchall()
            if len(found) > _CROWD_OF_WORDS:
                return [row[0] for row in found[:-1]]
        return None
    if query.near is None:
        return None
    clause, values = _near(query.near)
    most = math.isqrt(_PATIENCE * (connection.execute("SELECT max(number) FROM asset").fetchone()[0] or 0))
    counted = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM asset WHERE {clause} LIMIT ?)", (*values, most + 1)
    )
    return [] if int(counted.fetchone()[0]) > most else None


def _match(term: Term) -> str:
    """In FTS5's language: the words side by side, the last as the beginning of a longer one."""
    words = _spaced(term.text) or ""
    phrase = '"' + words.replace('"', '""').strip() + '"' + ("" if term.is_whole else " *")
    return f"{{{term.column}}} : {phrase}" if term.column else phrase


_RANGED = {
    "iso": "asset.iso",
    "aperture": "asset.f_number",
    "focal": "asset.focal_length",
    "quality": "(SELECT value FROM metric WHERE asset_number = asset.number AND metric.name = 'quality')",
}


def _clauses(query: Query, is_crowded: bool) -> Iterator[tuple[str, list[str | float]]]:
    if query.after:
        yield "asset.wall_clock >= ?", [query.after]
    if query.before:
        yield "asset.wall_clock < ? || '\U0010ffff'", [query.before]
    if query.kind:
        yield "asset.mime_type >= ? || '/' AND asset.mime_type < ? || '0'", [query.kind, query.kind]
    for one in query.ranges:
        if one.name == "rating":
            yield _rating(one)
            continue
        if one.low is not None:
            yield f"{_RANGED[one.name]} >{'' if one.is_open[0] else '='} ?", [one.low]
        if one.high is not None:
            yield f"{_RANGED[one.name]} <{'' if one.is_open[1] else '='} ?", [one.high]
    if query.is_favorite:
        yield "asset.id IN (SELECT asset_id FROM user_value WHERE is_favorite = 1)", []
    if query.near is not None:
        clause, some = _near(query.near)
        # With a sign before it, SQLite does not look for an index of it.
        yield clause.replace("asset.latitude BETWEEN", "+asset.latitude BETWEEN") if is_crowded else clause, some


def _rating(query: Range) -> tuple[str, list[str | float]]:
    """The user's, else the file's. Few have one of the user's: those are listed first, not looked for in each row."""
    signs = (f">{'' if query.is_open[0] else '='} ?", f"<{'' if query.is_open[1] else '='} ?")
    ends = [(sign, end) for sign, end in zip(signs, (query.low, query.high), strict=True) if end is not None]
    holds = " AND ".join(f"{{0}} {sign}" for sign, _ in ends)
    said = "SELECT asset_id FROM user_value WHERE "
    clause = (
        f"({holds.format('asset.rating')} AND asset.id NOT IN ({said} rating IS NOT NULL)"
        f" OR asset.id IN ({said} {holds.format('rating')}))"
    )
    values: list[str | float] = [end for _, end in (*ends, *ends)]
    return clause, values


def _near(near: Near) -> tuple[str, list[str | float]]:
    """A box, by the index of places, and in it the distance, as on a flat earth, which is true enough for what a box
    of some hundred kilometres leaves."""
    degrees = near.kilometres * 1000 / _METRES_OF_A_DEGREE
    narrow = max(math.cos(math.radians(min(abs(near.latitude) + degrees, 89.9))), 0.001)
    across = min(degrees / narrow, 180.0)
    shrunk = math.cos(math.radians(near.latitude))
    # Longitudes are taken relative to the place, so that the antimeridian is nothing special.
    apart = "(asset.longitude - ? - 360.0 * round((asset.longitude - ?) / 360.0))"
    clause = (
        f"asset.latitude BETWEEN ? AND ? AND abs({apart}) <= ?"
        f" AND (asset.latitude - ?) * (asset.latitude - ?) + {apart} * {apart} * ? <= ?"
    )
    values: list[str | float] = [near.latitude - degrees, near.latitude + degrees]
    values += [near.longitude, near.longitude, across, near.latitude, near.latitude]
    values += [near.longitude] * 4 + [shrunk * shrunk, degrees * degrees]
    return clause, values
