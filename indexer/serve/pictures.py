"""Thumbnails, previews and portraits that somebody waits for: made at once, several at a time, before anything else.

The picture is sent as soon as it is drawn. The file in the cache and its row are written afterwards, by the thread that
writes, whoever else is writing just then. Nobody draws what everybody who asked for it has stopped waiting for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request

from indexer.enrich import render_processes
from indexer.enrich.faces.portrait import SIDE, face_in
from indexer.enrich.render import input_kind, is_face, source
from indexer.enrich.renditions import SIZES, Encoded
from indexer.errors import IndexerError
from indexer.store import enrichments
from indexer.store.enrichments import PictureFile
from indexer.store.faces import FaceAt

if TYPE_CHECKING:
    from indexer.index import Index

    from .state import State

# Asset, and name of the variant or id of the face.
AssetFilter = tuple[str, str]
# Seconds for which what is to be written is gathered.
_GATHER = 0.25
# Bytes of pictures that are kept in memory; of those that wait to be written, which are mostly the same.
_MOST_BYTES = 64_000_000
_MOST_UNWRITTEN = 64_000_000


# The status of an answer that nobody reads.
LEFT = 499


class Left(Exception):
    """The client has gone away."""


class Drawn(NamedTuple):
    """basis: what it was made from, see enrichment_basis."""

    asset_id: str
    basis: str
    picture: Encoded


class _Face(NamedTuple):
    file: PictureFile
    face: FaceAt


class _Job:
    """What is being made, for so many that wait."""

    def __init__(self, task: asyncio.Task[Path | bytes]) -> None:
        self.task = task
        self.waiting = 0


class Pictures:
    """Of the event loop's thread."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._jobs: dict[AssetFilter, _Job] = {}
        self._recent: OrderedDict[AssetFilter, tuple[str, bytes]] = OrderedDict()
        self._bytes = 0
        self._unwritten: list[Drawn] = []
        # With those that are being written.
        self._unwritten_bytes = 0
        self._unused: set[AssetFilter] = set()
        self._writing: asyncio.Task[None] | None = None

    async def get(self, request: Request, asset_id: str, name: str) -> Path | bytes:
        """The file of a variant or portrait, or its bytes. Raises NotFound where its photo cannot be reached,
        Undecodable; Left."""
        wanted = asset_id, name
        if (path := self._kept(wanted)) is not None:
            return path
        job = self._jobs.get(wanted)
        if job is None:
            job = self._jobs[wanted] = _Job(asyncio.create_task(self._make(wanted)))
            job.task.add_done_callback(lambda done: self._ended(wanted, done))
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
                del self._jobs[wanted]  # who asks now begins anew
                job.task.cancel()

    def _ended(self, wanted: AssetFilter, task: asyncio.Task[Path | bytes]) -> None:
        if (job := self._jobs.get(wanted)) is not None and job.task is task:
            del self._jobs[wanted]
        if not task.cancelled():
            task.exception()  # whoever waits is told; it is no matter where nobody does

    def _kept(self, wanted: AssetFilter) -> Path | None:
        reader = self._state.reader
        known = enrichments.variant(reader, *wanted)
        if known is None or not (path := self._state.cache / known.file).exists():
            return None
        if not self._state.settings.read_only and enrichments.was_long_unused(reader, *wanted):
            self._unused.add(wanted)
            self._write_soon()
        return path

    async def _make(self, wanted: AssetFilter) -> Path | bytes:
        asset_id, name = wanted
        found, basis = await self._state.look(lambda index: _source(index, asset_id, name))
        recent = self._recent.get(wanted)
        if recent is not None and recent[0] == basis:
            self._recent.move_to_end(wanted)
            return recent[1]
        if isinstance(found, Path):
            return found
        if isinstance(found, _Face):
            drawing = render_processes.drawing_portrait(found.file, found.face, SIDE)
        else:
            drawing = render_processes.drawing(found, name, SIZES[name])
        picture: Encoded = render_processes.the_one(await asyncio.wrap_future(drawing))
        self._remember(wanted, basis, picture.data)
        self._have_written(Drawn(asset_id, basis, picture))
        return picture.data

    def _have_written(self, drawn: Drawn) -> None:
        """Soon; or not at all, where others wait for long already: then it is drawn again when it is asked for."""
        size = len(drawn.picture.data)
        if self._state.settings.read_only or self._unwritten_bytes + size > _MOST_UNWRITTEN:
            return
        self._unwritten_bytes += size
        self._unwritten.append(drawn)
        self._write_soon()

    def _remember(self, wanted: AssetFilter, basis: str, data: bytes) -> None:
        old = self._recent.pop(wanted, None)
        self._recent[wanted] = basis, data
        self._bytes += len(data) - (len(old[1]) if old else 0)
        while self._bytes > _MOST_BYTES and len(self._recent) > 1:
            _, (_, gone) = self._recent.popitem(last=False)
            self._bytes -= len(gone)

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """All that has come together, in one transaction; what cannot be written is made again when it is asked for."""
        try:
            while self._unwritten or self._unused:
                await asyncio.sleep(_GATHER)
                drawn, self._unwritten = self._unwritten, []
                unused, self._unused = self._unused, set()
                try:
                    with suppress(IndexerError, RuntimeError):  # the latter: the server ends
                        await self._state.write(_keeping(drawn, unused))
                finally:
                    self._unwritten_bytes -= sum(len(one.picture.data) for one in drawn)
        finally:
            self._writing = None


def _keeping(drawn: list[Drawn], unused: set[AssetFilter]) -> Callable[[Index], None]:
    return lambda index: index.renditions.keep([(one.asset_id, one.basis, one.picture) for one in drawn], unused)


def _source(index: Index, asset_id: str, name: str) -> tuple[Path | PictureFile | _Face, str]:
    """Where it comes from, and what it is made from."""
    connection = index.session.connection
    found = _Face(*face_in(connection, name)) if is_face(name) else source(connection, asset_id, name)
    return found, enrichments.input_key(connection, asset_id, input_kind(name))


async def has_left(request: Request) -> None:
    """Returns when the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
