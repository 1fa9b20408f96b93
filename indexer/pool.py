"""Processes of this machine that work. Apart from `workers`, for a scan that finds nothing new needs none, and to
import this is a tenth of its instructions."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from concurrent.futures.process import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from types import ModuleType

from .workers import calm_collector

_BEHIND = 5


def process_pool(workers: int, and_then: Callable[[], None] | None = None) -> Executor:
    """Workers are forked off a clean server process, never off this one, which may have threads and open databases.
    and_then: a function of a module, called in each at its start."""
    return _QuietPool(workers, mp_context=_context(), initializer=prepare, initargs=(and_then,))


def early_pool(workers: int, get_ready: Callable[[], None]) -> Executor | None:
    """Workers forked at once, by a caller that has no threads and no open database yet: they get ready while it does.
    None where that is not so, or not Linux."""
    if sys.platform != "linux" or len(os.listdir("/proc/self/task")) > 1:  # threads of libraries too
        return None
    pool: Executor = _QuietPool(workers, mp_context=multiprocessing.get_context("fork"), initializer=prepare)
    for _ in range(workers):
        pool.submit(get_ready)
    return pool


def prepare(and_then: Callable[[], None] | None = None) -> None:
    """Ctrl-C is the main process's to handle; SIGIO is what a lease's holder gets (see sync.reading). And a worker does
    not outlive the main process, however that one ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_BEHIND)  # the main process comes first: all of them wait for it, and it for one of them at most
    calm_collector()
    if and_then is not None:
        and_then()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _context() -> BaseContext:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([__name__, "indexer.sync.reading", "concurrent.futures.process"])
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
