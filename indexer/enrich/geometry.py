"""Boxes in a preview, converted to the record's: pixels of the stored picture, before orientation."""

from __future__ import annotations

from indexer.media.readers.regions import unturned

Box = tuple[int, int, int, int]


def stored(
    x: float, y: float, w: float, h: float, seen: tuple[int, int], size: tuple[int, int], orientation: int
) -> Box:
    """x, y, w, h in pixels of an upright picture that was seen at one size (width, height) and is, whole and upright,
    of another; what lies beyond its edges is cut off. orientation: Exif's."""
    left, top = max(x / seen[0], 0.0), max(y / seen[1], 0.0)
    right, bottom = min((x + w) / seen[0], 1.0), min((y + h) / seen[1], 1.0)
    wide, high = size if orientation < 5 else size[::-1]
    x, y, w, h = unturned(left, top, right - left, bottom - top, orientation)
    return round(x * wide), round(y * high), max(1, round(w * wide)), max(1, round(h * high))
