"""Exif (CIPA DC-008, Exif 3.0): the camera's metadata, from a TIFF structure to the record's fields.

Tags are accepted in any directory: TIFF/EP and old cameras write those of the Exif directory into the main one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..dates import rfc3339
from ..extraction import Extraction
from ..readable import Readable, Window
from ..strings import clean, utf16
from .makernote import read_maker_note
from .tiff import Directory, Tiff, TiffError, Value

EXIF_IFD, GPS_IFD, SUB_IFDS, MAKER_NOTE = 0x8769, 0x8825, 0x014A, 0x927C
_XMP, _IPTC, _PHOTOSHOP, _ICC, _JPEG_FROM_RAW = 0x02BC, 0x83BB, 0x8649, 0x8773, 0x002E
_XP_KEYWORDS = 0x9C9E


def read_exif(data: Readable, extraction: Extraction, *, raw: bool = False) -> None:
    """Add the values of an Exif block, and the other blocks inside it. Never raises.

    raw: the block is a raw photo; its largest directory is the picture, and a JPEG in it may have more metadata.
    """
    try:
        tiff = Tiff.open(data)
    except TiffError as error:
        extraction.problems.append(f"Exif: {error}")
        return
    located = (MAKER_NOTE, _JPEG_FROM_RAW) if raw else (MAKER_NOTE,)
    main, following = tiff.directory(tiff.first, _MAIN, "Exif main directory", located)
    exif = _sub(tiff, main, EXIF_IFD, _CAMERA, "Exif directory", located)
    gps = _sub(tiff, main, GPS_IFD, _GPS, "Exif GPS directory")
    add_tags(extraction, {**main, **exif}, gps)
    _blocks(extraction, main)
    make = str(extraction.get("make", "Exif") or "")
    if place := exif.get(MAKER_NOTE) or main.get(MAKER_NOTE):
        read_maker_note(extraction, tiff, int(place[0]), int(place[1]), make, raw=raw)
    if raw:
        _raw_size(extraction, tiff, main, exif, following)
        if place := main.get(_JPEG_FROM_RAW):
            _embedded_jpeg(extraction, Window(data, int(place[0]), int(place[1])))
    elif main.get(0x0100) and not extraction.width:
        extraction.width, extraction.height = int(_number(main.get(0x0100)) or 0), int(_number(main.get(0x0101)) or 0)
    extraction.problems += tiff.problems


def directory_of(data: Readable) -> Directory:
    """The tags of a structure that is one of the Exif directories alone, as CR3 has them."""
    try:
        tiff = Tiff.open(data)
    except TiffError:
        return {}
    return tiff.directory(tiff.first, _MAIN | _GPS, "Exif directory", (MAKER_NOTE,))[0]


def add_tags(extraction: Extraction, tags: Directory, gps: Directory) -> None:
    """The record's fields from the tags of the main, Exif and GPS directories."""
    values = _place(gps) if gps else {}
    for tag, field, read in _FIELDS:
        if tag in tags and (value := read(tags[tag])) is not None and field not in values:
            values[field] = value
    for tag, field, subsec, offset in _TIMES:
        if tag in tags and (time := rfc3339(_text(tags[tag]), _text(tags.get(subsec)), _text(tags.get(offset)))):
            values[field] = time
    if values.get("iso") == 65535:  # more than the tag holds (Exif 2.3, table 8): the recommended exposure index knows
        values["iso"] = _whole(tags.get(0x8832)) or 65535
    extraction.add_all("Exif", values)
    keywords = tags.get(_XP_KEYWORDS)
    if isinstance(keywords, bytes):
        extraction.keywords += [word for word in map(clean, (utf16(keywords) or "").split(";")) if word]


def rating(value: float | None) -> int | None:
    """Stars 0 to 5; a rejected (-1) or foreign value is unknown."""
    return round(value) if value is not None and 0 <= value <= 5 else None


def _sub(
    tiff: Tiff, main: Directory, tag: int, tags: frozenset[int], name: str, located: tuple[int, ...] = ()
) -> Directory:
    offset = _number(main.get(tag))
    return tiff.directory(int(offset), tags, name, located)[0] if offset else {}


def _blocks(extraction: Extraction, main: Directory) -> None:
    if isinstance(xmp := main.get(_XMP), bytes):
        extraction.xmp.append(xmp)
    iptc = main.get(_IPTC)
    if isinstance(iptc, bytes):
        extraction.iptc.append(iptc)
    elif iptc:  # often typed as longs: the same bytes, whatever their type
        extraction.iptc.append(b"".join(int(number).to_bytes(4, "little") for number in iptc))
    if isinstance(resources := main.get(_PHOTOSHOP), bytes):
        from .photoshop import read_resources

        read_resources(resources, extraction)
    if isinstance(icc := main.get(_ICC), bytes) and not extraction.icc:
        extraction.icc = icc


