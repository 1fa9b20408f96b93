"""Read maker notes, for values that no other metadata has. Their layouts are documented by exiftool's tag tables.

Apple: the movie that belongs to a still, and the burst. Canon, Nikon, Olympus, Panasonic: the lens if Exif does not
name it."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..extraction import Extraction
from ..readable import Window
from ..strings import clean
from .tiff import Directory, Tiff, TiffError

_NAME = "maker note"


def read_maker_note(extraction: Extraction, tiff: Tiff, start: int, size: int, make: str, *, raw: bool = False) -> None:
    """Add the values of the maker note at start..start+size of the Exif block. Skips what it cannot parse.

    raw: also use values that only describe the lens and do not name it.
    """
    head = tiff.data.read(start, 16)
    if head.startswith(b"Apple iOS\0"):
        _apple(extraction, tiff, start, size)
    elif not extraction.get("lens_model"):
        _read_lens(extraction, tiff, start, size, head, make, raw)


def _read_lens(extraction: Extraction, tiff: Tiff, start: int, size: int, head: bytes, make: str, raw: bool) -> None:
    for prefix, reader in _READERS:
        if head.startswith(prefix):
            # Nikon's note has the range of the lens, not its name. To agree with exiftool, a JPEG gets no lens_model of
            # it; a raw photo does, for lack of a better one.
            if raw or reader is not _nikon:
                reader(extraction, tiff, start, size)
            return
    if make.startswith("Canon"):
        _canon(extraction, tiff, start)


def _apple(extraction: Extraction, tiff: Tiff, start: int, size: int) -> None:
    # "Apple iOS", version, byte order; offsets count from the note's start.
    data = Window(tiff.data, start, size)
    tags = _tags(Tiff(data, "<" if data.read(12, 2) == b"II" else ">"), 14, (0x000B, 0x0011, 0x0017))
    extraction.add(_NAME, live_photo_cid=_text(tags, 0x0011) or _text(tags, 0x0017), auto_stack_id=_text(tags, 0x000B))


def _canon(extraction: Extraction, tiff: Tiff, start: int) -> None:
    tags = _tags(Tiff(tiff.data, tiff.order), start, (0x0095,))
    extraction.add(_NAME, lens_model=_text(tags, 0x0095))


def _nikon(extraction: Extraction, tiff: Tiff, start: int, size: int) -> None:
    # "Nikon", version, then a TIFF structure of its own
    try:
        inner = Tiff.open(Window(tiff.data, start + 10, size - 10))
    except TiffError:
        return
    extraction.add(_NAME, lens_model=_lens_range(_tags(inner, inner.first, (0x0084,)).get(0x0084)))


def _olympus(extraction: Extraction, tiff: Tiff, start: int, size: int) -> None:
    head = tiff.data.read(start, 16)
    if head.startswith((b"OLYMPUS\0", b"OM SYSTEM\0")):  # a header with its byte order; offsets from the note's start
        at = 12 if head.startswith(b"OLYMPUS") else 16
        order = "<" if tiff.data.read(start + at - 4, 2) == b"II" else ">"
        inner = Tiff(Window(tiff.data, start, size), order)
        main = _tags(inner, at, (0x2010,))
    else:
        inner = Tiff(tiff.data, tiff.order)
        main = _tags(inner, start + 8, (0x2010,))
    place = main.get(0x2010)
    if isinstance(place, tuple) and place:
        extraction.add(_NAME, lens_model=_text(_tags(inner, int(place[0]), (0x0203,)), 0x0203))


def _panasonic(extraction: Extraction, tiff: Tiff, start: int, size: int) -> None:
    lens = _text(_tags(Tiff(tiff.data, tiff.order), start + 12, (0x0051,)), 0x0051)
    extraction.add(
        _NAME, lens_model=lens if lens and any(letter.isalpha() for letter in lens) and lens != "N/A" else None
    )


_READERS: tuple[tuple[bytes, Callable[[Extraction, Tiff, int, int], None]], ...] = (
    (b"Nikon\0\x02", _nikon),
    (b"OLYMP\0", _olympus),
    (b"OLYMPUS\0", _olympus),
    (b"OM SYSTEM\0", _olympus),
    (b"Panasonic\0", _panasonic),
)


def _tags(tiff: Tiff, offset: int, tags: tuple[int, ...]) -> Directory:
    return tiff.directory(offset, tags, "maker note")[0]


def _text(tags: Directory, tag: int) -> str | None:
    value = tags.get(tag)
    return clean(value) if isinstance(value, bytes) else None


def _lens_range(value: object) -> str | None:
    """Shortest and longest focal length and the f-number at each, as photographers write them: 18-55mm f/3.5-5.6."""
    if not isinstance(value, tuple) or len(value) != 4 or not all(math.isfinite(part) and part > 0 for part in value):
        return None
    short, long, wide, far = (f"{part:g}" for part in value)
    return f"{short}{'' if short == long else '-' + long}mm f/{wide}{'' if wide == far else '-' + far}"
