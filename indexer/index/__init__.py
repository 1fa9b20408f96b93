"""The photo index API for programs.

    from indexer import Index

    with Index.open("index.db") as index:
        index.scan(["~/Pictures"])
        record = index.get("asset_…")
        index.albums.create("Summer", [record["id"]])

Imports are made where they are used: looking up a record needs SQLite and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from .session import PathLike, Session

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Executor

    from ..enrich.enrichers.captions import Endpoint
    from ..enrich.run import EnrichSummary
    from ..record import AssetRecord
    from ..store.assets import Listed
    from ..sync.options import Listener, Stop, SyncOptions
    from ..sync.summary import Summary
    from ..work.cluster import Cluster
    from .albums import Albums
    from .api_keys import ApiKeys
    from .assets import Assets
    from .doctor import Doctor
    from .duplicates import Duplicates
    from .enrichments import Enrichments
    from .faces import Faces
    from .folders import Folders
    from .gallery import Gallery
    from .history import History
    from .libraries import Libraries
    from .maintenance import Maintenance
    from .people import People
    from .places import Places
    from .renditions import Renditions
    from .roots import Roots
    from .search import Searches
    from .status import Status
    from .suggestions import Suggestions
    from .trash import Trash
    from .uploads import Uploads


class Index:
    """A photo index in one SQLite file. Any number of threads may use one Index, any number of processes one file.

    Methods raise the errors of indexer.errors: IndexUnusable where the file is missing or not an index, NotFound for
    unknown ids and paths, UsageError for arguments that make no sense.
    """

    def __init__(self, path: PathLike | None = None, *, read_only: bool = False) -> None:
        from ..config import default_database, given

        self.session = Session(given(path) if path is not None else default_database(), read_only=read_only)

    @classmethod
    def open(cls, path: PathLike | None = None, *, read_only: bool = False) -> Index:
        """The index at path, by default this user's own. The file is opened at first use, and created by a scan.
        read_only: nothing is ever written; write methods raise UsageError."""
        return cls(path, read_only=read_only)

    @property
    def path(self) -> Path:
        return self.session.path

    def close(self) -> None:
        self.session.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def dry_run(self, is_on: bool = True) -> AbstractContextManager[None]:
        """Roll back this thread's changes to the index at the end of the body:

        with index.dry_run():
            index.trash.empty()  # what would be deleted?

        It needs a writable index, and other writers wait for its end. No uploaded file is deleted; but do not upload or
        render in it, as new files are not rolled back. For scans, enrichment, merge, repair, restore and write-back use
        their own parameter."""
        return self.session.dry_run() if is_on else nullcontext()

    def get(self, id_or_path: PathLike) -> AssetRecord:
        """The asset record of an id or of a file."""
        import json

        record: AssetRecord = json.loads(self.get_json(id_or_path))
        return record

    def get_json(self, id_or_path: PathLike) -> str:
        """As `get`, the text of the view asset_json."""
        from ..store.records import asset_json

        asset_id = self.session.resolve(id_or_path)
        text = asset_json(self.session.connection, asset_id)
        if text is None:
            raise NotFound(f"no asset {asset_id} in {self.path}")
        return text

    def list(self, limit: int = 20, **which: Any) -> Sequence[Listed]:
        """The newest assets first; limit -1: all. which: fields of indexer.AssetFilter, as in camera="pixel",
        taken_from="2024-04", state="trashed". Raises UsageError for another name."""
        return self.assets.list(limit, **which)

    def search(self, query: str, limit: int = 20) -> Sequence[Listed]:
        """Assets by words and filters (see indexer.query), the best first. Raises UsageError for an unknown filter."""
        return self.searches.list(query, limit)

    def query(self, sql: str) -> Iterator[dict[str, Any]]:
        """The rows of the user's own SELECT, by column. Cannot write. Raises QueryError."""
        from contextlib import closing

        from ..store.connection import open_for_reading
        from ..store.user_queries import select_rows

        with closing(open_for_reading(self.path)) as connection:
            yield from select_rows(connection, sql)

    def scan(
        self,
        folders: PathLike | Sequence[PathLike] = (),
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

        workers: processes that read files, by default one per core; make_executor: another pool than local processes;
        cluster: the workers of other machines, which see the same folders.
        on_progress is called a few times a second with the live summary; count_ahead also counts the files in advance.
        accept_loss: this many missing files were deleted on purpose; a larger loss awaits confirmation (Summary.held).
        dry_run: find out what would change, on a copy of the index. KeyboardInterrupt may stop a scan at any time: what
        was done stays, and the next scan resumes. Raises RootUnavailable for a folder that is not there.
        """
        if dry_run:
            from .scan import rehearse

            return rehearse(
                self.session,
                folders,
                workers=workers,
                cluster=cluster,
                on_progress=on_progress,
                accept_loss=accept_loss,
            )
        from .scan import scan

        return scan(
            self.session,
            folders,
            workers=workers,
            make_executor=make_executor,
            cluster=cluster,
            on_progress=on_progress,
            count_ahead=count_ahead,
            accept_loss=accept_loss,
        )

    def watch(
        self,
        folders: PathLike | Sequence[PathLike] = (),
        *,
        stop: Stop,
        options: SyncOptions | None = None,
        listener: Listener | None = None,
        workers: int | None = None,
        enrich: bool = False,
        max_cache: int | None = None,
    ) -> None:
        """Scan, then follow the folders until `stop` is set.

        A file is indexed once it has not changed for options.rest_seconds and no program has it open for writing.
        listener: receives events. enrich: also enrich new and changed photos (see `enrich`). For the types see
        indexer.sync.options.
        """
        from ..sync.options import Listener, SyncOptions
        from .watch import watch

        watch(
            self.session,
            folders,
            stop=stop,
            options=options or SyncOptions(),
            listener=listener or Listener(),
            workers=workers,
            enrich=enrich,
            max_cache=max_cache,
        )

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
        """Run the enrichers (see indexer.enrich.enrichers) on all photos whose current state they have not processed:
        places, renditions, quality, faces and more.

        names: only these enrichers. redo: process all photos again; retry: also those that failed. endpoint: a model
        that writes captions, the only thing that uses the network. max_cache: bytes that renditions may take,
        remembered from then on. cluster: the workers of other machines process the photos. KeyboardInterrupt or `stop`
        may end it at any time.
        """
        from ..enrich.cache import Cache
        from ..enrich.run import Enrich
        from ..store import enrichments
        from ..store.transaction import begin

        connection = self.session.writer()
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

    @cached_property
    def albums(self) -> Albums:
        from .albums import Albums

        return Albums(self.session)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Keys for the HTTP API."""
        from .api_keys import ApiKeys

        return ApiKeys(self.session)

    @cached_property
    def assets(self) -> Assets:
        """Their files and metadata, and the user's values."""
        from .assets import Assets

        return Assets(self.session)

    @cached_property
    def doctor(self) -> Doctor:
        """Checks, with advice."""
        from .doctor import Doctor

        return Doctor(self.session)

    @cached_property
    def duplicates(self) -> Duplicates:
        """Duplicate and similar photos."""
        from .duplicates import Duplicates

        return Duplicates(self.session)

    @cached_property
    def enrichments(self) -> Enrichments:
        """Enrichment counts, failures and stored results."""
        from .enrichments import Enrichments

        return Enrichments(self.session)

    @cached_property
    def faces(self) -> Faces:
        from .faces import Faces

        return Faces(self.session)

    @cached_property
    def folders(self) -> Folders:
        """The tree of folders."""
        from .folders import Folders

        return Folders(self.session)

    @cached_property
    def gallery(self) -> Gallery:
        """Pages of the web gallery."""
        from .gallery import Gallery

        return Gallery(self.session)

    @cached_property
    def history(self) -> History:
        """Events, and undoing the user's changes."""
        from .history import History

        return History(self.session)

    @cached_property
    def libraries(self) -> Libraries:
        """Named groups of indexed folders."""
        from .libraries import Libraries

        return Libraries(self.session)

    @cached_property
    def maintenance(self) -> Maintenance:
        """Backup, restore, merge, repair, verify."""
        from .maintenance import Maintenance

        return Maintenance(self.session)

    @cached_property
    def people(self) -> People:
        """People and their faces."""
        from .people import People

        return People(self.session)

    @cached_property
    def places(self) -> Places:
        """Imported points of interest."""
        from .places import Places

        return Places(self.session)

    @cached_property
    def renditions(self) -> Renditions:
        """Thumbnails, previews and full-size renditions."""
        from .renditions import Renditions

        return Renditions(self.session)

    @cached_property
    def roots(self) -> Roots:
        """Indexed folders."""
        from .roots import Roots

        return Roots(self.session)

    @cached_property
    def searches(self) -> Searches:
        """Search functions beyond `search`."""
        from .search import Searches

        return Searches(self.session)

    @cached_property
    def status(self) -> Status:
        """Counts, failures and running jobs."""
        from .status import Status

        return Status(self.session)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Search autocompletion."""
        from .suggestions import Suggestions

        return Suggestions(self.session)

    @cached_property
    def trash(self) -> Trash:
        from .trash import Trash

        return Trash(self.session)

    @cached_property
    def uploads(self) -> Uploads:
        """Files sent by clients of the HTTP API."""
        from .uploads import Uploads

        return Uploads(self.session)
