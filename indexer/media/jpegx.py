"""JPEG 2000 (ISO/IEC 15444-1, annexes A and I) and JPEG XL (ISO/IEC 18181-1 section 9, 18181-2): header, Exif, XMP."""

from __future__ import annotations

from .boxes import MAX_BODY, body, boxes, cut_off
from .found import Found
from .quicktime import XMP_UUID
from .readable import Memory, Readable

_EXIF_UUID = b"JpgTiffExif->JP2"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def read_jp2(data: Readable, found: Found) -> None:
    if data.read(0, 4) == b"\xff\x4f\xff\x51":
        _codestream_size(data.read(4, 40), found)
        return
    for box in boxes(data):
        if box.kind == b"jp2h":
            for part in boxes(data, box.start, box.end):
                content = body(data, part)
                if part.kind == b"ihdr" and len(content) >= 8:
                    found.height, found.width = (int.from_bytes(content[at : at + 4], "big") for at in (0, 4))
                elif part.kind == b"colr" and content[:1] == b"\2" and not found.icc:
                    found.icc = content[3:]
        elif box.kind == XMP_UUID:
            found.xmp.append(body(data, box))
        elif box.kind == _EXIF_UUID:
            found.exif.append(Memory(body(data, box).removeprefix(b"Exif\0\0")))
        elif box.kind == b"jp2c" and not found.width:
            _codestream_size(data.read(box.start + 4, 40), found)
    if not found.width:
        found.problems.append("cannot be opened: JPEG 2000 without its header")
    if problem := cut_off(data):
        found.problems.append(problem)


def _codestream_size(siz: bytes, found: Found) -> None:
    """The SIZ segment: width and height of the grid, and where on it the picture begins."""
    if len(siz) >= 20:
        right, bottom, left, top = (int.from_bytes(siz[at : at + 4], "big") for at in (4, 8, 12, 16))
        found.width, found.height = max(right - left, 0), max(bottom - top, 0)


def read_jxl(data: Readable, found: Found) -> None:
    if data.read(0, 2) == b"\xff\x0a":
        _size_header(data.read(2, 16), found)
        return
    for box in boxes(data):
        if box.kind == b"jxlc":
            _size_header(data.read(box.start + 2, 16), found)
        elif box.kind == b"jxlp" and not found.width:
            if data.read(box.start + 4, 2) == b"\xff\x0a":
                _size_header(data.read(box.start + 6, 16), found)
        elif box.kind == b"Exif":
            skip = 4 + int.from_bytes(data.read(box.start, 4), "big")
            found.exif.append(Memory(body(data, box)[skip:].removeprefix(b"Exif\0\0")))
        elif box.kind == b"xml ":
            found.xmp.append(body(data, box))
        elif box.kind == b"brob":
            _compressed(data.read(box.start, 4), body(data, box)[4:], found)
    if not found.width:
        found.problems.append("cannot be opened: JPEG XL without its picture")
    if problem := cut_off(data):
        found.problems.append(problem)


def _size_header(codestream: bytes, found: Found) -> None:
    """Section 9.1 of 18181-1: bits from the lowest up."""
    bits, at = int.from_bytes(codestream, "little"), 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return bits >> (at - count) & ((1 << count) - 1)

    def size(small: bool) -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = bool(take(1))
    found.height = size(small)
    ratio = take(3)
    if ratio:
        wide, high = _RATIOS[ratio]
        found.width = found.height * wide // high
    else:
        found.width = size(small)


def _compressed(kind: bytes, content: bytes, found: Found) -> None:
    """A box compressed with Brotli."""
    import brotli

    try:
        unpacked = brotli.Decompressor().process(content, output_buffer_limit=MAX_BODY)
    except brotli.error:
        found.problems.append("its compressed metadata cannot be unpacked")
        return
    if kind == b"Exif":
        found.exif.append(Memory(unpacked[4 + int.from_bytes(unpacked[:4], "big") :]))
    elif kind == b"xml ":
        found.xmp.append(unpacked)
