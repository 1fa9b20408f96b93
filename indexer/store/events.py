"""The event feed. Triggers write most events (see schema.sql); new assets and file changes are written here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from .columns import NUMBER
from .transaction import Transaction


class Event(NamedTuple):
    """One change. id orders the events and is the cursor to continue from. entity_id of a file event is the asset's."""

    id: int
    created_at: str
    entity_type: str
    entity_id: str
    event_type: str
    payload: str | None


_EVENT = "SELECT id, created_at, entity_type, entity_id, event_type, payload FROM event"
_WITHOUT_NUMBER = "(asset_number IS NULL OR event_type = 'asset_deleted')"
# An asset is found by its number; a deleted one by the number in its last event.
_OF_ENTITY = f"""id IN (
    SELECT event.id FROM (SELECT :entity AS id UNION ALL SELECT id FROM face WHERE asset_id = :entity
                          UNION ALL SELECT id FROM album_asset WHERE asset_id = :entity) AS own
    CROSS JOIN event ON substr(entity_id, -8) = substr(own.id, -8) AND entity_id = own.id AND {_WITHOUT_NUMBER}
    UNION ALL
    SELECT event.id FROM (
        SELECT number FROM asset WHERE id = :entity
        UNION SELECT asset_number FROM event
        WHERE substr(entity_id, -8) = substr(:entity, -8) AND entity_id = :entity AND {_WITHOUT_NUMBER}) AS own
    CROSS JOIN event ON asset_number = own.number AND entity_id = :entity)"""


def select_events(
    connection: sqlite3.Connection,
    after: int = 0,
    limit: int = 100,
    *,
    entity_types: Collection[str] | None = None,
    entity_id: str | None = None,
) -> list[Event]:
    """The events after a cursor. entity_id: only those of this face, person, album, or asset and what belongs to it."""
    terms = ["id > :after"]
    if entity_types:
        terms.append("entity_type IN (SELECT value FROM json_each(:types))")
    if entity_id:
        terms.append(_OF_ENTITY)
    rows = connection.execute(
        f"{_EVENT} WHERE {' AND '.join(terms)} ORDER BY id LIMIT :limit",
        {"after": after, "types": json.dumps(list(entity_types or ())), "entity": entity_id, "limit": limit},
    )
    return [Event._make(row) for row in rows]


def select_events_between(
    connection: sqlite3.Connection,
    after: int,
    entity_types: Sequence[str],
    since: str | None,
    until: str | None,
    limit: int,
) -> list[Event]:
    """As `select_events`, of these types only, created at or after `since` and before `until`."""
    rows = connection.execute(
        f"{_EVENT} WHERE id > ? AND entity_type IN ({', '.join('?' * len(entity_types))})"
        " AND created_at >= coalesce(?, '') AND created_at < coalesce(?, '~') ORDER BY id LIMIT ?",
        (after, *entity_types, since, until, limit),
    )
    return [Event._make(row) for row in rows]


def record_created(tx: Transaction, added: Iterable[tuple[int, str]]) -> None:
    """added: the numbers and ids of new assets."""
    tx.connection.executemany(
        "INSERT INTO event (created_at, entity_id, asset_number, event_type) VALUES (?, ?, ?, 'asset_created')",
        [(tx.now, asset_id, number) for number, asset_id in added],
    )


def record_event(tx: Transaction, asset_id: str, event_type: str, **payload: str) -> None:
    tx.connection.execute(
        f"INSERT INTO event (created_at, entity_id, asset_number, event_type, payload) VALUES (?, ?, {NUMBER}, ?, ?)",
        (tx.now, asset_id, asset_id, event_type, json.dumps(payload, ensure_ascii=False)),
    )


def last_move(connection: sqlite3.Connection, path: str) -> Event | None:
    """The last move of a file away from this path. Reads the whole feed."""
    rows = connection.execute(
        f"{_EVENT} WHERE event_type = 'file_moved' AND payload ->> 'previous_path' = ? ORDER BY id DESC LIMIT 1",
        (path,),
    )
    return next(map(Event._make, rows), None)


def path_of(connection: sqlite3.Connection, file_id: int) -> str:
    row = connection.execute("SELECT root_id, path FROM file WHERE id = ?", (file_id,)).fetchone()
    return absolute_path(connection, *row) if row else "?"


def absolute_path(connection: sqlite3.Connection, root_id: int, within: str) -> str:
    row = connection.execute("SELECT path FROM root WHERE id = ?", (root_id,)).fetchone()
    return f"{row[0].rstrip('/')}/{within}"
