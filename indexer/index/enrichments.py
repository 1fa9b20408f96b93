"""`Index.enrichments`: enrichment counts, failures and stored results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..enrich.enricher import CAPTIONS as CAPTIONS
from ..enrich.enricher import NAMES as NAMES
from ..enrich.enricher import chosen_names
from ..store import enrichments as store
from ..store.enrichments import Failure
from .session import Session

if TYPE_CHECKING:
    from ..enrich.background import BackgroundEnricher


class Enrichments:
    def __init__(self, session: Session) -> None:
        self._session = session

    def due(self, names: Sequence[str] = (), *, redo: bool = False, retry: bool = False) -> dict[str, int]:
        """The number of places and pictures that `Index.enrich` would process."""
        import tempfile
        from contextlib import closing
        from pathlib import Path

        from .. import scratch
        from ..enrich.run import count_due
        from ..store.backup import copy_to
        from ..store.connection import open_for_writing

        if not redo and not retry:
            return count_due(self._session.connection, names)
        with scratch.folder(Path(tempfile.gettempdir())) as own:
            copy_to(self._session.connection, own / "index.db")
            with closing(open_for_writing(own / "index.db")) as connection:
                for name in chosen_names(tuple(names)):
                    store.forget(connection, name, failed_only=not redo)
                return count_due(connection, names)

    def start_background(self) -> BackgroundEnricher:
        """Enrich all photos, then changed ones, in a background thread until it is closed."""
        from ..enrich.background import BackgroundEnricher

        return BackgroundEnricher(self._session.path)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Enricher -> the number of assets it has processed, and the number it failed at."""
        return store.counts(self._session.connection)

    def failures(self) -> Sequence[Failure]:
        """Failed enrichments: photo, enricher and error."""
        return store.failed(self._session.connection)
