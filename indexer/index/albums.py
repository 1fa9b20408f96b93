"""`Index.albums`: create, edit and list albums."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from .. import ids
from ..errors import NotFound, UsageError
from ..store.albums import Album as Album
from ..store.albums import (
    Link,
    add_to_album,
    delete_album,
    put_album,
    remove_from_album,
    select_album,
    select_album_assets,
    select_album_page,
    select_albums,
    select_links,
    update_album,
)
from .messages import photos
from .session import Assets, Session


class Albums:
    """An album is given by id or name, an asset by id or path.

    Methods raise NotFound for an unknown one, UsageError for a name that several albums have."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[Album]:
        return select_albums(self._session.connection)

    def get(self, name_or_id: str) -> Album:
        matches = [album for album in self.list() if name_or_id in (album.id, album.name)]
        if not matches:
            raise NotFound(f"there is no album '{name_or_id}': 'indexer albums list' has them")
        if len(matches) > 1:
            listed = ", ".join(album.id for album in matches)
            raise UsageError(f"{len(matches)} albums are called '{name_or_id}'; name one by its id: {listed}")
        return matches[0]

    def by_id(self, album_id: str) -> Album:
        album = select_album(self._session.connection, album_id)
        if album is None:
            raise NotFound(f"there is no album {album_id}")
        return album

    def page(
        self,
        limit: int,
        *,
        ids: Sequence[str] | None = None,
        asset_id: str | None = None,
        after_id: str | None = None,
    ) -> Sequence[Album]:
        """The newest first, starting after `after_id`. ids: only these; asset_id: only albums that contain it."""
        albums = select_album_page(self._session.connection, ids, asset_id, after_id, limit)
        if albums is None:
            raise NotFound(f"there is no album {after_id}")
        return albums

    def links(
        self,
        limit: int = -1,
        *,
        ids: Sequence[str] | None = None,
        album_id: str | None = None,
        asset_id: str | None = None,
        after_id: str | None = None,
    ) -> Sequence[Link]:
        """Links between albums and assets, ordered by their id."""
        return select_links(self._session.connection, ids, album_id, asset_id, after_id, limit)

    def assets(self, name_or_id: str) -> Sequence[str]:
        return select_album_assets(self._session.connection, self.get(name_or_id).id)

    def create(self, name: str, assets: Assets = (), description: str | None = None) -> Album:
        asset_ids = self._session.resolve_all(assets)
        album_id = ids.named_id("album", str(uuid.uuid4()))
        with self._session.user_change(f"album '{name}' made") as tx:
            put_album(tx, album_id, name)
            if description is not None:
                update_album(tx, album_id, description=description)
            for asset_id in asset_ids:
                add_to_album(tx, album_id, asset_id)
        return self.get(album_id)

    def rename(self, name_or_id: str, name: str) -> Album:
        album = self.get(name_or_id)
        with self._session.user_change(f"album '{album.name}' renamed '{name}'") as tx:
            put_album(tx, album.id, name)
        return self.get(album.id)

    def set(self, name_or_id: str, **values: str | None) -> Album:
        """Set its name or description."""
        if unknown := set(values) - {"name", "description"}:
            raise UsageError(f"'{min(unknown)}' cannot be set: there are name, description")
        album = self.get(name_or_id)
        with self._session.user_change(f"album '{album.name}' changed") as tx:
            update_album(tx, album.id, **values)
        return self.get(album.id)

    def delete(self, name_or_id: str) -> Album:
        """Delete an album. Its photos stay."""
        album = self.get(name_or_id)
        with self._session.user_change(f"album '{album.name}' deleted") as tx:
            delete_album(tx, album.id)
        return album

    def add(self, name_or_id: str, assets: Assets) -> Sequence[str]:
        """Add assets. Returns the ids of those that were not in it yet."""
        album = self.get(name_or_id)
        asset_ids = self._session.resolve_all(assets)
        with self._session.user_change(f"{photos(len(asset_ids))} added to '{album.name}'") as tx:
            return [asset_id for asset_id in asset_ids if add_to_album(tx, album.id, asset_id)]

    def remove(self, name_or_id: str, assets: Assets) -> int:
        """Remove assets from the album. Returns how many were in it. The photos stay."""
        album = self.get(name_or_id)
        asset_ids = self._session.resolve_all(assets)
        with self._session.user_change(f"{photos(len(asset_ids))} taken from '{album.name}'") as tx:
            return sum(remove_from_album(tx, album.id, asset_id) for asset_id in asset_ids)
