"""Running scans, watches and servers, and how the watch follows each folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from .transaction import Transaction


class WatchState(NamedTuple):
    """How the running watch follows a root; see schema.sql."""

    root_id: int
    mode: str
    reason: str | None
    since: str
    watches: int
    uncovered: tuple[str, ...]
    overflows: int


class Job(NamedTuple):
    """A running scan, watch or server. note: the reason why it is not working, or another incident. address: the URL of
    a server, for browsers on its machine."""

    kind: str
    host: str
    pid: int
    roots: tuple[str, ...]
    started_at: str
    note: str | None = None
    address: str | None = None


def select_watch_states(connection: sqlite3.Connection) -> dict[int, WatchState]:
    """Root -> how the running watch follows it."""
    rows = connection.execute("SELECT root_id, mode, reason, since, watches, uncovered, overflows FROM watch_state")
    return {row[0]: WatchState._make((*row[:5], tuple(json.loads(row[5])), row[6])) for row in rows}


def put_watch_state(tx: Transaction, state: WatchState) -> None:
    tx.connection.execute(
        "INSERT OR REPLACE INTO watch_state VALUES (?, ?, ?, ?, ?, ?, ?)",
        state._replace(uncovered=json.dumps(state.uncovered, ensure_ascii=False)),  # type: ignore[arg-type]
    )


def end_watch_states(tx: Transaction, root_ids: Iterable[int]) -> None:
    tx.connection.executemany("DELETE FROM watch_state WHERE root_id = ?", [(number,) for number in root_ids])


def put_jobs(tx: Transaction, running: Iterable[Job]) -> None:
    """Replace the table of running jobs; see `job_locks`."""
    tx.connection.execute("DELETE FROM job")
    tx.connection.executemany(
        "INSERT INTO job (kind, host, pid, roots, started_at) VALUES (?, ?, ?, ?, ?)",
        [(job.kind, job.host, job.pid, "\n".join(job.roots), job.started_at) for job in running if job.roots],
    )
