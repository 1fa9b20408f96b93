"""JPEG XL (ISO/IEC 18181-1 section 9, 18181-2): header, Exif, XMP."""

from __future__ import annotations

from ..extraction import Extraction
from ..readable import Memory, Readable
from .isobmff import MAX_BODY, body, boxes, cut_off

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def read_jxl(data: Readable, extraction: Extraction) -> None:
    if data.read(0, 2) == b"\xff\x0a":
        _size_header(data.read(2, 16), extraction)
        return
    for box in boxes(data):
        if box.kind == b"jxlc":
            _size_header(data.read(box.start + 2, 16), extraction)
        elif box.kind == b"jxlp" and not extraction.width:
            if data.read(box.start + 4, 2) == b"\xff\x0a":
                _size_header(data.read(box.start + 6, 16), extraction)
        elif box.kind == b"Exif":
            skip = 4 + int.from_bytes(data.read(box.start, 4), "big")
            extraction.exif.append(Memory(body(data, box)[skip:].removeprefix(b"Exif\0\0")))
        elif box.kind == b"xml ":
            extraction.xmp.append(body(data, box))
        elif box.kind == b"brob":
            _compressed(data.read(box.start, 4), body(data, box)[4:], extraction)
    if not extraction.width:
        extraction.problems.append("cannot be opened: JPEG XL without its picture")
    if problem := cut_off(data):
        extraction.problems.append(problem)


def _size_header(codestream: bytes, extraction: Extraction) -> None:
    """Section 9.1 of 18181-1: bits from the lowest up."""
    bits, at = int.from_bytes(codestream, "little"), 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return bits >> (at - count) & ((1 << count) - 1)

    def size(small: bool) -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = bool(take(1))
    extraction.height = size(small)
    ratio = take(3)
    if ratio:
        wide, high = _RATIOS[ratio]
        extraction.width = extraction.height * wide // high
    else:
        extraction.width = size(small)


def _compressed(kind: bytes, content: bytes, extraction: Extraction) -> None:
    """A box compressed with Brotli."""
    import brotli

    try:
        unpacked = brotli.Decompressor().process(content, output_buffer_limit=MAX_BODY)
    except brotli.error:
        extraction.problems.append("its compressed metadata cannot be unpacked")
        return
    if kind == b"Exif":
        extraction.exif.append(Memory(unpacked[4 + int.from_bytes(unpacked[:4], "big") :]))
    elif kind == b"xml ":
        extraction.xmp.append(unpacked)
