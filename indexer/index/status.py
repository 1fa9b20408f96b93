"""`Index.status`: counts, failures, running jobs, and why a path is not in the index."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import IndexerError
from ..store import files
from ..store.files import Counts, PathStatus
from ..store.job_locks import Claim as Claim
from ..store.roots import Root
from ..sync.missing import is_mass_deletion, mass_deletion_message
from ..sync.volumes import has_inodes as has_inodes
from ..sync.volumes import watch_limit as watch_limit
from .session import PathLike, Session

if TYPE_CHECKING:
    from ..store.jobs import Job
    from ..sync.why import Answer


class Status:
    def __init__(self, session: Session) -> None:
        self._session = session

    def counts(self) -> Counts:
        return files.count_all(self._session.connection)

    def path_counts(self) -> dict[str, int]:
        """Number of paths by status: the part of `counts` that is fast in an index of any size."""
        return files.count_statuses(self._session.connection)

    def failures(self, limit: int = 1000) -> Sequence[PathStatus]:
        """Paths that are damaged, unreadable or never stopped changing; limit -1: all of them."""
        return files.select_failures(self._session.connection, limit)

    def jobs(self) -> Sequence[Job]:
        """The scans, watches and servers that are running."""
        from ..store.job_locks import running

        return running(self._session.path)

    def announce(self, kind: str, address: str) -> Claim | None:
        """List this process as running until the claim ends; None if nothing can be written next to the index."""
        with suppress(IndexerError):
            return Claim(self._session.path, kind, address=address)
        return None

    def why(self, path: PathLike) -> Answer:
        """Why a path is, or is not, in the index."""
        from ..sync.why import why

        return why(self._session.connection, path)


def held_loss(root: Root, counts: Counts) -> str | None:
    """The message about a root with a mass deletion that awaits confirmation; None if there is none."""
    missing, known = counts.missing_by_root.get(root.id, 0), counts.by_root.get(root.id, 0)
    return mass_deletion_message(root, missing, known) if is_mass_deletion(missing, known) else None
