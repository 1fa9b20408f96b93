"""RIFF files: WebP pictures (RFC 9649) and AVI films (Microsoft, "AVI RIFF File Reference")."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .dates import rfc3339, words_time
from .found import Found
from .readable import Memory, Readable
from .text import clean

_MAX_CHUNKS = 10_000
_MAX_BLOCK = 16 * 1024 * 1024


def read_webp(data: Readable, found: Found) -> None:
    for kind, start, size in chunks(data, 12, data.size):
        if kind == b"VP8X" and size >= 10:
            body = data.read(start, 10)
            found.width, found.height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        elif kind == b"VP8 " and not found.width:
            body = data.read(start, 10)  # frame tag, start code, 14 bits each for width and height
            if body[3:6] == b"\x9d\x01\x2a" and len(body) == 10:
                found.width, found.height = (number & 0x3FFF for number in struct.unpack_from("<HH", body, 6))
        elif kind == b"VP8L" and not found.width:
            bits = int.from_bytes(data.read(start + 1, 4), "little")
            found.width, found.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"EXIF":
            found.exif.append(Memory(data.read(start, min(size, _MAX_BLOCK)).removeprefix(b"Exif\0\0")))
        elif kind == b"XMP ":
            found.xmp.append(data.read(start, min(size, _MAX_BLOCK)))
        elif kind == b"ICCP":
            found.icc = data.read(start, min(size, _MAX_BLOCK))
    _cut_off(data, found)


def read_avi(data: Readable, found: Found) -> None:
    for kind, start, size in chunks(data, 12, data.size):
        if kind == b"LIST":
            _list(data, found, start, size)
        elif kind == b"_PMX":
            found.xmp.append(data.read(start, min(size, _MAX_BLOCK)))
        elif kind == b"IDIT":
            found.claim("RIFF", original_datetime=_time(data.read(start, min(size, 100))))
    if not found.width:
        found.problems.append("cannot be opened as a film: AVI without its header")
    _cut_off(data, found)


def _list(data: Readable, found: Found, start: int, size: int) -> None:
    kind = data.read(start, 4)
    if kind == b"movi":  # the film itself
        return
    for name, at, length in chunks(data, start + 4, start + size):
        if name == b"avih":
            header = data.read(at, 40)
            if len(header) == 40:
                microseconds, frames = struct.unpack_from("<I", header)[0], struct.unpack_from("<I", header, 16)[0]
                found.width, found.height = struct.unpack_from("<II", header, 32)
                found.claim("RIFF", fps=round(1e6 / microseconds, 6) if microseconds else None)
                found.duration = round(frames * microseconds / 1e6, 3) or None
        elif name == b"LIST" and kind == b"hdrl":
            _list(data, found, at, length)
        elif name == b"IDIT":
            found.claim("RIFF", original_datetime=_time(data.read(at, min(length, 100))))
        elif kind == b"INFO" and name in (b"ISBJ", b"ICMT", b"ICRD", b"INAM"):
            text = clean(data.read(at, min(length, 64 * 1024)))
            if name == b"ICRD":
                found.claim("RIFF", digitized_datetime=rfc3339(text))
            elif name == b"ICMT":
                found.claim("RIFF", description=text)
        elif kind == b"strl" and name == b"strd":  # Casio and others keep an Exif here
            block = data.read(at, min(length, _MAX_BLOCK))
            if block[:4] == b"AVIF" and block[8:10] in (b"II", b"MM"):
                found.exif.append(Memory(block[8:]))


def chunks(data: Readable, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and size of each chunk."""
    for _ in range(_MAX_CHUNKS):
        head = data.read(position, 8)
        if len(head) < 8 or position >= end:
            return
        size = int.from_bytes(head[4:], "little")
        yield head[:4], position + 8, min(size, max(data.size - position - 8, 0))
        position += 8 + size + (size & 1)


def _time(value: bytes) -> str | None:
    text = clean(value)
    return rfc3339(text) or words_time(text)


def _cut_off(data: Readable, found: Found) -> None:
    claimed = int.from_bytes(data.read(4, 4), "little") + 8
    if claimed > data.size + 1 and claimed < 0xFFFFFFFF:
        found.problems.append(f"cut off: {data.size} of {claimed} bytes")
