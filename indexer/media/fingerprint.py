"""Where the coded picture lies in a file, without any metadata: what the fingerprint is taken of.

A rating or a title written by another program changes a file's hashes and leaves these bytes as they were. JPEG: from
the first scan to the end (ITU-T T.81); PNG: the bodies of IDAT and fdAT; WebP: its VP8, VP8L, ALPH and ANMF chunks;
HEIF and AVIF: the parts of its coded items; MP4 and QuickTime: the media data. Other formats have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .boxes import boxes
from .formats import OLD_QUICKTIME

if TYPE_CHECKING:
    from .readable import Readable

# (start, end) in the file, in order
Ranges = list[tuple[int, int]]

_MAX_PARTS = 100_000
_PNG_PICTURE = (b"IDAT", b"fdAT")
_WEBP_PICTURE = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
_STILLS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


def coded_ranges(data: Readable, head: bytes) -> Ranges:
    """head: the first bytes of data, at least 16. Empty where nothing is known of the format, or nothing is there."""
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(data)
    if head[4:8] == b"ftyp":
        return _heif(data) if head[8:12] in _STILLS else _film(data)
    if head[4:8] in OLD_QUICKTIME:
        return _film(data)
    return []


def _jpeg(data: Readable) -> Ranges:
    from .jpeg import find_scan

    scan = find_scan(data)
    return [(scan, data.size)] if scan else []


def _png(data: Readable) -> Ranges:
    position, found = 8, []
    for _ in range(_MAX_PARTS):
        head = data.read(position, 8)
        if len(head) < 8 or head[4:] == b"IEND":
            break
        size = int.from_bytes(head[:4], "big")
        if head[4:] in _PNG_PICTURE:
            found.append((position + 8, min(position + 8 + size, data.size)))
        position += 12 + size
    return found


def _webp(data: Readable) -> Ranges:
    from .riff import chunks

    return [(start, min(start + size, data.size)) for kind, start, size in chunks(data, 12, data.size)
            if kind in _WEBP_PICTURE]  # fmt: skip


def _heif(data: Readable) -> Ranges:
    from .heif import coded_parts

    found: Ranges = []
    for start, end in sorted(coded_parts(data)):
        start = max(start, found[-1][1]) if found else start  # items may share their bytes
        if start < min(end, data.size):
            found.append((start, min(end, data.size)))
    return found


def _film(data: Readable) -> Ranges:
    return [(box.start, box.end) for box in boxes(data) if box.kind == b"mdat" and box.size > 0]
