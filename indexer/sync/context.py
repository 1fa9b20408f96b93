"""The context that a scan or watch shares with each of its passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from indexer.store.database import IndexConnection
from indexer.store.roots import Root

from .options import Listener, SyncOptions
from .readers import Readers
from .summary import Summary


class Context(NamedTuple):
    """roots: all roots of the index, by id; a file may have moved from any. summary: updated during the pass. tick:
    called at least a few times a second; may raise to stop."""

    connection: IndexConnection
    readers: Readers
    roots: Mapping[int, Root]
    summary: Summary
    options: SyncOptions
    listener: Listener
    tick: Callable[[], None]
