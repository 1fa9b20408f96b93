"""Report file-system events, through watchdog: the paths, and whether events were lost.

On Linux each included folder gets its own inotify watch just before it is listed: skipped folders use up none of the
system's watches, and a folder for which none is left is known. Elsewhere the system watches a whole tree."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Collection

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

_EVENT_TYPES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]


class Events:
    """Follows a folder and its subfolders until `stop`.

    on_path(path, is_folder) and on_lost() are called from another thread. watches: number of folders that have a watch
    of their own. uncovered: folders the system has no watch left for. overflows: number of times that events were lost.
    Raises OSError if the folder cannot be watched at all (no inotify instance left, or it does not exist).
    """

    def __init__(self, folder: str, on_path: Callable[[str, bool], None], on_lost: Callable[[], None]) -> None:
        self._folder = folder
        self._on_path = on_path
        self._on_lost = on_lost
        self.uncovered: set[str] = set()
        self.overflows = 0

    @property
    def watches(self) -> int:
        return 0

    def enter(self, folder: str) -> None:
        """Call before the folder is listed, so that nothing happens unseen in between."""

    def keep(self, folders: Collection[str]) -> None:
        """Drop watches of all other folders: a whole walk entered only these."""

    def is_alive(self) -> bool:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


def follow(folder: str, on_path: Callable[[str, bool], None], on_lost: Callable[[], None]) -> Events:
    """The events that this platform provides."""
    if sys.platform == "linux":
        return InotifyWatcher(folder, on_path, on_lost)
    return RecursiveWatcher(folder, on_path, on_lost)


class RecursiveWatcher(Events, FileSystemEventHandler):
    """The system watches the whole tree."""

    def __init__(self, folder: str, on_path: Callable[[str, bool], None], on_lost: Callable[[], None]) -> None:
        super().__init__(folder, on_path, on_lost)
        self._observer = Observer()
        self._observer.schedule(self, folder, recursive=True, event_filter=_EVENT_TYPES)
        self._observer.start()

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._on_path(os.fsdecode(event.src_path), event.is_directory)
        if event.dest_path:
            self._on_path(os.fsdecode(event.dest_path), event.is_directory)

    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in (self._observer, *self._observer.emitters))

    def stop(self) -> None:
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join()


if sys.platform == "linux":
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchDescriptor,
    )

    _MASK = Mask(
        InotifyConstants.IN_CREATE
        | InotifyConstants.IN_DELETE
        | InotifyConstants.IN_MOVE
        | InotifyConstants.IN_CLOSE_WRITE
        | InotifyConstants.IN_MODIFY
        | InotifyConstants.IN_ATTRIB
        | InotifyConstants.IN_ONLYDIR
        | InotifyConstants.IN_DONT_FOLLOW
    )
    _ID = CallbackId(0)
    _LEFT = InotifyConstants.IN_MOVED_FROM | InotifyConstants.IN_DELETE

    class InotifyWatcher(Events):
        """One inotify watch per folder. A watch follows its folder's inode: when the folder moves, the watch is
        removed, and added again once a walk enters the folder at its new place."""

        def __init__(self, folder: str, on_path: Callable[[str, bool], None], on_lost: Callable[[], None]) -> None:
            super().__init__(folder, on_path, on_lost)
            # watchdog warns of a folder watched again under another name, and of an overflow, which it also reports.
            logging.getLogger("watchdog.observers.inotify_c").setLevel(logging.ERROR)
            warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
            self._lock = threading.Lock()
            self._path_of: dict[WatchDescriptor, str] = {}
            self._watch_of: dict[str, WatchDescriptor] = {}
            self._inotify = InotifyFD()
            self._inotify.start()
            self.enter(folder)

        @property
        def watches(self) -> int:
            return len(self._watch_of)

        def enter(self, folder: str) -> None:
            with self._lock:
                if folder in self._watch_of:
                    return
                try:
                    watch = self._inotify.add_callback(os.fsencode(folder), _MASK, self, _ID)
                except OSError as error:
                    if error.errno == errno.ENOSPC:
                        self.uncovered.add(folder)
                    return  # else it is gone, or no longer a folder: its listing will show it
                if watch < 0:  # not readable: its listing will show it
                    return
                self.uncovered.discard(folder)
                self._forget(watch)
                self._path_of[watch] = folder
                self._watch_of[folder] = watch

        def keep(self, folders: Collection[str]) -> None:
            with self._lock:
                self._remove([folder for folder in self._watch_of if folder not in folders and folder != self._folder])
                self.uncovered.intersection_update(folders)

        def is_alive(self) -> bool:
            return self._inotify.is_alive() and (self._folder in self._watch_of or self._folder in self.uncovered)

        def stop(self) -> None:
            self._inotify.stop()
            if self._inotify.is_alive():
                self._inotify.join()

        # Called by watchdog's thread

        def on_event(self, event: InotifyEvent) -> None:
            with self._lock:
                folder = self._path_of.get(event.wd)
            if folder is None:
                return
            if event.mask & InotifyConstants.IN_UNMOUNT:
                self._on_path(folder, True)
                return
            if not event.name:
                return  # about the folder itself: its parent reports the same
            path = os.path.join(folder, os.fsdecode(event.name))
            if event.is_directory and event.mask & _LEFT:
                with self._lock:
                    below = path + os.sep
                    self._remove([known for known in self._watch_of if known == path or known.startswith(below)])
            self._on_path(path, event.is_directory)

        def on_watch_deleted(self, wd: WatchDescriptor) -> None:
            with self._lock:
                folder = self._forget(wd)
            if folder is not None and self._inotify.should_keep_running():
                self._on_path(folder, True)  # another folder may have replaced it, unwatched

        def on_queue_overflow(self) -> None:
            self.overflows += 1
            self._on_lost()

        # Under the lock

        def _forget(self, watch: WatchDescriptor) -> str | None:
            folder = self._path_of.pop(watch, None)
            if folder is not None:
                self._watch_of.pop(folder, None)
            return folder

        def _remove(self, folders: list[str]) -> None:
            watches = [self._watch_of[folder] for folder in folders]
            for watch in watches:
                self._forget(watch)
            self._inotify.remove_callbacks([(watch, _ID) for watch in watches])
