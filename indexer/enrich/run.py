"""enrich: have every enricher see every asset that it has not seen as it is now."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from indexer.config import picture_memory
from indexer.errors import CannotRun, NotFound, Undecodable, UsageError
from indexer.files import is_regular
from indexer.pool import process_pool
from indexer.store import enrichments, search_index
from indexer.store.database import IndexConnection
from indexer.store.enrichments import Due, Enrichment
from indexer.store.faces import apply_clusters, has_unassigned, select_embedded
from indexer.store.transaction import begin
from indexer.workers import Workers

from . import meaning
from .cache import Cache
from .enrichers import (
    DESCRIBE,
    DESCRIBE_HINT,
    FACES,
    FROM_FACES,
    FROM_PREVIEW,
    MEANING,
    PLACES,
    PORTRAITS,
    VARIANTS,
    WORDS,
    chosen_names,
    place_versions,
    versions,
)
from .faces import models as faces

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from indexer.cluster import Cluster

    from .describe import Endpoint
    from .worker import Order, Outcome

# Pictures that go to a worker at once, and those that are out at all.
_BATCH = 4
_AHEAD = 64
_PLACES_AT_ONCE = 2000
# Results are written in transactions of about so long.
_WRITE_SECONDS = 0.5
_WRITE_ASSETS = 100


class _Stopped(Exception):
    """The run is to end now, whatever is still out."""


class EnrichSummary:
    """What a run did. total: places, pictures, descriptions and portraits that were due; each of these: those that were
    seen (portraits: photos of people); failed: pictures at which an enricher failed; out_of_reach: those whose file
    cannot be read now, or has changed; held_back: those for whose variants the cache had no room; left_out: enrichers
    that cannot run here, and why."""

    def __init__(self) -> None:
        self.total = self.places = self.pictures = self.descriptions = self.portraits = 0
        self.failed = self.out_of_reach = self.held_back = 0
        self.left_out: dict[str, str] = {}
        self.seconds = 0.0

    @property
    def seen(self) -> int:
        """Of total, what was looked at."""
        return self.places + self.pictures + self.descriptions + self.portraits + self.out_of_reach

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


def count_due(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    """How many places, pictures, photos of people and previews to describe these enrichers, all where none is named,
    have not seen."""
    chosen = chosen_names(tuple(names))
    pictures = versions(chosen)
    due = {
        "pictures": enrichments.count_due(connection, "picture", pictures) if pictures else 0,
        "places": enrichments.count_due(connection, "place", place_versions(connection)) if PLACES in chosen else 0,
    }
    if PORTRAITS in chosen:
        due["portraits"] = enrichments.count_due(connection, "faces", FROM_FACES)
    if DESCRIBE in chosen:
        due["descriptions"] = enrichments.count_due(connection, "picture", FROM_PREVIEW)
    return due


class Enrich:
    """One run of some enrichers. `stop`: set it to end the run soon; what was done stays, what is being done is not
    waited for."""

    def __init__(
        self,
        connection: IndexConnection,
        cache: Cache,
        names: Sequence[str] = (),
        *,
        endpoint: Endpoint | None = None,
        workers: int | None = None,
        cluster: Cluster | None = None,
        stop: threading.Event | None = None,
        on_progress: Callable[[EnrichSummary], None] = lambda summary: None,
    ) -> None:
        """endpoint: who describes pictures, for `describe`. cluster: its workers look at pictures, not those of this
        machine. Raises UsageError where something is missing for what is named."""
        self._named = tuple(names)
        self.names = chosen = chosen_names(self._named)
        self.summary = EnrichSummary()
        self._connection = connection
        self._cache = cache
        self._places = PLACES in chosen
        self._faces = faces.kind() if FACES in chosen else None
        self._meaning = meaning.needed() if MEANING in chosen else None
        self._pictures = versions(chosen)
        if DESCRIBE in chosen and endpoint is None:
            raise UsageError(f"name an endpoint that describes photos: {DESCRIBE_HINT}")
        self._endpoint = endpoint
        self._count = workers
        self._memory = picture_memory()
        self._cluster = cluster
        self._stop = stop or threading.Event()
        self._on_progress = on_progress
        self._unwritten: list[list[Enrichment]] = []
        self._written_at = time.monotonic()

    def run(self, among: Sequence[str] | None = None) -> EnrichSummary:
        """among: only these assets."""
        started = time.monotonic()
        try:
            if among is None:
                self.summary.total = self._count_due()
            if self._places:
                self._look_up_places(among)
            while self._pictures:
                try:
                    self._look_at_pictures(among)
                    break
                except CannotRun as error:
                    self._leave_out(error)
            if DESCRIBE in self.names:
                self._describe(among)
            self._write()
            if FACES in self._pictures:
                self._tell_people_apart()
            if PORTRAITS in self.names:
                self._draw_portraits(among)
            if WORDS in self.names:
                self._take_in_words()
        finally:
            self._write()
            self.summary.seconds += time.monotonic() - started
        return self.summary

    def _count_due(self) -> int:
        return sum(count_due(self._connection, self.names).values())

    def _leave_out(self, error: CannotRun) -> None:
        """The others go on without an enricher that cannot run, unless it was asked for by name."""
        if error.enricher in self._named:
            raise error
        del self._pictures[error.enricher]
        self.summary.left_out[error.enricher] = str(error)

    # Places: many at once, here

    def _look_up_places(self, among: Sequence[str] | None) -> None:
        versions = place_versions(self._connection)
        due = enrichments.due(self._connection, "place", versions, among)
        while batch := list(islice(due, _PLACES_AT_ONCE)):
            if self._stop.is_set():
                return
            from .landmarks import with_name
            from .places import gazetteer

            where = [enrichments.coordinates(self._connection, one.asset_id) for one in batch]
            for one, at, place in zip(batch, where, gazetteer().look_up(where), strict=True):
                named = with_name(self._connection, place, *at)
                self._take([Enrichment(one.asset_id, PLACES, versions[PLACES], one.basis, named)])

    # Words: what has happened since, whatever made it happen

    def _take_in_words(self) -> None:
        more = search_index.is_behind(self._connection)
        while more and not self._stop.is_set():
            with begin(self._connection):
                more = search_index.catch_up(self._connection)

    # Descriptions: one by one, by somebody else

    def _describe(self, among: Sequence[str] | None) -> None:
        from .demand import on_demand
        from .describe import NotDescribed

        assert self._endpoint is not None
        for one in enrichments.due(self._connection, "picture", FROM_PREVIEW, among):
            if self._stop.is_set():
                return
            text, problem = None, None
            try:
                preview = on_demand(self._connection, self._cache, one.asset_id, "preview")
                text = self._endpoint.describe(preview, self._stop)
                if text is None:
                    return
            except (NotFound, OSError):
                self.summary.out_of_reach += 1
                continue
            except (Undecodable, NotDescribed) as error:
                problem = str(error)
            self._take([Enrichment(one.asset_id, DESCRIBE, FROM_PREVIEW[DESCRIBE], one.basis, text, problem)])
            self._write()  # each is dear

    # People: once there are faces, from what they look like

    def _tell_people_apart(self) -> None:
        kind = self._faces
        assert kind is not None
        if not self.summary.pictures and not has_unassigned(self._connection, kind.name):
            return
        from .faces.whose import judge

        # It takes a while: others may write.
        judgement = judge(select_embedded(self._connection, kind.name), kind.same)
        with begin(self._connection) as tx:
            apply_clusters(tx, *judgement)

    # Portraits: from previews, of faces found or named by now

    def _draw_portraits(self, among: Sequence[str] | None) -> None:
        if among is None:  # faces have been found since the beginning
            due = enrichments.count_due(self._connection, "faces", FROM_FACES)
            self.summary.total = max(self.summary.total, self.summary.seen + due)
        from .demand import draw_portraits

        for one in enrichments.due(self._connection, "faces", FROM_FACES, among):
            if self._stop.is_set():
                return
            if self._cache.is_full:
                self.summary.held_back += 1
                continue
            made, problem = None, None
            try:
                made = draw_portraits(self._connection, self._cache, one)
            except (NotFound, OSError):
                self.summary.out_of_reach += 1
                continue
            except Undecodable as error:
                problem = str(error)
            self._take([Enrichment(one.asset_id, PORTRAITS, FROM_FACES[PORTRAITS], one.basis, made, problem)])

    # Pictures: one by one, in worker processes

    def _look_at_pictures(self, among: Sequence[str] | None) -> None:
        due = enrichments.due(self._connection, "picture", self._pictures, among)
        first = next(due, None)
        if first is None:
            return
        from . import worker  # only now: decoders take a while to import

        make: Callable[[int], Executor] = partial(
            process_pool, and_then=worker.get_ready_behind, allowed=worker.allowed
        )
        count = self._count
        if self._cluster is not None:
            make = partial(self._cluster.executor, worker.is_refused, worker.allowed, worker.get_ready)
            count = self._cluster.count
        workers: Workers[Order, Outcome] = Workers(worker.look_at_pictures, worker.lost, count, make)
        ahead = max(_AHEAD, 2 * _BATCH * workers.count)
        batches = _batches(self._orders(chain([first], due)))
        try:
            for order, outcome in workers.run_as_done(batches, ahead, self._tick_unless_stopped):
                if outcome is None:
                    self.summary.out_of_reach += 1
                    self._tick()
                else:
                    self._take(self._kept(order, outcome))
        except _Stopped:
            pass
        finally:
            workers.close()
        self._write()
        self._cache.make_room()  # for those that were out when it became full

    def _orders(self, due: Iterator[Due]) -> Iterator[Order]:
        for one in due:
            if self._stop.is_set():
                return
            names = one.enrichers
            if self._cache.is_full and VARIANTS in names:
                self.summary.held_back += 1
                names = tuple(name for name in names if name != VARIANTS)
            order = self._order(one, names) if names else None
            if order is not None:
                yield order
            elif names:
                self.summary.out_of_reach += 1

    def _kept(self, order: Order, worked_out: list[Enrichment]) -> list[Enrichment]:
        """With the variants that were drawn, in the cache."""
        from .variants import Stem, keep

        stem = Stem.of(self._cache.folder, order.basis)
        return [
            one._replace(result=tuple(keep(stem, drawn) for drawn in one.result))  # type: ignore[union-attr, arg-type]
            if one.enricher == VARIANTS and one.error is None
            else one
            for one in worked_out
        ]

    def _order(self, one: Due, names: tuple[str, ...]) -> Order | None:
        from .worker import Order

        for file in enrichments.picture_files(self._connection, one.asset_id):
            if is_regular(file.real_path):
                versions = {name: self._pictures[name] for name in names}
                models = self._faces, self._meaning
                return Order(one.asset_id, file.real_path, *file[2:], one.basis, versions, *models, self._memory)
        return None

    def _tick(self) -> None:
        if self._unwritten and time.monotonic() - self._written_at > _WRITE_SECONDS:
            self._write()
        self._on_progress(self.summary)

    def _tick_unless_stopped(self) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._tick()

    def _take(self, outcome: list[Enrichment]) -> None:
        if outcome[0].enricher == PLACES:
            self.summary.places += 1
        elif outcome[0].enricher == DESCRIBE:
            self.summary.descriptions += 1
        elif outcome[0].enricher == PORTRAITS:
            self.summary.portraits += 1
        else:
            self.summary.pictures += 1
        self.summary.failed += any(one.error is not None for one in outcome)
        for one in outcome:
            if one.enricher in (VARIANTS, PORTRAITS) and isinstance(one.result, tuple):
                self._cache.size += sum(variant.size for variant in one.result)
        self._unwritten.append(outcome)
        if len(self._unwritten) >= _WRITE_ASSETS:
            self._write()
        self._tick()

    def _write(self) -> None:
        if self._unwritten:
            with begin(self._connection) as tx:
                for outcome in self._unwritten:
                    enrichments.put_enrichments(tx, outcome)
            self._unwritten = []
        self._written_at = time.monotonic()


def _batches(orders: Iterator[Order]) -> Iterator[list[Order]]:
    while batch := list(islice(orders, _BATCH)):
        yield batch
