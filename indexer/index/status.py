"""The state of the index: `Index.status`. What is in it, what failed, what is running, and why a path is not in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..store import files
from ..store.files import Counts, Verdict
from .session import PathLike, Session

if TYPE_CHECKING:
    from ..store.jobs import Activity
    from ..sync.why import Answer


class Status:
    def __init__(self, session: Session) -> None:
        self._session = session

    def counts(self) -> Counts:
        return files.count_all(self._session.connection)

    def path_counts(self) -> dict[str, int]:
        """Paths by status. A part of `counts` that takes no time in an index of any size."""
        return files.count_verdicts(self._session.connection)

    def failures(self, limit: int = 1000) -> Sequence[Verdict]:
        """Paths that are damaged, unreadable or never settled; -1: all of them."""
        return files.select_failures(self._session.connection, limit)

    def jobs(self) -> Sequence[Activity]:
        """The scans, watches and servers that are running."""
        from ..store.activities import running

        return running(self._session.path)

    def why(self, path: PathLike) -> Answer:
        """Why a path is, or is not, in the index."""
        from ..sync.why import why

        return why(self._session.connection, path)
