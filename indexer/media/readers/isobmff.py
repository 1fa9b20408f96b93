"""Parse boxes of the ISO base media file format (ISO/IEC 14496-12, section 4.2): what HEIF, AVIF, CR3, JPEG XL, JPEG
2000, MP4 and QuickTime files consist of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..readable import Readable

_MAX_BOXES = 10_000
MAX_BODY = 16 * 1024 * 1024


class Box(NamedTuple):
    """start..end is the body, behind the header; kind of a uuid box is its 16 bytes."""

    kind: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def boxes(data: Readable, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes in start..end, one after the other. A box that runs past the end is cut there."""
    end = data.size if end is None else min(end, data.size)
    for _ in range(_MAX_BOXES):
        head = data.read(start, 8)
        if start + 8 > end or len(head) < 8:
            return
        size, kind, body = int.from_bytes(head[:4], "big"), head[4:], start + 8
        if size == 1:
            size, body = int.from_bytes(data.read(body, 8), "big"), body + 8
        elif size == 0:  # to the end of the file
            size = end - start
        if size < body - start:
            return
        if kind == b"uuid":
            kind, body = data.read(body, 16), body + 16
        yield Box(kind, body, min(start + size, end))
        start += size


def find(data: Readable, within: Box | None, *path: bytes) -> Box | None:
    """The first box at the end of a path of kinds."""
    for kind in path:
        start, end = (0, None) if within is None else (within.start, within.end)
        within = next((box for box in boxes(data, start, end) if box.kind == kind), None)
        if within is None:
            return None
    return within


def body(data: Readable, box: Box | None, limit: int = MAX_BODY) -> bytes:
    return b"" if box is None else data.read(box.start, min(box.size, limit))


def cut_off(data: Readable) -> str | None:
    """A description of the problem if a top-level box does not end within the file."""
    position = 0
    for _ in range(_MAX_BOXES):
        head = data.read(position, 16)
        if len(head) < 8:
            return None
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:
            return None  # to the end of the file, or trailing bytes that are not a box
        if position + size > data.size:
            name = head[4:8].decode("latin-1")
            return f"cut off: its {name!r} part runs {position + size - data.size} bytes past the end"
        position += size
    return None
