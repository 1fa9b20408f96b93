"""Run a scan: set up worker pools, and simulate writes for a dry run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .session import PathLike, Session

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..sync.summary import Summary
    from ..work.cluster import Cluster


def scan(
    session: Session,
    folders: PathLike | Sequence[PathLike] = (),
    *,
    workers: int | None = None,
    make_executor: Callable[[int], Executor] | None = None,
    cluster: Cluster | None = None,
    on_progress: Callable[[Summary], None] | None = None,
    count_ahead: bool = False,
    accept_loss: int = 0,
) -> Summary:
    """See Index.scan."""
    early = None
    if cluster is not None:
        from ..sync.worker import allowed, needs_local

        workers, make_executor = cluster.count, partial(cluster.executor, needs_local, allowed, None)
    elif make_executor is None and not session.path.exists():
        from ..sync.worker import allowed, warm_up
        from ..work.pool import early_pool
        from ..work.workers import worker_count

        # A first scan is sure to read: let the workers start up beside this process.
        early = early_pool(workers or worker_count(), warm_up, allowed)
    from ..store.roots import select_roots
    from ..sync.options import Listener, SyncOptions
    from ..sync.readers import Readers
    from ..sync.roots import targets
    from ..sync.scan import Scan

    readers = Readers(workers, make_executor, early, elsewhere=cluster is not None)
    try:
        connection = session.writer(create=True)
        scanned = targets(connection, select_roots(connection), as_folders(folders))
        listener = Listener(progress=on_progress) if on_progress is not None else Listener()
        scan = Scan(connection, readers, scanned, SyncOptions(accept_loss=accept_loss), listener)
        if count_ahead:
            scan.count_ahead()
        return scan.run()
    finally:
        readers.close()


def rehearse(
    session: Session,
    folders: PathLike | Sequence[PathLike],
    *,
    workers: int | None,
    cluster: Cluster | None,
    on_progress: Callable[[Summary], None] | None,
    accept_loss: int,
) -> Summary:
    """Scan into a copy of the index, which is thrown away."""
    from .. import scratch
    from ..store.backup import copy_to

    with scratch.folder(Path(tempfile.gettempdir())) as own:
        copy = own / "index.db"
        if session.path.exists():
            copy_to(session.connection, copy)
        with closing(Session(copy)) as rehearsal:
            return scan(
                rehearsal,
                folders,
                workers=workers,
                cluster=cluster,
                on_progress=on_progress,
                accept_loss=accept_loss,
            )


def as_folders(folders: PathLike | Iterable[PathLike]) -> Sequence[PathLike]:
    """A string is one folder."""
    return [folders] if isinstance(folders, str | os.PathLike) else list(folders)
