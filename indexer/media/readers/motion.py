"""Locate the video inside a motion photo: Google's (a length in XMP, counted from the end of the file; in HEIC a box
`mpvd`) and Samsung's (a directory at the end of the file)."""

from __future__ import annotations

from typing import Any

from ..facts import Motion
from ..readable import Readable

_SAMSUNG_VIDEO = 0x0A30
_MAX_ENTRIES = 200


def claimed_length(of: dict[str, Any]) -> int | None:
    """The distance in bytes from the start of the video to the end of the file, according to the XMP."""
    items = of.get("Container:Directory")
    length = None
    for item in items if isinstance(items, list) else []:
        inner = item.get("Container:Item", item) if isinstance(item, dict) else None
        if not isinstance(inner, dict):
            continue
        if inner.get("Item:Semantic") == "MotionPhoto":
            length = 0
        if length is not None:
            length += _number(inner.get("Item:Length"))
    return length or _number(of.get("GCamera:MicroVideoOffset")) or None


def _number(value: Any) -> int:
    """Parse a number of bytes, of at most nineteen digits."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else 0


def find_samsung(data: Readable) -> Motion | None:
    """SEFH, version, count, entries of type, distance back and size each; then its own length and SEFT."""
    tail = data.read(data.size - 8, 8)
    if tail[4:] != b"SEFT":
        return None
    start = data.size - 8 - int.from_bytes(tail[:4], "little")
    head = data.read(start, 12)
    if head[:4] != b"SEFH":
        return None
    entries = data.read(start + 12, 12 * min(int.from_bytes(head[8:], "little"), _MAX_ENTRIES))
    for at in range(0, len(entries) - 11, 12):
        if int.from_bytes(entries[at + 2 : at + 4], "little") == _SAMSUNG_VIDEO:
            back, size = (int.from_bytes(entries[i : i + 4], "little") for i in (at + 4, at + 8))
            name = int.from_bytes(data.read(start - back + 4, 4), "little")
            return motion_at(data, start - back + 8 + name, size - 8 - name)
    return None


def motion_at(data: Readable, offset: int, size: int) -> Motion | None:
    """None if no video begins there."""
    head = data.read(offset, 12)
    if head[4:8] != b"ftyp" or size <= 0:
        return None
    return Motion(offset, size, "video/quicktime" if head[8:12] == b"qt  " else "video/mp4")
