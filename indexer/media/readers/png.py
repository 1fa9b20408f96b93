"""The chunks of a PNG (W3C Recommendation, third edition): eXIf, iCCP, XMP in iTXt, and from before eXIf the
hexadecimal "Raw profile type" texts of ImageMagick."""

from __future__ import annotations

import zlib

from ..dates import rfc3339
from ..extraction import Extraction
from ..readable import Memory, Ranges, Readable
from ..strings import clean, decoded
from .photoshop import read_resources

_SIGNATURE = 8
_MAX_CHUNKS = 100_000
_MAX_TEXT = 16 * 1024 * 1024
_KEPT = frozenset((b"IHDR", b"eXIf", b"iCCP", b"tEXt", b"zTXt", b"iTXt"))
_XMP = "XML:com.adobe.xmp"
_PROFILE = "Raw profile type "
_PICTURE = (b"IDAT", b"fdAT")


def read_png(data: Readable, extraction: Extraction) -> None:
    position, ended = _SIGNATURE, False
    for _ in range(_MAX_CHUNKS):
        head = data.read(position, 8)
        if len(head) < 8:
            break
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind in _KEPT:
            _chunk(extraction, kind, data.read(position + 8, min(size, _MAX_TEXT)))
        position += 12 + size
        if kind == b"IEND":
            ended = True
            break
    if not ended:
        extraction.problems.append("the picture is cut off: PNG without its end")


def coded_ranges(data: Readable) -> Ranges:
    position, ranges = _SIGNATURE, []
    for _ in range(_MAX_CHUNKS):
        head = data.read(position, 8)
        if len(head) < 8 or head[4:] == b"IEND":
            break
        size = int.from_bytes(head[:4], "big")
        if head[4:] in _PICTURE:
            ranges.append((position + 8, min(position + 8 + size, data.size)))
        position += 12 + size
    return ranges


def _chunk(extraction: Extraction, kind: bytes, body: bytes) -> None:
    if kind == b"IHDR":
        if len(body) >= 8:
            extraction.width, extraction.height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
    elif kind == b"eXIf":
        extraction.exif.insert(0, Memory(body.removeprefix(b"Exif\0\0")))
    elif kind == b"iCCP":
        profile = body.partition(b"\0")[2][1:]
        extraction.icc = _inflated(profile, extraction) or extraction.icc
    else:
        keyword, text = _text(kind, body, extraction)
        if keyword == _XMP:
            extraction.xmp.append(text)
        elif keyword.startswith(_PROFILE):
            _profile(extraction, keyword[len(_PROFILE) :].lower(), text)
        elif keyword == "Creation Time":
            extraction.add("PNG", container_datetime=rfc3339(clean(text)))
        elif keyword == "Description":
            extraction.add("PNG", description=clean(text))


def _text(kind: bytes, body: bytes, extraction: Extraction) -> tuple[str, bytes]:
    """Keyword and text of a text chunk, inflated where it is compressed."""
    keyword, _, rest = body.partition(b"\0")
    if kind == b"zTXt":
        rest = _inflated(rest[1:], extraction) or b""
    elif kind == b"iTXt":
        compressed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # language and translated keyword
        rest = (_inflated(rest, extraction) or b"") if compressed else rest
    return decoded(keyword), rest


def _inflated(data: bytes, extraction: Extraction) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, _MAX_TEXT)
    except zlib.error:
        extraction.problems.append("a compressed text or profile cannot be unpacked")
        return None


def _profile(extraction: Extraction, kind: str, text: bytes) -> None:
    """A line with the name, one with the length, then hexadecimal digits."""
    lines = text.strip().split(b"\n", 2)
    if len(lines) < 3:
        return
    try:
        block = bytes.fromhex(lines[2].decode("ascii"))
    except ValueError:
        extraction.problems.append(f"its {kind} profile is not hexadecimal")
        return
    if kind in ("exif", "app1"):
        if block.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            extraction.xmp.append(block[29:])
        else:
            extraction.exif.append(Memory(block.removeprefix(b"Exif\0\0")))
    elif kind == "xmp":
        extraction.xmp.append(block)
    elif kind in ("iptc", "8bim"):
        if block[:4] == b"8BIM":
            read_resources(block, extraction)
        else:
            extraction.iptc.append(block)
    elif kind in ("icc", "icm") and not extraction.icc:
        extraction.icc = block
