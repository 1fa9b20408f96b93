"""Decide when each part of a watched root is scanned next. Pure: the caller passes the time (of a monotonic clock), and
locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from indexer import paths

from .options import SyncOptions
from .rules import IGNORE_FILE
from .walk import WHOLE, Part

NEVER = float("inf")
# More events than this since the last full scan are a burst: some may have been lost.
BURST_EVENTS = 5000
# A full scan that is this near is put off while a burst goes on.
_BURST_SECONDS = 5.0
# Files of a new folder are looked for soon; an ignore file that was just emptied may be about to be written.
_FOLDER_SECONDS = 0.2
_RULES_SECONDS = 0.5
_LEAST_REST_SECONDS = 0.1


@dataclass(slots=True)
class Schedule:
    """The schedule of one root. Changed names and folders wait for a quiet period.

    is_polling: there are no events; full scans replace them. is_offline: everything waits until the root is back.
    full_at, expiry_at: when the next full scan and the next check of missing files are due.
    """

    options: SyncOptions
    is_polling: bool = False
    is_offline: bool = False
    full_at: float = 0.0
    expiry_at: float = NEVER
    _uncovered_at: float = NEVER
    _names: dict[tuple[str, str], float] = field(default_factory=dict)
    _folders: dict[str, float] = field(default_factory=dict)
    _events: int = 0

    def note_event(self, path: str, now: float, *, is_folder: bool) -> None:
        """Note an event at this path within the root."""
        rest = self.options.rest_seconds
        self._note_burst(now)
        folder, name = paths.split(path)
        if is_folder:
            self._folders.setdefault(path, now + min(rest, _FOLDER_SECONDS))
        if name == IGNORE_FILE:
            self._folders.setdefault(folder, now + min(rest, _RULES_SECONDS))
        elif not is_folder:
            self._names[folder, name] = now + rest

    def _note_burst(self, now: float) -> None:
        self._events += 1
        end = now + max(self.options.rest_seconds, 1.0) * 2
        if self._events == BURST_EVENTS:
            self.full_at = min(self.full_at, end)
        elif self._events > BURST_EVENTS and self.full_at < now + _BURST_SECONDS:
            self.full_at = end

    def note_lost_events(self, now: float) -> None:
        self.full_at = min(self.full_at, now + self.options.rest_seconds)

    def note_unstable(self, names: Iterable[tuple[str, str]], now: float) -> None:
        """Note files, by folder and name, that were still changing when they were checked."""
        again = now + max(self.options.rest_seconds, _LEAST_REST_SECONDS)
        for name in names:
            self._names.setdefault(name, again)

    def next_due(self, *, has_uncovered: bool) -> float:
        """has_uncovered: whether there are folders that bring no events."""
        if self.is_offline:
            return self.full_at
        uncovered_at = self._uncovered_at if has_uncovered else NEVER
        return min(self.full_at, self.expiry_at, uncovered_at, *self._names.values(), *self._folders.values(), NEVER)

    def is_poll_due(self, now: float) -> bool:
        """Whether folders that bring no events are to be polled now."""
        return self._uncovered_at <= now

    def take_due(self, now: float, uncovered: Collection[str]) -> list[Part]:
        """The parts to reconcile now. uncovered: folders that bring no events; needed only if `is_poll_due`."""
        if self.full_at <= now:
            return self._take_full(now)
        folders = [folder for folder, due in self._folders.items() if due <= now]
        for folder in folders:
            del self._folders[folder]
        if uncovered and self.is_poll_due(now):
            self._uncovered_at = now + self.options.poll_interval
            folders += uncovered
        names: dict[str, list[str]] = {}
        for (folder, name), due in list(self._names.items()):
            if due <= now:
                names.setdefault(folder, []).append(name)
                del self._names[folder, name]
        return [Part(folder) for folder in _outermost(folders)] + [Part(folder, some) for folder, some in names.items()]

    def _take_full(self, now: float) -> list[Part]:
        poll = self.options.poll_interval
        self.full_at = now + (poll if self.is_polling else self.options.rescan_seconds)
        self._uncovered_at = now + poll
        self._events = 0
        self._folders.clear()
        # A full scan skips files that have not settled: these are checked again.
        self._names = {name: due for name, due in self._names.items() if due > now}
        return [WHOLE]


def _outermost(folders: Iterable[str]) -> list[str]:
    """The paths without those inside another one."""
    kept: list[str] = []
    for folder in sorted(folders):
        if not any(paths.is_below(folder, other) for other in kept):
            kept.append(folder)
    return kept
