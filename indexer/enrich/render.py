"""Render on demand: a rendition or a portrait that somebody requests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from indexer.errors import NotFound, Undecodable, UsageError
from indexer.files import is_regular
from indexer.media.formats import IN_BROWSERS
from indexer.store import enrichments, faces
from indexer.store.database import IndexConnection
from indexer.store.enrichments import PictureFile
from indexer.store.results import Rendition
from indexer.store.transaction import begin

from . import render_processes
from .cache import Cache
from .enricher import ENRICHERS, RENDITIONS
from .faces.portrait import SIDE, face_in
from .renditions import AHEAD, SIZES, Encoded, Stem, encode, keep


def is_fullsize(mime_type: str, orientation: int) -> bool:
    """Whether the original serves as the full-size rendition: every browser shows it, upright."""
    return orientation == 1 and mime_type in IN_BROWSERS


def is_face(name: str) -> bool:
    return name.startswith("face_")


def input_kind(name: str) -> str:
    """The column of enrichment_input that holds the input key of a rendition or portrait."""
    return "faces" if is_face(name) else "picture"


def on_demand(connection: IndexConnection, cache: Cache, asset_id: str, name: str) -> Path:
    """The file of a rendition, or of a portrait (name: the face's id); rendered if it does not exist. For a full-size
    rendition, the original if it serves as well.

    Raises UsageError for another name, NotFound if no file of the asset can be reached, Undecodable.
    """
    path = cached(connection, cache.folder, asset_id, name)
    if path is not None:
        if enrichments.was_long_unused(connection, asset_id, name):
            with begin(connection) as tx, tx.record_changed(asset_id):
                enrichments.touch_rendition(connection, asset_id, name, tx.now)
        return path
    drawn = draw(connection, asset_id, name)
    if isinstance(drawn, Path):
        return drawn
    input_key = enrichments.input_key(connection, asset_id, input_kind(name))
    return _keep(connection, cache, asset_id, keep(Stem.of(cache.folder, input_key), drawn))


def cached(
    connection: sqlite3.Connection, folder: Path, asset_id: str, name: str, *, outdated: bool = False
) -> Path | None:
    """A rendition's file in the cache folder, if it exists. outdated: also one of what the photo was before it was
    edited, or of an earlier version: better than nothing while its file cannot be reached. Raises UsageError for
    another name."""
    if name not in SIZES and not is_face(name):
        raise UsageError(f"there is no rendition '{name}': there are {', '.join(SIZES)}")
    known = enrichments.rendition(connection, asset_id, name, input_kind(name))
    if known is None:
        return None
    file, input_key = known
    if not outdated and file != Stem.of(folder, input_key).file(name):
        return None
    return folder / file if (folder / file).exists() else None


def draw(connection: sqlite3.Connection, asset_id: str, name: str) -> Path | Encoded:
    """A new rendition, or the original if it serves as well. Raises as `on_demand`."""
    if is_face(name):
        if name not in (face.id for face in faces.select_faces_in(connection, asset_id)):
            raise NotFound(f"there is no {name} in {asset_id}")
        return encode(name, portrait(connection, name))
    file = source(connection, asset_id, name)
    return file if isinstance(file, Path) else render_processes.rendition(file, name, SIZES[name])


def source(connection: sqlite3.Connection, asset_id: str, name: str) -> Path | PictureFile:
    """The file to render from, or the path of the original if it serves as well. Raises as `on_demand`."""
    files = enrichments.picture_files(connection, asset_id)
    file = next((file for file in files if is_regular(file.real_path)), None)
    if file is None:
        raise NotFound(f"the file of {asset_id} cannot be reached now")
    if name == "fullsize" and is_fullsize(file.mime_type, file.orientation):
        return Path(file.real_path)
    if name in AHEAD:  # the enricher has tried already: do not retry on every request
        error = enrichments.error_of_picture(connection, asset_id, RENDITIONS, ENRICHERS[RENDITIONS].version)
        if error is not None:
            raise Undecodable(error)
    return file


def keep_all(connection: IndexConnection, cache: Cache, drawn: Sequence[tuple[str, str, Encoded]]) -> None:
    """Store renditions and portraits, each with its asset and input key (see enrichment_input). Those whose input has
    changed meanwhile are skipped."""
    made = [
        (asset_id, input_key, keep(Stem.of(cache.folder, input_key), picture)) for asset_id, input_key, picture in drawn
    ]
    with begin(connection) as tx:
        for asset_id, input_key, rendition in made:
            if enrichments.has_input_key(connection, asset_id, input_key, input_kind(rendition.name)):
                with tx.record_changed(asset_id):
                    enrichments.put_rendition(connection, asset_id, rendition, tx.now)
    cache.size += sum(rendition.size for _, _, rendition in made)
    if made:
        cache.make_room(made[-1][2])


def touch_all(connection: IndexConnection, used: Iterable[tuple[str, str]]) -> None:
    """Record the use of renditions. used: asset and name."""
    with begin(connection) as tx:
        for asset_id, name in used:
            enrichments.touch_rendition(connection, asset_id, name, tx.now)


def _keep(connection: IndexConnection, cache: Cache, asset_id: str, made: Rendition) -> Path:
    with begin(connection) as tx, tx.record_changed(asset_id):
        enrichments.put_rendition(connection, asset_id, made, tx.now)
    cache.size += made.size
    cache.make_room(made)
    return cache.folder / made.file


def portrait(connection: sqlite3.Connection, face_id: str, side: int = SIDE) -> Image.Image:
    """A face with a margin, upright, as a square of `side` pixels.

    Raises NotFound if the face is unknown or its file cannot be reached; Undecodable."""
    return render_processes.portrait(*face_in(connection, face_id), side)
