"""Bulk insert helper."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import compress


def insert_rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert rows, each without its NULL columns, which are about half. For each None that is bound, sqlite3 looks for
    an adapter, which takes longer than writing a number."""
    statements: dict[tuple[bool, ...], str] = {}
    for row in rows:
        has_value = tuple([value is not None for value in row])
        statement = statements.get(has_value)
        if statement is None:
            names = list(compress(columns, has_value))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            statements[has_value] = statement
        connection.execute(statement, [value for value in row if value is not None])
