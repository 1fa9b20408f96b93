"""The segments of a JPEG (ITU-T T.81 annex B; Exif and ICC in APP1 and APP2), without decoding it."""

from __future__ import annotations

from .embedded import Embedded

_SIZES = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))  # SOFn
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # TEM, RSTn, SOI: markers without a length
_SOS, _EOI, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2
_EXIF, _XMP, _ICC = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"


def read_jpeg(data: bytes, *, whole: bool = True) -> Embedded:
    """Metadata blocks and size. `whole` says that data is all of the file, so that a missing end is a damage."""
    found = Embedded()
    icc: dict[int, bytes] = {}
    position, scan = 2, 0
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            position = data.find(b"\xff", position)  # garbage between segments: decoders skip it
            if position < 0:
                break
            continue
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x00 or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in (_SOS, _EOI):
            scan = position if marker == _SOS else 0
            break
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        start, end = position + 4, position + 2 + max(length, 2)
        _segment(found, icc, marker, data, start, end)
        position = end
    if icc:
        found.icc = b"".join(icc[number] for number in sorted(icc))
    if not scan:
        found.problems.append("the picture is missing: the file ends before its data")
    elif whole and data.rfind(b"\xff\xd9", scan) < 0:
        found.problems.append("the picture is cut off: the file ends before its end marker")
    return found


def _segment(found: Embedded, icc: dict[int, bytes], marker: int, data: bytes, start: int, end: int) -> None:
    if marker in _SIZES:
        if not found.width and start + 5 <= len(data):
            found.height = int.from_bytes(data[start + 1 : start + 3], "big")
            found.width = int.from_bytes(data[start + 3 : start + 5], "big")
    elif marker == _APP1:
        if data.startswith(_EXIF, start):
            if found.exif is None:
                found.exif = memoryview(data)[start + 6 : end]
        elif data.startswith(_XMP, start) and found.xmp is None:
            found.xmp = data[start + len(_XMP) : end]
    elif marker == _APP2 and data.startswith(_ICC, start):
        icc[data[start + 12] if start + 12 < len(data) else 0] = data[start + 14 : end]
