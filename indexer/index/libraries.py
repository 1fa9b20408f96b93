"""`Index.libraries`: create and edit libraries, which are named groups of indexed folders."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import NotFound
from ..store import libraries as store
from ..store.libraries import LibraryInfo as LibraryInfo
from .roots import Roots
from .session import PathLike, Session


class Libraries:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[LibraryInfo]:
        """The default library first, which contains every folder that is in no other."""
        return store.select_libraries(self._session.connection)

    def by_id(self, library_id: str) -> LibraryInfo:
        for library in self.list():
            if library.id == library_id:
                return library
        raise NotFound(f"there is no library {library_id}")

    def ensure(self, library_id: str | None) -> None:
        """Raises NotFound for an unknown library; None means all libraries."""
        if library_id is not None and not store.has_library(self._session.connection, library_id):
            raise NotFound(f"there is no library {library_id}")

    def default_id(self) -> str:
        return store.default_library(self._session.connection)

    def user_id(self) -> str:
        """The id of the single user, who owns all libraries."""
        return store.user_id(self._session.connection)

    def indexed_since(self) -> str:
        """When the first folder was indexed."""
        return store.indexed_since(self._session.connection)

    def create(self, name: str, description: str | None = None) -> str:
        """Create an empty library and return its id."""
        with self._session.transaction() as tx:
            return store.add_library(tx, name, description)

    def describe(self, library_id: str, name: str, description: str | None) -> None:
        with self._session.transaction() as tx:
            store.update_library(tx, library_id, name, description)

    def delete(self, library_id: str) -> None:
        """Delete a library. Its folders move to the default library."""
        with self._session.transaction() as tx:
            store.delete_library(tx, library_id)

    def assign(self, folder: PathLike, library_id: str | None) -> None:
        """Put an indexed folder into a library; None: into the default one. Raises NotFound for an unknown library."""
        root = Roots(self._session).get(folder)
        self.ensure(library_id)
        with self._session.transaction() as tx:
            store.put_in_library(tx, root.path, library_id)
