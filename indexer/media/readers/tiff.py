"""The tags of a TIFF structure (TIFF 6.0, section 2; BigTIFF): the container of Exif in every kind of file.

Our own implementation because it is on the hot path of every photo: for the median Exif block of real cameras Pillow's
Exif takes 211 µs and ExifRead 303 µs, this 27 µs (benchmarks/readers.py), and it continues after a damaged entry.
It reads the requested tags and trusts nothing: offsets and counts are checked, directories are visited once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container

from ..readable import Readable

# Text, undefined and single bytes come as bytes; numbers as tuples, rationals already divided.
Value = bytes | tuple[int, ...] | tuple[float, ...]
Directory = dict[int, Value]

_MAX_ENTRIES = 1000
_MAX_VALUE = 16 * 1024 * 1024
# type -> (bytes each, struct code); rationals are pairs
_TYPES = {
    1: (1, "s"),
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
    16: (8, "Q"),
    17: (8, "q"),
    18: (8, "Q"),
    129: (1, "s"),
}
_BYTE = _TYPES[1]
_NAN, _INFINITE = float("nan"), float("inf")


def _divide(top: int, bottom: int) -> float:
    return top / bottom if bottom else (_INFINITE if top else _NAN)


def _unpacker(format: str) -> Callable[[bytes], tuple[int, ...] | tuple[float, ...]]:
    """Unpacks a single value, and divides it if it is a rational."""
    unpack = struct.Struct(format).unpack

    def unpack_rational(raw: bytes) -> tuple[float]:
        top, bottom = unpack(raw)
        return (top / bottom if bottom else _divide(top, bottom),)  # calls are slow

    return unpack if len(format) == 2 else unpack_rational


# byte order -> type -> (bytes each, struct code, unpacker of a single value)
_KINDS = {
    order: {kind: (each, code, _unpacker(order + code)) for kind, (each, code) in _TYPES.items()} for order in "<>"
}
# byte order and size -> the structures of a directory: the count of its entries, an entry, an offset
_STRUCTS = {
    (order, big): (
        struct.Struct(order + ("Q" if big else "H")),
        struct.Struct(order + ("HHQ8s" if big else "HHI4s")),
        struct.Struct(order + ("Q" if big else "I")),
    )
    for order in "<>"
    for big in (False, True)
}
# The number after the byte order; TIFF itself has 42, and Panasonic and Olympus numbers of their own.
_BIG = 43


class TiffError(ValueError):
    """The data have no TIFF structure."""


class Tiff:
    """A TIFF structure. order is '<' or '>'; first the offset of its first directory.

    base is added to every offset in the structure: those of maker notes count from elsewhere.
    """

    def __init__(self, data: Readable, order: str, first: int = 0, *, big: bool = False, base: int = 0) -> None:
        self.data, self.order, self.first = data, order, first
        self.problems: list[str] = []
        self._base = base
        self._seen: set[int] = set()
        self._count, self._entry, self._offset = _STRUCTS[order, big]

    @classmethod
    def open(cls, data: Readable) -> Tiff:
        """Raises TiffError if there is no TIFF header."""
        head = data.read(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise TiffError("no TIFF header")
        (magic,) = struct.unpack_from(order + "H", head, 2)
        if magic == _BIG and len(head) == 16:
            return cls(data, order, struct.unpack_from(order + "Q", head, 8)[0], big=True)
        return cls(data, order, struct.unpack_from(order + "I", head, 4)[0])

    def directory(
        self, offset: int, wanted: Container[int], name: str, located: Container[int] = ()
    ) -> tuple[Directory, int]:
        """The wanted tags of the directory at `offset`, and the next directory's offset (0: none). For
        those also in `located`, the position and size instead of the value."""
        if offset in self._seen:
            self.problems.append(f"{name} points back to itself")
            return {}, 0
        self._seen.add(offset)
        start = self._base + offset
        head = self.data.read(start, self._count.size) if offset > 0 else b""
        if len(head) < self._count.size:
            self.problems.append(f"{name} is past the end")
            return {}, 0
        count = claimed = self._count.unpack(head)[0]
        position = start + self._count.size
        each = self._entry.size
        entries = self.data.read(position, min(count, _MAX_ENTRIES) * each + self._offset.size)
        if count * each > len(entries):
            count = min(len(entries) // each, _MAX_ENTRIES)
            self.problems.append(f"{name} claims {claimed} entries, {count} can be there")
        tags: Directory = {}
        read, kinds, base, to_offset = self.data.read, _KINDS[self.order], self._base, self._offset
        room = to_offset.size  # values up to this size are stored in the entry itself
        for tag, kind, number, field in self._entry.iter_unpack(entries[: count * each]):
            if tag not in wanted or tag in tags:
                continue
            if tag in located:
                tags[tag] = (base + to_offset.unpack(field)[0], number * _TYPES.get(kind, _BYTE)[0])
                continue
            if kind not in kinds:
                continue
            each_value, code, unpack_one = kinds[kind]
            size = each_value * number
            if size <= room:
                raw = field[:size]
            elif size > _MAX_VALUE or len(raw := read(base + to_offset.unpack(field)[0], size)) < size:
                self.problems.append(f"{name} tag 0x{tag:04x} is past the end")
                continue
            if code == "s":
                tags[tag] = raw
            elif number != 1:
                tags[tag] = self._several(code, number, raw)
            else:
                tags[tag] = unpack_one(raw)
        end = entries[count * each : count * each + self._offset.size]
        return tags, self._offset.unpack(end)[0] if len(end) == self._offset.size else 0

    def _several(self, code: str, number: int, raw: bytes) -> Value:
        flat = struct.unpack(f"{self.order}{number * len(code)}{code[0]}", raw)
        return flat if len(code) == 1 else tuple(map(_divide, flat[::2], flat[1::2]))
