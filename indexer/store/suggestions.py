"""Select search terms to suggest, with the number of assets that have them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["person", "place", "camera", "lens", "month", "year", "keyword", "album", "folder", "filter"]


class Term(NamedTuple):
    """text: as stored. within: the country of a town."""

    kind: Kind
    text: str
    photos: int
    within: str | None = None


_QUERIES: tuple[tuple[Kind, str], ...] = (
    (
        "person",
        "SELECT name, assets FROM person JOIN person_count ON person_id = person.id"
        " WHERE name IS NOT NULL AND NOT is_hidden",
    ),
    ("album", "SELECT name, (SELECT count(*) FROM album_asset WHERE album_id = album.id) FROM album"),
    (
        # Photos dated by their files only are of the month in which they were copied.
        "month",
        "SELECT month, live - coalesce(undated, 0) AS dated FROM month LEFT JOIN"
        " (SELECT substr(wall_clock, 1, 7) AS of, count(*) AS undated FROM asset"
        "  WHERE is_undated = 1 AND trashed_at IS NULL GROUP BY 1) ON of = month WHERE dated > 0",
    ),
    (
        "filter",
        "SELECT 'type:video', count(*) AS found FROM asset NOT INDEXED"
        " WHERE mime_type GLOB 'video/*' AND trashed_at IS NULL HAVING found > 0",
    ),
    (
        "filter",
        "SELECT 'is:favorite', count(*) AS found FROM user_value JOIN asset ON asset.id = asset_id"
        " WHERE is_favorite = 1 AND trashed_at IS NULL HAVING found > 0",
    ),
    ("keyword", "SELECT min(word), count(*) FROM keyword GROUP BY word"),
    (
        "camera",
        "SELECT model, count(*) FROM asset NOT INDEXED WHERE model IS NOT NULL AND trashed_at IS NULL GROUP BY 1",
    ),
    (
        "lens",
        "SELECT lens_model, count(*) FROM asset NOT INDEXED"
        " WHERE lens_model IS NOT NULL AND trashed_at IS NULL GROUP BY 1",
    ),
)
# The user's value, else the file's, else the looked-up one; most assets have only the last.
_PLACES = """
SELECT city, country, count(*) FROM (
    SELECT coalesce(mine.city, asset.city, place.city) AS city,
           coalesce(mine.country, asset.country, place.country) AS country
    FROM asset NOT INDEXED LEFT JOIN place ON place.asset_number = number LEFT JOIN user_value AS mine ON asset_id = id
    WHERE trashed_at IS NULL)
WHERE city IS NOT NULL OR country IS NOT NULL GROUP BY 1, 2"""


def terms(connection: sqlite3.Connection) -> Iterator[Term]:
    for kind, query in _QUERIES:
        for text, count in connection.execute(query):
            yield Term(kind, text, count)
    countries: dict[str, int] = {}
    for city, country, count in connection.execute(_PLACES):
        if city is not None:
            yield Term("place", city, count, country)
        if country is not None and country != city:
            countries[country] = countries.get(country, 0) + count
    for country, count in countries.items():
        yield Term("place", country, count)
