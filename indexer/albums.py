"""What users put together: `Index.albums`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import ids
from .errors import NotFound, UsageError
from .store import queries
from .store.queries import Album

if TYPE_CHECKING:
    from .index import Index

Assets = Sequence[str | os.PathLike[str]]


class Albums:
    """An album is named by id or by name; assets by id or path.

    Methods raise NotFound where there is none, UsageError where several have the name."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def list(self) -> Sequence[Album]:
        return queries.albums(self._index.connection)

    def get(self, name_or_id: str) -> Album:
        found = [one for one in self.list() if name_or_id in (one.id, one.name)]
        if not found:
            raise NotFound(f"there is no album '{name_or_id}': 'indexer albums list' has them")
        if len(found) > 1:
            listed = ", ".join(one.id for one in found)
            raise UsageError(f"{len(found)} albums are called '{name_or_id}'; name one by its id: {listed}")
        return found[0]

    def assets(self, name_or_id: str) -> Sequence[str]:
        return queries.album_assets(self._index.connection, self.get(name_or_id).id)

    def create(self, name: str, assets: Assets = (), description: str | None = None) -> Album:
        asset_ids = self._index.known(assets)
        album_id = ids.named_id("album", str(uuid.uuid4()))
        with self._index.user_change(f"album '{name}' made") as writer:
            writer.put_album(album_id, name)
            if description is not None:
                writer.describe_album(album_id, description=description)
            for asset_id in asset_ids:
                writer.add_to_album(album_id, asset_id)
        return self.get(album_id)

    def rename(self, name_or_id: str, name: str) -> Album:
        album = self.get(name_or_id)
        with self._index.user_change(f"album '{album.name}' renamed '{name}'") as writer:
            writer.put_album(album.id, name)
        return self.get(album.id)

    def set(self, name_or_id: str, **values: str | None) -> Album:
        """Its name, its description."""
        if unknown := set(values) - {"name", "description"}:
            raise UsageError(f"'{min(unknown)}' cannot be set: there are name, description")
        album = self.get(name_or_id)
        with self._index.user_change(f"album '{album.name}' changed") as writer:
            writer.describe_album(album.id, **values)
        return self.get(album.id)

    def delete(self, name_or_id: str) -> Album:
        """The photos in it stay."""
        album = self.get(name_or_id)
        with self._index.user_change(f"album '{album.name}' deleted") as writer:
            writer.delete_album(album.id)
        return album

    def add(self, name_or_id: str, assets: Assets) -> Sequence[str]:
        """The ids of those that were not in it yet."""
        album = self.get(name_or_id)
        what = f"added to '{album.name}'"
        return self._index.for_each(what, assets, lambda writer, one: writer.add_to_album(album.id, one))

    def remove(self, name_or_id: str, assets: Assets) -> int:
        """How many were in it. The photos stay."""
        album = self.get(name_or_id)
        what = f"taken from '{album.name}'"
        return len(self._index.for_each(what, assets, lambda writer, one: writer.take_from_album(album.id, one)))
