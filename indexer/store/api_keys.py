"""Store keys for the HTTP API: only their hashes."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from indexer import ids

from .transaction import Transaction

_PREFIX = "ix_"
# What a key may permit, named as in the cloud API.
ACTIONS = ("read", "write", "delete", "delete_permanently")


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


def select_keys(connection: sqlite3.Connection) -> list[KeyInfo]:
    rows = connection.execute(f"SELECT {_KEY} FROM api_key ORDER BY created_at, id")
    return [KeyInfo.of(row) for row in rows]


def select_keys_by_hash(connection: sqlite3.Connection) -> dict[str, KeyInfo]:
    return {row[5]: KeyInfo.of(row) for row in connection.execute(f"SELECT {_KEY}, hash FROM api_key")}


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def add_key(tx: Transaction, name: str, actions: Sequence[str] = ACTIONS) -> tuple[KeyInfo, str]:
    """Create a key. Returns its stored information and the key itself, which is not stored."""
    permitted = [action for action in ACTIONS if action in actions]
    key, key_id = _PREFIX + secrets.token_urlsafe(32), ids.named_id("apikey", str(uuid.uuid4()))
    tx.connection.execute(
        "INSERT INTO api_key (id, name, hash, actions, created_at) VALUES (?, ?, ?, ?, ?)",
        (key_id, name, hash_of(key), json.dumps(permitted), tx.now),
    )
    return KeyInfo(key_id, name, tx.now, None, permitted), key


def rename_key(tx: Transaction, key_id: str, name: str) -> KeyInfo | None:
    row = tx.connection.execute(f"UPDATE api_key SET name = ? WHERE id = ? RETURNING {_KEY}", (name, key_id)).fetchone()
    return KeyInfo.of(row) if row else None


def delete_key(tx: Transaction, key_id: str) -> bool:
    return bool(tx.connection.execute("DELETE FROM api_key WHERE id = ?", (key_id,)).rowcount)


def record_key_use(tx: Transaction, key_id: str) -> None:
    tx.connection.execute("UPDATE api_key SET last_used_at = ? WHERE id = ?", (tx.now, key_id))
