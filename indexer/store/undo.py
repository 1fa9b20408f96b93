"""Record and undo the user's changes. While a change is made, temporary triggers of its connection record each row
before and after it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from indexer.errors import CannotUndo

from .database import IndexConnection
from .tables import UNDOABLE
from .transaction import Transaction, begin

# The table name of the row that marks a change as final; the row holds what can be done instead.
_FINAL = ""


class UserChange(NamedTuple):
    """rows: number of changed rows. instead: the alternative, if the change cannot be undone. kept: rows that
    an undo left alone because they were changed again since."""

    id: int
    created_at: str
    what: str
    rows: int
    instead: str | None = None
    kept: int = 0

    def ensure_undoable(self) -> None:
        """Raises CannotUndo for a final change, which also blocks all changes before it."""
        if self.instead is not None:
            raise CannotUndo(f"{self.what}, at {self.created_at}: this cannot be undone. {self.instead}")


@contextmanager
def recorded(connection: sqlite3.Connection, what: str, now: str) -> Iterator[int]:
    """Record what the body does, in the caller's transaction, as one undoable change, and yield its id. If nothing
    changes, nothing is recorded."""
    row = connection.execute("INSERT INTO user_change (created_at, what) VALUES (?, ?)", (now, what))
    assert row.lastrowid is not None
    names = []
    for table, undo in UNDOABLE.items():
        columns = undo.columns or tuple(column[1] for column in connection.execute(f"PRAGMA table_info({table})"))
        old, new = (", ".join(f"'{name}', {side}.{name}" for name in columns) for side in ("old", "new"))
        for event, before, after in (
            ("INSERT", "NULL", f"json_object({new})"),
            ("UPDATE", f"json_object({old})", f"json_object({new})"),
            ("DELETE", f"json_object({old})", "NULL"),
        ):
            names.append(name := f"recorded_{table}_{event.lower()}")
            connection.execute(
                f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{table} WHEN {before} IS NOT {after} BEGIN"
                " INSERT INTO user_change_row (change_id, table_name, before, after)"
                f" VALUES ({row.lastrowid}, '{table}', {before}, {after}); END"
            )
    try:
        yield row.lastrowid
    finally:
        for name in names:
            connection.execute(f"DROP TRIGGER IF EXISTS temp.{name}")
    connection.execute(
        "DELETE FROM user_change WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM user_change_row WHERE change_id = ?1)",
        (row.lastrowid,),
    )


@contextmanager
def user_change(connection: IndexConnection, what: str) -> Iterator[Transaction]:
    """A transaction as by `begin`, which `undo_last` can undo as one change."""
    with begin(connection) as tx, recorded(connection, what, tx.now) as tx.change_id:
        yield tx


def record_final(tx: Transaction, what: str, instead: str) -> None:
    """Record this transaction as a final change: neither it nor any change before it can be undone. instead: a sentence
    with the alternative."""
    row = tx.connection.execute("INSERT INTO user_change (created_at, what) VALUES (?, ?)", (tx.now, what))
    tx.connection.execute(
        "INSERT INTO user_change_row (change_id, table_name, after) VALUES (?, ?, json_quote(?))",
        (row.lastrowid, _FINAL, instead),
    )


_CHANGE = (
    "SELECT id, created_at, what, (SELECT count(*) FROM user_change_row WHERE change_id = user_change.id),"
    " (SELECT after ->> '$' FROM user_change_row WHERE change_id = user_change.id AND table_name = ?1)"
    " FROM user_change WHERE undone_at IS NULL"
)


def last(connection: sqlite3.Connection) -> UserChange | None:
    """The last change that is not undone."""
    row = connection.execute(f"{_CHANGE} ORDER BY id DESC LIMIT 1", (_FINAL,)).fetchone()
    return UserChange(*row) if row else None


def find(connection: sqlite3.Connection, change_id: int) -> UserChange | None:
    """A change; None if it changed nothing or was undone."""
    row = connection.execute(f"{_CHANGE} AND id = ?2", (_FINAL, change_id)).fetchone()
    return UserChange(*row) if row else None


def is_destructive(connection: sqlite3.Connection, change_id: int) -> bool:
    """Whether an undo deletes something that was created (other than a value, or an asset's membership in an album), or
    trashes an asset again."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM user_change_row WHERE change_id = ?1 AND ("
        " before IS NULL AND table_name NOT IN (?2, 'user_value', 'album_asset', 'person_alias')"
        " OR table_name = 'asset' AND before ->> 'trashed_at' IS NOT NULL AND after ->> 'trashed_at' IS NULL))",
        (change_id, _FINAL),
    ).fetchone()
    return bool(row[0])


def affected_assets(connection: sqlite3.Connection, change_id: int) -> list[str]:
    """The assets whose records a change affects."""
    rows = connection.execute(
        "SELECT coalesce(before, after) ->> iif(table_name = 'asset', 'id', 'asset_id') FROM user_change_row"
        " WHERE change_id = ?1 AND table_name IN ('asset', 'user_value', 'face')"
        " UNION SELECT asset_id FROM user_change_row JOIN face ON person_id = coalesce(before, after) ->> 'id'"
        " WHERE change_id = ?1 AND table_name = 'person'",
        (change_id,),
    )
    return [row[0] for row in rows]


def undo_last(connection: IndexConnection, change_id: int | None = None) -> UserChange | None:
    """Undo the user's last change; None if there is none. change_id: the change that must be the last one.

    Raises CannotUndo."""
    with begin(connection) as tx, ExitStack() as records:
        change = last(connection)
        if change_id is not None and (change is None or change.id != change_id):
            since = f"after it came: {change.what}" if change is not None and change.id > change_id else ""
            raise CannotUndo(f"change {change_id} is not the last one: {since or 'it was undone already'}")
        if change is None:
            return None
        change.ensure_undoable()
        for asset_id in affected_assets(connection, change.id):
            records.enter_context(tx.record_changed(asset_id))
        return undo(connection, change, tx.now)


def undo(connection: sqlite3.Connection, change: UserChange, now: str) -> UserChange:
    """Restore the rows of a change, the last one first. A row that was changed again since stays."""
    rows = connection.execute(
        "SELECT table_name, before, after FROM user_change_row WHERE change_id = ? ORDER BY id DESC", (change.id,)
    ).fetchall()
    kept = sum(
        not _restore_row(connection, table, *(json.loads(side) if side else None for side in (before, after)))
        for table, before, after in rows
    )
    connection.execute("UPDATE user_change SET undone_at = ? WHERE id = ?", (now, change.id))
    return change._replace(kept=kept)


def _restore_row(
    connection: sqlite3.Connection, table: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> bool:
    key = UNDOABLE[table].key
    columns = list((before or after or {}).keys())
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    if after is not None:
        is_unchanged = f"{key} = ? AND ({names}) IS ({marks})"
        key_and_values = (after[key], *(after[name] for name in columns))
        if before is None:
            return bool(connection.execute(f"DELETE FROM {table} WHERE {is_unchanged}", key_and_values).rowcount)
        return bool(
            connection.execute(
                f"UPDATE {table} SET ({names}) = ({marks}) WHERE {is_unchanged}",
                (*(before[name] for name in columns), *key_and_values),
            ).rowcount
        )
    assert before is not None
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    return bool(connection.execute(insert, [before[name] for name in columns]).rowcount)
