"""A face by itself, to look at.

The enricher of portraits cuts them from the preview, which is there already: they are as large as they are in it, up to
SIDE. One that is asked for by itself comes from the photo, in the size that is wanted."""

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

# Of the face's own size, what is shown around it.
_MARGIN = 0.35
# What makes an upright picture of a stored one, in the other direction.
_INVERSE = {6: 8, 8: 6}
# Pixels of a portrait, unless others are asked for.
SIDE = 256


def cut_ahead(faces: Sequence[FaceAt], preview: Image.Image, orientation: int) -> list[tuple[str, Image.Image]]:
    """By the faces' ids, of those that lie in the picture. preview: upright; orientation: Exif's."""
    return [
        (face.id, cut_square(preview, face, (face.width, face.height), orientation, None))
        for face in faces
        if face.width and face.height
    ]


def face_in(connection: sqlite3.Connection, face_id: str) -> tuple[PictureFile, FaceAt]:
    """A face, and a file in which it is. Raises NotFound where there is none, or its file cannot be reached."""
    face = faces.select_face_at(connection, face_id)
    files = enrichments.picture_files(connection, face.asset_id) if face else []
    file = next((one for one in files if is_regular(one.real_path)), None)
    if face is None or file is None:
        raise NotFound(f"the file in which {face_id} is cannot be reached now" if face else f"there is no {face_id}")
    return file, face


def pixels_for(face: FaceAt, side: int) -> int:
    """The long side of a picture in which a square of so many pixels around the face has as many of its own."""
    share = max(face.w, face.h) * (1 + 2 * _MARGIN)
    return round(side * max(face.width, face.height) / max(share, 1))


def cut_square(
    image: Image.Image, face: FaceAt, stored: tuple[int, int], orientation: int, side: int | None
) -> Image.Image:
    """image: upright; stored: the size of the picture that the face's box lies in. side None: as it is, up to SIDE."""
    inverse = _INVERSE.get(orientation, orientation)
    wide, high = stored
    x, y, w, h = unturned(face.x / wide, face.y / high, face.w / wide, face.h / high, inverse)
    around = max(1, round(max(w * image.width, h * image.height) * (1 + 2 * _MARGIN)))
    around = min(around, image.width, image.height)
    # At an edge of the picture the face is not in the middle: rather that than a bar of nothing.
    left = min(max(round((x + w / 2) * image.width - around / 2), 0), image.width - around)
    top = min(max(round((y + h / 2) * image.height - around / 2), 0), image.height - around)
    square = image.crop((left, top, left + around, top + around))
    side = side or min(SIDE, around)
    return square.resize((side, side), Image.Resampling.LANCZOS)
