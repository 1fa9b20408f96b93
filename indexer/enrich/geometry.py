"""Convert boxes in a preview to pixels of the stored picture, before orientation."""

from __future__ import annotations

from indexer.media.readers.regions import unturned

Box = tuple[int, int, int, int]


def stored(
    x: float, y: float, w: float, h: float, preview_size: tuple[int, int], size: tuple[int, int], orientation: int
) -> Box:
    """The box (left, top, width, height) in pixels of the stored picture, clipped to it.

    x, y, w, h: in pixels of an upright preview. preview_size, size: width and height of the preview, and of the whole
    picture, upright. orientation: Exif's, 1..8."""
    left, top = max(x / preview_size[0], 0.0), max(y / preview_size[1], 0.0)
    right, bottom = min((x + w) / preview_size[0], 1.0), min((y + h) / preview_size[1], 1.0)
    wide, high = size if orientation < 5 else size[::-1]
    x, y, w, h = unturned(left, top, right - left, bottom - top, orientation)
    return round(x * wide), round(y * high), max(1, round(w * wide)), max(1, round(h * high))
