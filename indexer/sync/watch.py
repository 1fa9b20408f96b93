"""watch: scan, then follow the folders until told to stop.

Events only say where to look; what is there, the reconcile finds out, as in a scan. So nothing hangs on an event: after
an overflow of the kernel's queue, after a burst, and every hour, the whole root is reconciled.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from indexer import paths
from indexer.errors import UsageError
from indexer.store import queries
from indexer.store.changes import Change
from indexer.store.rows import Root
from indexer.store.writer import Writer

from .activity import is_running
from .observe import Observed
from .presence import root_problem
from .readers import Readers
from .reconcile import WHOLE, Part, Reconciler
from .rules import IGNORE_FILE
from .summary import Summary

REST_SECONDS = 2.0
RESCAN_SECONDS = 3600.0
# A root that is away, or whose events cannot be had, is looked at this often.
RETRY_SECONDS = 5.0
# More events than this since the last full reconcile are a burst: some may have been lost on the way.
BURST_EVENTS = 5000


@dataclass(slots=True)
class _Watched:
    """One root as it is followed. Times are time.monotonic()'s; touched by the observer's thread under the lock."""

    root: Root
    names: dict[tuple[str, str], float] = field(default_factory=dict)
    folders: dict[str, float] = field(default_factory=dict)
    events: int = 0
    everything_at: float = 0.0
    offline: str | None = None
    observed: Observed | None = None


class Stop(threading.Event):
    """Set to end a watch; wakes it at once. May be set from a signal handler and from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.wake: Callable[[], None] = lambda: None

    def set(self) -> None:
        super().set()
        self.wake()


class Stopped(Exception):
    """The user wants it to end."""


