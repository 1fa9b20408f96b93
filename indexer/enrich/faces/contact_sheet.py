"""Draw a contact sheet of people's faces, for naming them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

from indexer.errors import NotFound, Undecodable
from indexer.store.people import Person

_CELL, _PORTRAIT, _COLUMNS = 200, 160, 6


def sheet(people: Sequence[Person], portrait: Callable[[str, int], Image.Image]) -> Image.Image:
    """Everybody's face, with the name or id below. portrait(face_id, side): draws a face as a square of `side`
    pixels."""
    rows = max(1, -(-len(people) // _COLUMNS))
    image = Image.new("RGB", (_COLUMNS * _CELL, rows * _CELL), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number, person in enumerate(people):
        left, top = number % _COLUMNS * _CELL, number // _COLUMNS * _CELL
        try:
            if person.thumbnail_face_id:
                image.paste(portrait(person.thumbnail_face_id, _PORTRAIT), (left + 20, top + 4))
        except (NotFound, Undecodable, OSError):
            draw.rectangle((left + 20, top + 4, left + 20 + _PORTRAIT, top + 4 + _PORTRAIT), fill="lightgrey")
        caption = f"{person.name or person.id[7:15]} ({person.assets})"  # commands accept the beginning of an id
        draw.text((left + _CELL / 2, top + _PORTRAIT + 18), caption, fill="black", font=font, anchor="mm")
    return image
