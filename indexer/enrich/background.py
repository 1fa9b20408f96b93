"""Enriching during a watch: a thread with its own connection, which works whenever something is due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from indexer.errors import DiskFull, IndexerError, NoWorkers
from indexer.store.connection import open_for_writing
from indexer.store.database import IndexConnection

from .cache import Cache
from .run import Enrich

# How long changes are gathered, so that a burst is one run
_GATHER_SECONDS = 1.0
# On a full disk, or if no worker can be started, it retries after this long, and less and less often
_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 60.0


class BackgroundEnricher:
    """Enriches all assets once, then those that `tell` names, until `close`."""

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

    def tell(self, asset_id: str | None) -> None:
        """An asset is new or has changed; None: any may have."""
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
            self._on_message(f"nothing is worked out of new photos: {error}")
            return
        try:
            told, held_up = set[str](), 0
            while self._wait():
                try:
                    left_out = self._enrich_due(connection)
                    held_up = 0
                except (DiskFull, NoWorkers) as error:
                    if not held_up and not self._stop.is_set():
                        self._on_message(_why(error))
                    self.tell(None)
                    self._stop.wait(min(_RETRY_SECONDS * 2**held_up, _LONGEST_RETRY_SECONDS))
                    held_up += 1
                    continue
                for name in left_out.keys() - told:
                    self._on_message(f"{name} is left out: {left_out[name]}")
                    told.add(name)
        except IndexerError as error:
            self._on_message(f"no more is worked out of photos: {error}")
        finally:
            connection.close()

    def _enrich_due(self, connection: IndexConnection) -> dict[str, str]:
        """Enrichers that were left out, and why."""
        with self._lock:
            among = None if self._everything else sorted(self._due)
            self._everything, self._due = False, set()
        cache = Cache(connection, self._database, self._max_cache)
        return Enrich(connection, cache, workers=self._workers, stop=self._stop).run(among).left_out

    def _wait(self) -> bool:
        """Wait for something to do; False: the end."""
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
