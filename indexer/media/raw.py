"""Raw photos that are TIFF inside (DNG, CR2, NEF, ARW, ORF, RW2, PEF, SRW …), and Fujifilm's RAF around a JPEG.

Exif comes from our own TIFF reader; ExifRead adds what only a maker note knows.
"""

from __future__ import annotations

import logging
from typing import Any

from .embedded import Embedded
from .jpeg import read_jpeg
from .source import Source
from .text import clean
from .tiff import Tiff, TiffError

_SIZE_TAGS = frozenset((0x0100, 0x0101, 0x014A, 0x0002, 0x0003))
_SUB_IFDS = 0x014A
_MAX_DIRECTORIES = 12


def read_raw(mime_type: str, source: Source) -> Embedded:
    if mime_type == "image/x-fujifilm-raf":
        # RAF header: offset and length of its JPEG at byte 84, big-endian
        start, length = (int.from_bytes(source.head[at : at + 4], "big") for at in (84, 88))
        return read_jpeg(source.head[start : start + length])
    found = Embedded(exif=memoryview(source.head))
    found.width, found.height = stored_size(source.head)
    return found


def stored_size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture in a TIFF structure: previews are smaller. (0, 0) where none is told."""
    try:
        tiff = Tiff(data)
    except TiffError:
        return 0, 0
    best = (0, 0)
    waiting, done = [tiff.first], 0
    while waiting and done < _MAX_DIRECTORIES:
        tags, following = tiff.directory(waiting.pop(0), _SIZE_TAGS, "directory")
        done += 1
        # Panasonic's RW2 has the sensor's size in tags of its own
        for wide, high in ((0x0100, 0x0101), (0x0002, 0x0003)):
            width, height = tags.get(wide), tags.get(high)
            if isinstance(width, tuple) and isinstance(height, tuple) and width and height:
                best = max(best, (int(width[0]), int(height[0])), key=lambda size: size[0] * size[1])
        if following:
            waiting.append(following)
        subs = tags.get(_SUB_IFDS)
        if isinstance(subs, tuple):
            waiting.extend(int(offset) for offset in subs[:_MAX_DIRECTORIES])
    return best


def maker_note_claims(source: Source) -> dict[str, Any]:
    """What ExifRead finds in the maker note: the lens where Exif does not name it."""
    import exifread

    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        tags = exifread.process_file(source.stream(), details=True, extract_thumbnail=False)
    except Exception:  # a maker note it cannot follow: Exif was read without it
        return {}
    for name in ("MakerNote LensModel", "MakerNote LensType", "MakerNote Lens"):
        if name in tags:
            text = clean(str(tags[name].printable))
            if text and any(c.isalpha() for c in text) and not text.startswith("Unknown"):
                return {"lens_model": text}
    return {}
