"""Exif (CIPA DC-008, Exif 3.0): the camera's own words, from a TIFF structure to the record's fields."""

from __future__ import annotations

import math
from typing import Any

from .dates import rfc3339
from .text import clean
from .tiff import Directory, Tiff, TiffError

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
_MAIN = frozenset((0x0100, 0x0101, 0x010E, 0x010F, 0x0110, 0x0112, 0x0132, 0x4746, EXIF_IFD, GPS_IFD))
_EXIF = frozenset(
    (0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9204)
    + (0x920A, 0x9290, 0x9291, 0x9292, 0xA002, 0xA003, 0xA434)
)
_GPS = frozenset((1, 2, 3, 4, 5, 6, 7, 0x1D))


def read_exif(data: bytes | memoryview) -> tuple[dict[str, Any], list[str]]:
    """The record's fields that an Exif block knows, and its problems. Never raises."""
    try:
        tiff = Tiff(data)
    except TiffError as error:
        return {}, [f"Exif: {error}"]
    main, _ = tiff.directory(tiff.first, _MAIN, "Exif main directory")
    exif = _sub(tiff, main, EXIF_IFD, _EXIF, "Exif directory")
    gps = _sub(tiff, main, GPS_IFD, _GPS, "Exif GPS directory")
    return fields(main, exif, gps), tiff.problems


def _sub(tiff: Tiff, main: Directory, tag: int, wanted: frozenset[int], name: str) -> Directory:
    offset = _number(main, tag)
    return tiff.directory(int(offset), wanted, name)[0] if offset else {}


def fields(main: Directory, exif: Directory, gps: Directory) -> dict[str, Any]:
    """The record's fields from the tags of the three directories."""
    orientation = _number(main, 0x0112)
    iso = _positive(exif, 0x8827)
    claims: dict[str, Any] = {
        "make": _text(main, 0x010F),
        "model": _text(main, 0x0110),
        "orientation": int(orientation) if orientation is not None and 1 <= orientation <= 8 else None,
        "description": _text(main, 0x010E),
        "rating": rating(_number(main, 0x4746)),
        "modified_datetime": rfc3339(_text(main, 0x0132), _text(exif, 0x9290), _text(exif, 0x9010)),
        "original_datetime": rfc3339(_text(exif, 0x9003), _text(exif, 0x9291), _text(exif, 0x9011)),
        "digitized_datetime": rfc3339(_text(exif, 0x9004), _text(exif, 0x9292), _text(exif, 0x9012)),
        "exposure_time": _positive(exif, 0x829A),
        "f_number": _positive(exif, 0x829D),
        "iso": int(iso) if iso else None,
        "exposure_bias": _number(exif, 0x9204),
        "focal_length": _positive(exif, 0x920A),
        "lens_model": _text(exif, 0xA434),
    }
    claims.update(_place(gps))
    return claims


def rating(value: float | None) -> int | None:
    """Stars 0 to 5; a rejected (-1) or foreign value is unknown."""
    return int(value) if value is not None and 0 <= value <= 5 else None


def _place(gps: Directory) -> dict[str, Any]:
    latitude, longitude = _degrees(gps, 2, 1, b"S", 90), _degrees(gps, 4, 3, b"W", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:  # 0,0: a receiver without a fix
        latitude = longitude = None
    altitude, below = _number(gps, 6), gps.get(5)
    if altitude is not None and below in (b"\1", (1,)):
        altitude = -abs(altitude)
    return {
        "latitude": latitude,
        "longitude": longitude,
        "altitude": altitude,
        "gps_datetime": _gps_time(gps),
    }


def _degrees(gps: Directory, tag: int, ref_tag: int, negative: bytes, limit: int) -> float | None:
    parts, ref = gps.get(tag), gps.get(ref_tag)
    if not isinstance(parts, tuple) or not parts or not isinstance(ref, bytes) or not ref.strip(b"\0 "):
        return None
    degrees = sum(part / 60**power for power, part in enumerate(parts[:3]) if not (power and math.isnan(part)))
    if not math.isfinite(degrees) or abs(degrees) > limit:
        return None
    return -float(degrees) if ref[:1].upper() == negative else float(degrees)


def _gps_time(gps: Directory) -> str | None:
    """GPS stamps are UTC."""
    date, clock = _text(gps, 0x1D), gps.get(7)
    if not date or not isinstance(clock, tuple) or len(clock) < 3 or not all(map(math.isfinite, clock)):
        return None
    return rfc3339(f"{date} {int(clock[0]):02d}:{int(clock[1]):02d}:{int(clock[2]):02d}", offset="Z")


def _text(tags: Directory, tag: int) -> str | None:
    value = tags.get(tag)
    return clean(value) if isinstance(value, bytes) else None


def _number(tags: Directory, tag: int) -> float | None:
    value = tags.get(tag)
    return value[0] if isinstance(value, tuple) and value and math.isfinite(value[0]) else None


def _positive(tags: Directory, tag: int) -> float | None:
    value = _number(tags, tag)
    return value if value is not None and value > 0 else None
