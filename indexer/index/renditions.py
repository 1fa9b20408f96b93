"""Thumbnails, previews and full-size renditions: `Index.renditions`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .session import PathLike, Session

if TYPE_CHECKING:
    from ..enrich.renditions import Encoded


class Renditions:
    """Methods raise NotFound where the photo cannot be reached, Undecodable where it cannot be decoded."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, id_or_path: PathLike, name: str) -> Path:
        """The file of a rendition in the cache, made now if there is none. name: thumbnail, preview or fullsize."""
        from ..enrich.cache import Cache
        from ..enrich.render import on_demand

        (asset_id,) = self._session.resolve_all(id_or_path)
        connection = self._session.writer()
        return on_demand(connection, Cache(connection, self._session.path), asset_id, name)

    def render(self, id_or_path: PathLike, name: str) -> Path | bytes:
        """As `get`, but nothing is written: the bytes of a JPEG where the cache has no file of it."""
        from ..config import cache_folder
        from ..enrich.render import draw, kept

        (asset_id,) = self._session.resolve_all(id_or_path)
        connection = self._session.connection
        drawn = kept(connection, cache_folder(self._session.path), asset_id, name) or draw(connection, asset_id, name)
        return drawn if isinstance(drawn, Path) else drawn.data

    def keep(self, drawn: Sequence[tuple[str, str, Encoded]], used: Iterable[tuple[str, str]] = ()) -> None:
        """Put renditions that were drawn elsewhere into the cache: asset, what it was made from (enrichment_basis) and
        picture. used: assets and names of renditions that were asked for."""
        from ..enrich.cache import Cache
        from ..enrich.render import keep_all, touch_all

        connection = self._session.writer()
        if drawn:
            keep_all(connection, Cache(connection, self._session.path), drawn)
        touch_all(connection, used)
