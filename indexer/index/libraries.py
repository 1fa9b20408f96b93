"""Libraries, which are named groups of indexed folders: `Index.libraries`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..store import libraries as store
from ..store.libraries import LibraryInfo

if TYPE_CHECKING:
    from . import Index


class Libraries:
    def __init__(self, index: Index) -> None:
        self._index = index

    def list(self) -> Sequence[LibraryInfo]:
        """The default one first, which has every folder that no other library has."""
        return store.select_libraries(self._index.connection)

    def create(self, name: str, description: str | None = None) -> str:
        """The id of a new and empty library."""
        with self._index.change() as tx:
            return store.add_library(tx, name, description)

    def describe(self, library_id: str, name: str, description: str | None) -> None:
        with self._index.change() as tx:
            store.describe_library(tx, library_id, name, description)

    def delete(self, library_id: str) -> None:
        """Its folders are the default library's from then on."""
        with self._index.change() as tx:
            store.delete_library(tx, library_id)

    def assign(self, folder: str | os.PathLike[str], library_id: str | None) -> None:
        """Put an indexed folder into a library; None: into the default one. Raises NotFound for an unknown library."""
        root = self._index.root_at(folder)
        if library_id is not None and not store.has_library(self._index.connection, library_id):
            raise NotFound(f"there is no library {library_id}")
        with self._index.change() as tx:
            store.put_in_library(tx, root.path, library_id)
