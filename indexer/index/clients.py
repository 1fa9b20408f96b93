"""What clients of the HTTP API see besides photos: `Index.clients`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import NotFound, UsageError
from ..store.api_keys import ACTIONS, KeyInfo, add_key, delete_key, rename_key, select_keys, used_key
from ..store.libraries import (
    LibraryInfo,
    add_library,
    delete_library,
    describe_library,
    has_library,
    put_in_library,
    select_libraries,
)

if TYPE_CHECKING:
    from . import Index


class Clients:
    """Libraries, which are named folders, and the keys of who may use the API."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def libraries(self) -> Sequence[LibraryInfo]:
        """The default one first."""
        return select_libraries(self._index.connection)

    def add_library(self, name: str, description: str | None = None) -> str:
        """The id of a new and empty library."""
        with self._index.change() as tx:
            return add_library(tx, name, description)

    def describe_library(self, library_id: str, name: str, description: str | None) -> None:
        with self._index.change() as tx:
            describe_library(tx, library_id, name, description)

    def delete_library(self, library_id: str) -> None:
        """Its folders are the default library's from then on."""
        with self._index.change() as tx:
            delete_library(tx, library_id)

    def put_in_library(self, folder: str | os.PathLike[str], library_id: str | None) -> None:
        """Have an indexed folder be in a library; None: in the default one."""
        root = self._index.root_at(folder)
        if library_id is not None and not has_library(self._index.connection, library_id):
            raise NotFound(f"there is no library {library_id}")
        with self._index.change() as tx:
            put_in_library(tx, root.path, library_id)

    def add_key(self, name: str, actions: Sequence[str] = ACTIONS) -> tuple[KeyInfo, str]:
        """A new key for the HTTP API: what is kept of it, and the key itself, which is not. actions: what it is for."""
        if unknown := set(actions) - set(ACTIONS):
            raise UsageError(f"there is no action '{min(unknown)}': there are {', '.join(ACTIONS)}")
        if "read" not in actions:
            raise UsageError("a key needs the action 'read', alone or with others")
        with self._index.change() as tx:
            return add_key(tx, name, actions)

    def has_keys(self) -> bool:
        return bool(select_keys(self._index.connection))

    def rename_key(self, key_id: str, name: str) -> KeyInfo | None:
        """None where there is no such key."""
        with self._index.change() as tx:
            return rename_key(tx, key_id, name)

    def delete_key(self, key_id: str) -> bool:
        """Whether there was such a key."""
        with self._index.change() as tx:
            return delete_key(tx, key_id)

    def used_key(self, key_id: str) -> None:
        with self._index.change() as tx:
            used_key(tx, key_id)
