"""enrich: run each enricher on every asset whose current state it has not processed. Each kind of input has its own
runner."""

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

# Pictures per task, and the least number that is submitted ahead.
_BATCH = 4
_AHEAD = 64
_PLACES_AT_ONCE = 2000
# Results are written after this long, or for this many assets
_WRITE_SECONDS = 0.5
_WRITE_ASSETS = 100


class _Stopped(Exception):
    """Ends the run; tasks that were submitted are abandoned."""


class EnrichSummary:
    """Counts of a run. total: places, pictures, descriptions and portraits that were due. places, pictures,
    descriptions, portraits (photos of people): those that were processed. failed: pictures at which an enricher failed.
    out_of_reach: pictures whose file cannot be read now, or has changed. held_back: pictures whose renditions do not
    fit into the cache. left_out: enrichers that cannot run here -> the reason."""

    def __init__(self) -> None:
        self.total = self.places = self.pictures = self.descriptions = self.portraits = 0
        self.failed = self.out_of_reach = self.held_back = 0
        self.left_out: dict[str, str] = {}
        self.seconds = 0.0

    @property
    def processed(self) -> int:
        """How many of `total` were processed."""
        return self.places + self.pictures + self.descriptions + self.portraits + self.out_of_reach

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


def count_due(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    """How many pictures, places, photos of people and previews are due for these enrichers; names empty: for those that
    run by default."""
    chosen = chosen_names(tuple(names))
    due = {Input.PICTURE.counted: 0, Input.PLACE.counted: 0}
    for enricher_input in Input:
        if enricher_versions := versions(connection, chosen, enricher_input):
            due[enricher_input.counted] = enrichments.count_due(connection, enricher_input.key, enricher_versions)
    return due


class Enrich:
    """One run of some enrichers. Setting `stop` ends it soon: results so far are kept, submitted tasks are
    abandoned."""

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
        """endpoint: writes the captions. cluster: its workers enrich pictures, instead of this machine's. Raises
        UsageError if a named enricher lacks a package, a model or the endpoint."""
        self._named = tuple(names)
        self.names = chosen = chosen_names(self._named)
        self.summary = EnrichSummary()
        self._connection = connection
        self._cache = cache
        self._versions = {enricher_input: versions(connection, chosen, enricher_input) for enricher_input in Input}
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
        """Returns the summary, which later runs add to. among: only these assets. Raises CannotRun if a named enricher
        cannot run."""
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
                    self._skip(error)
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

    def _due(self, enricher_input: Input, among: Sequence[str] | None) -> Iterator[Due]:
        due_versions = self._versions[enricher_input]
        return enrichments.due(self._connection, enricher_input.key, due_versions, among) if due_versions else iter(())

    def _skip(self, error: CannotRun) -> None:
        """Continue without an enricher that cannot run, unless it was named."""
        if error.enricher in self._named:
            raise error
        del self._versions[Input.PICTURE][error.enricher]
        self.summary.left_out[error.enricher] = str(error)

    # Places: in batches, in this process

    def _run_places(self, among: Sequence[str] | None) -> None:
        due = self._due(Input.PLACE, among)
        while (batch := list(islice(due, _PLACES_AT_ONCE))) and not self._stop.is_set():
            for name in self._versions[Input.PLACE]:
                assets = [asset for asset in batch if name in asset.enrichers]
                results = ENRICHERS[name].compute(self._connection, [asset.asset_id for asset in assets])
                for asset, result in zip(assets, results, strict=True):
                    self._add_results(Input.PLACE, [self._enrichment(Input.PLACE, name, asset, result)])

    # Previews: one by one, by a remote service

    def _run_previews(self, among: Sequence[str] | None) -> None:
        for asset in self._due(Input.PREVIEW, among):
            for name in asset.enrichers:
                if self._stop.is_set() or not self._run_preview(name, asset):
                    return

    def _run_preview(self, name: str, asset: Due) -> bool:
        """Returns False if the run was stopped meanwhile."""
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
        self._add_results(Input.PREVIEW, [self._enrichment(Input.PREVIEW, name, asset, result, problem)])
        self._write()  # each result is expensive
        return True

    # Faces: clustered after detection; then the portraits

    def _cluster_faces(self) -> None:
        model = models.model_info()
        if not self.summary.pictures and not has_unassigned(self._connection, model.name):
            return
        from .faces.clustering import cluster

        # Outside the transaction: clustering takes a while, and others may write.
        clustering = cluster(select_embedded(self._connection, model.name), model.same)
        with begin(self._connection) as tx:
            apply_clusters(tx, *clustering)

    def _run_faces(self, among: Sequence[str] | None) -> None:
        if among is None and PORTRAITS in self.names:  # the run has detected faces meanwhile
            due = enrichments.count_due(self._connection, Input.FACES.key, self._versions[Input.FACES])
            self.summary.total = max(self.summary.total, self.summary.processed + due)
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
                self._add_results(Input.FACES, [self._enrichment(Input.FACES, name, asset, result, problem)])

    # Full text: all changes since the last update

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
                    self._add_results(Input.PICTURE, self._with_files(request, outcome))
        except _Stopped:
            pass
        finally:
            workers.close()
        self._write()
        self._cache.make_room()  # tasks were still running when it became full

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
                enricher_versions = {name: self._versions[Input.PICTURE][name] for name in names}
                key = asset.input_key
                return EnrichRequest(
                    asset.asset_id, file.real_path, *file[2:], key, enricher_versions, self._models, self._memory
                )
        return None

    def _with_files(self, request: EnrichRequest, outcome: list[Enrichment]) -> list[Enrichment]:
        """Write the renditions into the cache, and replace them in the outcome by their rows."""
        from .renditions import Stem, keep

        stem = Stem.of(self._cache.folder, request.input_key)
        return [
            enrichment._replace(result=tuple(keep(stem, encoded) for encoded in enrichment.result))  # type: ignore[union-attr, arg-type]
            if enrichment.enricher == RENDITIONS and enrichment.error is None
            else enrichment
            for enrichment in outcome
        ]

    def _enrichment(
        self, enricher_input: Input, name: str, asset: Due, result: Result | None, problem: str | None = None
    ) -> Enrichment:
        return Enrichment(asset.asset_id, name, self._versions[enricher_input][name], asset.input_key, result, problem)

    def _tick(self) -> None:
        if self._unwritten and time.monotonic() - self._written_at > _WRITE_SECONDS:
            self._write()
        self._on_progress(self.summary)

    def _tick_unless_stopped(self) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._tick()

    def _add_results(self, enricher_input: Input, outcome: list[Enrichment]) -> None:
        """Count the results of an asset, and write them with the next batch."""
        counted = enricher_input.counted
        setattr(self.summary, counted, getattr(self.summary, counted) + 1)
        self.summary.failed += any(enrichment.error is not None for enrichment in outcome)
        for enrichment in outcome:
            if enrichment.enricher in (RENDITIONS, PORTRAITS) and isinstance(enrichment.result, tuple):
                self._cache.size += sum(rendition.size for rendition in enrichment.result)
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
