"""`Index.duplicates`: find duplicates and similar photos."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import cache_folder
from ..enrich import duplicates
from ..enrich.duplicates import Duplicates as Group
from ..store.duplicates import DuplicateFile as DuplicateFile
from .session import Session


class Duplicates:
    """The best photo of each group first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def exact(self) -> Sequence[Group]:
        """Photos with the same bytes, and with the same image data."""
        return duplicates.exact(self._session.connection)

    def similar(self) -> Sequence[Group]:
        """Groups of similar photos, among those that were enriched."""
        return duplicates.similar(self._session.connection, cache_folder(self._session.path))
