"""Enriching in the background: a thread with its own connection that runs whenever assets are due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from indexer.errors import DiskFull, IndexerError, NoWorkers
from indexer.store.connection import open_for_writing
from indexer.store.database import IndexConnection

from .cache import Cache
from .run import Enrich

# Changes within this time are enriched in one run
_GATHER_SECONDS = 1.0
# The delay after a full disk, or if no worker could be started; doubled each time up to the longest
_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 60.0


class BackgroundEnricher:
    """Enriches the assets passed to `notify`, until `close`."""

    def __init__(
        self,
        database: Path,
        *,
        workers: int | None = None,
        max_cache: int | None = None,
        is_paused: Callable[[], bool] = lambda: False,
        on_message: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._database = database
        self._workers = workers
        self._max_cache = max_cache
        self._is_paused = is_paused
        self._on_message = on_message
        self._stop = threading.Event()
        self._due: set[str] = set()
        self._everything = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer-enrich", daemon=True)
        self._thread.start()

    def notify(self, asset_id: str | None) -> None:
        """Report that an asset is new or has changed; None: any may have. Returns at once."""
        with self._lock:
            if asset_id is None:
                self._everything = True
            else:
                self._due.add(asset_id)
        self._wake.set()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        from . import render_processes  # only now: decoders take a while to import

        render_processes.close()  # the thread may wait for a portrait
        self._thread.join()

    def _run(self) -> None:
        try:
            connection = open_for_writing(self._database)
        except IndexerError as error:
            self._on_message(f"new photos are not enriched: {error}")
            return
        try:
            reported, failures = set[str](), 0
            while self._wait():
                try:
                    left_out = self._enrich_due(connection)
                    failures = 0
                except (DiskFull, NoWorkers) as error:
                    if not failures and not self._stop.is_set():
                        self._on_message(_why(error))
                    self.notify(None)
                    self._stop.wait(min(_RETRY_SECONDS * 2**failures, _LONGEST_RETRY_SECONDS))
                    failures += 1
                    continue
                for name in left_out.keys() - reported:
                    self._on_message(f"{name} is skipped: {left_out[name]}")
                    reported.add(name)
        except IndexerError as error:
            self._on_message(f"photos are no longer enriched: {error}")
        finally:
            connection.close()

    def _enrich_due(self, connection: IndexConnection) -> dict[str, str]:
        """Returns the enrichers that cannot run -> the reason."""
        with self._lock:
            among = None if self._everything else sorted(self._due)
            self._everything, self._due = False, set()
        cache = Cache(connection, self._database, self._max_cache)
        return Enrich(connection, cache, workers=self._workers, stop=self._stop).run(among).left_out

    def _wait(self) -> bool:
        """Wait until assets are due. Returns False once it is closed."""
        self._wake.wait()
        if self._stop.wait(_GATHER_SECONDS):
            return False
        self._wake.clear()
        while self._is_paused():
            if self._stop.wait(5.0):
                return False
        return True


def _why(error: DiskFull | NoWorkers) -> str:
    if isinstance(error, DiskFull):
        return "The disk with the index is full: photos are enriched once there is room."
    return f"Photos are enriched later: {error}"