def _raw_size(extraction: Extraction, tiff: Tiff, main: Directory, exif: Directory, following: int) -> None:
    """Width and height of the largest picture in a raw photo: previews are smaller."""
    sizes = [_size(main, 0x0100, 0x0101), _size(exif, 0xA002, 0xA003)]
    subs = main.get(SUB_IFDS)
    waiting = [following, *(int(offset) for offset in subs[:12])] if isinstance(subs, tuple) else [following]
    for offset in waiting[:12]:
        if offset and offset not in (tiff.first,):
            # Panasonic's RW2 has the sensor's size in tags of its own.
            tags, later = tiff.directory(offset, (0x0100, 0x0101), "directory")
            sizes.append(_size(tags, 0x0100, 0x0101))
            if later and len(waiting) < 12:
                waiting.append(later)
    extraction.width, extraction.height = max(sizes, key=lambda size: size[0] * size[1])


def _size(tags: Directory, wide: int, high: int) -> tuple[int, int]:
    return _whole(tags.get(wide)) or 0, _whole(tags.get(high)) or 0


def _embedded_jpeg(extraction: Extraction, jpeg: Readable) -> None:
    """The preview in a raw photo has an Exif of its own, often the fuller one."""
    from .jpeg import read_segments

    preview = Extraction()
    read_segments(jpeg, preview)
    for block in preview.exif[:1]:
        inner = Extraction()
        read_exif(block, inner)
        extraction.add_all("Exif", inner.values.get("Exif", {}))
    if not extraction.width:
        extraction.width, extraction.height = preview.width, preview.height


def _place(gps: Directory) -> dict[str, Any]:
    place: dict[str, Any] = {}
    latitude, longitude = _degrees(gps, 2, 1, b"S", 90), _degrees(gps, 4, 3, b"W", 180)
    if latitude is not None and longitude is not None and (latitude or longitude):  # 0,0: a receiver without a fix
        place |= {"latitude": latitude, "longitude": longitude}
    altitude, below = _number(gps.get(6)), _number(gps.get(5))
    if altitude is not None and below is not None:  # without its reference it may be above the sea or below
        place["altitude"] = -abs(altitude) if below == 1 else altitude
    if time := _gps_time(gps):
        place["gps_datetime"] = time
    return place


def _degrees(gps: Directory, tag: int, ref_tag: int, negative: bytes, limit: int) -> float | None:
    parts, ref = gps.get(tag), gps.get(ref_tag)
    if not isinstance(parts, tuple) or not parts or not isinstance(ref, bytes) or not ref.strip(b"\0 "):
        return None
    degrees, unit = 0.0, 1
    for part in parts[:3]:
        if unit == 1 or not math.isnan(part):  # a minute or second that is not a number is ignored
            degrees += part / unit
        unit *= 60
    if not math.isfinite(degrees) or abs(degrees) > limit:
        return None
    return -float(degrees) if ref[:1].upper() == negative else float(degrees)


def _gps_time(gps: Directory) -> str | None:
    """GPS timestamps are UTC."""
    date, clock = _text(gps.get(0x1D)), gps.get(7)
    if not date or not isinstance(clock, tuple) or len(clock) < 3 or not all(map(math.isfinite, clock)):
        return None
    return rfc3339(f"{date} {int(clock[0]):02d}:{int(clock[1]):02d}:{int(clock[2]):02d}", offset="Z")


def _text(value: Value | None) -> str | None:
    return clean(value) if isinstance(value, bytes) else None


def _number(value: Value | None) -> float | None:
    if not value or (isinstance(value, bytes) and len(value) > 4):
        return None
    return float(value[0]) if math.isfinite(value[0]) else None


def _positive(value: Value | None) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _whole(value: Value | None) -> int | None:
    return int(_positive(value) or 0) or None


def _orientation(value: Value | None) -> int | None:
    number = _whole(value)
    return number if number and number <= 8 else None


def _stars(value: Value | None) -> int | None:
    return rating(_number(value))


# tag, field, parser; of several tags for a field, the first with a value counts
_FIELDS: tuple[tuple[int, str, Callable[[Value | None], Any]], ...] = (
    (0x010F, "make", _text),
    (0x0110, "model", _text),
    (0xC614, "model", _text),
    (0x0112, "orientation", _orientation),
    (0x010E, "description", _text),
    (0x4746, "rating", _stars),
    (0x829A, "exposure_time", _positive),
    (0x829D, "f_number", _positive),
    (0x8827, "iso", _whole),
    (0x9204, "exposure_bias", _number),
    (0x920A, "focal_length", _positive),
    (0xA434, "lens_model", _text),
)
# tag, field, and the tags that hold its fraction of a second and its offset
_TIMES = (
    (0x0132, "modified_datetime", 0x9290, 0x9010),
    (0x9003, "original_datetime", 0x9291, 0x9011),
    (0x9004, "digitized_datetime", 0x9292, 0x9012),
)
# The recommended exposure index, and the size
_OTHERS = frozenset((0x8832, 0xA002, 0xA003, _XP_KEYWORDS, MAKER_NOTE, _JPEG_FROM_RAW))
_CAMERA = _OTHERS.union((tag for tag, *_ in _FIELDS), *((time, *parts) for time, _, *parts in _TIMES))
_MAIN = _CAMERA | {0x0100, 0x0101, EXIF_IFD, GPS_IFD, SUB_IFDS, _XMP, _IPTC, _PHOTOSHOP, _ICC}
_GPS = frozenset((1, 2, 3, 4, 5, 6, 7, 0x1D))
