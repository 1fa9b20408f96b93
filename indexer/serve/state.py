"""The state shared by the routes: the index, a reader for quick reads, threads for slow calls, and background jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from fastapi import HTTPException, Request

from indexer.config import cache_folder
from indexer.index import Index, decoders
from indexer.index.suggestions import Vocabulary
from indexer.index.timeouts import SECONDS, set_timeout
from indexer.timeline import Timeline, View

from .inspectors import Inspectors
from .live import Changes, Latest
from .renditions import Left, Renditions, has_left
from .settings import Settings
from .watcher import Watcher

T = TypeVar("T")
_WORKERS = 4
# Threads for what a gallery asks for while it is scrolled: none of them waits for a picture, nor for a search, which
# may wait for a writer.
_BROWSERS, _SEARCHERS = 3, 2
# Threads for the details of one photo, which are read from its file.
_INSPECTORS = 2
# Seconds after the start.
_WARM_UP_AFTER = 0.5
# Pictures to search by that wait for their turn; more are refused.
_MOST_WAITING = 16


class State:
    """Raises IndexUnusable if there is no index."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # Each thread has a connection of its own.
        self._index = Index.open(settings.database, read_only=settings.read_only)
        self._until = 0.0
        set_timeout(self._index.session, lambda: self._until)
        # Of the connection that was opened now: another thread's would be to the file that is there later.
        self._ensure_in_place = self._index.session.connection.ensure_in_place
        self.cache = cache_folder(settings.database)
        self._decoding = asyncio.Semaphore(decoders.workers())
        self._in_line = 0
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        self._writer = ThreadPoolExecutor(1, "indexer-write")
        self._workers = ThreadPoolExecutor(_WORKERS, "indexer-run")
        self._browsers = ThreadPoolExecutor(_BROWSERS, "indexer-browse")
        self._inspectors = Inspectors(_INSPECTORS, "indexer-inspect")
        self._searchers = ThreadPoolExecutor(_SEARCHERS, "indexer-search")
        # What may be searched for, and until when that is good (time.monotonic).
        self.vocabulary: tuple[Vocabulary, float] | None = None
        self.timeline = Timeline(settings.database, keeps_file=not settings.read_only)
        if not settings.read_only:  # before anything else is written; if it fails, the next server tries again
            self._writer.submit(self._index.uploads.recover)
        self._last: tuple[int, Latest] | None = None
        self.changes = Changes(self._latest)
        self.renditions = Renditions(self)
        # For the first page that is opened: its layout first, then the processes that draw its thumbnails.
        self._browsers.submit(self.timeline.arranged, self._index, View())
        self._warming = asyncio.get_running_loop().call_later(_WARM_UP_AFTER, decoders.warm_up)
        self.background = self._index.enrichments.start_background() if settings.enrich else None
        # Listed as running, so that `indexer open` finds the server.
        self._claim = self._index.status.announce("serve", settings.address)
        self.watcher = Watcher(settings.database, self._claim, self.ensure_in_place) if settings.watch else None

    @property
    def reader(self) -> Index:
        """For reads of a few milliseconds in the event loop's thread, since all requests wait meanwhile. A read that
        takes seconds is interrupted."""
        self._until = time.monotonic() + SECONDS
        return self._index

    def ensure_in_place(self) -> None:
        """Raises IndexUnusable if the index was deleted or replaced since the server began."""
        self._ensure_in_place()

    def _latest(self) -> Latest:
        self.ensure_in_place()
        # What cannot be reached takes milliseconds to list after a large loss: only after a commit.
        commits = self.reader.history.commits()
        if self._last is None or self._last[0] != commits:
            self._last = commits, Latest(self.reader.history.cursor(), self.reader.folders.offline())
        return self._last[1]

    async def write(self, do: Callable[[Index], T]) -> T:
        """Run in the single writing thread: it may wait for other processes without delaying reads."""
        return await self._in(self._writer, do)

    async def run(self, do: Callable[[Index], T]) -> T:
        """Run in the threads for slow calls that read photos' files. The call must not write: thumbnails wait for
        it."""
        return await self._in(self._workers, do)

    async def browse(self, do: Callable[[Index], T]) -> T:
        """Run in the threads for calls that need only the index, mostly for some milliseconds."""
        return await self._in(self._browsers, do)

    async def inspect(self, request: Request, do: Callable[[Index], T]) -> T:
        """Run in the threads for calls that reread a photo's file, which may be on a drive that sleeps or hangs.
        Dropped if it has not begun when the client disconnects. Raises Left."""
        doing = asyncio.wrap_future(self._inspectors.submit(partial(do, self._index)))
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
        """Run in the threads for calls that first update the full-text index."""
        return await self._in(self._searchers, do)

    async def single_flight(self, name: Hashable, do: Callable[[Index], T]) -> T:
        """As `browse`; concurrent calls with the same name share the result of the first one."""
        task = self._flights.get(name)
        if task is None:
            task = self._flights[name] = asyncio.create_task(self.browse(do))
            task.add_done_callback(lambda done: self._flights.pop(name, None))
        result: T = await asyncio.shield(task)
        return result

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a call in the background. Its failure is ignored."""
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Limit requests that hold a whole uploaded picture in memory to the number decoded at once. Raises 503 if too
        many wait."""
        if self._in_line >= decoders.workers() + _MOST_WAITING:
            raise HTTPException(503, "too many pictures are searched by now: try again later")
        self._in_line += 1
        try:
            async with self._decoding:
                yield
        finally:
            self._in_line -= 1

    async def _in(self, pool: ThreadPoolExecutor, do: Callable[[Index], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, do, self._index)

    def on_upload(self, asset_id: str) -> None:
        """Call this for each uploaded photo."""
        if self.background is not None:
            self.background.notify(asset_id)

    def close(self) -> None:
        self._warming.cancel()
        self.changes.close()
        if self.watcher is not None:
            self.watcher.close()
        if self._claim is not None:
            self._claim.end()
        if self.background is not None:
            self.background.close()
        self._inspectors.close()
        pools = (self._writer, self._workers, self._browsers, self._searchers)
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        decoders.close()  # the pools may wait for it
        for pool in pools:
            pool.shutdown()
        self.timeline.close()
        self._index.close()
