"""enrich: run each enricher on every asset whose current state it has not processed; a runner an input."""

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
from indexer.store import enrichments, search_index
from indexer.store.database import IndexConnection
from indexer.store.enrichments import Due, Enrichment
from indexer.store.faces import apply_clusters, has_unassigned, select_embedded
from indexer.store.results import Result
from indexer.store.transaction import begin
from indexer.work.pool import process_pool
from indexer.work.workers import Workers

from .cache import Cache
from .enricher import (
    CAPTIONS,
    CAPTIONS_HINT,
    ENRICHERS,
    FACES,
    FULL_TEXT,
    PORTRAITS,
    RENDITIONS,
    EnrichRequest,
    Input,
    chosen_names,
    versions,
)
from .faces import models

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from indexer.work.cluster import Cluster

    from .enrichers.captions import Endpoint
    from .worker import Outcome

# Pictures that a worker gets at once, and most that are out.
_BATCH = 4
_AHEAD = 64
_PLACES_AT_ONCE = 2000
# The length of a transaction that writes results
_WRITE_SECONDS = 0.5
_WRITE_ASSETS = 100


class _Stopped(Exception):
    """The run is to end now, whatever is still out."""


class EnrichSummary:
    """What a run did. total: places, pictures, descriptions and portraits that were due; each of these: those that were
    processed (portraits: photos of people); failed: pictures at which an enricher failed; out_of_reach: those whose
    file cannot be read now, or has changed; held_back: those for whose renditions the cache had no room; left_out:
    enrichers that cannot run here, and why."""

    def __init__(self) -> None:
        self.total = self.places = self.pictures = self.descriptions = self.portraits = 0
        self.failed = self.out_of_reach = self.held_back = 0
        self.left_out: dict[str, str] = {}
        self.seconds = 0.0

    @property
    def seen(self) -> int:
        """How many of total were processed."""
        return self.places + self.pictures + self.descriptions + self.portraits + self.out_of_reach

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


