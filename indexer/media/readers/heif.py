"""HEIF and AVIF (ISO/IEC 23008-12): the items and properties of the primary picture, without decoding it."""

from __future__ import annotations

import struct

from ..extraction import Extraction
from ..readable import Memory, Ranges, Readable
from .isobmff import Box, body, boxes, cut_off, find
from .motion import motion_at

_MAX_ITEMS = 20_000
_MAX_BLOCK = 16 * 1024 * 1024
# Turns counter-clockwise (irot) then mirrored (imir: 0 exchanges top and bottom, 1 left and right), to Exif
_ORIENTATIONS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip


def read_heif(data: Readable, extraction: Extraction) -> None:
    meta = find(data, None, b"meta")
    if meta is None:
        extraction.problems.append("cannot be opened: HEIF without its items")
        return
    inside = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
    primary = _primary(body(data, inside.get(b"pitm")))
    kinds = _kinds(data, inside.get(b"iinf"))
    places = _places(body(data, inside.get(b"iloc")), inside.get(b"idat"), data)
    for item, (kind, content_type) in kinds.items():
        if kind == b"Exif":
            block = _item(data, places.get(item, []))
            # The first four bytes are the offset from there to the TIFF header.
            skip = 4 + int.from_bytes(block[:4], "big")
            block = block[skip:] if block[skip : skip + 2] in (b"II", b"MM") else block[4:].removeprefix(b"Exif\0\0")
            extraction.exif.append(Memory(block.removeprefix(b"Exif\0\0")))
        elif kind == b"mime" and content_type.startswith(b"application/rdf+xml"):
            extraction.xmp.append(_item(data, places.get(item, [])))
    _properties(data, find(data, _part(inside, b"iprp"), b"ipco"), _associated(data, inside, primary), extraction)
    if problem := cut_off(data):
        extraction.problems.append(problem)


def coded_ranges(data: Readable) -> Ranges:
    ranges: Ranges = []
    for start, end in sorted(_coded_items(data)):
        start = max(start, ranges[-1][1]) if ranges else start  # items may share their bytes
        if start < min(end, data.size):
            ranges.append((start, min(end, data.size)))
    return ranges


def find_motion(data: Readable, extraction: Extraction) -> None:
    """The box `mpvd` of Google's motion photos."""
    for box in boxes(data):
        if box.kind == b"mpvd":
            extraction.motion = motion_at(data, box.start, box.size)


def _coded_items(data: Readable) -> Ranges:
    """The ranges of the coded pictures, including previews and tiles: the items that are neither metadata nor made up
    of others (those are in idat)."""
    meta = find(data, None, b"meta")
    if meta is None:
        return []
    inside = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
    kinds = _kinds(data, inside.get(b"iinf"))
    places = _places(body(data, inside.get(b"iloc")), None, data)
    return [
        (start, start + length)
        for item, parts in places.items()
        if kinds.get(item, (b"", b""))[0] not in (b"Exif", b"mime", b"uri ", b"")
        for start, length in parts
    ]


def _part(inside: dict[bytes, Box], kind: bytes) -> Box | None:
    return inside.get(kind) or Box(kind, 0, 0)


def _primary(pitm: bytes) -> int:
    return int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8], "big")


def _kinds(data: Readable, iinf: Box | None) -> dict[int, tuple[bytes, bytes]]:
    """Item number to its type and, of a mime item, its content type."""
    kinds: dict[int, tuple[bytes, bytes]] = {}
    if iinf is None:
        return kinds
    first = iinf.start + (6 if data.read(iinf.start, 1) == b"\0" else 8)
    for box in boxes(data, first, iinf.end):
        entry = body(data, box, 1024)
        if box.kind != b"infe" or len(entry) < 12 or entry[0] < 2:
            continue
        wide = 2 if entry[0] == 2 else 4
        item, kind = int.from_bytes(entry[4 : 4 + wide], "big"), entry[6 + wide : 10 + wide]
        kinds[item] = kind, entry[10 + wide :].partition(b"\0")[2]
        if len(kinds) >= _MAX_ITEMS:
            break
    return kinds


def _places(iloc: bytes, idat: Box | None, data: Readable) -> dict[int, list[tuple[int, int]]]:
    """Item number to the ranges of its parts: offset and length each (section 8.11.3). Without idat, not those in
    it."""
    if len(iloc) < 8:
        return {}
    version = iloc[0]
    offset_size, length_size = iloc[4] >> 4, iloc[4] & 15
    base_size, index_size = iloc[5] >> 4, iloc[5] & 15 if version in (1, 2) else 0
    at = 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(iloc[at - size : at], "big")

    places: dict[int, list[tuple[int, int]]] = {}
    for _ in range(min(number(4 if version == 2 else 2), _MAX_ITEMS)):
        if at >= len(iloc):
            break
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # which file: always this one
        base = number(base_size)
        start = idat.start if method == 1 and idat else 0
        parts = []
        for _ in range(min(number(2), _MAX_ITEMS)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            if at > len(iloc):
                break
            if method == 0 or (method == 1 and idat is not None):
                parts.append((start + base + offset, length or data.size))
        places[item] = parts
    return places


def _item(data: Readable, parts: list[tuple[int, int]]) -> bytes:
    return b"".join(data.read(offset, min(length, _MAX_BLOCK)) for offset, length in parts[:64])


def _associated(data: Readable, inside: dict[bytes, Box], item: int) -> list[int]:
    """The numbers (from 1) of the properties that an item has (ipma, section 8.11.14), in their order."""
    ipma = body(data, find(data, _part(inside, b"iprp"), b"ipma"))
    if len(ipma) < 8:
        return []
    wide_item, wide_index = 4 if ipma[0] else 2, 2 if ipma[3] & 1 else 1
    at = 8
    for _ in range(min(struct.unpack_from(">I", ipma, 4)[0], _MAX_ITEMS)):
        if at + wide_item >= len(ipma):
            break
        number, count = int.from_bytes(ipma[at : at + wide_item], "big"), ipma[at + wide_item]
        at += wide_item + 1
        if number == item:
            mask = 0x7FFF if wide_index == 2 else 0x7F
            return [
                int.from_bytes(ipma[i : i + wide_index], "big") & mask
                for i in range(at, at + count * wide_index, wide_index)
            ]
        at += count * wide_index
    return []


def _properties(data: Readable, ipco: Box | None, numbers: list[int], extraction: Extraction) -> None:
    turn, mirror = 0, None
    every = list(boxes(data, ipco.start, ipco.end)) if ipco else []
    for number in numbers:
        if not 0 < number <= len(every):
            continue
        box = every[number - 1]
        if box.kind == b"ispe" and not extraction.width:
            size = body(data, box, 12)
            if len(size) == 12:
                extraction.width, extraction.height = struct.unpack_from(">II", size, 4)
        elif box.kind == b"colr" and not extraction.icc and data.read(box.start, 4) in (b"prof", b"rICC"):
            extraction.icc = body(data, box)[4:]
        elif box.kind == b"irot":
            turn = data.read(box.start, 1)[0] & 3 if box.size else 0
        elif box.kind == b"imir":
            mirror = data.read(box.start, 1)[0] & 1 if box.size else None
    if turn or mirror is not None:
        extraction.add("HEIF", orientation=_ORIENTATIONS[turn, mirror])
    if not extraction.icc:  # in a tiled picture, only the tiles may have the profile
        profiles = (box for box in every if box.kind == b"colr" and data.read(box.start, 4) in (b"prof", b"rICC"))
        if (profile := next(profiles, None)) is not None:
            extraction.icc = body(data, profile)[4:]
