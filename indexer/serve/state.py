"""What the routes have of the index: one connection for quick looks, threads for what takes its time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from fastapi import HTTPException, Request

from indexer.config import cache_folder
from indexer.enrich import render_processes
from indexer.enrich.background import BackgroundEnricher
from indexer.errors import IndexerError
from indexer.index import Index
from indexer.index.suggestions import Vocabulary
from indexer.store import connection, folders
from indexer.store.activities import Claim
from indexer.store.database import IndexConnection
from indexer.store.records import Record, select_record
from indexer.store.search import SECONDS
from indexer.store.timeline import last
from indexer.timeline import Timeline, View

from .answers import not_found
from .inspectors import Inspectors
from .live import Changes, Latest
from .pictures import Left, Pictures, has_left
from .settings import Settings
from .watcher import Watcher

T = TypeVar("T")
_LOOKERS = 4
# Threads for what a gallery asks for while it is scrolled: none of them waits for a picture, nor for a search, which
# may wait for whoever writes.
_BROWSERS, _SEARCHERS = 3, 2
# Threads for what is known of one photo, which is read from its file.
_INSPECTORS = 2
# Seconds after the start.
_WARM_UP_AFTER = 0.5
# Pictures to search by that wait for their turn, beside those whose turn it is; more are refused.
_MOST_WAITING = 16


class State:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._reader = connection.open_for_reading(settings.database, may_update=not settings.read_only)
        self._until = 0.0
        connection.have_deadline(self._reader, lambda: self._until)
        self.cache = cache_folder(settings.database)
        self._own = threading.local()
        self._decoding = asyncio.Semaphore(render_processes.WORKERS)
        self._in_line = 0
        self._at_work: dict[Hashable, asyncio.Task[Any]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        self._writer = ThreadPoolExecutor(1, "indexer-write")
        self._lookers = ThreadPoolExecutor(_LOOKERS, "indexer-look")
        self._browsers = ThreadPoolExecutor(_BROWSERS, "indexer-browse")
        self._inspectors = Inspectors(_INSPECTORS, "indexer-inspect")
        self._searchers = ThreadPoolExecutor(_SEARCHERS, "indexer-search")
        # What may be searched for, and until when that is good (time.monotonic).
        self.vocabulary: tuple[Vocabulary, float] | None = None
        self.timeline = Timeline(settings.database, keeps_file=not settings.read_only)
        if not settings.read_only:  # before anything else is written; if it fails, the next server tries again
            self._writer.submit(self._with_index, lambda index: index.uploads.recover())
        self.changes = Changes(self._latest)
        self.pictures = Pictures(self)
        # For the first page that is opened: its layout first, then who draws its thumbnails.
        self._browsers.submit(self._with_index, lambda index: self.timeline.arranged(index, View()))
        self._warming = asyncio.get_running_loop().call_later(_WARM_UP_AFTER, render_processes.warm_up)
        # Who works out what can be told of new photos; None: nobody.
        self.behind = BackgroundEnricher(settings.database) if settings.enrich else None
        self._claim = _claim(settings)
        self.watcher = Watcher(settings.database, self._claim, self.reader.ensure_in_place) if settings.watch else None

    @property
    def reader(self) -> IndexConnection:
        """The connection of the event loop's thread, for what takes a few milliseconds. It may take no more than some
        seconds: everybody waits meanwhile."""
        self._until = time.monotonic() + SECONDS
        return self._reader

    def _latest(self) -> Latest:
        self.reader.ensure_in_place()
        return Latest(last(self.reader).cursor, folders.offline(self.reader))

    async def write(self, do: Callable[[Index], T]) -> T:
        """In the one thread that writes: it may wait for other processes, and nobody has to wait with it."""
        return await self._in(self._writer, do)

    async def look(self, do: Callable[[Index], T]) -> T:
        """In a thread of its own kind: what may take longer, and reads photos' files. It must not write: thumbnails
        wait for it."""
        return await self._in(self._lookers, do)

    async def browse(self, do: Callable[[Index], T]) -> T:
        """In a thread of its own kind: what the index alone answers, in some milliseconds mostly."""
        return await self._in(self._browsers, do)

    async def inspect(self, request: Request, do: Callable[[Index], T]) -> T:
        """In a thread of its own kind: what reads a photo's file again, which may lie on a drive that sleeps or hangs.
        It is left where it has not begun when the client goes away. Raises Left."""
        doing = asyncio.wrap_future(self._inspectors.submit(partial(self._with_index, do)))
        leaving = asyncio.create_task(has_left(request))
        try:
            await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Left
            return doing.result()
        finally:
            leaving.cancel()
            doing.cancel()

    async def search(self, do: Callable[[Index], T]) -> T:
        """In a thread of its own kind: what brings the words that are searched up to date first."""
        return await self._in(self._searchers, do)

    async def browse_once(self, what: Hashable, do: Callable[[Index], T]) -> T:
        """As `browse`; whoever asks for the same while it is being done gets what the first one gets."""
        task = self._at_work.get(what)
        if task is None:
            task = self._at_work[what] = asyncio.create_task(self.browse(do))
            task.add_done_callback(lambda done: self._at_work.pop(what, None))
        result: T = await asyncio.shield(task)
        return result

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for; where it fails, it is left."""
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """For who has a whole picture in memory, as it was sent: as many at once as can be decoded at once. Raises 503
        where too many wait."""
        if self._in_line >= render_processes.WORKERS + _MOST_WAITING:
            raise HTTPException(503, "too many pictures are searched by now: try again later")
        self._in_line += 1
        try:
            async with self._decoding:
                yield
        finally:
            self._in_line -= 1

    async def _in(self, pool: ThreadPoolExecutor, do: Callable[[Index], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(self._with_index, do))

    def _with_index(self, do: Callable[[Index], T]) -> T:
        index: Index | None = getattr(self._own, "index", None)
        if index is None:
            index = self._own.index = Index.open(self.settings.database, read_only=self.settings.read_only)
        return do(index)

    def on_upload(self, asset_id: str) -> None:
        """Told of each photo that came in."""
        if self.behind is not None:
            self.behind.tell(asset_id)

    def record(self, asset_id: str) -> Record:
        found = select_record(self.reader, asset_id)
        if found is None:
            raise not_found("asset", asset_id)
        return found

    def close(self) -> None:
        self._warming.cancel()
        self.changes.close()
        if self.watcher is not None:
            self.watcher.close()
        if self._claim is not None:
            self._claim.end()
        if self.behind is not None:
            self.behind.close()
        self._inspectors.close()
        pools = (self._writer, self._lookers, self._browsers, self._searchers)
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        render_processes.close()  # they may wait for it
        for pool in pools:
            pool.shutdown()
        self.timeline.close()
        self._reader.close()


def _claim(settings: Settings) -> Claim | None:
    """Be listed as running, so that `indexer open` finds the server; None where nothing can be written there."""
    with suppress(IndexerError):
        return Claim(settings.database, "serve", address=settings.address)
    return None
