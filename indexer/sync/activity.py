"""Which of the runs that the index lists are still at work."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence

from indexer.store import queries
from indexer.store.rows import Activity


def running(connection: sqlite3.Connection) -> Sequence[Activity]:
    """Scans and watches at work now, of this machine or another."""
    return [one for one in queries.activities(connection) if is_running(one.host, one.pid)]


def is_running(host: str, pid: int) -> bool:
    """Whether that process may still be at work; one on another host cannot be asked."""
    if host != platform.node():
        return True
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
