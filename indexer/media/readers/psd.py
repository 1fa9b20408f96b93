"""Photoshop documents (Adobe Photoshop File Formats Specification): the size, and the image resources."""

from __future__ import annotations

import struct

from ..extraction import Extraction
from ..readable import Readable
from .photoshop import read_resources

_MAX_RESOURCES = 32 * 1024 * 1024


def read_psd(data: Readable, extraction: Extraction) -> None:
    head = data.read(0, 30)
    if len(head) < 30:
        extraction.problems.append("cut off: PSD without its header")
        return
    extraction.height, extraction.width = struct.unpack_from(">II", head, 14)
    at = 30 + int.from_bytes(head[26:30], "big")  # behind the colour table
    size = int.from_bytes(data.read(at, 4), "big")
    read_resources(data.read(at + 4, min(size, _MAX_RESOURCES)), extraction)
