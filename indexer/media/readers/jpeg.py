"""The segments of a JPEG (ITU-T T.81 annex B), without decoding it: Exif and XMP (APP1, also extended XMP in parts),
ICC (APP2), Photoshop's resources (APP13), Canon's CIFF (APP0)."""

from __future__ import annotations

from ..extraction import Extraction
from ..readable import Memory, Ranges, Readable, Remembering, Segment

_SIZES = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))  # SOFn
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # TEM, RSTn, SOI: markers without a length
_SOS, _EOI, _APP0, _APP1, _APP2, _APP13 = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xED
_KEPT = _SIZES | {_APP0, _APP1, _APP2, _APP13}
_EXIF, _XMP, _ICC, _PHOTOSHOP = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"Photoshop 3.0\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_PIECE = 16 * 1024
_STEP = 64 * 1024
_MAX_SEGMENTS = 4000


class _Parts:
    """Metadata that is split over several segments."""

    def __init__(self) -> None:
        self.exif: list[bytes] = []
        self.icc: dict[int, bytes] = {}
        self.extended: dict[bytes, dict[int, bytes]] = {}
        self.resources: list[bytes] = []


def read_jpeg(data: Readable, extraction: Extraction) -> None:
    scan = read_segments(data, extraction)
    if scan and not _ends(data, scan):
        extraction.problems.append("the picture is cut off: the file ends before its end marker")


def read_segments(data: Readable, extraction: Extraction) -> int:
    """Add the metadata blocks and the size. Returns the position of the picture's data, 0 if there is none."""
    parts, scan = _Parts(), 0
    for marker, position, length in segments(data):
        if marker in _KEPT:
            _segment(extraction, parts, marker, data.read(position + 4, length - 2))
        elif marker == _SOS:
            scan = position
    _join(extraction, parts)
    if not scan:
        extraction.problems.append("the picture is missing: the file ends before its data")
    return scan


def coded_ranges(data: Readable) -> Ranges:
    parts = segments(data)
    return [(parts[-1][1], data.size)] if parts and parts[-1][0] == _SOS else []


def find_motion(data: Readable, extraction: Extraction) -> None:
    """Google's video, whose length XMP gives, or Samsung's."""
    length = extraction.video_length
    if length or data.read(data.size - 4, 4) == b"SEFT":
        from .motion import find_samsung, motion_at

        if length and length < data.size:
            extraction.motion = motion_at(data, data.size - length, length)
        extraction.motion = extraction.motion or find_samsung(data)


def segments(data: Readable) -> list[Segment]:
    """Marker, position and length (as written: without the marker) of each segment up to the picture's data. A source
    keeps what was found, since the fingerprint and the metadata both begin with it."""
    if not isinstance(data, Remembering):
        return _segments(data)
    if data.segments is None:
        data.segments = _segments(data)
    return data.segments


def _segments(data: Readable) -> list[Segment]:
    segments: list[Segment] = []
    # What was read last and where it lies: the next segment's head is nearly always within.
    position, at, piece = 2, 0, data.read(0, _PIECE)
    for _ in range(_MAX_SEGMENTS):
        if not 0 <= position - at <= len(piece) - 4:
            at, piece = position, data.read(position, _PIECE)
            if len(piece) < 4:
                break
        start = position - at
        marker = piece[start + 1]
        if piece[start] != 0xFF:
            position = _find_marker(data, position)  # garbage between segments: decoders skip it
            if position < 0:
                break
        elif marker == _EOI:
            break
        elif marker == 0xFF or marker == 0x00 or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
        else:
            length = max(piece[start + 2] << 8 | piece[start + 3], 2)
            segments.append((marker, position, length))
            if marker == _SOS:
                break
            position += 2 + length
    return segments


def _ends(data: Readable, scan: int) -> bool:
    """Whether the end marker follows the picture's data: videos and other trailers may come after it."""
    if data.read(data.size - 2, 2) == b"\xff\xd9":
        return True
    end = data.size
    while end > scan:
        start = max(end - _STEP, scan)
        if data.read(start, end - start + 1).find(b"\xff\xd9") >= 0:
            return True
        end = start
    return False


def _find_marker(data: Readable, position: int) -> int:
    while chunk := data.read(position, _STEP):
        at = chunk.find(b"\xff")
        if at >= 0:
            return position + at
        position += len(chunk)
    return -1


def _segment(extraction: Extraction, parts: _Parts, marker: int, body: bytes) -> None:
    if marker in _SIZES:
        if not extraction.width and len(body) >= 5:
            extraction.height, extraction.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    elif marker == _APP1:
        if body.startswith(_EXIF):
            block = body[6:]
            if parts.exif and not block.startswith((b"II*\0", b"MM\0*")):
                parts.exif[-1] += block  # a block of over 64 KB goes on here
            else:
                parts.exif.append(block)
        elif body.startswith(_XMP):
            extraction.xmp.append(body[len(_XMP) :])
        elif (at := max(body.find(b"<?xpacket", 0, 64), body.find(b"<x:xmpmeta", 0, 64))) >= 0:
            extraction.xmp.append(body[at:])  # its name was spoilt
        elif body.startswith(_EXTENDED) and len(body) > 75:
            guid, offset = body[35:67], int.from_bytes(body[71:75], "big")
            parts.extended.setdefault(guid, {})[offset] = body[75:]
    elif marker == _APP2 and body.startswith(_ICC):
        parts.icc[body[12] if len(body) > 12 else 0] = body[14:]
    elif marker == _APP13 and body.startswith(_PHOTOSHOP):
        parts.resources.append(body[len(_PHOTOSHOP) :])
    elif marker == _APP0 and body[6:14] == b"HEAPJPGM":
        from .ciff import read_ciff

        read_ciff(Memory(body), extraction, raw=False)


def _join(extraction: Extraction, parts: _Parts) -> None:
    extraction.exif += map(Memory, parts.exif[:1])
    if parts.icc:
        extraction.icc = b"".join(parts.icc[number] for number in sorted(parts.icc))
    if parts.resources:
        from .photoshop import read_resources

        read_resources(b"".join(parts.resources), extraction)
    for pieces in parts.extended.values():
        extraction.xmp.append(b"".join(pieces[offset] for offset in sorted(pieces)))
