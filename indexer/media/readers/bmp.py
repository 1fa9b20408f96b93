"""Windows bitmaps (Microsoft, "Bitmap Storage"): the header's size."""

from __future__ import annotations

import struct

from ..extraction import Extraction
from ..readable import Readable


def read_bmp(data: Readable, extraction: Extraction) -> None:
    head = data.read(14, 12)
    if len(head) < 12:
        extraction.problems.append("cut off: BMP without its header")
    elif int.from_bytes(head[:4], "little") == 12:  # OS/2's header has 16 bits for each
        extraction.width, extraction.height = struct.unpack_from("<HH", head, 4)
    else:
        width, height = struct.unpack_from("<ii", head, 4)
        extraction.width, extraction.height = abs(width), abs(height)  # negative: stored from the top down
