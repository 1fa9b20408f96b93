"""`Index.renditions`: create and look up thumbnails, previews and full-size renditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..config import cache_folder
from ..enrich import render
from ..enrich.cache import Cache
from ..enrich.faces.portrait import face_in
from ..enrich.render import is_fullsize as is_fullsize
from ..enrich.renditions import SIZES as SIZES
from ..enrich.renditions import Encoded as Encoded
from ..errors import NotFound
from ..store import enrichments
from ..store.enrichments import PictureFile
from ..store.faces import FaceAt
from .session import PathLike, Session


class FaceInFile(NamedTuple):
    file: PictureFile
    face: FaceAt


class Source(NamedTuple):
    """The input of a rendition, or the original that serves as it. input_key: changes with the input."""

    content: Path | PictureFile | FaceInFile
    input_key: str


class Renditions:
    """Methods raise NotFound if the photo cannot be reached, Undecodable if it cannot be decoded."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, id_or_path: PathLike, name: str) -> Path:
        """The file of a rendition in the cache, created if missing; an outdated one if the photo cannot be reached.
        name: thumbnail, preview or fullsize."""
        (asset_id,) = self._session.resolve_all(id_or_path)
        connection = self._session.writer()
        try:
            return render.on_demand(connection, Cache(connection, self._session.path), asset_id, name)
        except NotFound as error:
            return self._outdated(asset_id, name, error)

    def render(self, id_or_path: PathLike, name: str) -> Path | bytes:
        """As `get`, but nothing is written: returns the bytes of a JPEG if the cache has no file of it."""
        (asset_id,) = self._session.resolve_all(id_or_path)
        try:
            drawn = self.cached(asset_id, name) or render.draw(self._session.connection, asset_id, name)
        except NotFound as error:
            return self._outdated(asset_id, name, error)
        return drawn if isinstance(drawn, Path) else drawn.data

    def _outdated(self, asset_id: str, name: str, error: NotFound) -> Path:
        """Raises the error if there is none."""
        path = self.cached(asset_id, name, outdated=True)
        if path is None:
            raise error
        return path

    def cached(self, asset_id: str, name: str, *, outdated: bool = False) -> Path | None:
        """The cached file of a rendition, or of a portrait by its face's id; None if not cached. outdated: also one of
        what the photo was before it was edited."""
        folder = cache_folder(self._session.path)
        return render.cached(self._session.connection, folder, asset_id, name, outdated=outdated)

    def input_key(self, asset_id: str, name: str) -> str:
        """What a rendition, or a portrait by its face's id, is made from now; changes with it."""
        return enrichments.input_key(self._session.connection, asset_id, render.input_kind(name))

    def was_long_unused(self, asset_id: str, name: str) -> bool:
        """Whether the use of a cached one is worth recording (see `keep`)."""
        return enrichments.was_long_unused(self._session.connection, asset_id, name)

    def source(self, asset_id: str, name: str) -> Source:
        """The input for drawing a rendition, or a portrait by its face's id."""
        connection = self._session.connection
        content: Path | PictureFile | FaceInFile
        if render.is_face(name):
            content = FaceInFile(*face_in(connection, name))
        else:
            content = render.source(connection, asset_id, name)
        return Source(content, enrichments.input_key(connection, asset_id, render.input_kind(name)))

    def keep(self, drawn: Sequence[tuple[str, str, Encoded]], used: Iterable[tuple[str, str]] = ()) -> None:
        """Store renditions that were drawn elsewhere in the cache: asset, input key (enrichment_input) and picture.
        used: assets and names of requested renditions."""
        connection = self._session.writer()
        if drawn:
            render.keep_all(connection, Cache(connection, self._session.path), drawn)
        render.touch_all(connection, used)
