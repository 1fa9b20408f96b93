"""Live updates: server-sent events that notify open pages of each change of the index."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from fastapi import HTTPException, Response
from starlette.types import Receive, Scope, Send

from indexer.errors import IndexUnusable

# Seconds: how often the feed is polled while somebody listens; for how long changes are gathered; after how long
# without any a comment is sent, so that the connection is not taken for dead; for how long sending the end may take.
_POLL_EVERY, _GATHER, _COMMENT_AFTER, _END_TIMEOUT = 0.15, 0.2, 15.0, 1.0
_MOST_LISTENERS = 100


class Latest(NamedTuple):
    """cursor: of the last event in the feed. offline: identifies unreachable folders and missing files, which the feed
    does not record."""

    cursor: int
    offline: str


class Changes:
    """The latest state of the index, for listeners that wait for the next one. Used in the event loop's thread."""

    def __init__(self, latest: Callable[[], Latest]) -> None:
        """latest: reads it; it may raise once the index is gone."""
        self._read = latest
        self.latest = Latest(0, "")
        self._listeners = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()

    def ensure_room(self) -> None:
        """Raises 503 if there are too many listeners, or the server is ending."""
        if self.closed.is_set():
            raise HTTPException(503, "the server ends")
        if self._listeners >= _MOST_LISTENERS:
            raise HTTPException(503, "too many pages listen for changes")

    @contextmanager
    def listening(self) -> Iterator[None]:
        if self._task is None or self._task.done():
            self.latest = self._read()
            self._task = asyncio.create_task(self._poll())
        self._listeners += 1
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None  # one that comes at once begins another

    async def next(self, after: Latest | None) -> Latest | None:
        """The latest state, as soon as it differs; None if it does not for some seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_COMMENT_AFTER):
                while self.latest == after:
                    await self._changed.wait()
        return None if self.latest == after else self.latest

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_POLL_EVERY)
            try:
                latest = self._read()
            except sqlite3.Error:  # as other requests, it goes on when this is over
                continue
            except IndexUnusable:  # other requests answer why
                self.close()
                return
            if latest != self.latest:
                self.latest = latest
                self._changed.set()
                self._changed = asyncio.Event()

    def close(self) -> None:
        """End all streams, and refuse new ones."""
        self.closed.set()
        if self._task is not None:
            self._task.cancel()


class Stream(Response):
    """The response to a listener. A slow one holds up nobody, and later gets only the latest cursor.

    is_allowed: whether the listener may still listen; checked as often as comments are sent."""

    def __init__(self, changes: Changes, is_allowed: Callable[[], bool]) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._changes = changes
        self._is_allowed = is_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._changes.listening():
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            ends = self._send_changes(send), _has_left(receive), self._changes.closed.wait()
            tasks = [asyncio.create_task(end) for end in ends]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(TimeoutError):  # a slow client
                await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), _END_TIMEOUT)

    async def _send_changes(self, send: Send) -> None:
        known: Latest | None = None
        text, checked = "retry: 1000\n\n", time.monotonic()
        while True:
            if time.monotonic() - checked >= _COMMENT_AFTER:
                if not self._is_allowed():
                    return
                checked = time.monotonic()
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            latest = await self._changes.next(known)
            if latest is None:
                text = ":\n\n"
                continue
            if known is not None:  # changes come in bursts
                await asyncio.sleep(_GATHER)
                latest = self._changes.latest
            known, text = latest, f"event: change\ndata: {json.dumps({'cursor': latest.cursor})}\n\n"


async def _has_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
