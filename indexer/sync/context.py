"""What a scan or watch gives to each of its passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from indexer.store.database import IndexConnection
from indexer.store.roots import Root

from .options import Listener, SyncOptions
from .readers import Readers
from .summary import Summary


class Context(NamedTuple):
    """roots: all of the index, by id; a file may have come from any. summary: counted up as the pass goes. tick: called
    often, a few times a second at least; may raise to stop."""

    connection: IndexConnection
    readers: Readers
    roots: Mapping[int, Root]
    summary: Summary
    options: SyncOptions
    listener: Listener
    tick: Callable[[], None]
