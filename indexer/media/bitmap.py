"""Pictures whose header says little: Windows bitmaps (Microsoft, "Bitmap Storage") and Photoshop documents."""

from __future__ import annotations

import struct

from .found import Found
from .photoshop import read_resources
from .readable import Readable

_MAX_RESOURCES = 32 * 1024 * 1024


def read_bmp(data: Readable, found: Found) -> None:
    head = data.read(14, 12)
    if len(head) < 12:
        found.problems.append("cut off: BMP without its header")
    elif int.from_bytes(head[:4], "little") == 12:  # OS/2's header has 16 bits for each
        found.width, found.height = struct.unpack_from("<HH", head, 4)
    else:
        width, height = struct.unpack_from("<ii", head, 4)
        found.width, found.height = abs(width), abs(height)  # negative: stored from the top down


def read_psd(data: Readable, found: Found) -> None:
    head = data.read(0, 30)
    if len(head) < 30:
        found.problems.append("cut off: PSD without its header")
        return
    found.height, found.width = struct.unpack_from(">II", head, 14)
    at = 30 + int.from_bytes(head[26:30], "big")  # behind the colour table
    size = int.from_bytes(data.read(at, 4), "big")
    read_resources(data.read(at + 4, min(size, _MAX_RESOURCES)), found)
