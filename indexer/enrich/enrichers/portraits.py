"""Cut portraits of the faces from a photo's preview, or from frames of a video."""

from __future__ import annotations

from PIL import Image

from indexer.store import enrichments, faces
from indexer.store.database import IndexConnection
from indexer.store.enrichments import Due
from indexer.store.results import Rendition

from ..cache import Cache
from ..faces.portrait import cut_ahead
from ..render import on_demand, portrait
from ..renditions import Stem, make


def compute(connection: IndexConnection, cache: Cache, due: Due) -> tuple[Rendition, ...]:
    """Raises NotFound if neither the file nor its preview can be read, Undecodable."""
    stem = Stem.of(cache.folder, due.input_key)
    boxes = faces.select_faces_in(connection, due.asset_id)
    in_photo = [face for face in boxes if face.timestamp_ms is None]
    portraits = []
    if in_photo:
        orientation = enrichments.orientation(connection, due.asset_id)
        with Image.open(on_demand(connection, cache, due.asset_id, "preview")) as preview:
            portraits += cut_ahead(in_photo, preview, orientation)
    portraits += [(face.id, portrait(connection, face.id)) for face in boxes if face.timestamp_ms is not None]
    return tuple(make(stem, face_id, image) for face_id, image in portraits)
