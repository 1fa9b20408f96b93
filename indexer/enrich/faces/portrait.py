"""A face by itself, to look at; and a sheet of them, to say who is who."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from indexer.enrich.picture import film_frame, open_picture
from indexer.errors import NotFound, Undecodable
from indexer.media.regions import unturned
from indexer.store import enrichments, people
from indexer.store.people import Person

# Of the face's own size, what is shown around it.
_MARGIN = 0.35
# What makes an upright picture of a stored one, in the other direction.
_INVERSE = {6: 8, 8: 6}
_CELL, _PORTRAIT, _COLUMNS = 200, 160, 6


def portrait(connection: sqlite3.Connection, face_id: str, side: int = 256) -> Image.Image:
    """A face with some of what is around it, upright, in a square of so many pixels.

    Raises NotFound where there is no such face, or its file cannot be reached; Undecodable."""
    face = people.face_at(connection, face_id)
    files = enrichments.picture_files(connection, face.asset_id) if face else []
    file = next((one for one in files if os.path.isfile(one.real_path)), None)
    if face is None or file is None:
        raise NotFound(f"the file in which {face_id} is cannot be reached now" if face else f"there is no {face_id}")
    if face.timestamp_ms is not None:
        frame = film_frame(file.real_path, face.timestamp_ms)
        image, size, orientation = frame.image, frame.image.size, frame.orientation
    else:
        # Large enough for the face to have as many pixels as are wanted.
        share = max(face.w, face.h) * (1 + 2 * _MARGIN)
        wanted = round(side * max(face.width, face.height) / max(share, 1))
        picture = open_picture(file.real_path, file.mime_type, file.orientation, wanted)
        image, size, orientation = picture.image, (picture.width, picture.height), file.orientation
    wide, high = size if orientation < 5 else size[::-1]
    inverse = _INVERSE.get(orientation, orientation)
    x, y, w, h = unturned(face.x / wide, face.y / high, face.w / wide, face.h / high, inverse)
    middle, reach = ((x + w / 2) * image.width, (y + h / 2) * image.height), max(w * image.width, h * image.height)
    reach *= 0.5 + _MARGIN
    box = middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach
    return image.crop(tuple(map(round, box))).resize((side, side), Image.Resampling.LANCZOS)  # type: ignore[arg-type]


def sheet(connection: sqlite3.Connection, some: Sequence[Person]) -> Image.Image:
    """Everybody's face, with name or id below."""
    rows = max(1, -(-len(some) // _COLUMNS))
    image = Image.new("RGB", (_COLUMNS * _CELL, rows * _CELL), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number, person in enumerate(some):
        left, top = number % _COLUMNS * _CELL, number // _COLUMNS * _CELL
        try:
            if person.thumbnail_face_id:
                image.paste(portrait(connection, person.thumbnail_face_id, _PORTRAIT), (left + 20, top + 4))
        except (NotFound, Undecodable, OSError):
            draw.rectangle((left + 20, top + 4, left + 20 + _PORTRAIT, top + 4 + _PORTRAIT), fill="lightgrey")
        words = f"{person.name or person.id[7:15]} ({person.assets})"  # so much of an id is enough to name one
        draw.text((left + _CELL / 2, top + _PORTRAIT + 18), words, fill="black", font=font, anchor="mm")
    return image
