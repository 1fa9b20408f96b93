"""Random access to bytes for the metadata readers."""

from __future__ import annotations

from typing import Protocol


class Readable(Protocol):
    """Bytes by position. `read` returns fewer at the end, and never raises for a position out of range."""

    size: int

    def read(self, start: int, length: int) -> bytes: ...


class Memory:
    """Bytes in memory."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length] if start >= 0 and length > 0 else b""


class Window:
    """A part of a larger Readable, with positions of its own."""

    __slots__ = ("_base", "_start", "size")

    def __init__(self, base: Readable, start: int, size: int) -> None:
        self._base = base
        self._start = max(start, 0)
        self.size = max(min(size, base.size - self._start), 0)

    def read(self, start: int, length: int) -> bytes:
        return self._base.read(self._start + start, min(length, self.size - start)) if start >= 0 else b""


# (start, end) in the file, in order
Ranges = list[tuple[int, int]]
# Marker, position and length of a part of a JPEG
Segment = tuple[int, int, int]


class Remembering:
    """Keeps what several readers need first."""

    segments: list[Segment] | None = None  # see jpeg.segments
