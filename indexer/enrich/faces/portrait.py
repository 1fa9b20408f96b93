"""A face by itself, to look at; and a sheet of them, to say who is who.

The enricher of portraits cuts them from the preview, which is there already: they are as large as they are in it, up to
SIDE. One that is asked for by itself comes from the photo, in the size that is wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

from indexer.enrich.picture import film_frame, open_picture
from indexer.errors import NotFound, Undecodable
from indexer.files import is_regular
from indexer.media.regions import unturned
from indexer.store import enrichments, faces
from indexer.store.enrichments import PictureFile
from indexer.store.faces import FaceAt
from indexer.store.people import Person

# Of the face's own size, what is shown around it.
_MARGIN = 0.35
# What makes an upright picture of a stored one, in the other direction.
_INVERSE = {6: 8, 8: 6}
_CELL, _PORTRAIT, _COLUMNS = 200, 160, 6


SIDE = 256


def cut_ahead(faces: Sequence[FaceAt], preview: Image.Image, orientation: int) -> list[tuple[str, Image.Image]]:
    """By the faces' ids, of those that lie in the picture. preview: upright; orientation: Exif's."""
    return [
        (face.id, _cut(preview, face, (face.width, face.height), orientation, None))
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


def cut_out(file: PictureFile, face: FaceAt, side: int, memory: int) -> Image.Image:
    """The face in a square of so many pixels. memory: bytes that decoding the file may take. Raises Undecodable."""
    if face.timestamp_ms is not None:
        frame = film_frame(file.real_path, face.timestamp_ms, memory)
        image, size, orientation = frame.image, (frame.width, frame.height), frame.orientation
    else:
        # Large enough for the face to have as many pixels as are wanted.
        share = max(face.w, face.h) * (1 + 2 * _MARGIN)
        wanted = round(side * max(face.width, face.height) / max(share, 1))
        picture = open_picture(file.real_path, file.mime_type, file.orientation, wanted, memory)
        image, size, orientation = picture.image, (picture.width, picture.height), file.orientation
    return _cut(image, face, size if orientation < 5 else size[::-1], orientation, side)


def _cut(image: Image.Image, face: FaceAt, stored: tuple[int, int], orientation: int, side: int | None) -> Image.Image:
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


def sheet(some: Sequence[Person], portrait: Callable[[str, int], Image.Image]) -> Image.Image:
    """Everybody's face, with name or id below. portrait draws a face in a square of so many pixels."""
    rows = max(1, -(-len(some) // _COLUMNS))
    image = Image.new("RGB", (_COLUMNS * _CELL, rows * _CELL), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number, person in enumerate(some):
        left, top = number % _COLUMNS * _CELL, number // _COLUMNS * _CELL
        try:
            if person.thumbnail_face_id:
                image.paste(portrait(person.thumbnail_face_id, _PORTRAIT), (left + 20, top + 4))
        except (NotFound, Undecodable, OSError):
            draw.rectangle((left + 20, top + 4, left + 20 + _PORTRAIT, top + 4 + _PORTRAIT), fill="lightgrey")
        words = f"{person.name or person.id[7:15]} ({person.assets})"  # so much of an id is enough to name one
        draw.text((left + _CELL / 2, top + _PORTRAIT + 18), words, fill="black", font=font, anchor="mm")
    return image
