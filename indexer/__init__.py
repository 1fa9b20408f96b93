"""A local photo indexer: the asset record of a cloud photo service, offline, from your own folders."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    CannotRun,
    CannotUndo,
    ClusterUnavailable,
    DiskFull,
    IndexDamaged,
    IndexerError,
    IndexUnusable,
    NotFound,
    NoWorkers,
    QueryError,
    RootUnavailable,
    Undecodable,
    UsageError,
)
from .version import __version__

if TYPE_CHECKING:
    from .enrich.duplicates import Duplicates
    from .enrich.enrichers.captions import Endpoint
    from .enrich.run import EnrichSummary
    from .index import Index
    from .record import AssetRecord
    from .store.albums import Album
    from .store.assets import Listed
    from .store.changes import Change
    from .store.events import Event
    from .store.files import Counts, StoredFile
    from .store.filters import AssetFilter
    from .store.jobs import Job, WatchState
    from .store.people import Person
    from .store.roots import Root
    from .store.trash import Trashed
    from .store.undo import UserChange
    from .sync.explain import Explanation
    from .sync.missing import Lost
    from .sync.options import Listener, Stop, SyncOptions
    from .sync.summary import Summary
    from .sync.verify import Report
    from .work.cluster import Cluster

__all__ = [
    "Album",
    "AssetFilter",
    "AssetRecord",
    "CannotRun",
    "CannotUndo",
    "Change",
    "Cluster",
    "ClusterUnavailable",
    "Counts",
    "DiskFull",
    "Duplicates",
    "Endpoint",
    "EnrichSummary",
    "Event",
    "Explanation",
    "Index",
    "IndexDamaged",
    "IndexUnusable",
    "IndexerError",
    "Job",
    "Listed",
    "Listener",
    "Lost",
    "NoWorkers",
    "NotFound",
    "Person",
    "QueryError",
    "Report",
    "Root",
    "RootUnavailable",
    "Stop",
    "StoredFile",
    "Summary",
    "SyncOptions",
    "Trashed",
    "Undecodable",
    "UsageError",
    "UserChange",
    "WatchState",
    "__version__",
]

# Imported on first use: the command line starts without them.
_MODULES = {
    "Album": "store.albums",
    "AssetFilter": "store.filters",
    "AssetRecord": "record",
    "Change": "store.changes",
    "Cluster": "work.cluster",
    "Counts": "store.files",
    "Duplicates": "enrich.duplicates",
    "Endpoint": "enrich.enrichers.captions",
    "EnrichSummary": "enrich.run",
    "Event": "store.events",
    "Explanation": "sync.explain",
    "Index": "index",
    "Job": "store.jobs",
    "Listed": "store.assets",
    "Listener": "sync.options",
    "Lost": "sync.missing",
    "Person": "store.people",
    "Report": "sync.verify",
    "Root": "store.roots",
    "Stop": "sync.options",
    "StoredFile": "store.files",
    "Summary": "sync.summary",
    "SyncOptions": "sync.options",
    "Trashed": "store.trash",
    "UserChange": "store.undo",
    "WatchState": "store.jobs",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
