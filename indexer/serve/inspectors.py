"""Threads that read photos' files, which may be on a drive that is slow or never answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Inspectors:
    """A thread pool that, unlike a ThreadPoolExecutor, never keeps the process from ending."""

    def __init__(self, number: int, name: str) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def submit(self, do: Callable[[], T]) -> Future[T]:
        """If the future is cancelled before `do` has begun, it is not run."""
        future: Future[T] = Future()
        self._tasks.put((future, do))
        return future

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, do = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(do())
            except BaseException as error:  # raised where it is waited for
                future.set_exception(error)

    def close(self) -> None:
        """Cancel calls that have not begun, without waiting for those that have."""
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is not None:
                task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
