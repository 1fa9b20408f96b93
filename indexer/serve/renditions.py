"""Draw thumbnails, previews and portraits on demand: immediately, several at a time, with priority.

A rendition is sent as soon as it is drawn. Its file in the cache and its row are written afterwards by the writing
thread, even if other writers delay it. A rendition that no client waits for any more is not drawn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from fastapi import Request

from indexer.errors import IndexerError
from indexer.index import decoders
from indexer.index.renditions import Encoded

if TYPE_CHECKING:
    from indexer.index import Index

    from .settings import Settings

T = TypeVar("T")
# An asset, and the name of its rendition or the id of a face in it.
Key = tuple[str, str]
# Renditions are written in batches at this interval, in seconds.
_GATHER = 0.25
# Bytes of renditions that are kept in memory; of those that wait to be written, which are mostly the same.
_MOST_BYTES = 64_000_000
_MOST_UNWRITTEN = 64_000_000


# The status of a response that nobody reads.
LEFT = 499


class Left(Exception):
    """The client has disconnected."""


class Drawn(NamedTuple):
    """input_key: identifies its input, see enrichment_input."""

    asset_id: str
    input_key: str
    picture: Encoded


class _Job:
    """A rendition that is being drawn, and the number of clients waiting for it."""

    def __init__(self, task: asyncio.Task[Path | bytes]) -> None:
        self.task = task
        self.waiting = 0


class Server(Protocol):
    """The part of the server's state that renditions need: see state.State."""

    settings: Settings

    @property
    def reader(self) -> Index: ...

    async def run(self, do: Callable[[Index], T]) -> T: ...

    async def write(self, do: Callable[[Index], T]) -> T: ...


class Renditions:
    """Used in the event loop's thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._jobs: dict[tuple[str, str, str], _Job] = {}
        self._recent: OrderedDict[Key, tuple[str, bytes]] = OrderedDict()
        self._bytes = 0
        self._unwritten: list[Drawn] = []
        # With those that are being written.
        self._unwritten_bytes = 0
        self._unused: set[Key] = set()
        self._writing: asyncio.Task[None] | None = None

    async def get(self, request: Request, asset_id: str, name: str) -> Path | bytes:
        """The file of a rendition or portrait, or its bytes. Raises NotFound if its photo cannot be reached,
        Undecodable; Left."""
        if (path := self._cached((asset_id, name))) is not None:
            return path
        # A job that began before the photo was edited is none of a client that asks for it as it is now.
        key = asset_id, name, self._server.reader.renditions.input_key(asset_id, name)
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job(asyncio.create_task(self._make((asset_id, name))))
            job.task.add_done_callback(lambda done: self._end(key, done))
        job.waiting += 1
        leaving = asyncio.create_task(has_left(request))
        try:
            await asyncio.wait((job.task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not job.task.done():
                raise Left
            return job.task.result()
        finally:
            leaving.cancel()
            job.waiting -= 1
            if not job.waiting and not job.task.done():
                del self._jobs[key]  # a client that comes now begins anew
                job.task.cancel()

    def _end(self, key: tuple[str, str, str], task: asyncio.Task[Path | bytes]) -> None:
        if (job := self._jobs.get(key)) is not None and job.task is task:
            del self._jobs[key]
        if not task.cancelled():
            task.exception()  # clients that wait get it; where none does, it is of no interest

    def _cached(self, key: Key) -> Path | None:
        renditions = self._server.reader.renditions
        path = renditions.cached(*key)
        if path is not None and not self._server.settings.read_only and renditions.was_long_unused(*key):
            self._unused.add(key)
            self._write_soon()
        return path

    async def _make(self, key: Key) -> Path | bytes:
        asset_id, name = key
        source = await self._server.run(lambda index: index.renditions.source(asset_id, name))
        recent = self._recent.get(key)
        if recent is not None and recent[0] == source.input_key:
            self._recent.move_to_end(key)
            return recent[1]
        if isinstance(source.content, Path):
            return source.content
        picture = await decoders.render(source.content, name)
        self._remember(key, source.input_key, picture.data)
        self._queue(Drawn(asset_id, source.input_key, picture))
        return picture.data

    def _queue(self, drawn: Drawn) -> None:
        """Queue a rendition for writing; dropped if the queue is full: it is drawn again on demand."""
        size = len(drawn.picture.data)
        if self._server.settings.read_only or self._unwritten_bytes + size > _MOST_UNWRITTEN:
            return
        self._unwritten_bytes += size
        self._unwritten.append(drawn)
        self._write_soon()

    def _remember(self, key: Key, input_key: str, data: bytes) -> None:
        old = self._recent.pop(key, None)
        self._recent[key] = input_key, data
        self._bytes += len(data) - (len(old[1]) if old else 0)
        while self._bytes > _MOST_BYTES and len(self._recent) > 1:
            _, (_, dropped) = self._recent.popitem(last=False)
            self._bytes -= len(dropped)

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write the queue in one transaction. Renditions that cannot be written are drawn again on demand."""
        try:
            while self._unwritten or self._unused:
                await asyncio.sleep(_GATHER)
                drawn, self._unwritten = self._unwritten, []
                unused, self._unused = self._unused, set()
                try:
                    with suppress(IndexerError, RuntimeError):  # the latter: the server ends
                        await self._server.write(_keep(drawn, unused))
                finally:
                    self._unwritten_bytes -= sum(len(each.picture.data) for each in drawn)
        finally:
            self._writing = None


def _keep(drawn: list[Drawn], unused: set[Key]) -> Callable[[Index], None]:
    return lambda index: index.renditions.keep(
        [(each.asset_id, each.input_key, each.picture) for each in drawn], unused
    )


async def has_left(request: Request) -> None:
    """Returns when the client has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
