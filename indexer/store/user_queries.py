"""Run read-only SQL queries written by the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from indexer.errors import QueryError


def select_rows(connection: sqlite3.Connection, sql: str) -> Iterator[dict[str, Any]]:
    """The rows of the user's SELECT, by column. Raises QueryError with SQLite's message."""
    from sqlite_utils import Database

    try:
        yield from Database(connection).query(sql)
    except ValueError as error:
        raise QueryError("the query returns no rows: only SELECT is possible here") from error
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise QueryError(f"the query does not run: {error}") from error