def count_due(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    """How many pictures, places, photos of people and previews to describe are due for these enrichers, for all if none
    is named."""
    chosen = chosen_names(tuple(names))
    due = {Input.PICTURE.counted: 0, Input.PLACE.counted: 0}
    for kind in Input:
        if wanted := versions(connection, chosen, kind):
            due[kind.counted] = enrichments.count_due(connection, kind.key, wanted)
    return due


class Enrich:
    """One run of some enrichers. `stop`: set it to end the run soon; results so far stay, tasks that are out are not
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
        """endpoint: describes pictures, for `captions`. cluster: its workers take the pictures, not this machine's.
        Raises UsageError if something is missing for a named enricher."""
        self._named = tuple(names)
        self.names = chosen = chosen_names(self._named)
        self.summary = EnrichSummary()
        self._connection = connection
        self._cache = cache
        self._versions = {kind: versions(connection, chosen, kind) for kind in Input}
        self._models = {
            name: info for name in self._versions[Input.PICTURE] if (info := ENRICHERS[name].model_info()) is not None
        }
        if CAPTIONS in chosen and endpoint is None:
            raise UsageError(f"name an endpoint that describes photos: {CAPTIONS_HINT}")
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
                self.summary.total = sum(count_due(self._connection, self.names).values())
            self._run_places(among)
            while self._versions[Input.PICTURE]:
                try:
                    self._run_pictures(among)
                    break
                except CannotRun as error:
                    self._leave_out(error)
            self._run_previews(among)
            self._write()
            if FACES in self._versions[Input.PICTURE]:
                self._cluster_faces()
            self._run_faces(among)
            if FULL_TEXT in self.names:
                self._update_full_text()
        finally:
            self._write()
            self.summary.seconds += time.monotonic() - started
        return self.summary

    def _due(self, kind: Input, among: Sequence[str] | None) -> Iterator[Due]:
        wanted = self._versions[kind]
        return enrichments.due(self._connection, kind.key, wanted, among) if wanted else iter(())

    def _leave_out(self, error: CannotRun) -> None:
        """The others go on without an enricher that cannot run, unless it was named."""
        if error.enricher in self._named:
            raise error
        del self._versions[Input.PICTURE][error.enricher]
        self.summary.left_out[error.enricher] = str(error)

    # Places: many at once, here

    def _run_places(self, among: Sequence[str] | None) -> None:
        due = self._due(Input.PLACE, among)
        while (batch := list(islice(due, _PLACES_AT_ONCE))) and not self._stop.is_set():
            for name in self._versions[Input.PLACE]:
                wanted = [asset for asset in batch if name in asset.enrichers]
                results = ENRICHERS[name].compute(self._connection, [asset.asset_id for asset in wanted])
                for asset, result in zip(wanted, results, strict=True):
                    self._take(Input.PLACE, [self._enrichment(Input.PLACE, name, asset, result)])

    # Previews: one by one, by another service

    def _run_previews(self, among: Sequence[str] | None) -> None:
        for asset in self._due(Input.PREVIEW, among):
            for name in asset.enrichers:
                if self._stop.is_set() or not self._run_preview(name, asset):
                    return

    def _run_preview(self, name: str, asset: Due) -> bool:
        """False if the run was stopped meanwhile."""
        from .enrichers.captions import NotCaptioned
        from .render import on_demand

        result, problem = None, None
        try:
            preview = on_demand(self._connection, self._cache, asset.asset_id, "preview")
            result = ENRICHERS[name].compute(preview, self._endpoint, self._stop)
            if result is None:
                return False
        except (NotFound, OSError):
            self.summary.out_of_reach += 1
            return True
        except (Undecodable, NotCaptioned) as error:
            problem = str(error)
        self._take(Input.PREVIEW, [self._enrichment(Input.PREVIEW, name, asset, result, problem)])
        self._write()  # each is expensive
        return True

    # Faces: clustered once they were found; then the portraits

    def _cluster_faces(self) -> None:
        model = models.model_info()
        if not self.summary.pictures and not has_unassigned(self._connection, model.name):
            return
        from .faces.clustering import cluster

        # It takes a while: others may write.
        clustering = cluster(select_embedded(self._connection, model.name), model.same)
        with begin(self._connection) as tx:
            apply_clusters(tx, *clustering)

    def _run_faces(self, among: Sequence[str] | None) -> None:
        if among is None and PORTRAITS in self.names:  # faces have been found since the beginning
            due = enrichments.count_due(self._connection, Input.FACES.key, self._versions[Input.FACES])
            self.summary.total = max(self.summary.total, self.summary.seen + due)
        for asset in self._due(Input.FACES, among):
            if self._stop.is_set():
                return
            if self._cache.is_full:
                self.summary.held_back += 1
                continue
            for name in asset.enrichers:
                result, problem = None, None
                try:
                    result = ENRICHERS[name].compute(self._connection, self._cache, asset)
                except (NotFound, OSError):
                    self.summary.out_of_reach += 1
                    continue
                except Undecodable as error:
                    problem = str(error)
                self._take(Input.FACES, [self._enrichment(Input.FACES, name, asset, result, problem)])

    # Full text: what has changed since, whatever changed it

    def _update_full_text(self) -> None:
        more = search_index.is_behind(self._connection)
        while more and not self._stop.is_set():
            with begin(self._connection):
                more = search_index.catch_up(self._connection)

    # Pictures: one by one, in worker processes

    def _run_pictures(self, among: Sequence[str] | None) -> None:
        due = self._due(Input.PICTURE, among)
        first = next(due, None)
        if first is None:
            return
        from . import worker  # only now: decoders take a while to import

        make: Callable[[int], Executor] = partial(
            process_pool, and_then=worker.warm_up_in_background, allowed=worker.allowed
        )
        count = self._count
        if self._cluster is not None:
            make = partial(self._cluster.executor, worker.needs_local, worker.allowed, worker.warm_up)
            count = self._cluster.count
        workers: Workers[EnrichRequest, Outcome] = Workers(worker.enrich_pictures, worker.lost, count, make)
        ahead = max(_AHEAD, 2 * _BATCH * workers.count)
        batches = _batches(self._requests(chain([first], due)))
        try:
            for request, outcome in workers.run_as_done(batches, ahead, self._tick_unless_stopped):
                if outcome is None:
                    self.summary.out_of_reach += 1
                    self._tick()
                else:
                    self._take(Input.PICTURE, self._with_files(request, outcome))
        except _Stopped:
            pass
        finally:
            workers.close()
        self._write()
        self._cache.make_room()  # for those that were out when it became full

    def _requests(self, due: Iterator[Due]) -> Iterator[EnrichRequest]:
        for asset in due:
            if self._stop.is_set():
                return
            names = asset.enrichers
            if self._cache.is_full and RENDITIONS in names:
                self.summary.held_back += 1
                names = tuple(name for name in names if name != RENDITIONS)
            request = self._request(asset, names) if names else None
            if request is not None:
                yield request
            elif names:
                self.summary.out_of_reach += 1

    def _request(self, asset: Due, names: tuple[str, ...]) -> EnrichRequest | None:
        for file in enrichments.picture_files(self._connection, asset.asset_id):
            if is_regular(file.real_path):
                wanted = {name: self._versions[Input.PICTURE][name] for name in names}
                key = asset.input_key
                return EnrichRequest(asset.asset_id, file.real_path, *file[2:], key, wanted, self._models, self._memory)
        return None

    def _with_files(self, request: EnrichRequest, outcome: list[Enrichment]) -> list[Enrichment]:
        """Writes the renditions into the cache."""
        from .renditions import Stem, keep

        stem = Stem.of(self._cache.folder, request.input_key)
        return [
            one._replace(result=tuple(keep(stem, encoded) for encoded in one.result))  # type: ignore[union-attr, arg-type]
            if one.enricher == RENDITIONS and one.error is None
            else one
            for one in outcome
        ]

    def _enrichment(
        self, kind: Input, name: str, asset: Due, result: Result | None, problem: str | None = None
    ) -> Enrichment:
        return Enrichment(asset.asset_id, name, self._versions[kind][name], asset.input_key, result, problem)

    def _tick(self) -> None:
        if self._unwritten and time.monotonic() - self._written_at > _WRITE_SECONDS:
            self._write()
        self._on_progress(self.summary)

    def _tick_unless_stopped(self) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._tick()

    def _take(self, kind: Input, outcome: list[Enrichment]) -> None:
        """The results of an asset."""
        setattr(self.summary, kind.counted, getattr(self.summary, kind.counted) + 1)
        self.summary.failed += any(one.error is not None for one in outcome)
        for one in outcome:
            if one.enricher in (RENDITIONS, PORTRAITS) and isinstance(one.result, tuple):
                self._cache.size += sum(rendition.size for rendition in one.result)
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


def _batches(requests: Iterator[EnrichRequest]) -> Iterator[list[EnrichRequest]]:
    while batch := list(islice(requests, _BATCH)):
        yield batch
