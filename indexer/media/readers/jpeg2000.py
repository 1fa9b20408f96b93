"""JPEG 2000 (ISO/IEC 15444-1, annexes A and I): header, Exif, XMP."""

from __future__ import annotations

from ..extraction import Extraction
from ..readable import Memory, Readable
from .isobmff import body, boxes, cut_off
from .quicktime import XMP_UUID

_EXIF_UUID = b"JpgTiffExif->JP2"


def read_jp2(data: Readable, extraction: Extraction) -> None:
    if data.read(0, 4) == b"\xff\x4f\xff\x51":
        _codestream_size(data.read(4, 40), extraction)
        return
    for box in boxes(data):
        if box.kind == b"jp2h":
            for part in boxes(data, box.start, box.end):
                content = body(data, part)
                if part.kind == b"ihdr" and len(content) >= 8:
                    extraction.height, extraction.width = (int.from_bytes(content[at : at + 4], "big") for at in (0, 4))
                elif part.kind == b"colr" and content[:1] == b"\2" and not extraction.icc:
                    extraction.icc = content[3:]
        elif box.kind == XMP_UUID:
            extraction.xmp.append(body(data, box))
        elif box.kind == _EXIF_UUID:
            extraction.exif.append(Memory(body(data, box).removeprefix(b"Exif\0\0")))
        elif box.kind == b"jp2c" and not extraction.width:
            _codestream_size(data.read(box.start + 4, 40), extraction)
    if not extraction.width:
        extraction.problems.append("cannot be opened: JPEG 2000 without its header")
    if problem := cut_off(data):
        extraction.problems.append(problem)


def _codestream_size(siz: bytes, extraction: Extraction) -> None:
    """The SIZ segment: width and height of the grid, and where on it the picture begins."""
    if len(siz) >= 20:
        right, bottom, left, top = (int.from_bytes(siz[at : at + 4], "big") for at in (4, 8, 12, 16))
        extraction.width, extraction.height = max(right - left, 0), max(bottom - top, 0)
