"""One variant, when it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from indexer.errors import NotFound, UsageError
from indexer.store import enrichments
from indexer.store.enrichments import PictureFile
from indexer.store.writer import Writer

from .cache import Cache
from .picture import open_picture
from .variants import SIZES, Stem, make, shrink

# Every browser shows these by itself; see asset_json in schema.sql, which says the same.
_SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")


def on_demand(writer: Writer, cache: Cache, asset_id: str, name: str) -> Path:
    """The file of a variant, made if there is none; of a full-size one the original, where that will do.

    Raises UsageError for another name, NotFound where no file of the asset can be reached, Undecodable.
    """
    if name not in SIZES:
        raise UsageError(f"there is no variant '{name}': there are {', '.join(SIZES)}")
    connection = writer.connection
    known = enrichments.variant(connection, asset_id, name)
    if known is not None and (cache.folder / known.file).exists():
        if enrichments.was_long_unused(connection, asset_id, name):
            with writer.transaction(), writer.variant_change(asset_id) as now:
                enrichments.touch_variant(connection, asset_id, name, now)
        return cache.folder / known.file
    file = next((one for one in enrichments.picture_files(connection, asset_id) if os.path.isfile(one.real_path)), None)
    if file is None:
        raise NotFound(f"the file of {asset_id} cannot be reached now")
    if name == "fullsize" and file.orientation == 1 and file.mime_type in _SHOWN:
        return Path(file.real_path)
    return _make(writer, cache, asset_id, name, file)


def _make(writer: Writer, cache: Cache, asset_id: str, name: str, file: PictureFile) -> Path:
    size = SIZES[name]
    image = open_picture(file.real_path, file.mime_type, file.orientation, size).image
    stem = Stem.of(cache.folder, enrichments.picture_basis(writer.connection, asset_id))
    made = make(stem, name, image if size is None else shrink(image, size))
    with writer.transaction(), writer.variant_change(asset_id) as now:
        enrichments.put_variant(writer.connection, asset_id, made, now)
    cache.size += made.size
    cache.make_room(made)
    return cache.folder / made.file
