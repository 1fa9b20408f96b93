"""Background enrichment during a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..enrich.background import BackgroundEnricher
from ..sync.options import Listener

if TYPE_CHECKING:
    from ..store.changes import Change
    from ..store.roots import Root
    from ..sync.missing import Lost
    from ..sync.summary import Summary


class EnrichChanges(Listener):
    """Notifies the enricher of changes, and another listener of everything."""

    def __init__(self, enricher: BackgroundEnricher, listener: Listener) -> None:
        self._enricher = enricher
        self._listener = listener
        self._scanned: set[int] = set()

    def scanned(self, root: Root, summary: Summary) -> None:
        self._scanned.add(root.id)
        self._enricher.notify(None)
        self._listener.scanned(root, summary)

    def changed(self, root: Root, change: Change, asset_id: str) -> None:
        if root.id in self._scanned:  # before the end of the first scan, which notifies of everything
            self._enricher.notify(asset_id)
        self._listener.changed(root, change, asset_id)

    def lost(self, root: Root, lost: Lost) -> None:
        self._listener.lost(root, lost)

    def message(self, text: str) -> None:
        self._listener.message(text)

    def progress(self, summary: Summary) -> None:
        self._listener.progress(summary)
