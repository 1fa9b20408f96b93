"""Read the faces that are named in a file: the Metadata Working Group's regions (Guidelines 2.0, section 5.9), as
Picasa, Lightroom, digiKam and others write them, and Microsoft's (MP:RegionInfo)."""

from __future__ import annotations

from typing import Any

from ..facts import NamedFace
from ..strings import clean

_FACES = (None, "Face", "Pet")


def read_regions(of: dict[str, Any]) -> list[NamedFace]:
    """Named faces, with boxes as fractions of the picture of size `applied`, or of the stored one."""
    return _mwg(of.get("mwg-rs:Regions")) or _microsoft(of.get("MP:RegionInfo"))


def _mwg(regions: Any) -> list[NamedFace]:
    if not isinstance(regions, dict):
        return []
    size = regions.get("mwg-rs:AppliedToDimensions")
    width, height = (_fraction(size, f"stDim:{side}") or 0 for side in "wh")
    faces = []
    for region in _structures(regions.get("mwg-rs:RegionList")):
        area, kind = region.get("mwg-rs:Area"), region.get("mwg-rs:Type")
        x, y, w, h = (_fraction(area, f"stArea:{side}") for side in "xywh")
        if kind not in _FACES or x is None or y is None or not w or not h:
            continue
        if isinstance(area, dict) and area.get("stArea:unit") == "pixel" and width and height:
            x, w, y, h = x / width, w / width, y / height, h / height
        # x and y are the middle's
        faces.append(NamedFace(_name(region.get("mwg-rs:Name")), x - w / 2, y - h / 2, w, h, (int(width), int(height))))
    return faces


def _microsoft(info: Any) -> list[NamedFace]:
    faces = []
    for region in _structures(info.get("MPRI:Regions") if isinstance(info, dict) else None):
        try:
            x, y, w, h = (float(part) for part in str(region.get("MPReg:Rectangle", "")).split(","))
        except ValueError:
            continue
        faces.append(NamedFace(_name(region.get("MPReg:PersonDisplayName")), x, y, w, h, (0, 0)))
    return faces


def _structures(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _name(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None


def _fraction(structure: Any, name: str) -> float | None:
    try:
        number = float(structure[name])
    except (KeyError, TypeError, ValueError):
        return None
    return number if abs(number) < 1e6 else None


def stored_box(face: NamedFace, width: int, height: int, orientation: int) -> tuple[int, int, int, int] | None:
    """x, y, w, h in pixels of the stored picture.

    Regions are fractions of the stored picture, unless the size they were applied to is that of the picture turned
    upright. None for an empty box.
    """
    x, y, w, h = face.x, face.y, face.w, face.h
    applied_wide, applied_high = face.applied
    turned = orientation > 4 and applied_wide and (applied_wide > applied_high) != (width > height)
    if turned:
        x, y, w, h = unturned(x, y, w, h, orientation)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, 1.0), min(y + h, 1.0)
    if right <= left or bottom <= top or not width or not height:
        return None
    box = round(left * width), round(top * height), round((right - left) * width), round((bottom - top) * height)
    return box if box[2] and box[3] else None


def unturned(x: float, y: float, w: float, h: float, orientation: int) -> tuple[float, float, float, float]:
    """Transform a box of the upright picture to the stored one; fractions (Exif 3.0, 4.6.5.1.6)."""
    if orientation in (2, 3):  # mirrored; upside down
        x = 1 - x - w
    if orientation in (3, 4):
        y = 1 - y - h
    if orientation == 5:  # mirrored along the diagonal
        return y, x, h, w
    if orientation == 6:  # shown turned clockwise
        return y, 1 - x - w, h, w
    if orientation == 7:
        return 1 - y - h, 1 - x - w, h, w
    if orientation == 8:  # shown turned counter-clockwise
        return 1 - y - h, x, h, w
    return x, y, w, h
