"""`Index.places`: import points of interest."""

from __future__ import annotations

from ..config import given
from ..enrich.points_of_interest import import_dump
from ..store import points_of_interest
from ..store.undo import record_final
from .session import PathLike, Session


class Places:
    def __init__(self, session: Session) -> None:
        self._session = session

    def import_dump(self, dump: PathLike) -> int:
        """Import the points of interest of a GeoNames dump for `place_name`. Returns their number. The next `enrich`
        looks photos up again. Raises UsageError for any other file."""
        path = given(dump)
        with self._session.transaction() as tx:
            count = import_dump(tx.connection, path)
            points_of_interest.next_stamp(tx.connection)
            record_final(tx, f"imported places from {path}", "'indexer places forget' removes all of them.")
        return count

    def forget(self) -> int:
        """Forget all imported points of interest. Returns their number."""
        with self._session.transaction() as tx:
            points_of_interest.next_stamp(tx.connection)
            if count := points_of_interest.forget_all(tx.connection):
                instead = "'indexer places import DUMP' brings them back."
                record_final(tx, "forgot the places that were imported", instead)
        return count
