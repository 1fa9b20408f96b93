"""What clients of the HTTP API see besides photos: libraries, keys, and the one user."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from indexer import ids

_PREFIX = "ix_"
# What a key may be made for, as the cloud has it.
ACTIONS = ("read", "write", "delete", "delete_permanently")


def default_library(connection: sqlite3.Connection) -> str:
    """The id of the library of all folders that no other one has."""
    return ids.named_id("lib", _device(connection))


def user_id(connection: sqlite3.Connection) -> str:
    return ids.named_id("intuser", _device(connection))


def since(connection: sqlite3.Connection) -> str:
    """When the first folder was indexed."""
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


def libraries(connection: sqlite3.Connection) -> list[LibraryInfo]:
    """The default one first, which has all that no other has; then by name. Live assets are counted."""
    default, began = default_library(connection), since(connection)
    rows = connection.execute("SELECT id, name, description, created_at, updated_at, 0 FROM library ORDER BY name, id")
    known = {row[0]: LibraryInfo(*row) for row in rows}
    first = known.pop(default, LibraryInfo(default, "Photos", None, began, began, 0))
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
    return [one._replace(assets=counts.get(one.id, 0)) for one in (first, *known.values())]


def has_library(connection: sqlite3.Connection, library_id: str) -> bool:
    found = connection.execute("SELECT 1 FROM library WHERE id = ?", (library_id,)).fetchone()
    return found is not None or library_id == default_library(connection)


def add_library(connection: sqlite3.Connection, name: str, description: str | None, now: str) -> str:
    library_id = ids.named_id("lib", str(uuid.uuid4()))
    connection.execute("INSERT INTO library VALUES (?, ?, ?, ?, ?)", (library_id, name, description, now, now))
    return library_id


def describe_library(
    connection: sqlite3.Connection, library_id: str, name: str, description: str | None, now: str
) -> None:
    connection.execute(
        "INSERT INTO library VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " description = excluded.description, updated_at = excluded.updated_at",
        (library_id, name, description, now, now),
    )


def delete_library(connection: sqlite3.Connection, library_id: str) -> None:
    """Its folders are the default one's."""
    connection.execute("UPDATE root SET library_id = NULL WHERE library_id = ?", (library_id,))
    connection.execute("DELETE FROM library WHERE id = ?", (library_id,))


class KeyInfo(NamedTuple):
    id: str
    name: str
    created_at: str
    last_used_at: str | None
    actions: Sequence[str]

    @classmethod
    def of(cls, row: Sequence[str]) -> KeyInfo:
        return cls(row[0], row[1], row[2], row[3], json.loads(row[4]))

    def as_dict(self) -> dict[str, object]:
        return {**self._asdict(), "is_active": True, "library_scope_mode": "all_libraries"}


_KEY = "id, name, created_at, last_used_at, actions"


def keys(connection: sqlite3.Connection) -> list[KeyInfo]:
    rows = connection.execute(f"SELECT {_KEY} FROM api_key ORDER BY created_at, id")
    return [KeyInfo.of(row) for row in rows]


def keys_by_hash(connection: sqlite3.Connection) -> dict[str, KeyInfo]:
    return {row[5]: KeyInfo.of(row) for row in connection.execute(f"SELECT {_KEY}, hash FROM api_key")}


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def add_key(
    connection: sqlite3.Connection, name: str, now: str, actions: Sequence[str] = ACTIONS
) -> tuple[KeyInfo, str]:
    """What is kept of it, and the key itself, which is not."""
    kept = [one for one in ACTIONS if one in actions]
    key, key_id = _PREFIX + secrets.token_urlsafe(32), ids.named_id("apikey", str(uuid.uuid4()))
    connection.execute(
        "INSERT INTO api_key (id, name, hash, actions, created_at) VALUES (?, ?, ?, ?, ?)",
        (key_id, name, hash_of(key), json.dumps(kept), now),
    )
    return KeyInfo(key_id, name, now, None, kept), key


def rename_key(connection: sqlite3.Connection, key_id: str, name: str) -> KeyInfo | None:
    row = connection.execute(f"UPDATE api_key SET name = ? WHERE id = ? RETURNING {_KEY}", (name, key_id)).fetchone()
    return KeyInfo.of(row) if row else None


def delete_key(connection: sqlite3.Connection, key_id: str) -> bool:
    return bool(connection.execute("DELETE FROM api_key WHERE id = ?", (key_id,)).rowcount)


def used_key(connection: sqlite3.Connection, key_id: str, now: str) -> None:
    connection.execute("UPDATE api_key SET last_used_at = ? WHERE id = ?", (now, key_id))
