"""Scan, then follow the folders until stopped.

Events are hints: they only name the part to reconcile, as a scan does. Nothing depends on any of them: after an
overflow of the kernel's queue, after a burst, and every hour, the whole root is reconciled. Folders without events are
polled.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from indexer import paths
from indexer.errors import DiskFull, IndexUnusable
from indexer.store.database import IndexConnection
from indexer.store.files import count_present
from indexer.store.job_locks import Claim, at_work
from indexer.store.jobs import WatchState, end_watch_states, put_watch_state
from indexer.store.roots import Root, mark_root_scanned, select_roots
from indexer.store.transaction import begin, probe, timestamp

from .context import Context
from .missing import Ages, expire_missing, losses, mass_deletion_message
from .observe import Events, follow
from .options import Listener, Stop, Stopped, SyncOptions
from .presence import Presence, RootStatus, check_root, note_root
from .readers import Readers
from .reconcile import Reconciler
from .rules import real_folder
from .schedule import NEVER, Schedule
from .summary import Summary
from .volumes import has_events
from .walk import WHOLE, Part, Walker

# How often a root that is offline is checked, and in any case whether a root has gone or an observer died.
RETRY_SECONDS = 5.0
# A full disk is checked less and less often, at last at this interval.
LONGEST_RETRY_SECONDS = 60.0


@dataclass(slots=True)
class _WatchedRoot:
    """A root that is being followed.

    schedule: shared with the observer's thread, under the lock. problem: why the root is offline. events: None while
    they are not followed. polling_reason: why it is polled instead. guarded: missing files that await confirmation, as
    last reported. state: as last recorded. entered: folders of the present walk.
    """

    root: Root
    schedule: Schedule
    problem: str | None = None
    events: Events | None = None
    polling_reason: str | None = None
    guarded: int = 0
    ages: Ages = field(default_factory=Ages)
    state: WatchState | None = None
    entered: set[str] = field(default_factory=set)

    @property
    def uncovered(self) -> set[str]:
        """Folders beyond the system's watch limit."""
        return self.events.uncovered if self.events is not None else set()

    def uncovered_within(self) -> list[str]:
        """The uncovered folders as stored, within the root."""
        top = len(paths.from_text(self.root.path).rstrip("/")) + 1
        return [paths.to_text(folder[top:]) for folder in self.uncovered]

    def next_due(self) -> float:
        return self.schedule.next_due(has_uncovered=bool(self.uncovered))

    def poll(self, reason: str) -> None:
        self.polling_reason = reason
        self.schedule.is_polling = True

    def unfollow(self) -> None:
        if self.events is not None:
            self.events.stop()
            self.events = None


