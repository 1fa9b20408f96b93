"""Temporary folders that do not outlive their process for long: each is locked by its owner, the lock ends with the
process, and anyone who makes a folder in the same place removes those that nobody holds."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

# Hidden, so that no scan looks into it.
_PREFIX, _SUFFIX = ".indexer-", ".part"
# Where folders cannot be locked, one in which nothing was written for this long has no owner.
_STALE_SECONDS = 24 * 3600.0


@contextmanager
def folder(beside: Path, *, sweeps: bool = True) -> Iterator[Path]:
    """A new folder in `beside`, removed at the end. First removes those that killed processes left there."""
    if sweeps:
        sweep(beside)
    path, lock = _new(beside)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def following() -> Iterator[Callable[[Path], Path]]:
    """A function that gives a temporary folder in a folder: the same one until another folder is named. Nothing is
    swept."""
    with ExitStack() as stack:
        current: tuple[Path, Path] | None = None

        def scratch_in(beside: Path) -> Path:
            nonlocal current
            if current is None or current[0] != beside:
                stack.close()
                current = None
                current = beside, stack.enter_context(folder(beside, sweeps=False))
            return current[1]

        yield scratch_in


def sweep(beside: Path) -> None:
    """Remove the scratch folders whose owner is certainly dead."""
    try:
        folders = [Path(entry.path) for entry in os.scandir(beside) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for path in folders:
        if path.name.startswith(_PREFIX) and path.name.endswith(_SUFFIX):
            with suppress(OSError), _held_if_stale(path) as is_stale:
                if is_stale:
                    shutil.rmtree(path, ignore_errors=True)


def _new(beside: Path) -> tuple[Path, int | None]:
    """Make a folder and lock it. The lock is None if the file system has no locks."""
    while True:
        path = Path(tempfile.mkdtemp(dir=beside, prefix=_PREFIX, suffix=_SUFFIX))
        try:
            lock = _lock(path)
        except (BlockingIOError, FileNotFoundError):
            continue  # a sweep was faster: it removes it, or has done so
        if lock is None or _is_still(path, lock):
            return path, lock
        os.close(lock)


def _lock(path: Path) -> int | None:
    """Lock a folder. Raises BlockingIOError if another process holds the lock; None if folders cannot be locked."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # some network file systems
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _held_if_stale(path: Path) -> Iterator[bool]:
    try:
        lock = _lock(path)
    except BlockingIOError:
        yield False
        return
    if lock is None:
        yield time.time() - max(entry.stat().st_mtime for entry in (path, *path.rglob("*"))) > _STALE_SECONDS
        return
    try:
        yield True
    finally:
        os.close(lock)


def _is_still(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(lock))
    except FileNotFoundError:
        return False
