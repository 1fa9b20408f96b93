"""Options, listener and stop signal for scans and watches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.store.changes import Change
    from indexer.store.roots import Root

    from .missing import Lost
    from .summary import Summary


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """Settings of a scan (only the first) or a watch. Times are in seconds.

    accept_loss: this many missing files of a root were deleted on purpose; see `missing`.
    rest_seconds: quiet period: a file touched within it is not read yet.
    rescan_seconds: interval of full scans, events or not.
    poll_seconds: poll at this interval instead of waiting for events.
    poll_every: interval for what brings no events: network mounts, folders beyond the system's watch limit.
    trash_seconds: grace period, after which the record of a missing file goes to the trash.
    is_paused: polled; while it returns True nothing is read.
    """

    accept_loss: int = 0
    rest_seconds: float = 2.0
    rescan_seconds: float = 3600.0
    poll_seconds: float | None = None
    poll_every: float = 30.0
    trash_seconds: float = 60.0
    is_paused: Callable[[], bool] = lambda: False

    @property
    def poll_interval(self) -> float:
        return self.poll_seconds or self.poll_every


class Listener:
    """Callbacks of a scan or a watch. Override methods, or pass functions under their names:

        Listener(changed=lambda root, change, asset_id: print(asset_id))

    Messages may come from another thread than the watch's.
    """

    def __init__(self, **functions: Callable[..., object]) -> None:
        for name, function in functions.items():
            getattr(self, name)  # AttributeError for a name that does not exist
            setattr(self, name, function)

    def scanned(self, root: Root, summary: Summary) -> None:
        """A watch has scanned a whole root."""

    def changed(self, root: Root, change: Change, asset_id: str) -> None:
        """A change was written."""

    def lost(self, root: Root, lost: Lost) -> None:
        """A file, or a folder with its files, is missing or gone."""

    def message(self, text: str) -> None:
        """A message for the user."""

    def progress(self, summary: Summary) -> None:
        """Called a few times a second with the live summary."""


class Stop(threading.Event):
    """Set it to end a watch at once: from a signal handler, or from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.wake: Callable[[], None] = lambda: None

    def set(self) -> None:
        super().set()
        self.wake()


class Stopped(Exception):
    """Raised within a watch when its Stop is set."""
