"""Stored counters: the photos of each month and of each person."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable


def count_new(connection: sqlite3.Connection, taken: Iterable[str]) -> None:
    """Add new assets, given by their local_datetime, to the counters of their months."""
    connection.executemany(
        "INSERT INTO month VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET live = live + excluded.live",
        Counter(local_datetime[:7] for local_datetime in taken).items(),
    )


def recount(connection: sqlite3.Connection) -> None:
    """Recompute all counters: the photos of each month and of each person."""
    connection.execute("DELETE FROM person_asset")
    connection.execute(
        "INSERT INTO person_asset SELECT DISTINCT person_id, wall_clock, number"
        " FROM face JOIN asset ON asset.id = asset_id WHERE person_id IS NOT NULL"
    )
    connection.execute("DELETE FROM person_count")
    connection.execute("INSERT INTO person_count SELECT person_id, count(*) FROM person_asset GROUP BY 1")
    connection.execute("DELETE FROM month")
    connection.execute(
        "INSERT INTO month SELECT substr(wall_clock, 1, 7), count(*) FILTER (WHERE trashed_at IS NULL),"
        " count(trashed_at) FROM asset GROUP BY 1"
    )
