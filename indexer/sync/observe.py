"""The system's file events, through watchdog: where something happened, and that some of it was lost."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter

_WANTED: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]


class Observed(FileSystemEventHandler):
    """Watches a folder and all below it until `stop`.

    on_path(path, is_folder) and on_lost() are called from watchdog's thread. Raises OSError where the folder cannot be
    watched (no inotify instances or watches left, or it is not there).
    """

    def __init__(self, folder: str, on_path: Callable[[str, bool], None], on_lost: Callable[[], None]) -> None:
        self._on_path = on_path
        self._listener = _Overflow(on_lost)
        self._listener.attach()
        # watchdog 7.1 warns of each folder that it comes to watch on two ways at once; both ways are fine.
        warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
        self._observer = Observer()
        try:
            self._observer.schedule(self, folder, recursive=True, event_filter=_WANTED)
            self._observer.start()
            # Besides the observer and its emitters there may be a reader of the kernel's queue that all share.
            self._threads = [self._observer, *self._observer.emitters, *_shared_threads()]
        except BaseException:
            self._listener.detach()
            raise

    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        self._listener.detach()
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._on_path(os.fsdecode(event.src_path), event.is_directory)
        if event.dest_path:
            self._on_path(os.fsdecode(event.dest_path), event.is_directory)


def _shared_threads() -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if type(thread).__module__.startswith("watchdog.") and not isinstance(thread, (BaseObserver, EventEmitter))
    ]


class _Overflow(logging.Handler):
    """watchdog tells of an overflow of the kernel's queue only in its log: this listens, and keeps the screen clean."""

    _LOGGER = "watchdog.observers.inotify_c"

    def __init__(self, on_lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_lost = on_lost

    def attach(self) -> None:
        logging.getLogger("watchdog").propagate = False
        logging.getLogger("watchdog").addHandler(logging.NullHandler())
        logging.getLogger(self._LOGGER).addHandler(self)

    def detach(self) -> None:
        logging.getLogger(self._LOGGER).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._on_lost()
