"""What happened to assets and their files, as rows of the table event. Of all else, and of assets that are there, it is
written by triggers; see schema.sql."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable

from indexer import paths

from .changes import Change
from .rows import NUMBER

_EVENTS = {"modified": "file_edited", "moved": "file_moved", "copy": "file_copied", "back": "file_returned"}


def tell_of_new(connection: sqlite3.Connection, now: str, added: Iterable[tuple[int, str]]) -> None:
    """added: numbers and ids of assets."""
    connection.executemany(
        "INSERT INTO event (created_at, entity_id, asset_number, event_type) VALUES (?, ?, ?, 'asset_created')",
        [(now, asset_id, number) for number, asset_id in added],
    )


def count_new(connection: sqlite3.Connection, taken: Iterable[str]) -> None:
    """Have the months count new assets, by their local_datetime."""
    connection.executemany(
        "INSERT INTO month VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET live = live + excluded.live",
        Counter(one[:7] for one in taken).items(),
    )


def count_anew(connection: sqlite3.Connection) -> None:
    """All that is kept counted: the photos of each month, those of each person."""
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


def tell_of(connection: sqlite3.Connection, change: Change, now: str) -> None:
    """A change that is about to be written. Of an edit it says whether the picture is another one."""
    event = _EVENTS.get(change.kind)
    if event is None or change.asset_id is None:
        return
    stat = change.stat
    payload = {"path": _path(connection, stat.root_id, paths.join(stat.folder, stat.name))}
    if change.left is not None:
        payload["left"] = _path(connection, change.left.root_id, paths.join(change.left.folder, change.left.name))
    if change.kind == "modified" and change.facts is not None:
        row = connection.execute("SELECT fingerprint FROM asset WHERE id = ?", (change.asset_id,)).fetchone()
        before, after = row[0] if row else None, change.facts.fingerprint
        payload["picture"] = "unknown" if None in (before, after) else "same" if before == after else "other"
    tell(connection, now, change.asset_id, event, **payload)


def tell(connection: sqlite3.Connection, now: str, asset_id: str, event_type: str, **payload: str) -> None:
    connection.execute(
        f"INSERT INTO event (created_at, entity_id, asset_number, event_type, payload) VALUES (?, ?, {NUMBER}, ?, ?)",
        (now, asset_id, asset_id, event_type, json.dumps(payload, ensure_ascii=False)),
    )


def path_of(connection: sqlite3.Connection, file_id: int) -> str:
    row = connection.execute("SELECT root_id, path FROM file WHERE id = ?", (file_id,)).fetchone()
    return _path(connection, *row) if row else "?"


def _path(connection: sqlite3.Connection, root_id: int, within: str) -> str:
    row = connection.execute("SELECT path FROM root WHERE id = ?", (root_id,)).fetchone()
    return f"{row[0].rstrip('/')}/{within}"
