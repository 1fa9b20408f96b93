"""GIF89a (CompuServe, 1990): size, and the application extensions that hold XMP (ISO 16684-3) and a colour profile."""

from __future__ import annotations

from ..extraction import Extraction
from ..readable import Readable

_MAX = 32 * 1024 * 1024
_MAX_BLOCKS = 200_000


def read_gif(source: Readable, extraction: Extraction) -> None:
    data = source.read(0, _MAX)
    if len(data) < 13:
        extraction.problems.append("cut off: GIF without its header")
        return
    extraction.width, extraction.height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    position = 13 + _table(data[10])
    for _ in range(_MAX_BLOCKS):
        kind = data[position : position + 1]
        if kind == b"\x3b":
            return
        if kind == b"\x2c" and position + 10 <= len(data):  # an image: descriptor, table, code size, data
            position = _skip(data, position + 11 + _table(data[position + 9]))
        elif kind == b"\x21":
            if data[position + 1 : position + 3] == b"\xff\x0b":
                _application(data, position + 3, extraction)
            position = _skip(data, position + 2)
        else:
            break
    if source.size <= _MAX:
        extraction.problems.append("the picture is cut off: GIF without its end")


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip(data: bytes, position: int) -> int:
    """Behind a chain of sub-blocks, each with its length first, the last of length 0."""
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1


def _application(data: bytes, position: int, extraction: Extraction) -> None:
    name = data[position : position + 11]
    if name == b"XMP DataXMP":  # one block without lengths; 257 magic bytes let readers of sub-blocks pass it
        end = data.find(b"\x01\xff\xfe\xfd", position)
        if end > 0:
            extraction.xmp.append(data[position + 11 : end])
    elif name == b"ICCRGBG1012":
        profile, at = b"", position + 11
        while at < len(data) and data[at]:
            profile += data[at + 1 : at + 1 + data[at]]
            at += data[at] + 1
        extraction.icc = profile