class Watch:
    """Follows roots until `stop` is set.

    poll: look for changes every so many seconds instead of waiting for events (network mounts).
    on_scanned is told of each full scan, on_change of each change that is written, on_message of what the user should
    know.
    """

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        roots: Sequence[Root],
        stop: Stop,
        *,
        rest_seconds: float = REST_SECONDS,
        rescan_seconds: float = RESCAN_SECONDS,
        poll_seconds: float | None = None,
        on_scanned: Callable[[Root, Summary], None] = lambda root, summary: None,
        on_change: Callable[[Root, Change, str], None] = lambda root, change, asset_id: None,
        on_message: Callable[[str], None] = lambda text: None,
        on_progress: Callable[[Summary], None] = lambda summary: None,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._watched = {root.id: _Watched(root) for root in roots}
        self._stop = stop
        self._rest = rest_seconds
        self._poll = poll_seconds
        self._rescan = poll_seconds or rescan_seconds
        self._on_scanned = on_scanned
        self._on_change = on_change
        self._on_message = on_message
        self._on_progress = on_progress
        self._wake = threading.Condition()
        stop.wake = self._notify

    def run(self) -> None:
        """Returns when `stop` is set. Raises UsageError where another process watches one of the roots."""
        self._refuse_second_watch()
        activity = self._writer.begin_activity("watch", [one.root.path for one in self._watched.values()])
        try:
            while not self._stop.is_set():
                for one in self._watched.values():
                    self._attend(one)
                self._sleep()
        except Stopped:
            pass
        finally:
            for one in self._watched.values():
                if one.observed is not None:
                    one.observed.stop()
            self._writer.end_activity([activity])

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    # One root's turn

    def _attend(self, one: _Watched) -> None:
        if not self._is_reachable(one):
            one.everything_at = time.monotonic() + RETRY_SECONDS
            return
        if self._poll is None and (one.observed is None or not one.observed.is_alive()):
            self._observe(one)
        parts = self._due(one)
        if parts:
            self._reconcile(one, parts)

    def _is_reachable(self, one: _Watched) -> bool:
        problem = None
        if one.offline is not None or not os.path.isdir(paths.from_text(one.root.path)) or self._has_due(one):
            problem = root_problem(self._writer.connection, one.root)
        if problem is not None and problem != one.offline:
            self._on_message(f"{one.root.path} is offline: {problem}. Its photos stay in the index.")
            with self._writer.transaction():
                self._writer.root_offline(one.root.id, problem)
            if one.observed is not None:
                one.observed.stop()
                one.observed = None
        elif problem is None and one.offline is not None:
            self._on_message(f"{one.root.path} is back.")
            one.everything_at = 0.0
        one.offline = problem
        return problem is None

    def _observe(self, one: _Watched) -> None:
        again = one.observed is not None
        if one.observed is not None:
            one.observed.stop()
        try:
            one.observed = Observed(
                paths.from_text(one.root.path),
                on_path=lambda path, is_folder: self._note(one, path, is_folder),
                on_lost=lambda: self._note_lost(one),
            )
        except OSError as error:
            one.observed = None
            self._on_message(
                f"no events for {one.root.path} ({error.strerror or error}): looking every {RETRY_SECONDS:.0f} s"
            )
            one.everything_at = min(one.everything_at, time.monotonic())
            return
        if again:
            one.everything_at = 0.0

    def _reconcile(self, one: _Watched, parts: list[Part]) -> None:
        summary = Summary()
        whole = WHOLE in parts
        reconciler = Reconciler(
            self._writer,
            self._readers,
            one.root,
            {root.id: root for root in queries.roots(self._writer.connection)},
            summary,
            on_progress=lambda: self._check(summary),
            on_change=lambda change, asset_id: self._on_change(one.root, change, asset_id),
            rest_seconds=self._rest,
        )
        started = time.monotonic()
        unstable = reconciler.run(parts)
        summary.seconds = time.monotonic() - started
        summary.unstable = len(unstable)
        again = time.monotonic() + max(self._rest, 0.1)
        with self._wake:
            for job, _ in unstable:
                one.names.setdefault((job.stat.folder, job.stat.name), again)
        if whole:
            with self._writer.transaction():
                self._writer.root_scanned(one.root.id, os.stat(paths.from_text(one.root.path)))
            self._on_scanned(one.root, summary)

    def _check(self, summary: Summary) -> None:
        if self._stop.is_set():
            raise Stopped
        self._on_progress(summary)

    # What is due

    def _has_due(self, one: _Watched) -> bool:
        with self._wake:
            return self._next_due(one) <= time.monotonic()

    def _due(self, one: _Watched) -> list[Part]:
        now = time.monotonic()
        with self._wake:
            if one.everything_at <= now:
                # The names stay: what has not come to rest yet is looked at again.
                one.folders.clear()
                one.events = 0
                no_events = self._poll is None and one.observed is None
                one.everything_at = now + (RETRY_SECONDS if no_events else self._rescan)
                one.names = {name: due for name, due in one.names.items() if due > now}
                return [WHOLE]
            folders = [folder for folder, due in one.folders.items() if due <= now]
            names: dict[str, list[str]] = {}
            for (folder, name), due in list(one.names.items()):
                if due <= now:
                    names.setdefault(folder, []).append(name)
                    del one.names[folder, name]
            for folder in folders:
                del one.folders[folder]
        parts = [Part(folder) for folder in _outermost(folders)]
        return parts + [Part(folder, inside) for folder, inside in names.items()]

    def _next_due(self, one: _Watched) -> float:
        return min(one.everything_at, *one.names.values(), *one.folders.values(), float("inf"))

    def _sleep(self) -> None:
        with self._wake:
            if self._stop.is_set():
                return
            due = min(self._next_due(one) for one in self._watched.values())
            # Now and then even without events: has a root gone away, has an observer died?
            self._wake.wait(max(0.0, min(due - time.monotonic(), RETRY_SECONDS)))

    # Told by the observer's thread

    def _note(self, one: _Watched, path: str, is_folder: bool) -> None:
        real = paths.from_text(one.root.path).rstrip("/")
        if not path.startswith(real + os.sep):
            return
        within = paths.to_text(path[len(real) + 1 :].replace(os.sep, "/"))
        folder, name = paths.split(within)
        now = time.monotonic()
        with self._wake:
            one.events += 1
            if one.events == BURST_EVENTS:
                one.everything_at = min(one.everything_at, now + max(self._rest, 1.0) * 2)
            elif one.events > BURST_EVENTS and one.everything_at < now + RETRY_SECONDS:
                one.everything_at = now + max(self._rest, 1.0) * 2  # put off until the burst is over
            if is_folder:
                one.folders.setdefault(within, now + min(self._rest, 0.2))
            if name == IGNORE_FILE:
                one.folders.setdefault(folder, now)
            elif not is_folder:
                one.names[folder, name] = now + self._rest
            self._wake.notify_all()

    def _note_lost(self, one: _Watched) -> None:
        with self._wake:
            one.everything_at = min(one.everything_at, time.monotonic() + self._rest)
            self._wake.notify_all()
        self._on_message(f"more happened in {one.root.path} than the system could report: looking through all of it")

    def _refuse_second_watch(self) -> None:
        mine = {one.root.path for one in self._watched.values()}
        for other in queries.activities(self._writer.connection):
            if other.kind == "watch" and mine & set(other.roots) and is_running(other.host, other.pid):
                path = min(mine & set(other.roots))
                raise UsageError(f"{path} is watched already, by process {other.pid}")


def _outermost(folders: list[str]) -> list[str]:
    """Without those that lie in another of them."""
    kept: list[str] = []
    for folder in sorted(folders):
        if not any(paths.is_below(folder, other) for other in kept):
            kept.append(folder)
    return kept
