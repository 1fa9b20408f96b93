"""`Index.history`: list events, and undo the user's changes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..store import undo
from ..store.events import Event, select_events, select_events_between
from ..store.undo import UserChange
from .session import PathLike, Session


class History:
    def __init__(self, session: Session) -> None:
        self._session = session

    def events(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        entity_types: Sequence[str] | None = None,
        of: PathLike | None = None,
    ) -> Sequence[Event]:
        """The oldest first, starting after a cursor (an event's id). of: one asset, by id or path, or any other id."""
        entity = None
        if of is not None:
            text = os.fspath(of)
            entity = text if "_" in text and os.sep not in text else self._session.resolve(text)
        return select_events(self._session.connection, after, limit, entity_types=entity_types, entity_id=entity)

    def events_between(
        self, after: int, limit: int, entity_types: Sequence[str], since: str | None, until: str | None
    ) -> Sequence[Event]:
        """As `events`, of these types, recorded at or after `since` and before `until`."""
        return select_events_between(self._session.connection, after, entity_types, since, until, limit)

    def cursor(self) -> int:
        """The id of the last event."""
        from ..store import timeline  # imports numpy

        return timeline.last(self._session.connection).cursor

    def commits(self) -> int:
        """A number that changes whenever another connection commits: PRAGMA data_version."""
        return int(self._session.connection.execute("PRAGMA data_version").fetchone()[0])

    def last_change(self) -> UserChange | None:
        """The change that `undo` would revert. Its `instead`, if set, is the alternative if it cannot be undone."""
        return undo.last(self._session.connection)

    def undo(self, change_id: int | None = None) -> UserChange | None:
        """Undo the user's last change; None if there is none. change_id: only if that is the last one.

        Raises CannotUndo if it is not, or if the last change cannot be undone: earlier ones then stay too."""
        if self.last_change() is None and change_id is None:
            return None
        return undo.undo_last(self._session.writer(), change_id)

    def is_destructive(self, change_id: int) -> bool:
        """Whether undoing a change deletes something, or puts a photo in the trash again."""
        return undo.is_destructive(self._session.connection, change_id)

    def changed_assets(self, change_id: int) -> Sequence[str]:
        """The ids of the assets that a change affected."""
        return undo.affected_assets(self._session.connection, change_id)
