"""Many rows at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import compress


def insert_rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Each row without the columns that are NULL in it, which are half of most: sqlite3 asks of every None whether it
    may be adapted to something else, which takes longer than to write a number."""
    statements: dict[tuple[bool, ...], str] = {}
    for row in rows:
        given = tuple([value is not None for value in row])
        statement = statements.get(given)
        if statement is None:
            names = list(compress(columns, given))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            statements[given] = statement
        connection.execute(statement, [value for value in row if value is not None])
