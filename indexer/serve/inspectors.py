"""Threads that read photos' files, which may lie on a drive that is slow, or never answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Inspectors:
    """Unlike those of a ThreadPoolExecutor, they keep no process from ending, whatever they wait for."""

    def __init__(self, number: int, name: str) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(number)]
        for one in self._threads:
            one.start()

    def submit(self, do: Callable[[], T]) -> Future[T]:
        """Cancelled before it begins, it is not done."""
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
            except BaseException as error:  # whoever waits is told
                future.set_exception(error)

    def close(self) -> None:
        """What has not begun is cancelled; what has is not waited for."""
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is not None:
                task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
