"""Canon's CIFF heap (Canon, "CIFF Specification on Image Data File", 1.0r4): CRW files, and APP0 of Canon's first
JPEGs."""

from __future__ import annotations

import math
import struct

from ..dates import from_unix
from ..extraction import Extraction
from ..readable import Readable
from ..strings import clean

_MAX_ENTRIES, _MAX_DEPTH, _MAX_VALUE = 1000, 6, 64 * 1024
# Tags with their data-type bits, without the bits that say where the data lies
_MODEL, _TIME, _IMAGE, _EXPOSURE, _FOCAL, _ISO = 0x080A, 0x180E, 0x1810, 0x1818, 0x1029, 0x101C
_WANTED = frozenset((_MODEL, _TIME, _IMAGE, _EXPOSURE, _FOCAL, _ISO))
_ORIENTATIONS = {90: 6, 180: 3, 270: 8}


def read_ciff(data: Readable, extraction: Extraction, *, raw: bool = True) -> None:
    """raw: the file is CIFF. In a JPEG only the names and the date are taken: its exposure is rounded to whole
    steps."""
    head = data.read(0, 14)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or head[6:10] != b"HEAP":
        extraction.problems.append("CIFF: no heap")
        return
    values: dict[int, bytes] = {}
    start = struct.unpack_from(order + "I", head, 2)[0]
    _directory(data, order, start, data.size, values, 0)
    _add(extraction, order, values, raw)


def _directory(data: Readable, order: str, start: int, end: int, values: dict[int, bytes], depth: int) -> None:
    """A heap block ends with the offset of its directory, within the block."""
    tail = data.read(end - 4, 4)
    if len(tail) < 4 or depth > _MAX_DEPTH:
        return
    at = start + struct.unpack(order + "I", tail)[0]
    count = data.read(at, 2)
    if len(count) < 2:
        return
    number = min(struct.unpack(order + "H", count)[0], _MAX_ENTRIES)
    entries = data.read(at + 2, number * 10)
    for tag, size, offset in struct.iter_unpack(order + "HII", entries[: len(entries) // 10 * 10]):
        kind = tag & 0x3FFF
        if tag & 0xC000 == 0x4000:  # the eight bytes of size and offset are the value
            if kind in _WANTED:
                values.setdefault(kind, struct.pack(order + "II", size, offset))
        elif kind & 0x3800 in (0x2800, 0x3000) and size < end - start:
            _directory(data, order, start + offset, start + offset + size, values, depth + 1)
        elif kind in _WANTED:
            values.setdefault(kind, data.read(start + offset, min(size, _MAX_VALUE)))


def _add(extraction: Extraction, order: str, values: dict[int, bytes], raw: bool) -> None:
    names = values.get(_MODEL, b"").split(b"\0")
    extraction.add("CIFF", make=clean(names[0]), model=clean(names[1]) if len(names) > 1 else None)
    if len(time := values.get(_TIME, b"")) >= 4:
        # Seconds since 1970 on the camera's own clock
        extraction.add("CIFF", original_datetime=from_unix(struct.unpack_from(order + "I", time)[0]))
    if len(image := values.get(_IMAGE, b"")) >= 16:
        width, height, _, turn = struct.unpack_from(order + "IIfi", image)
        if not extraction.width and width < 100_000 and height < 100_000:
            extraction.width, extraction.height = width, height
        extraction.add("CIFF", orientation=_ORIENTATIONS.get(turn % 360))
    if not raw:
        return
    if len(exposure := values.get(_EXPOSURE, b"")) >= 12:
        bias, shutter, aperture = struct.unpack_from(order + "fff", exposure)  # EV and APEX values
        if all(math.isfinite(value) and abs(value) < 100 for value in (bias, shutter, aperture)):
            extraction.add(
                "CIFF",
                exposure_bias=bias,
                exposure_time=2**-shutter if shutter else None,
                f_number=2 ** (aperture / 2) if aperture else None,
            )
    if len(iso := values.get(_ISO, b"")) >= 2:
        extraction.add("CIFF", iso=struct.unpack_from(order + "H", iso)[0] or None)
    if len(focal := values.get(_FOCAL, b"")) >= 4:
        extraction.add("CIFF", focal_length=float(struct.unpack_from(order + "H", focal, 2)[0]) or None)
