"""The façade: everything a program does with an index, on one object.

    from indexer.index import Index

    with Index.open("index.db") as index:
        index.scan(["~/Pictures"])
        record = index.get("asset_…")

Imports are made where they are used: looking up a record needs SQLite and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import IndexUnusable, NotFound, UsageError, writing_to
from ..files import regular_nofollow
from ..ids import ASSET_ID

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Executor

    from ..cluster import Cluster
    from ..enrich.describe import Endpoint
    from ..enrich.duplicates import Duplicates
    from ..enrich.run import EnrichSummary
    from ..media.facts import Face
    from ..store.assets import Existing, Listed
    from ..store.database import IndexConnection
    from ..store.enrichments import Encoded, Failure
    from ..store.events import Event
    from ..store.files import Counts, StoredFile, Verdict
    from ..store.filters import AssetFilter
    from ..store.jobs import Activity, Coverage
    from ..store.merge import Merged
    from ..store.roots import Mount, Root
    from ..store.transaction import Transaction
    from ..store.trash import Trashed
    from ..store.undo import UserChange
    from ..sync.explain import Explanation
    from ..sync.options import Listener, Stop, SyncOptions
    from ..sync.summary import Summary
    from ..sync.verify import Report
    from ..sync.why import Answer
    from ..sync.write_back import WrittenBack
    from .albums import Albums
    from .api_keys import ApiKeys
    from .doctor import Finding
    from .libraries import Libraries
    from .people import People
    from .repair import Repair
    from .search import Searches

PathLike = str | os.PathLike[str]
_FROM_A_BACKUP = "A backup of the index may have what is gone: see 'indexer restore'."


class Index:
    """A photo index in one SQLite file. Not for two threads at once; any number of processes may use one file.

    Methods raise what indexer.errors has: IndexUnusable where the file is missing or no index, NotFound for unknown
    ids and paths, UsageError for what makes no sense.
    """

    def __init__(self, path: PathLike | None = None, *, read_only: bool = False) -> None:
        from ..config import default_database, given

        self.path = given(path) if path is not None else default_database()
        self._read_only = read_only
        self._connection: IndexConnection | None = None

    @classmethod
    def open(cls, path: PathLike | None = None, *, read_only: bool = False) -> Index:
        """The index at path, by default this user's own. The file is opened at first use, and made by a scan.
        read_only: nothing is ever written, and what would be raises UsageError."""
        return cls(path, read_only=read_only)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Index:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Records

    def get(self, id_or_path: PathLike) -> dict[str, Any]:
        """The asset record of an id or of a file."""
        import json

        record: dict[str, Any] = json.loads(self.get_json(id_or_path))
        return record

    def get_json(self, id_or_path: PathLike) -> str:
        """As `get`, the text that the view asset_json has."""
        from ..store.records import asset_json

        asset_id = self.resolve(id_or_path)
        text = asset_json(self._db, asset_id)
        if text is None:
            raise NotFound(f"no asset {asset_id} in {self.path}")
        return text

    def resolve(self, id_or_path: PathLike) -> str:
        """The asset id for an id or a path."""
        text = os.fspath(id_or_path)
        if ASSET_ID.fullmatch(text):
            return text
        from .. import paths
        from ..store.files import select_file_at
        from ..store.roots import select_roots
        from ..sync.roots import locate

        place = locate(text, select_roots(self._db))
        if place is not None:
            root, within = place
            file = select_file_at(self._db, root.id, *paths.split(within))
            if file is not None and file.asset_id:
                return file.asset_id
            raise NotFound(f"no record for {text}: 'indexer why' says what became of it")
        raise NotFound(f"no record for {text}: it is neither an asset id nor a file in an indexed folder")

    def files(self, id_or_path: PathLike) -> Sequence[StoredFile]:
        """Every place where an asset lies or lay, first seen first."""
        from ..store.files import select_places

        return select_places(self._db, self.resolve(id_or_path))

    def exist(
        self,
        checksums: Sequence[str] = (),
        checksum_sha1s: Sequence[str] = (),
        device_asset_ids: Sequence[str] = (),
    ) -> Sequence[Existing]:
        """Assets that have, or had before they were edited, content with one of these checksums (base64 of SHA-256 or
        SHA-1), or that are called so on this device; those in the trash too."""
        from ..store.assets import select_existing

        return select_existing(self._db, checksums, checksum_sha1s, device_asset_ids)

    def list(self, which: AssetFilter | None = None, limit: int = 20) -> Sequence[Listed]:
        """The newest assets first."""
        from ..store.assets import list_assets
        from ..store.filters import AssetFilter

        return list_assets(self._db, which or AssetFilter(), limit)

    def list_json(self, which: AssetFilter | None = None, limit: int = 20) -> Iterator[str]:
        """The records of `list`, each as `get_json` gives it."""
        from ..store.assets import list_assets_json
        from ..store.filters import AssetFilter

        return list_assets_json(self._db, which or AssetFilter(), limit)

    def search(self, query: str, limit: int = 20) -> Sequence[Listed]:
        """Assets by words and filters (see indexer.query), the best match first; more in `searches`. Raises UsageError
        for what is not a search."""
        return self.searches.list(query, limit)

    @property
    def searches(self) -> Searches:
        from .search import Searches

        return Searches(self)

    @property
    def is_read_only(self) -> bool:
        return self._read_only

    def keywords(self, id_or_path: PathLike) -> Sequence[str]:
        """The words that the photo is tagged with."""
        from ..store.metadata import select_keywords

        return select_keywords(self._db, self.resolve(id_or_path))

    def explain(self, id_or_path: PathLike) -> Explanation:
        """Where the values of a record come from, and what other sources said."""
        from ..sync.explain import explain

        asset_id = self.resolve(id_or_path)
        self.get_json(asset_id)  # raises NotFound for an unknown id
        return explain(self._db, asset_id)

    def motion(self, id_or_path: PathLike) -> bytes:
        """The film inside a motion photo. Raises NotFound where there is none, or its file cannot be reached."""
        from ..store.metadata import select_motion
        from ..sync.explain import original

        asset_id = self.resolve(id_or_path)
        self.get_json(asset_id)
        motion = select_motion(self._db, asset_id)
        if motion is None:
            raise NotFound(f"{asset_id} holds no film: it is no motion photo")
        path = original(self._db, asset_id)
        if path is None:
            raise NotFound(f"the file of {asset_id} cannot be reached now")
        with open(path, "rb", opener=regular_nofollow) as file:
            file.seek(motion.offset)
            return file.read(motion.size)

    # What is known of paths and runs

    def why(self, path: PathLike) -> Answer:
        """Why a path is, or is not, in the index."""
        from ..sync.why import why

        return why(self._db, path)

    def roots(self) -> Sequence[Root]:
        from ..store.roots import select_roots

        return select_roots(self._db)

    def mounts(self, root_id: int) -> Sequence[Mount]:
        """The drives mounted inside a root."""
        from ..store.roots import select_mounts

        return select_mounts(self._db, root_id)

    def coverage(self) -> dict[int, Coverage]:
        """How a running watch follows each root, by the root's id."""
        from ..store.jobs import select_coverage

        watched = {path for one in self.activities() if one.kind == "watch" for path in one.roots}
        known = select_coverage(self._db)
        return {root.id: known[root.id] for root in self.roots() if root.path in watched and root.id in known}

    def root_at(self, path: PathLike) -> Root:
        """The root that this folder is."""
        from ..sync.roots import locate

        place = locate(path, self.roots())
        if place is None or place[1]:
            raise NotFound(f"{os.fspath(path)} is not an indexed folder: 'indexer roots' lists them")
        return place[0]

    def verdicts(self) -> dict[str, int]:
        """How many paths have each verdict that occurs: a part of `counts`, at once in an index of any size."""
        from ..store.files import count_verdicts

        return count_verdicts(self._db)

    def counts(self) -> Counts:
        from ..store.files import count_all

        return count_all(self._db)

    def failures(self, limit: int = 1000) -> Sequence[Verdict]:
        """Paths that are damaged, unreadable or never came to rest."""
        from ..store.files import select_failures

        return select_failures(self._db, limit)

    def activities(self) -> Sequence[Activity]:
        """Scans, watches and servers at work now."""
        from ..store.activities import running

        return running(self.path)

    def query(self, sql: str) -> Iterator[dict[str, Any]]:
        """The rows of the user's own SELECT, by column. Cannot write. Raises QueryError."""
        from ..store import connection
        from ..store.sql import select_rows

        with closing(connection.open_for_reading(self.path)) as own:
            yield from select_rows(own, sql)

    # The trash, and what happened

    def trashed(self) -> Sequence[Trashed]:
        """What is in the trash, the longest there first."""
        from ..store.trash import select_trashed

        return select_trashed(self._db)

    def trash(self, ids_or_paths: Sequence[PathLike]) -> Sequence[str]:
        """Put assets in the trash, whatever becomes of their files, which are not touched. Returns their ids."""
        from ..store.trash import trash_asset

        return self.for_each("put in the trash", ids_or_paths, trash_asset)

    def restore(self, ids_or_paths: Sequence[PathLike]) -> Sequence[str]:
        """Take assets out of the trash, with all they had; also those whose files are gone. Returns their ids."""
        from ..store.trash import restore_asset

        return self.for_each("taken out of the trash", ids_or_paths, restore_asset)

    def empty_trash(self, days: float = 30.0, *, dry_run: bool = False) -> Sequence[Trashed]:
        """Forget for good what has been in the trash for so many days, and return it. What has a file that is there, or
        lies on a drive that is away, stays; but what was uploaded goes, with its file in the index's own folder."""
        from ..media.dates import age
        from ..store.trash import purge_assets
        from ..store.undo import record_final
        from .uploads import own_files

        def old() -> Sequence[Trashed]:
            trashed = [one for one in self.trashed() if age(one.trashed_at) >= days * 86_400]
            return [one for one in trashed if not one.held or own_files(self, one.id)]

        if dry_run or not old():
            return old()
        with self.change() as tx:
            purged = old()  # as it is now that nobody else can write
            for one in purged:
                for path in own_files(self, one.id):
                    path.unlink(missing_ok=True)
            purge_assets(tx, [one.id for one in purged])
            if purged:
                record_final(tx, f"emptied the trash of {_photos(len(purged))}", _FROM_A_BACKUP)
        return purged

    def delete(self, ids_or_paths: Sequence[PathLike]) -> None:
        """Forget photos for good, though their files are there: they are not touched, and left out from now on,
        wherever they lie; `take_back` has them indexed again. What was uploaded goes to the trash; deleted from there,
        its file in the index's own folder goes too."""
        from .uploads import delete

        delete(self, self.known(ids_or_paths))

    def left_out(self) -> int:
        """How much is left out because it was deleted."""
        from ..store.trash import count_excluded

        return count_excluded(self._db)

    def take_back(self) -> int:
        """Leave out nothing any more of what was deleted; how much it was. The next scan finds it."""
        from ..store.trash import unexclude
        from ..store.undo import record_final

        with self.change() as tx:
            if count := unexclude(tx, None):
                what = f"had {_photos(count)} indexed again that were deleted"
                record_final(tx, what, "Delete again what you do not want in the index.")
        return count

    def events(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        entity_types: Sequence[str] | None = None,
        of: PathLike | None = None,
    ) -> Sequence[Event]:
        """What happened, oldest first, from a cursor on (an event's id). of: one asset, by id or path, or any id."""
        from ..store.events import select_events

        entity = None
        if of is not None:
            entity = os.fspath(of) if "_" in os.fspath(of) and os.sep not in os.fspath(of) else self.resolve(of)
        return select_events(self._db, after, limit, entity_types=entity_types, entity_id=entity)

    @property
    def people(self) -> People:
        """Whose faces there are, and what users say of them."""
        from .people import People

        return People(self)

    # What users say

    def set(self, ids_or_paths: Sequence[PathLike], **values: str | int | None) -> Sequence[str]:
        """Set the user's values, which take precedence over the file's and over the look-up: USER_VALUES of
        indexer.index.edits; None takes one back. Returns the ids. Raises UsageError for another name, for a rating
        beyond 0 to 5, and for an is_favorite that is neither 0 nor 1 (True and False will do)."""
        from .edits import edit

        return edit(self, ids_or_paths, values)[0]

    @property
    def libraries(self) -> Libraries:
        """Named groups of indexed folders."""
        from .libraries import Libraries

        return Libraries(self)

    @property
    def api_keys(self) -> ApiKeys:
        """Keys for the HTTP API."""
        from .api_keys import ApiKeys

        return ApiKeys(self)

    @property
    def albums(self) -> Albums:
        """What users put together."""
        from .albums import Albums

        return Albums(self)

    def write_back(
        self, ids_or_paths: Sequence[PathLike] = (), *, dry_run: bool = False
    ) -> tuple[Sequence[WrittenBack], Path | None]:
        """What the user said of these photos, or of all, into XMP sidecars beside them; and the folder where sidecars
        lie as they were, if any was changed. No photo is written to."""
        import shutil

        from .. import private
        from ..store import written
        from ..store.copies import beside
        from ..store.transaction import begin
        from ..sync.write_back import write_back

        chosen = self.known(ids_or_paths) if ids_or_paths else None
        connection = self._db if dry_run else self._writable()
        folder = beside(self.path, "sidecars")
        kept: list[Path] = []

        def keep(sidecar: Path) -> None:
            private.make_folder(folder)
            copy = folder / f"{len(kept)} {sidecar.name}"
            shutil.copy2(sidecar, copy)
            kept.append(copy)

        @contextmanager
        def record(asset_id: str, values: Mapping[str, written.Written], faces: Sequence[Face]) -> Iterator[None]:
            with begin(connection):
                written.announce(connection, asset_id, values)
                written.note_faces(connection, asset_id, faces)
            yield
            with begin(connection):
                written.note(connection, asset_id, values)

        return list(write_back(connection, chosen, keep, record, dry_run=dry_run)), folder if kept else None

    def import_places(self, dump: PathLike, *, dry_run: bool = False) -> int:
        """Take in the landmarks of a dump of GeoNames, for `place_name`; how many. Raises UsageError for another file.
        Photos are looked up again by the next `enrich`."""
        from ..config import given
        from ..enrich.landmarks import import_dump, read_dump
        from ..store import landmarks
        from ..store.transaction import begin
        from ..store.undo import record_final

        path = given(dump)
        if dry_run:
            return sum(1 for _ in read_dump(path))
        _ = self._db  # there has to be an index
        with begin(self._writable()) as tx:
            count = import_dump(tx.connection, path)
            landmarks.next_stamp(tx.connection)
            record_final(tx, f"imported places from {path}", "'indexer places forget' removes all of them.")
        return count

    def forget_places(self, *, dry_run: bool = False) -> int:
        """Forget all landmarks that were imported; how many."""
        from ..store import landmarks
        from ..store.transaction import begin
        from ..store.undo import record_final

        if dry_run:
            return landmarks.count(self._db)
        _ = self._db
        with begin(self._writable()) as tx:
            landmarks.next_stamp(tx.connection)
            if count := landmarks.forget_all(tx.connection):
                instead = "'indexer places import DUMP' brings them back."
                record_final(tx, "forgot the places that were imported", instead)
        return count

    def last_change(self) -> UserChange | None:
        """What `undo` would take back, or, where `instead` says so, what stands in its way."""
        from ..store.undo import last

        return last(self._db)

    def undo(self, change_id: int | None = None) -> UserChange | None:
        """Take back what the user did last: ratings, descriptions, albums, names, the trash. None: there is nothing.
        change_id: only if that is what was done last. Raises CannotUndo where it is not, and where the last thing
        cannot be undone: what was done before it stays too."""
        from ..store.undo import undo_last

        return undo_last(self._writable(), change_id) if self.last_change() or change_id is not None else None

    @contextmanager
    def user_change(self, what: str) -> Iterator[Transaction]:
        """For what the user does: `undo` takes it back as one."""
        from ..store.undo import user_change

        _ = self._db  # there has to be an index
        with user_change(self._writable(), what) as tx:
            yield tx

    @contextmanager
    def change(self) -> Iterator[Transaction]:
        """A transaction that cannot be undone."""
        from ..store.transaction import begin

        _ = self._db  # there has to be an index
        with begin(self._writable()) as tx:
            yield tx

    def known(self, ids_or_paths: Sequence[PathLike]) -> Sequence[str]:
        """Their ids. Raises NotFound for one that is not there."""
        asset_ids = [self.resolve(one) for one in ids_or_paths]
        for asset_id in asset_ids:
            self.get_json(asset_id)
        return asset_ids

    def for_each(
        self, what: str, ids_or_paths: Sequence[PathLike], do: Callable[[Transaction, str], bool | None]
    ) -> Sequence[str]:
        """Do something with each asset, with all of them or none, so that it can be undone. Returns those for which it
        was not in vain (False). Raises NotFound for one that is not there."""
        asset_ids = self.known(ids_or_paths)
        with self.user_change(f"{_photos(len(asset_ids))} {what}") as tx:
            return [asset_id for asset_id in asset_ids if do(tx, asset_id) is not False]

    # Work

    def scan(
        self,
        folders: Sequence[PathLike] = (),
        *,
        workers: int | None = None,
        make_executor: Callable[[int], Executor] | None = None,
        cluster: Cluster | None = None,
        on_progress: Callable[[Summary], None] | None = None,
        count_ahead: bool = False,
        accept_loss: int = 0,
        dry_run: bool = False,
    ) -> Summary:
        """Bring the index up to date with these folders (new ones become roots), or with all roots.

        workers: processes that read files, by default one a core; make_executor: another pool than local processes;
        cluster: the workers of other machines, which see the same folders.
        on_progress is called a few times a second with the live summary; count_ahead also finds out how much there is.
        accept_loss: this many missing files were deleted on purpose; a larger mass deletion awaits confirmation (see
        Summary.held). Raises RootUnavailable for a folder that is not there. May be stopped by KeyboardInterrupt at any
        time: what was done stays, and the next scan goes on. dry_run: find out what would change, on a copy of the
        index.
        """
        if dry_run:
            return self._rehearse(
                folders, workers=workers, cluster=cluster, on_progress=on_progress, accept_loss=accept_loss
            )
        early = None
        if cluster is not None:
            from ..sync.worker import allowed, needs_local

            workers, make_executor = cluster.count, partial(cluster.executor, needs_local, allowed, None)
        elif make_executor is None and not self.path.exists():
            from ..pool import early_pool
            from ..sync.worker import allowed, warm_up
            from ..workers import worker_count

            # A first scan is sure to read: let the workers get ready beside this process.
            early = early_pool(workers or worker_count(), warm_up, allowed)
        from ..store.roots import select_roots
        from ..sync.options import Listener, SyncOptions
        from ..sync.readers import Readers
        from ..sync.roots import targets
        from ..sync.scan import Scan

        readers = Readers(workers, make_executor, early, elsewhere=cluster is not None)
        try:
            connection = self._writable()
            aims = targets(connection, select_roots(self._db), folders)
            listener = Listener(progress=on_progress) if on_progress is not None else Listener()
            scan = Scan(connection, readers, aims, SyncOptions(accept_loss=accept_loss), listener)
            if count_ahead:
                scan.count_ahead()
            return scan.run()
        finally:
            readers.close()

    def _rehearse(self, folders: Sequence[PathLike], **options: Any) -> Summary:
        """A scan into a copy of the index, that is thrown away."""
        import tempfile

        from .. import scratch

        with scratch.folder(Path(tempfile.gettempdir())) as own:
            copy = own / "index.db"
            if self.path.exists():
                self.backup(copy)
            with Index(copy) as rehearsal:
                return rehearsal.scan(folders, **options)

    def watch(
        self,
        folders: Sequence[PathLike] = (),
        *,
        stop: Stop,
        options: SyncOptions | None = None,
        listener: Listener | None = None,
        workers: int | None = None,
        enrich: bool = False,
        max_cache: int | None = None,
    ) -> None:
        """Scan, then follow the folders until `stop` is set.

        A file is indexed once it was left alone for options.rest_seconds and no program has it open for writing.
        listener is told what happens. enrich: also enrich new and changed photos (see `enrich`). For the types see
        indexer.sync.options.
        """
        from ..store.roots import select_roots
        from ..sync.options import Listener, SyncOptions
        from ..sync.readers import Readers
        from ..sync.roots import targets
        from ..sync.watch import Watch

        options, listener = options or SyncOptions(), listener or Listener()
        connection = self._writable()
        aims = targets(connection, select_roots(self._db), folders)
        inside = [aim for aim in aims if aim.folder or aim.name]
        if inside:
            raise UsageError(f"{inside[0].root.path} is indexed as a whole: watch that folder")
        readers = Readers(workers)
        behind = None
        if enrich:
            from ..enrich.behind import Behind
            from .enriching import EnrichChanges

            behind = Behind(
                self.path,
                workers=workers,
                max_cache=max_cache,
                is_paused=options.is_paused,
                on_message=listener.message,
            )
            listener = EnrichChanges(behind, listener)
        try:
            Watch(connection, readers, [aim.root for aim in aims], stop, options, listener).run()
        finally:
            readers.close()
            if behind is not None:
                behind.close()

    def enrich(
        self,
        names: Sequence[str] = (),
        *,
        redo: bool = False,
        retry: bool = False,
        endpoint: Endpoint | None = None,
        max_cache: int | None = None,
        workers: int | None = None,
        cluster: Cluster | None = None,
        stop: threading.Event | None = None,
        on_progress: Callable[[EnrichSummary], None] = lambda summary: None,
    ) -> EnrichSummary:
        """Work out what can be told of photos: places, variants, figures of quality, what they look like, faces (see
        indexer.enrich.enrichers); of those that were not seen yet as they are now.

        names: only these enrichers. redo: of all photos; retry: of those too where it failed. endpoint: a model that
        describes photos, the one thing for which somebody else is asked. max_cache: bytes that variants may take,
        remembered from then on. cluster: the workers of other machines look at the pictures. May be stopped at any
        time by KeyboardInterrupt or `stop`.
        """
        from ..enrich.cache import Cache
        from ..enrich.run import Enrich
        from ..store import enrichments
        from ..store.transaction import begin

        _ = self._db  # there has to be an index
        connection = self._writable()
        run = Enrich(
            connection,
            Cache(connection, self.path, max_cache),
            names,
            endpoint=endpoint,
            workers=workers,
            cluster=cluster,
            stop=stop,
            on_progress=on_progress,
        )
        if redo or retry:
            with begin(connection):
                for name in run.names:
                    enrichments.forget(connection, name, failed_only=not redo)
        return run.run()

    def enrich_due(self, names: Sequence[str] = (), *, redo: bool = False, retry: bool = False) -> dict[str, int]:
        """How many places and pictures `enrich` would see."""
        import tempfile

        from .. import scratch
        from ..enrich.enrichers import chosen_names
        from ..enrich.run import count_due
        from ..store import enrichments
        from ..store.connection import open_for_writing

        if not redo and not retry:
            return count_due(self._db, names)
        with scratch.folder(Path(tempfile.gettempdir())) as own:
            connection = open_for_writing(self.backup(own / "index.db"))
            for name in chosen_names(tuple(names)):
                enrichments.forget(connection, name, failed_only=not redo)
            due = count_due(connection, names)
            connection.close()
            return due

    def enrichments(self) -> dict[str, tuple[int, int]]:
        """By enricher: of how many assets it has said something, and at how many it failed."""
        from ..store import enrichments

        return enrichments.counts(self._db)

    def enrichment_failures(self) -> Sequence[Failure]:
        """What could not be worked out of which photo, and why."""
        from ..store import enrichments

        return enrichments.failed(self._db)

    def duplicates(self) -> Sequence[Duplicates]:
        """Photos with the same bytes, and with the same picture."""
        from ..enrich.duplicates import exact

        return exact(self._db)

    def similar(self) -> Sequence[Duplicates]:
        """Photos that look alike, of those that `enrich` has seen."""
        from ..config import cache_folder
        from ..enrich.duplicates import similar

        return similar(self._db, cache_folder(self.path))

    def variant(self, id_or_path: PathLike, name: str) -> Path:
        """The file of a thumbnail, preview or fullsize rendering, made now if there is none.

        Raises NotFound where the photo cannot be reached, Undecodable where it cannot be decoded.
        """
        from ..enrich.cache import Cache
        from ..enrich.demand import on_demand

        asset_id = self.resolve(id_or_path)
        self.get_json(asset_id)  # raises NotFound for an unknown id
        connection = self._writable()
        return on_demand(connection, Cache(connection, self.path), asset_id, name)

    def keep_variants(self, drawn: Sequence[tuple[str, str, Encoded]], used: Iterable[tuple[str, str]] = ()) -> None:
        """Keep pictures that were drawn elsewhere in the cache: of which asset, made from what (see enrichment_basis).
        used: assets and names of variants that were asked for."""
        from ..enrich.cache import Cache
        from ..enrich.demand import keep_all, touch_all

        _ = self._db  # there has to be an index
        connection = self._writable()
        if drawn:
            keep_all(connection, Cache(connection, self.path), drawn)
        touch_all(connection, used)

    def rendering(self, id_or_path: PathLike, name: str) -> Path | bytes:
        """As `variant`, of which nothing is kept: the bytes of a JPEG where there is no file of it."""
        from ..config import cache_folder
        from ..enrich.demand import draw, kept

        asset_id = self.resolve(id_or_path)
        self.get_json(asset_id)
        drawn = kept(self._db, cache_folder(self.path), asset_id, name) or draw(self._db, asset_id, name)
        return drawn if isinstance(drawn, Path) else drawn.data

    def verify(
        self,
        *,
        share: float | None = None,
        seconds: float | None = None,
        workers: int | None = None,
        on_progress: Callable[[Report, int], None] = lambda report, total: None,
    ) -> Report:
        """Compare the files' bytes with the index: all of them, going on where an earlier run was stopped; a random
        share (0..1); or for so many seconds the longest unverified. See indexer.sync.verify.Report."""
        from ..sync.readers import Readers
        from ..sync.verify import Verify

        _ = self._db  # there has to be an index
        readers = Readers(workers)
        try:
            return Verify(self._writable(), readers, share=share, seconds=seconds, on_progress=on_progress).run()
        finally:
            readers.close()

    # The index itself

    def backup(self, target: PathLike, *, overwrite: bool = False) -> Path:
        """Copy the index as it is at this moment, while others may write, and check the copy."""
        from ..config import given
        from ..store.copies import copy_to

        path = given(target)
        copy_to(self._db, path, overwrite=overwrite)
        return path

    def restore_backup(self, source: PathLike, *, dry_run: bool = False) -> Path | None:
        """Put a backup in the place of the index, which may be damaged. What it was is kept beside it; returns where.

        Raises UsageError while a scan or watch is at work, IndexUnusable for what is no sound backup.
        """
        from .. import private, scratch
        from ..config import given
        from ..store import copies
        from ..store.activities import refuse_while_written
        from ..store.connection import open_for_writing
        from ..store.transaction import begin
        from ..store.undo import record_final

        backup = given(source)
        copies.open_copy(backup).close()
        kept, is_damaged = None, False
        if self.path.exists():
            is_damaged = copies.is_damaged(self.path)
            kept = copies.beside(self.path, "before-restore")
        if self.path.parent.is_dir():  # a watch may not have noticed yet that its index was deleted
            refuse_while_written(self.path)
        if dry_run:
            return kept
        self._refuse_network()
        self.close()
        private.make_folder(self.path.parent)
        with writing_to(self.path.parent), scratch.folder(self.path.resolve().parent) as own:
            new = own / self.path.name
            with closing(copies.open_copy(backup)) as opened:
                copies.copy_to(opened, new)
            with closing(open_for_writing(new)) as connection:  # an older one is brought to this version
                connection.execute("PRAGMA journal_mode = WAL")
                instead = f"'indexer restore {kept}' puts back the index as it was before."
                instead = instead if kept and not is_damaged else _FROM_A_BACKUP
                with begin(connection) as tx:
                    record_final(tx, f"restored {backup}", instead)
            if kept is not None:
                copies.keep(self.path, kept)
            copies.install(new, self.path)
        return kept

    def merge(self, other: PathLike, *, dry_run: bool = False) -> Merged:
        """Take in what another index knows: of the photos of another laptop, say, whose folders are away here. What
        this index was is kept beside it.

        Raises UsageError for this index itself, IndexUnusable for what is no sound index.
        """
        from .. import scratch
        from ..config import cache_folder, given
        from ..enrich.cache import Cache
        from ..store import copies, merge
        from ..store.connection import open_for_writing

        source = given(other)
        _ = self._db  # there has to be an index
        if source.exists() and source.samefile(self.path):
            raise UsageError(f"{source} is the index itself: name another one")
        connection = self._writable()
        with writing_to(self.path.parent), scratch.folder(self.path.parent) as own:
            copy = own / "other.db"  # of one moment, and of this version
            with closing(copies.open_copy(source)) as opened:
                copies.copy_to(opened, copy)
            open_for_writing(copy).close()
            kept = copies.beside(self.path, "before-merge")
            if not dry_run:
                copies.copy_to(self._db, kept)
            with merge.attached(connection, copy):
                done = f"merged {source}", f"'indexer restore {kept}' puts back the index as it was before."
                merged = merge.merge(connection, *done, dry_run=dry_run)
                if not dry_run:
                    Cache(connection, self.path).take_over(cache_folder(source))
        return merged

    def repair(self, *, workers: int | None = None, dry_run: bool = False) -> Repair:
        """Make a new index of what can be read of a damaged one, and of the photos, which get the same ids again.

        A copy of the damaged one is kept beside it. A sound one is left as it is. Raises UsageError while another
        program is at work on it.
        """
        from .repair import repair

        if not self.path.exists():
            _ = self._db  # says that there is none
        self.close()
        return repair(self, workers=workers, dry_run=dry_run)

    def doctor(self, *, fix: bool = False) -> Sequence[Finding]:
        """What is, and what is not, as it should be, and what to do about it. fix: mend what can be mended safely."""
        from .doctor import examine

        return examine(self, fix=fix)

    def mend_places(self) -> int:
        """Show every asset where it can be reached, as far as there is such a place: after a look at all roots. Returns
        for how many that is another place than before."""
        from ..store import standing
        from ..store.transaction import begin
        from ..sync.presence import find_root, note_root

        connection = self._writable()
        for root in self.roots():
            note_root(connection, root, find_root(connection, root))
        with begin(connection) as tx:
            return standing.choose_everywhere(connection, tx.now)

    def remove_root(self, path: PathLike) -> Root:
        """Forget a root. Its photos are not touched; their records go to the trash, and come back with a new scan."""
        from ..store.roots import remove_root
        from ..store.transaction import begin
        from ..store.trash import trash_orphans
        from ..store.undo import record_final

        connection = self._writable()
        root = self.root_at(path)
        with begin(connection) as tx:
            remove_root(tx, root.id)
            trash_orphans(tx, tx.touched)
            instead = f"'indexer scan {root.path}' brings its photos back, with what you said of them."
            record_final(tx, f"forgot the folder {root.path}", instead)
        return root

    def _refuse_network(self) -> None:
        """SQLite's own advice (sqlite.org/wal.html): a log shared by processes does not work over a network."""
        from ..sync.volumes import is_network, volume_of

        folder = next((one for one in self.path.absolute().parents if one.is_dir()), None)
        filesystem = volume_of(str(folder)).filesystem if folder else None
        if is_network(filesystem):
            raise IndexUnusable(
                f"{self.path} lies on {filesystem}, a network file system, which may damage it:"
                " name a file on a disk of this machine with --db"
            )

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection to the index: for reading, unless this object has written."""
        return self._db

    @property
    def _db(self) -> IndexConnection:
        if self._connection is None:
            from ..store.connection import open_for_reading

            self._connection = open_for_reading(self.path, may_update=not self._read_only)
        return self._connection

    def _writable(self) -> IndexConnection:
        from ..store.connection import open_for_writing

        if self._read_only:
            raise UsageError(f"{self.path} was opened for reading only")
        self._refuse_network()
        self.close()
        self._connection = open_for_writing(self.path)
        return self._connection


def _photos(count: int) -> str:
    return f"{count:,} {'photo' if count == 1 else 'photos'}"
