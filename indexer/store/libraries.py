"""Read and edit libraries (named groups of indexed folders) and the single user."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from indexer import ids

from .transaction import Transaction


def default_library(connection: sqlite3.Connection) -> str:
    """The id of the library of all folders that are in no other library."""
    return ids.named_id("lib", _device(connection))


def user_id(connection: sqlite3.Connection) -> str:
    return ids.named_id("intuser", _device(connection))


def indexed_since(connection: sqlite3.Connection) -> str:
    """When the first folder was added."""
    row = connection.execute("SELECT coalesce(min(added_at), '1970-01-01T00:00:00.000Z') FROM root").fetchone()
    return str(row[0])


def _device(connection: sqlite3.Connection) -> str:
    return str(connection.execute("SELECT value FROM setting WHERE name = 'device_id'").fetchone()[0])


class LibraryInfo(NamedTuple):
    id: str
    name: str
    description: str | None
    created_at: str
    updated_at: str
    assets: int


def select_libraries(connection: sqlite3.Connection) -> list[LibraryInfo]:
    """The default library first, then by name. Live assets are counted."""
    default, created_at = default_library(connection), indexed_since(connection)
    rows = connection.execute("SELECT id, name, description, created_at, updated_at, 0 FROM library ORDER BY name, id")
    known = {row[0]: LibraryInfo(*row) for row in rows}
    first = known.pop(default, LibraryInfo(default, "Photos", None, created_at, created_at, 0))
    if not known:
        total = connection.execute("SELECT count(*) FROM asset WHERE trashed_at IS NULL").fetchone()[0]
        return [first._replace(assets=total)]
    counts = dict(
        connection.execute(
            "SELECT coalesce(library_id, ?), count(DISTINCT asset.id) FROM root JOIN file ON file.root_id = root.id"
            " JOIN asset ON asset.number = asset_number WHERE trashed_at IS NULL GROUP BY 1",
            (default,),
        ).fetchall()
    )
    return [library._replace(assets=counts.get(library.id, 0)) for library in (first, *known.values())]


def has_library(connection: sqlite3.Connection, library_id: str) -> bool:
    row = connection.execute("SELECT 1 FROM library WHERE id = ?", (library_id,)).fetchone()
    return row is not None or library_id == default_library(connection)


def add_library(tx: Transaction, name: str, description: str | None) -> str:
    import uuid  # a scan does not need it

    library_id = ids.named_id("lib", str(uuid.uuid4()))
    tx.connection.execute("INSERT INTO library VALUES (?, ?, ?, ?, ?)", (library_id, name, description, tx.now, tx.now))
    return library_id


def update_library(tx: Transaction, library_id: str, name: str, description: str | None) -> None:
    tx.connection.execute(
        "INSERT INTO library VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " description = excluded.description, updated_at = excluded.updated_at",
        (library_id, name, description, tx.now, tx.now),
    )


def delete_library(tx: Transaction, library_id: str) -> None:
    """Delete a library; its folders move to the default one."""
    tx.connection.execute("UPDATE root SET library_id = NULL WHERE library_id = ?", (library_id,))
    tx.connection.execute("DELETE FROM library WHERE id = ?", (library_id,))


def put_in_library(tx: Transaction, root_path: str, library_id: str | None) -> None:
    """The default library, which may have no row, is NULL, as is one that was deleted meanwhile."""
    tx.connection.execute(
        "UPDATE root SET library_id = (SELECT id FROM library WHERE id = ?) WHERE path = ?", (library_id, root_path)
    )
