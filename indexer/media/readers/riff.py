"""RIFF files: WebP pictures (RFC 9649) and AVI videos (Microsoft, "AVI RIFF File Reference")."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..dates import rfc3339, words_time
from ..extraction import Extraction
from ..readable import Memory, Ranges, Readable
from ..strings import clean

_MAX_CHUNKS = 10_000
_MAX_BLOCK = 16 * 1024 * 1024
_WEBP_PICTURE = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")


def read_webp(data: Readable, extraction: Extraction) -> None:
    for kind, start, size in chunks(data, 12, data.size):
        if kind == b"VP8X" and size >= 10:
            body = data.read(start, 10)
            extraction.width, extraction.height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        elif kind == b"VP8 " and not extraction.width:
            body = data.read(start, 10)  # frame tag, start code, 14 bits each for width and height
            if body[3:6] == b"\x9d\x01\x2a" and len(body) == 10:
                extraction.width, extraction.height = (number & 0x3FFF for number in struct.unpack_from("<HH", body, 6))
        elif kind == b"VP8L" and not extraction.width:
            bits = int.from_bytes(data.read(start + 1, 4), "little")
            extraction.width, extraction.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"EXIF":
            extraction.exif.append(Memory(data.read(start, min(size, _MAX_BLOCK)).removeprefix(b"Exif\0\0")))
        elif kind == b"XMP ":
            extraction.xmp.append(data.read(start, min(size, _MAX_BLOCK)))
        elif kind == b"ICCP":
            extraction.icc = data.read(start, min(size, _MAX_BLOCK))
    _cut_off(data, extraction)


def coded_ranges(data: Readable) -> Ranges:
    """The ranges of a WebP's coded picture."""
    parts = chunks(data, 12, data.size)
    return [(start, min(start + size, data.size)) for kind, start, size in parts if kind in _WEBP_PICTURE]


def read_avi(data: Readable, extraction: Extraction) -> None:
    for kind, start, size in chunks(data, 12, data.size):
        if kind == b"LIST":
            _list(data, extraction, start, size)
        elif kind == b"_PMX":
            extraction.xmp.append(data.read(start, min(size, _MAX_BLOCK)))
        elif kind == b"IDIT":
            extraction.add("RIFF", original_datetime=_time(data.read(start, min(size, 100))))
    if not extraction.width:
        extraction.problems.append("cannot be opened as a video: AVI without its header")
    _cut_off(data, extraction)


def _list(data: Readable, extraction: Extraction, start: int, size: int) -> None:
    kind = data.read(start, 4)
    if kind == b"movi":  # the video itself
        return
    for name, at, length in chunks(data, start + 4, start + size):
        if name == b"avih":
            header = data.read(at, 40)
            if len(header) == 40:
                microseconds, frames = struct.unpack_from("<I", header)[0], struct.unpack_from("<I", header, 16)[0]
                extraction.width, extraction.height = struct.unpack_from("<II", header, 32)
                extraction.add("RIFF", fps=round(1e6 / microseconds, 6) if microseconds else None)
                extraction.duration = round(frames * microseconds / 1e6, 3) or None
        elif name == b"LIST" and kind == b"hdrl":
            _list(data, extraction, at, length)
        elif name == b"IDIT":
            extraction.add("RIFF", original_datetime=_time(data.read(at, min(length, 100))))
        elif kind == b"INFO" and name in (b"ISBJ", b"ICMT", b"ICRD", b"INAM"):
            text = clean(data.read(at, min(length, 64 * 1024)))
            if name == b"ICRD":
                extraction.add("RIFF", digitized_datetime=rfc3339(text))
            elif name == b"ICMT":
                extraction.add("RIFF", description=text)
        elif kind == b"strl" and name == b"strd":  # Casio and others keep an Exif here
            block = data.read(at, min(length, _MAX_BLOCK))
            if block[:4] == b"AVIF" and block[8:10] in (b"II", b"MM"):
                extraction.exif.append(Memory(block[8:]))


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


def _cut_off(data: Readable, extraction: Extraction) -> None:
    claimed = int.from_bytes(data.read(4, 4), "little") + 8
    if claimed > data.size + 1 and claimed < 0xFFFFFFFF:
        extraction.problems.append(f"cut off: {data.size} of {claimed} bytes")
