"""Cut portraits of faces out of pictures.

The enricher of portraits cuts them from the existing preview, at the size that they have in it, up to SIDE. A single
portrait on request is cut from the photo, at the requested size."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from PIL import Image

from indexer.errors import NotFound
from indexer.files import is_regular
from indexer.media.readers.regions import unturned
from indexer.store import enrichments, faces
from indexer.store.enrichments import PictureFile
from indexer.store.faces import FaceAt

# Margin on each side, as a share of the face's size
_MARGIN = 0.35
# Orientations that are not their own inverse
_INVERSE = {6: 8, 8: 6}
# Default side of a portrait in pixels
SIDE = 256


def cut_ahead(faces: Sequence[FaceAt], preview: Image.Image, orientation: int) -> list[tuple[str, Image.Image]]:
    """Pairs of face id and portrait, for faces whose picture has a known size. preview: upright; orientation:
    Exif's."""
    return [
        (face.id, cut_square(preview, face, (face.width, face.height), orientation, None))
        for face in faces
        if face.width and face.height
    ]


def face_in(connection: sqlite3.Connection, face_id: str) -> tuple[PictureFile, FaceAt]:
    """A face and a file that shows it. Raises NotFound if the face is unknown, or none of its files can be read."""
    face = faces.select_face_at(connection, face_id)
    files = enrichments.picture_files(connection, face.asset_id) if face else []
    file = next((file for file in files if is_regular(file.real_path)), None)
    if face is None or file is None:
        raise NotFound(f"the file with {face_id} cannot be reached now" if face else f"there is no {face_id}")
    return file, face


def pixels_for(face: FaceAt, side: int) -> int:
    """The long side at which to decode the picture so that the portrait has `side` pixels without enlarging."""
    share = max(face.w, face.h) * (1 + 2 * _MARGIN)
    return round(side * max(face.width, face.height) / max(share, 1))


def cut_square(
    image: Image.Image, face: FaceAt, stored: tuple[int, int], orientation: int, side: int | None
) -> Image.Image:
    """The portrait as a square of `side` pixels; None: at its size in the image, up to SIDE. image: upright. stored:
    width and height of the stored picture, to which the face's box refers."""
    inverse = _INVERSE.get(orientation, orientation)
    wide, high = stored
    x, y, w, h = unturned(face.x / wide, face.y / high, face.w / wide, face.h / high, inverse)
    around = max(1, round(max(w * image.width, h * image.height) * (1 + 2 * _MARGIN)))
    around = min(around, image.width, image.height)
    # Near an edge of the picture the face is off-center, rather than padded.
    left = min(max(round((x + w / 2) * image.width - around / 2), 0), image.width - around)
    top = min(max(round((y + h / 2) * image.height - around / 2), 0), image.height - around)
    square = image.crop((left, top, left + around, top + around))
    side = side or min(SIDE, around)
    return square.resize((side, side), Image.Resampling.LANCZOS)
