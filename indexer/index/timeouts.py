"""Timeouts for database reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ..store.connection import TOO_LONG, interrupt_after, is_interrupted
from ..store.search import SECONDS as SECONDS
from .session import Session

TOO_LONG_MESSAGE = TOO_LONG.format(seconds=SECONDS)


def set_timeout(session: Session, until: Callable[[], float]) -> None:
    """Interrupt reads of this thread that run when the clock (time.monotonic) has passed `until`."""
    interrupt_after(session.connection, until)


def was_interrupted(error: sqlite3.Error) -> bool:
    return is_interrupted(error)
