"""The local pool of worker processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from concurrent.futures import Executor
from concurrent.futures.process import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from types import ModuleType

from . import worker


def worker_count() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_pool(workers: int) -> Executor:
    """Workers are forked off a clean server process, never off this one, which may have threads and open databases."""
    return _QuietPool(workers, mp_context=_context(), initializer=worker.prepare)


def early_pool(workers: int) -> Executor | None:
    """Workers forked at once, by a caller that has no threads and no open database yet: they get ready while it does.
    None where that is not so, or not Linux."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return None
    pool: Executor = _QuietPool(workers, mp_context=multiprocessing.get_context("fork"), initializer=worker.prepare)
    for _ in range(workers):
        pool.submit(worker.get_ready)
    return pool


def _context() -> BaseContext:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([worker.__name__, "indexer.media.read", "concurrent.futures.process"])
    return context


class _QuietPool(ProcessPoolExecutor):
    """A pool whose workers do not import the caller's `__main__`, as they otherwise would to find what it defines:
    nothing here needs it, and a script without the `if __name__ == "__main__"` guard would run again in each."""

    def submit(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return super().submit(*args, **kwargs)
        finally:
            sys.modules["__main__"] = main
