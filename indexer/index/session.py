"""One session on an index file: per-thread connections, transactions, id and path lookup."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import IndexUnusable, NotFound, UsageError
from ..ids import ASSET_ID

if TYPE_CHECKING:
    from ..store.database import IndexConnection
    from ..store.transaction import Transaction

PathLike = str | os.PathLike[str]
# Assets, each by its id or the path of a file. A string is one of them.
Assets = PathLike | Sequence[PathLike]


class _Own(threading.local):
    """The thread's own connection: takes a third of the time of a look-up by thread."""

    connection: IndexConnection | None = None


class Session:
    """The state shared by all services. Opened for reading at first use, and for writing at the first write.

    Any thread may use it: each has a connection of its own, and writers wait for each other as processes do.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._connections: dict[threading.Thread, IndexConnection] = {}
        self._writing: set[threading.Thread] = set()
        self._own = _Own()
        self._lock = threading.Lock()

    @property
    def connection(self) -> IndexConnection:
        """This thread's connection. Raises IndexUnusable if there is no index."""
        connection = self._own.connection
        if connection is None:
            from ..store.connection import open_for_reading

            connection = open_for_reading(self.path, may_update=not self.read_only)
            self._keep(connection)
        return connection

    def writer(self, *, create: bool = False) -> IndexConnection:
        """This thread's connection, writable from now on. create: create the index if there is none.

        Raises UsageError if the index was opened for reading only."""
        from ..store.connection import open_for_writing

        if self.read_only:
            raise UsageError(f"{self.path} was opened for reading only")
        thread = threading.current_thread()
        if thread not in self._writing or not _is_current(self._connections[thread]):
            if not create:
                _ = self.connection  # raises IndexUnusable where there is none
            self.refuse_network()
            self._close(thread)
            self._own.connection = None
            self._keep(open_for_writing(self.path), writes=True)
        return self._connections[thread]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """An atomic write transaction. Cannot be undone by the user."""
        from ..store.transaction import begin

        with begin(self.writer()) as tx:
            yield tx

    @contextmanager
    def dry_run(self) -> Iterator[None]:
        """Run the body, which sees its own changes, then roll all of them back."""
        from ..store.transaction import dry_run

        with dry_run(self.writer(create=False)):
            yield

    @contextmanager
    def user_change(self, what: str) -> Iterator[Transaction]:
        """A transaction that `undo` reverts as a whole. what: its description, as in "rated 3 photos"."""
        from ..store.undo import user_change

        with user_change(self.writer(), what) as tx:
            yield tx

    def resolve(self, id_or_path: PathLike) -> str:
        """The asset id for an id, which need not exist, or for the path of an indexed file. Raises NotFound."""
        text = os.fspath(id_or_path)
        if ASSET_ID.fullmatch(text):
            return text
        from .. import paths
        from ..store.files import select_file_at
        from ..store.roots import select_roots
        from ..sync.roots import locate

        if os.path.isdir(text):
            raise NotFound(
                f"no record for {text}: it is a folder; name the photos in it, as in {os.path.join(text, '*.jpg')}"
            )
        place = locate(text, select_roots(self.connection))
        if place is None:
            raise NotFound(f"no record for {text}: it is neither an asset id nor a file in an indexed folder")
        root, within = place
        file = select_file_at(self.connection, root.id, *paths.split(within))
        if file is None or not file.asset_id:
            raise NotFound(f"no record for {text}: 'indexer why' explains its status")
        return file.asset_id

    def resolve_all(self, assets: Assets) -> Sequence[str]:
        """The ids of assets that exist. Raises NotFound for the first one that does not."""
        from ..store.records import has_asset

        ids = [self.resolve(asset) for asset in ([assets] if isinstance(assets, str | os.PathLike) else assets)]
        for asset_id in ids:
            if not has_asset(self.connection, asset_id):
                raise NotFound(f"no asset {asset_id} in {self.path}")
        return ids

    def close(self) -> None:
        """Close the connections of all threads. The next use opens new ones."""
        self._own = _Own()  # first: no thread may find a closed one
        for thread in list(self._connections):
            self._close(thread)

    def _keep(self, connection: IndexConnection, *, writes: bool = False) -> None:
        thread = threading.current_thread()
        with self._lock:
            ended = [other for other in self._connections if not other.is_alive()]
            self._connections[thread] = connection
            (self._writing.add if writes else self._writing.discard)(thread)
        self._own.connection = connection
        for other in ended:
            self._close(other)

    def _close(self, thread: threading.Thread) -> None:
        with self._lock:
            connection = self._connections.pop(thread, None)
            self._writing.discard(thread)
        if connection is not None:
            connection.close()

    def refuse_network(self) -> None:
        """SQLite's own advice (sqlite.org/wal.html): a log shared by processes does not work over a network."""
        from ..sync.volumes import is_network, volume_of

        folder = next((parent for parent in self.path.absolute().parents if parent.is_dir()), None)
        filesystem = volume_of(str(folder)).filesystem if folder else None
        if is_network(filesystem):
            raise IndexUnusable(
                f"{self.path} is on {filesystem}, a network file system, which may damage it:"
                " name a file on a disk of this machine with --db"
            )


def _is_current(connection: IndexConnection) -> bool:
    """Whether the index is still the file that was opened, and of this version: a newer indexer updates it in place."""
    from ..store.schema import VERSION

    try:
        connection.ensure_in_place()
    except IndexUnusable:
        return False
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)