class Watch:
    """Follows roots until `stop` is set."""

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        roots: Sequence[Root],
        stop: Stop,
        options: SyncOptions,
        listener: Listener,
    ) -> None:
        self._connection = connection
        self._readers = readers
        self._watched = {root.id: _WatchedRoot(root, Schedule(options)) for root in roots}
        if options.poll_seconds is not None:
            for watched in self._watched.values():
                watched.poll("as requested")
        self._stop = stop
        self._options = options
        self._listener = listener
        self._full_disk_tries = 0
        self._lock = threading.Condition()
        stop.wake = self._wake
        self._claim: Claim  # while it runs

    def run(self) -> None:
        """Returns when `stop` is set. Raises UsageError if another process watches one of the roots."""
        roots = [watched.root.path for watched in self._watched.values()]
        with at_work(self._connection, "watch", roots, alone=True) as self._claim:
            try:
                while not self._stop.is_set():
                    self._connection.ensure_in_place()  # nothing may happen for days
                    self._wait_while_paused()
                    try:
                        self._attend_all()
                    except DiskFull:
                        self._wait_for_space()
                    self._sleep()
            except Stopped:
                pass
            finally:
                for watched in self._watched.values():
                    watched.unfollow()
                # Rows of a watch that has ended do no harm.
                with suppress(IndexUnusable), begin(self._connection) as tx:
                    end_watch_states(tx, self._watched)

    def _attend_all(self) -> None:
        # Missing files expire after all roots were reconciled: they may have moved from one to another.
        for attend in (self._attend, self._expire_if_due):
            for watched in list(self._watched.values()):
                try:
                    attend(watched)
                except OSError as error:  # no folder's trouble ends the watch
                    self._listener.message(f"{watched.root.path}: {error}. Looking through all of it again.")
                    watched.schedule.full_at = time.monotonic() + RETRY_SECONDS
        if self._full_disk_tries:
            self._full_disk_tries = 0
            self._claim.note(None)
            self._listener.message("Going on: there is room again.")

    def _sleep(self) -> None:
        with self._lock:
            if self._stop.is_set():
                return
            due = min((watched.next_due() for watched in self._watched.values()), default=NEVER)
            self._lock.wait(max(0.0, min(due - time.monotonic(), RETRY_SECONDS)))

    def _wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    # Waiting

    def _tick(self, summary: Summary) -> None:
        self._wait_while_paused()
        self._listener.progress(summary)

    def _wait_while_paused(self) -> None:
        """Wait until not paused; events are noted meanwhile. Raises Stopped."""
        is_paused = self._options.is_paused
        if not self._stop.is_set() and is_paused():
            self._listener.message("Paused: on battery.")
            self._claim.note("paused: on battery")
            while not self._stop.wait(RETRY_SECONDS) and is_paused():
                pass
            self._claim.note(None)
            self._listener.message("Going on.")
        if self._stop.is_set():
            raise Stopped

    def _wait_for_space(self) -> None:
        """The batch being written is lost, and there may be too many events to remember: everything is rescanned once
        there is space. Until that succeeds the disk counts as full. Raises Stopped."""
        if not self._full_disk_tries:
            text = "the disk with the index is full: waiting until there is room"
            self._claim.note(text)
            self._listener.message(f"Paused: {text}.")
        while True:
            seconds = min(RETRY_SECONDS * 2**self._full_disk_tries, LONGEST_RETRY_SECONDS)
            self._full_disk_tries += 1
            if self._stop.wait(seconds):
                raise Stopped
            with suppress(DiskFull):
                probe(self._connection)
                break
        for watched in self._watched.values():
            watched.schedule.full_at = 0.0

    # One root's turn

    def _attend(self, watched: _WatchedRoot) -> None:
        if not self._is_reachable(watched):
            watched.schedule.full_at = time.monotonic() + RETRY_SECONDS
            return
        if watched.polling_reason is None and (watched.events is None or not watched.events.is_alive()):
            self._follow(watched)
        with self._lock:
            now = time.monotonic()
            uncovered = watched.uncovered_within() if watched.schedule.is_poll_due(now) else ()
            parts = watched.schedule.take_due(now, uncovered)
        if parts:
            self._reconcile(watched, parts)
        self._record_coverage(watched)

    def _is_reachable(self, watched: _WatchedRoot) -> bool:
        with self._lock:
            is_due = watched.next_due() <= time.monotonic()
        is_known = watched.state is not None and watched.problem is None
        if is_known and not is_due and os.path.isdir(paths.from_text(watched.root.path)):
            return True
        root = next((root for root in select_roots(self._connection) if root.id == watched.root.id), None)
        if root is None:
            self._listener.message(f"{watched.root.path} is no longer in the index.")
            watched.unfollow()
            del self._watched[watched.root.id]
            return False
        status = check_root(self._connection, root)
        note_root(self._connection, root, status)
        if status.problem is not None or root.path != watched.root.path:
            watched.unfollow()
        watched.root = root
        self._note_status(watched, status)
        return status.problem is None

    def _note_status(self, watched: _WatchedRoot, status: RootStatus) -> None:
        path = watched.root.path
        if status.volume is not None and not has_events(status.volume.filesystem):
            watched.poll(f"{status.volume.filesystem} does not report changes by other machines")
        if status.problem is not None and status.problem != watched.problem:
            self._listener.message(f"{path} is offline: {status.problem}. Its photos stay in the index.")
        if status.problem is None and watched.problem is not None:
            self._listener.message(f"{path} is back.")
            watched.schedule.full_at = 0.0
        watched.problem = status.problem
        watched.schedule.is_offline = status.problem is not None

    def _follow(self, watched: _WatchedRoot) -> None:
        was_followed = watched.events is not None
        watched.unfollow()
        try:
            watched.events = follow(
                paths.from_text(watched.root.path),
                on_path=lambda path, is_folder: self._note_event(watched, path, is_folder),
                on_lost=lambda: self._note_lost_events(watched),
            )
        except OSError as error:
            watched.poll(reason := f"no events to be had: {error.strerror or error}")
            seconds = self._options.poll_interval
            self._listener.message(f"{watched.root.path}: {reason}. Looking every {seconds:g} s.")
            watched.schedule.full_at = min(watched.schedule.full_at, time.monotonic())
            return
        if was_followed:
            watched.schedule.full_at = 0.0

    def _reconcile(self, watched: _WatchedRoot, parts: list[Part]) -> None:
        root, summary = watched.root, Summary()
        roots = {known.id: known for known in select_roots(self._connection)}
        walker = Walker(root, roots.values(), lambda folder: self._enter(watched, folder))
        tick = partial(self._tick, summary)
        context = Context(self._connection, self._readers, roots, summary, self._options, self._listener, tick)
        reconciler = Reconciler(context, walker)
        started = time.monotonic()
        watched.ages.begin_look()
        watched.entered.clear()
        unstable = reconciler.run(parts)
        summary.seconds = time.monotonic() - started
        summary.unstable = len(unstable)
        with self._lock:
            names = [(job.stat.folder, job.stat.name) for job, _ in unstable]
            watched.schedule.note_unstable(names, time.monotonic())
            watched.schedule.expiry_at = 0.0
        if WHOLE in parts:
            if watched.events is not None:
                watched.events.keep(watched.entered)
            with begin(self._connection) as tx:
                mark_root_scanned(tx, root.id)
            for text in summary.offline:
                self._listener.message(f"{text}. Its photos stay in the index.")
            self._listener.scanned(root, summary)

    def _enter(self, watched: _WatchedRoot, folder: str) -> None:
        real = real_folder(paths.from_text(watched.root.path), folder).rstrip("/")
        watched.entered.add(real)
        if watched.events is not None:
            watched.events.enter(real)

    def _expire_if_due(self, watched: _WatchedRoot) -> None:
        if watched.problem is not None or watched.schedule.expiry_at > time.monotonic():
            return
        root = watched.root
        presence = Presence(self._connection, {known.id: known for known in select_roots(self._connection)})
        expiry = expire_missing(self._connection, presence, root, watched.ages, self._options.trash_seconds)
        for lost in losses("gone", root, expiry.expired):
            self._listener.lost(root, lost)
        watched.schedule.expiry_at = NEVER if expiry.next_in is None else time.monotonic() + expiry.next_in
        if expiry.is_guarded and expiry.waiting != watched.guarded:
            known = count_present(self._connection, root.id)
            self._listener.message(mass_deletion_message(root, expiry.waiting, known))
        watched.guarded = expiry.waiting if expiry.is_guarded else 0

    def _record_coverage(self, watched: _WatchedRoot) -> None:
        """Record how the root is followed, if that has changed."""
        events, before, is_polling = watched.events, watched.state, watched.polling_reason is not None
        uncovered = sorted(watched.uncovered)
        if uncovered and not (before and before.uncovered):
            self._listener.message(
                f"{watched.root.path}: the system has no watches left for {len(uncovered):,} of its folders: they are"
                f" looked at every {self._options.poll_interval:g} s. 'indexer doctor' explains how to raise the limit."
            )
        state = WatchState(
            root_id=watched.root.id,
            mode="polling" if is_polling else "events",
            reason=watched.polling_reason,
            since=before.since if before and (before.mode == "polling") == is_polling else timestamp(),
            watches=events.watches if events is not None else 0,
            uncovered=tuple(paths.to_text(folder) for folder in uncovered),
            overflows=events.overflows if events is not None else 0,
        )
        if state != before:
            with begin(self._connection) as tx:
                put_watch_state(tx, state)
            watched.state = state

    # Called by the observer's thread

    def _note_event(self, watched: _WatchedRoot, path: str, is_folder: bool) -> None:
        real = paths.from_text(watched.root.path).rstrip("/")
        if path != real and not path.startswith(real + os.sep):
            return
        with self._lock:
            if path == real:  # gone, unmounted, or other than it was
                watched.schedule.full_at = 0.0
            else:
                within = paths.to_text(path[len(real) + 1 :].replace(os.sep, "/"))
                watched.schedule.note_event(within, time.monotonic(), is_folder=is_folder)
            self._lock.notify_all()

    def _note_lost_events(self, watched: _WatchedRoot) -> None:
        with self._lock:
            watched.schedule.note_lost_events(time.monotonic())
            self._lock.notify_all()
        path = watched.root.path
        self._listener.message(f"more happened in {path} than the system could report: looking through all of it")
