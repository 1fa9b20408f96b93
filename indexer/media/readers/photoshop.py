"""Photoshop's image resources (Adobe Photoshop File Formats Specification, "Image Resources Section"): blocks of other
kinds, in JPEG's APP13, TIFF's tag 0x8649 and PSD files."""

from __future__ import annotations

from ..extraction import Extraction
from ..readable import Memory

_IPTC, _ICC, _EXIF, _XMP = 0x0404, 0x040F, 0x0422, 0x0424


def read_resources(data: bytes, extraction: Extraction) -> None:
    position = 0
    while position + 12 <= len(data):
        if data[position : position + 4] not in (b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"):
            position = data.find(b"8BIM", position + 1)
            if position < 0:
                return
            continue
        kind = int.from_bytes(data[position + 4 : position + 6], "big")
        name = data[position + 6]
        position += 6 + (name + 2) // 2 * 2  # a Pascal string, padded to an even length
        size = int.from_bytes(data[position : position + 4], "big")
        block = data[position + 4 : position + 4 + size]
        position += 4 + (size + 1) // 2 * 2
        if kind == _IPTC:
            extraction.iptc.append(block)
        elif kind == _XMP:
            extraction.xmp.append(block)
        elif kind == _ICC and not extraction.icc:
            extraction.icc = block
        elif kind == _EXIF:
            extraction.exif.append(Memory(block))
