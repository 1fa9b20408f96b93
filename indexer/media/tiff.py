"""The tags of a TIFF structure (TIFF 6.0, section 2): what Exif lies in, in every kind of file.

Written here because it is on the way of every photo: for the median Exif block of real cameras Pillow's Exif takes
186 µs and ExifRead 288 µs, this 52 µs (benchmarks/readers.py), and it goes on after a damaged entry.
It reads the tags asked for and trusts nothing: offsets and counts are checked, directories are visited once.
"""

from __future__ import annotations

import struct
from collections.abc import Container

Value = str | bytes | tuple[int, ...] | tuple[float, ...]
Directory = dict[int, Value]

_MAX_ENTRIES = 1000
_MAX_VALUE = 1024 * 1024
# type -> (bytes each, struct code); rationals are pairs
_TYPES = {
    1: (1, "B"),
    2: (1, "s"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "II"),
    6: (1, "b"),
    7: (1, "s"),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, "ii"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    129: (1, "s"),
}


class TiffError(ValueError):
    """There is no TIFF structure here."""


class Tiff:
    """A TIFF structure in memory. Raises TiffError where the header is none."""

    def __init__(self, data: bytes | memoryview) -> None:
        order = bytes(data[:2])
        if order not in (b"II", b"MM") or len(data) < 8:
            raise TiffError("no TIFF header")
        self.data = data
        self.order = "<" if order == b"II" else ">"
        self.first = struct.unpack_from(self.order + "I", data, 4)[0]
        self.problems: list[str] = []
        self._seen: set[int] = set()
        self._entry = struct.Struct(self.order + "HHI4s")
        self._long = struct.Struct(self.order + "I")

    def directory(self, offset: int, wanted: Container[int], name: str) -> tuple[Directory, int]:
        """The wanted tags of the directory at `offset`, and the next directory's offset (0: none)."""
        data = self.data
        if offset in self._seen:
            self.problems.append(f"{name} points back to itself")
            return {}, 0
        self._seen.add(offset)
        if not 0 < offset <= len(data) - 2:
            self.problems.append(f"{name} lies past the end")
            return {}, 0
        count = struct.unpack_from(self.order + "H", data, offset)[0]
        fits = (len(data) - offset - 2) // 12
        if count > min(fits, _MAX_ENTRIES):
            self.problems.append(f"{name} claims {count} entries, {min(fits, _MAX_ENTRIES)} can be there")
            count = min(fits, _MAX_ENTRIES)
        tags: Directory = {}
        position = offset + 2
        for tag, kind, number, field in self._entry.iter_unpack(data[position : position + count * 12]):
            if tag in wanted and kind in _TYPES and tag not in tags:
                value = self._value(kind, number, field)
                if value is None:
                    self.problems.append(f"{name} tag 0x{tag:04x} lies past the end")
                else:
                    tags[tag] = value
        end = position + count * 12
        following = self._long.unpack_from(data, end)[0] if end + 4 <= len(data) else 0
        return tags, following

    def _value(self, kind: int, number: int, field: bytes) -> Value | None:
        each, code = _TYPES[kind]
        size = each * number
        if size <= 4:
            raw: bytes | memoryview = field[:size]
        else:
            start = self._long.unpack(field)[0]
            if size > _MAX_VALUE or start + size > len(self.data):
                return None
            raw = self.data[start : start + size]
        if code == "s":
            return bytes(raw)
        if len(code) == 2:
            flat = struct.unpack(f"{self.order}{number * 2}{code[0]}", raw)
            return tuple(
                (top / bottom if bottom else (float("nan") if not top else float("inf")))
                for top, bottom in zip(flat[::2], flat[1::2], strict=True)
            )
        return struct.unpack(f"{self.order}{number}{code}", raw)
