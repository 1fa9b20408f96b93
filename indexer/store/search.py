"""Compile a search to one SQL statement that intersects words, filters, similar pictures and similarity to words."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from indexer.query import Query, Term

from .assets import LISTED, Listed
from .connection import deadline
from .filters import LIVE, STATES, AssetFilter, conditions, filter_of, near_condition
from .search_index import spaced

# A search that takes longer is given up.
SECONDS = 5.0
# Weights of the columns of the full-text index, in their order: name, folder, description, keywords, place, people,
# camera, albums, text, taken.
_WEIGHTS = (4.0, 2.0, 3.0, 5.0, 4.0, 6.0, 2.0, 3.0, 1.0, 2.0)
_BM25 = f"bm25(search, {', '.join(map(str, _WEIGHTS))})"
_HAS_WORDS = "asset.number IN (SELECT rowid FROM search WHERE search MATCH ?)"
_BY_WORDS = "FROM asset JOIN search ON search.rowid = asset.number"
_BY_SIMILARITY = "FROM json_each(?) AS candidate JOIN asset ON asset.id = candidate.value"
# Two rankings are fused by the sum of their reciprocal ranks (Cormack et al. 2009), with the constant of that paper.
_FUSION = 60
_BY_WORDS_AND_EMBEDDING = f"""
FROM asset LEFT JOIN (
    SELECT number, row_number() OVER (ORDER BY score) AS place FROM (
        SELECT rowid AS number, {_BM25} AS score FROM search WHERE search MATCH ? LIMIT -1)
) AS by_words ON by_words.number = asset.number
LEFT JOIN (SELECT value AS asset_id, key AS place FROM json_each(?)) AS by_embedding
ON by_embedding.asset_id = asset.id"""
# Above this many matches ranking is skipped: the newest matches are shown, exact words before prefixes. FTS5 steps
# through the rows of a word from the last one on, but lists all rows of the words of a prefix before the first comes.
_MOST_MATCHES = 300
_NEWEST_MATCHES = """
SELECT matched.id FROM search CROSS JOIN asset AS matched ON matched.number = search.rowid
WHERE search MATCH ? AND matched.trashed_at IS NULL ORDER BY search.rowid DESC LIMIT ?"""
# Sort the circle if it holds fewer than about √(30 N) of N photos; else scan newest first.
_SCAN_BUDGET = 30
# Of all matches of a search (not a page of them) as many are ranked in a tenth of a second.
_MOST_RANKED = 20_000


class SearchRequest(NamedTuple):
    """A parsed search; all its conditions must hold.

    which: besides the filters of the query. similar: restricts the result to these assets, the most similar first.
    described: assets whose pictures match the free words, the best first; they are found in addition to those with the
    words.
    """

    query: Query
    which: AssetFilter = LIVE
    similar: Sequence[str] | None = None
    described: Sequence[str] = ()


def free_terms(query: Query) -> tuple[Term, ...]:
    """Words that are searched in all columns, and matched with pictures."""
    return tuple(term for term in query.terms if term.column is None and not term.is_whole)


def search(connection: sqlite3.Connection, request: SearchRequest, limit: int) -> list[Listed]:
    """The most similar first, else the best match, else the newest. A limit of -1 is none. Raises UsageError if it
    takes too long."""
    return [Listed(*row) for row in _rows(connection, LISTED, request, limit)]


def search_json(connection: sqlite3.Connection, request: SearchRequest, limit: int) -> Iterator[str]:
    """The records of `search`, each as asset_json has it."""
    record = "(SELECT json FROM asset_json WHERE asset_json.id = asset.id)"
    return (row[0] for row in _rows(connection, record, request, limit))


def search_ids(connection: sqlite3.Connection, request: SearchRequest, limit: int) -> Iterator[str]:
    """The ids of all matches, for paging: always in the same order, whatever their number."""
    return (row[0] for row in _rows(connection, "asset.id", request, limit, is_paged=True))


def search_numbers(connection: sqlite3.Connection, request: SearchRequest, *, is_ranked: bool = False) -> list[int]:
    """Numbers of all matching assets, and perhaps of some in another state; is_ranked: in the order of `search`.
    Raises UsageError if it takes too long."""
    parts = _parts(connection, request, -1, None)
    if not is_ranked and parts.tables == _BY_WORDS and len(parts.where) == 1:
        statement = f"SELECT rowid FROM search WHERE {parts.where[0]}"
    else:
        order = f"ORDER BY {parts.score}wall_clock DESC, asset.id" if is_ranked else ""
        if is_ranked and parts.tables == _BY_WORDS and _has_too_many(connection, parts.values[0]):
            order = "ORDER BY search.rowid DESC"
        where = " AND ".join([_state(request), *parts.where])
        statement = f"SELECT asset.number {parts.tables} WHERE {where} {order}"
    with deadline(connection, SECONDS):
        return [row[0] for row in connection.execute(statement, parts.values)]


def as_sql(connection: sqlite3.Connection, request: SearchRequest, limit: int) -> str:
    """The SQL statement with its values inlined, for users who want to modify it."""
    statement, values = _statement(connection, LISTED, request, limit, None)
    for value in (*values, limit):
        text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
        statement = statement.replace("?", text, 1)
    return statement


class _Parts(NamedTuple):
    """Parts of a statement. score: a term of ORDER BY with its comma, or nothing; where: besides the state."""

    tables: str
    score: str
    where: list[str]
    values: list[Any]


def _rows(
    connection: sqlite3.Connection, columns: str, request: SearchRequest, limit: int, *, is_paged: bool = False
) -> Iterator[tuple[Any, ...]]:
    """The matching rows. The time limit covers only the first row: by then the result is determined, and the caller may
    read on at leisure."""
    with deadline(connection, SECONDS):
        # The newest of too many matches would be in another order than the pages behind them.
        candidates = None if is_paged and request.query.terms else _candidates(connection, request)
        statement, values = _statement(connection, columns, request, limit, candidates)
        cursor = connection.execute(statement, (*values, limit))
        first = cursor.fetchone()
    return chain([] if first is None else [first], cursor)


def _statement(
    connection: sqlite3.Connection, columns: str, request: SearchRequest, limit: int, candidates: Sequence[str] | None
) -> tuple[str, list[Any]]:
    """The inner query selects and orders assets; the outer one reads their columns. The last parameter is the limit."""
    parts = _parts(connection, request, limit, candidates)
    score = parts.score.rstrip(", ") or "0"
    return (
        f"SELECT {columns} FROM (SELECT asset.id AS asset_id, asset.wall_clock AS moment, {score} AS score"
        f" {parts.tables} WHERE {' AND '.join([_state(request), *parts.where])}"
        f" ORDER BY {'score, ' * bool(parts.score)}moment DESC, asset.id LIMIT ?"
        ") AS found JOIN asset ON asset.id = found.asset_id"
        " LEFT JOIN file ON file.id = asset.file_id LEFT JOIN root ON root.id = file.root_id"
        " ORDER BY found.score, found.moment DESC, found.asset_id"
    ), parts.values


def _state(request: SearchRequest) -> str:
    state = "trashed" if request.query.is_trashed else request.which.state
    return f"({' OR '.join(STATES[state])})"


def _parts(
    connection: sqlite3.Connection, request: SearchRequest, limit: int, candidates: Sequence[str] | None
) -> _Parts:
    query = request.query
    parts = _Parts("FROM asset", "", [], [])
    if request.similar is not None:
        parts = _Parts(_BY_SIMILARITY, "candidate.key, ", [], [json.dumps(list(request.similar))])
        _demand_fit(parts, request)
    elif request.described:
        parts = _fused(request)
    elif candidates and 0 <= limit < len(candidates):
        parts = _Parts(_BY_SIMILARITY, "", [], [json.dumps(candidates)])
    elif query.terms:
        parts = _Parts(_BY_WORDS, f"{_BM25}, ", ["search MATCH ?"], [_match_all(query.terms)])
    if query.without:
        parts.where.append(f"NOT {_HAS_WORDS}")
        parts.values.append(" OR ".join(map(_match, query.without)))
    for clause, values in chain(conditions(connection, filter_of(query)), conditions(connection, request.which)):
        # With a sign before it, SQLite does not use an index for it.
        is_scan = candidates is not None and clause.startswith("asset.latitude BETWEEN")
        parts.where.append(f"+{clause}" if is_scan else clause)
        parts.values.extend(values)
    return parts


def _fused(request: SearchRequest) -> _Parts:
    """Rank assets that contain the free words, or whose pictures match them."""
    free = free_terms(request.query)
    by_words, by_embedding = (f"coalesce(1.0 / ({_FUSION} + by_{each}.place), 0)" for each in ("words", "embedding"))
    parts = _Parts(
        _BY_WORDS_AND_EMBEDDING,
        f"-({by_words} + {by_embedding}), ",
        ["(by_words.place IS NOT NULL OR by_embedding.place IS NOT NULL)"],
        [_match_all(free), json.dumps(list(request.described))],
    )
    _demand_words(parts, [term for term in request.query.terms if term not in free])
    return parts


def _demand_fit(parts: _Parts, request: SearchRequest) -> None:
    """Require assets to contain the words, or pictures to match the free ones."""
    if not request.described:
        _demand_words(parts, request.query.terms)
        return
    free = free_terms(request.query)
    parts.where.append(f"({_HAS_WORDS} OR asset.id IN (SELECT value FROM json_each(?)))")
    parts.values.extend([_match_all(free), json.dumps(list(request.described))])
    _demand_words(parts, [term for term in request.query.terms if term not in free])


def _demand_words(parts: _Parts, terms: Sequence[Term]) -> None:
    if terms:
        parts.where.append(_HAS_WORDS)
        parts.values.append(_match_all(terms))


def _candidates(connection: sqlite3.Connection, request: SearchRequest) -> Sequence[str] | None:
    """The candidates when a query matches too many to rank; [] for a large circle, to be scanned newest first; None if
    there are few."""
    query = request.query
    if request.similar is not None or request.described or request.which != LIVE:
        return None
    if query.terms:
        if query._replace(terms=()) != Query():
            return None
        whole = [term._replace(is_whole=True) for term in query.terms]
        for match in dict.fromkeys(_match_all(terms) for terms in (whole, query.terms)):
            rows = connection.execute(_NEWEST_MATCHES, (match, _MOST_MATCHES + 1)).fetchall()
            if len(rows) > _MOST_MATCHES:
                return [row[0] for row in rows[:-1]]
        return None
    if query.near is None:
        return None
    clause, values = near_condition(query.near)
    most = math.isqrt(_SCAN_BUDGET * (connection.execute("SELECT max(number) FROM asset").fetchone()[0] or 0))
    counted = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM asset WHERE {clause} LIMIT ?)", (*values, most + 1)
    )
    return [] if int(counted.fetchone()[0]) > most else None


def _has_too_many(connection: sqlite3.Connection, match: str) -> bool:
    """Whether too many assets match the words to rank them."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
    return int(connection.execute(query, (match, _MOST_RANKED + 1)).fetchone()[0]) > _MOST_RANKED


def _match_all(terms: Sequence[Term]) -> str:
    return " AND ".join(map(_match, terms))


def _match(term: Term) -> str:
    """A term in FTS5's query syntax: a phrase, its last word a prefix unless the term is whole."""
    words = spaced(term.text) or ""
    phrase = '"' + words.replace('"', '""').strip() + '"' + ("" if term.is_whole else " *")
    return f"{{{term.column}}} : {phrase}" if term.column else phrase
