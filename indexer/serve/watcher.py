"""Run `indexer watch` next to the server, in a process that is restarted when it ends."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indexer.errors import IndexUnusable
from indexer.index.status import Claim

# Seconds until a watch is restarted: doubled each time, unless it ran longer than the longest.
_RETRY = 1.0
_LONGEST_RETRY = 60.0
_STOP_TIMEOUT = 30.0
# Seconds, half of a watch's default: a user who adds a photo to a folder waits for it on the page.
_REST = 1.0


class Watcher:
    """claim: the server's, for notes. ensure_in_place: raises IndexUnusable once the index was replaced; no watch is
    started then."""

    def __init__(self, database: Path, claim: Claim | None, ensure_in_place: Callable[[], None]) -> None:
        self._command = [sys.executable, "-m", "indexer", "--db", str(database), "watch", "--rest", str(_REST)]
        self._ensure_in_place = ensure_in_place
        self._restarts = 0
        self._detail: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._claim = claim
        self._thread = threading.Thread(target=self._run, name="indexer-watcher", daemon=True)
        self._thread.start()

    def health(self) -> dict[str, Any]:
        running = self._process is not None and self._process.poll() is None
        return {"running": running, "restarts": self._restarts, "detail": self._detail}

    def close(self) -> None:
        self._stop.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()
        self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        wait = _RETRY
        while (process := self._start()) is not None:
            started = time.monotonic()
            code = process.wait()
            if self._stop.is_set():
                return
            if time.monotonic() - started > _LONGEST_RETRY:
                wait = _RETRY
            ended = f"the watch ended with exit code {code} at {_now()}"
            try:
                self._ensure_in_place()
            except IndexUnusable as error:
                self._report(f"{ended} and is not started again: {error}")
                return
            self._report(f"{ended}; it is started again in {wait:g} s")
            if self._stop.wait(wait):
                return
            self._restarts += 1
            self._detail = f"{ended} and was started again"
            self._note()
            wait = min(wait * 2, _LONGEST_RETRY)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stop.is_set():
                return None
            self._process = subprocess.Popen(self._command)
            return self._process

    def _report(self, text: str) -> None:
        self._detail = text
        self._note()
        with suppress(OSError):
            logging.getLogger("uvicorn.error").warning(text)

    def _note(self) -> None:
        if self._claim is not None:
            self._claim.note(self._detail)


def _now() -> str:
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
