"""watch: scan, then follow the folders until told to stop.

Events only say where to look; what is there, the reconcile finds out, as in a scan. So nothing hangs on an event:
after an overflow of the kernel's queue, after a burst, and every hour, the whole root is reconciled. Where no events
are to be had, of a whole root or of some folders, they are looked at again and again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from indexer import paths
from indexer.errors import DiskFull, IndexUnusable
from indexer.store.activities import Claim, at_work
from indexer.store.changes import Change
from indexer.store.database import IndexConnection
from indexer.store.files import StoredFile, count_present
from indexer.store.jobs import Coverage, end_coverage, put_coverage
from indexer.store.roots import Root, mark_root_scanned, select_roots
from indexer.store.transaction import begin, probe, timestamp

from .missing import Ages, Loss, Lost, held_words, let_go, lost
from .observe import Events, follow
from .presence import Presence, find_root, note_root
from .readers import Readers
from .reconcile import WHOLE, Part, Reconciler
from .rules import IGNORE_FILE, real_folder
from .summary import Summary
from .volumes import has_events

REST_SECONDS = 2.0
RESCAN_SECONDS = 3600.0
# What is missing is let go after this time: files on their way to somewhere else have turned up by then.
TRASH_SECONDS = 60.0
# A root that is away is looked at this often.
RETRY_SECONDS = 5.0
# A disk that is full less and less often, to this.
LONGEST_RETRY_SECONDS = 60.0
# And what brings no events this often.
POLL_SECONDS = 30.0
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
    uncovered_at: float = float("inf")
    missing_at: float = float("inf")
    offline: str | None = None
    events_of: Events | None = None
    polling: str | None = None  # why
    held: int = 0
    ages: Ages = field(default_factory=Ages)
    coverage: Coverage | None = None
    met: set[str] = field(default_factory=set)


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

    poll_seconds: look for changes that often instead of waiting for events. poll_every: look that often at what brings
    no events: network mounts, and folders that the system has no watches left for. is_paused: asked now and then; while
    it says so nothing is read.
    on_scanned is told of each full scan, on_change of each change that is written, on_lost of files and folders that
    are missing and, later, gone, on_message of what the user should know.
    """

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        roots: Sequence[Root],
        stop: Stop,
        *,
        rest_seconds: float = REST_SECONDS,
        rescan_seconds: float = RESCAN_SECONDS,
        poll_seconds: float | None = None,
        poll_every: float = POLL_SECONDS,
        trash_seconds: float = TRASH_SECONDS,
        is_paused: Callable[[], bool] = lambda: False,
        on_scanned: Callable[[Root, Summary], None] = lambda root, summary: None,
        on_change: Callable[[Root, Change, str], None] = lambda root, change, asset_id: None,
        on_lost: Callable[[Root, Lost], None] = lambda root, one: None,
        on_message: Callable[[str], None] = lambda text: None,
        on_progress: Callable[[Summary], None] = lambda summary: None,
    ) -> None:
        self._connection = connection
        self._readers = readers
        self._watched = {root.id: _Watched(root) for root in roots}
        if poll_seconds is not None:
            for one in self._watched.values():
                one.polling = "as asked for"
        self._stop = stop
        self._rest = rest_seconds
        self._poll = poll_seconds or poll_every
        self._rescan = rescan_seconds
        self._trash = trash_seconds
        self._is_paused = is_paused
        self._on_scanned = on_scanned
        self._on_change = on_change
        self._on_lost = on_lost
        self._on_message = on_message
        self._on_progress = on_progress
        self._full_for = 0  # tries to write to a full disk
        self._wake = threading.Condition()
        stop.wake = self._notify
        self._claim: Claim  # while it runs

    def run(self) -> None:
        """Returns when `stop` is set. Raises UsageError where another process watches one of the roots."""
        roots = [one.root.path for one in self._watched.values()]
        with at_work(self._connection, "watch", roots, alone=True) as self._claim:
            try:
                while not self._stop.is_set():
                    self._connection.ensure_in_place()  # nothing may happen for days
                    self._wait_while_paused()
                    try:
                        self._attend_all()
                    except DiskFull:
                        self._wait_for_room()
                    self._sleep()
            except Stopped:
                pass
            finally:
                for one in self._watched.values():
                    self._unfollow(one)
                with (
                    suppress(IndexUnusable),
                    begin(self._connection) as tx,
                ):  # rows of a watch that has ended do no harm
                    end_coverage(tx, self._watched)

    def _attend_all(self) -> None:
        # What is missing is let go of when all roots were looked at: it may have moved from one to another.
        for attend in (self._attend, self._let_go_if_due):
            for one in list(self._watched.values()):
                try:
                    attend(one)
                except OSError as error:  # no folder's trouble ends the watch
                    self._on_message(f"{one.root.path}: {error}. Looking through all of it again.")
                    one.everything_at = time.monotonic() + RETRY_SECONDS
        if self._full_for:
            self._full_for = 0
            self._claim.note(None)
            self._on_message("Going on: there is room again.")

    def _wait_for_room(self) -> None:
        """What was being written is lost, and what is noticed meanwhile may be too much to remember: so everything is
        looked through once there is room. As long as that does not come to its end, there is no room. Raises
        Stopped."""
        if not self._full_for:
            text = "the disk with the index is full: waiting until there is room"
            self._claim.note(text)
            self._on_message(f"Paused: {text}.")
        while True:
            seconds = min(RETRY_SECONDS * 2**self._full_for, LONGEST_RETRY_SECONDS)
            self._full_for += 1
            if self._stop.wait(seconds):
                raise Stopped
            with suppress(DiskFull):
                probe(self._connection)
                break
        for one in self._watched.values():
            one.everything_at = 0.0

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    # One root's turn

    def _attend(self, one: _Watched) -> None:
        if not self._is_reachable(one):
            one.everything_at = time.monotonic() + RETRY_SECONDS
            return
        if one.polling is None and (one.events_of is None or not one.events_of.is_alive()):
            self._follow(one)
        if parts := self._due(one):
            self._reconcile(one, parts)
        self._tell_coverage(one)

    def _let_go_if_due(self, one: _Watched) -> None:
        if one.offline is None and one.missing_at <= time.monotonic():
            self._let_go(one)

    def _is_reachable(self, one: _Watched) -> bool:
        there = os.path.isdir(paths.from_text(one.root.path))
        if one.coverage is not None and one.offline is None and there and not self._has_due(one):
            return True
        now = next((root for root in select_roots(self._connection) if root.id == one.root.id), None)
        if now is None:
            self._on_message(f"{one.root.path} is no longer in the index.")
            self._unfollow(one)
            del self._watched[one.root.id]
            return False
        moved, one.root = now.path != one.root.path, now
        found = find_root(self._connection, now)
        note_root(self._connection, now, found)
        if found.volume is not None and not has_events(found.volume.filesystem):
            one.polling = f"{found.volume.filesystem} tells of no changes that others make"
        if found.problem is not None and found.problem != one.offline:
            self._on_message(f"{now.path} is offline: {found.problem}. Its photos stay in the index.")
        if found.problem is not None or moved:
            self._unfollow(one)
        if found.problem is None and one.offline is not None:
            self._on_message(f"{now.path} is back.")
            one.everything_at = 0.0
        one.offline = found.problem
        return found.problem is None

    def _follow(self, one: _Watched) -> None:
        again = one.events_of is not None
        self._unfollow(one)
        try:
            one.events_of = follow(
                paths.from_text(one.root.path),
                on_path=lambda path, is_folder: self._note(one, path, is_folder),
                on_lost=lambda: self._note_lost(one),
            )
        except OSError as error:
            one.polling = f"no events to be had: {error.strerror or error}"
            self._on_message(f"{one.root.path}: {one.polling}. Looking every {self._poll:g} s.")
            one.everything_at = min(one.everything_at, time.monotonic())
            return
        if again:
            one.everything_at = 0.0

    def _unfollow(self, one: _Watched) -> None:
        if one.events_of is not None:
            one.events_of.stop()
            one.events_of = None

    def _enter(self, one: _Watched, folder: str) -> None:
        one.met.add(real := real_folder(paths.from_text(one.root.path), folder).rstrip("/"))
        if one.events_of is not None:
            one.events_of.enter(real)

    def _let_go(self, one: _Watched) -> None:
        presence = Presence(self._connection, {root.id: root for root in select_roots(self._connection)})
        outcome = let_go(self._connection, presence, one.root, one.ages, self._trash)
        self._tell_lost(one.root, "gone", outcome.files)
        now = time.monotonic()
        one.missing_at = float("inf") if outcome.due is None else now + outcome.due
        if outcome.held and outcome.waiting != one.held:
            known = count_present(self._connection, one.root.id)
            self._on_message(held_words(one.root, outcome.waiting, known))
        one.held = outcome.waiting if outcome.held else 0

    def _tell_lost(self, root: Root, kind: Loss, files: Sequence[StoredFile]) -> None:
        for each in lost(kind, root, files):
            self._on_lost(root, each)

    def _tell_coverage(self, one: _Watched) -> None:
        followed, before = one.events_of, one.coverage
        uncovered = sorted(followed.uncovered) if followed is not None else []
        if uncovered and not (before and before.uncovered):
            self._on_message(
                f"{one.root.path}: the system has no watches left for {len(uncovered):,} of its folders: they are"
                f" looked at every {self._poll:g} s. 'indexer doctor' says how to raise the limit."
            )
        coverage = Coverage(
            root_id=one.root.id,
            mode="polling" if one.polling else "events",
            why=one.polling,
            since=before.since if before and (before.mode == "polling") == bool(one.polling) else timestamp(),
            watches=followed.watches if followed is not None else 0,
            uncovered=tuple(paths.to_text(folder) for folder in uncovered),
            overflows=(followed.overflows if followed is not None else 0),
        )
        if coverage != before:
            with begin(self._connection) as tx:
                put_coverage(tx, coverage)
            one.coverage = coverage

    def _reconcile(self, one: _Watched, parts: list[Part]) -> None:
        summary = Summary()
        whole = WHOLE in parts
        reconciler = Reconciler(
            self._connection,
            self._readers,
            one.root,
            {root.id: root for root in select_roots(self._connection)},
            summary,
            on_progress=lambda: self._check(summary),
            on_change=lambda change, asset_id: self._on_change(one.root, change, asset_id),
            on_missing=lambda files: self._tell_lost(one.root, "missing", files),
            on_enter=lambda folder: self._enter(one, folder),
            rest_seconds=self._rest,
        )
        started = time.monotonic()
        one.met.clear()
        unstable = reconciler.run(parts)
        summary.seconds = time.monotonic() - started
        summary.unstable = len(unstable)
        again = time.monotonic() + max(self._rest, 0.1)
        with self._wake:
            for job, _ in unstable:
                one.names.setdefault((job.stat.folder, job.stat.name), again)
        one.missing_at = 0.0  # to be looked at
        if whole:
            if one.events_of is not None:
                one.events_of.keep(one.met)
            with begin(self._connection) as tx:
                mark_root_scanned(tx, one.root.id)
            for text in summary.offline:
                self._on_message(f"{text}. Its photos stay in the index.")
            self._on_scanned(one.root, summary)

    def _check(self, summary: Summary) -> None:
        self._wait_while_paused()
        self._on_progress(summary)

    def _wait_while_paused(self) -> None:
        """Events are noted meanwhile. Raises Stopped."""
        if not self._stop.is_set() and self._is_paused():
            self._on_message("Paused: on battery.")
            self._claim.note("paused: on battery")
            while not self._stop.wait(RETRY_SECONDS) and self._is_paused():
                pass
            self._claim.note(None)
            self._on_message("Going on.")
        if self._stop.is_set():
            raise Stopped

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
                one.everything_at = now + (self._poll if one.polling else self._rescan)
                one.uncovered_at = now + self._poll
                one.names = {name: due for name, due in one.names.items() if due > now}
                return [WHOLE]
            folders = [folder for folder, due in one.folders.items() if due <= now]
            uncovered = self._uncovered_due(one, now)
            names: dict[str, list[str]] = {}
            for (folder, name), due in list(one.names.items()):
                if due <= now:
                    names.setdefault(folder, []).append(name)
                    del one.names[folder, name]
            for folder in folders:
                del one.folders[folder]
        parts = [Part(folder) for folder in _outermost(folders + uncovered)]
        return parts + [Part(folder, inside) for folder, inside in names.items()]

    def _uncovered_due(self, one: _Watched, now: float) -> list[str]:
        if one.events_of is None or not one.events_of.uncovered or one.uncovered_at > now:
            return []
        one.uncovered_at = now + self._poll
        top = len(paths.from_text(one.root.path).rstrip("/")) + 1
        return [paths.to_text(folder[top:]) for folder in one.events_of.uncovered]

    def _next_due(self, one: _Watched) -> float:
        if one.offline is not None:  # what was due in it waits until it is back
            return one.everything_at
        uncovered = one.uncovered_at if one.events_of is not None and one.events_of.uncovered else float("inf")
        return min(
            one.everything_at, one.missing_at, uncovered, *one.names.values(), *one.folders.values(), float("inf")
        )

    def _sleep(self) -> None:
        with self._wake:
            if self._stop.is_set():
                return
            due = min((self._next_due(one) for one in self._watched.values()), default=float("inf"))
            # Now and then even without events: has a root gone away, has an observer died?
            self._wake.wait(max(0.0, min(due - time.monotonic(), RETRY_SECONDS)))

    # Told by the observer's thread

    def _note(self, one: _Watched, path: str, is_folder: bool) -> None:
        real = paths.from_text(one.root.path).rstrip("/")
        if path == real:  # gone, unmounted, or other than it was
            with self._wake:
                one.everything_at = 0.0
                self._wake.notify_all()
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
            if name == IGNORE_FILE:  # many programs empty a file before they write it: that is no rule yet
                one.folders.setdefault(folder, now + min(self._rest, 0.5))
            elif not is_folder:
                one.names[folder, name] = now + self._rest
            self._wake.notify_all()

    def _note_lost(self, one: _Watched) -> None:
        with self._wake:
            one.everything_at = min(one.everything_at, time.monotonic() + self._rest)
            self._wake.notify_all()
        self._on_message(f"more happened in {one.root.path} than the system could report: looking through all of it")


def _outermost(folders: list[str]) -> list[str]:
    """Without those that lie in another of them."""
    kept: list[str] = []
    for folder in sorted(folders):
        if not any(paths.is_below(folder, other) for other in kept):
            kept.append(folder)
    return kept
