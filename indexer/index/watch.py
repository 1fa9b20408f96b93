"""Watch indexed folders, with background enrichment."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..store.roots import select_roots
from ..sync.options import Listener, Stop, SyncOptions
from ..sync.power import Battery as Battery
from ..sync.power import work_in_background as work_in_background
from ..sync.readers import Readers
from ..sync.roots import targets
from ..sync.watch import Watch
from .scan import as_folders
from .session import PathLike, Session


def watch(
    session: Session,
    folders: PathLike | Sequence[PathLike],
    *,
    stop: Stop,
    options: SyncOptions,
    listener: Listener,
    workers: int | None,
    enrich: bool,
    max_cache: int | None,
) -> None:
    """See Index.watch."""
    connection = session.writer(create=True)
    watched = targets(connection, select_roots(connection), as_folders(folders))
    inside = [target for target in watched if target.folder or target.name]
    if inside:
        raise UsageError(f"{inside[0].root.path} is indexed as a whole: watch that folder")
    readers = Readers(workers)
    enricher = None
    if enrich:
        from ..enrich.background import BackgroundEnricher
        from .background_enrichment import EnrichChanges

        enricher = BackgroundEnricher(
            session.path,
            workers=workers,
            max_cache=max_cache,
            is_paused=options.is_paused,
            on_message=listener.message,
        )
        listener = EnrichChanges(enricher, listener)
    try:
        Watch(connection, readers, [target.root for target in watched], stop, options, listener).run()
    finally:
        readers.close()
        if enricher is not None:
            enricher.close()
