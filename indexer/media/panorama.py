"""Read Photo Sphere XMP (developers.google.com/streetview/spherical-metadata): the part of the sphere that a panorama
shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import FileIO
from typing import NamedTuple

from indexer.files import regular_nofollow

from .read import extract
from .readers.xmp import Properties, parse, to_number
from .source import Source

_MAX_PACKETS = 8
# Pixels by which stitchers' sums are off.
_ROUNDING = 2


class Panorama(NamedTuple):
    """Pixels of the whole sphere's picture (full_…), and the position of the stored one in it (cropped_…). Degrees:
    heading clockwise from north, pitch upwards from the horizon, fov across."""

    full_width: float
    full_height: float
    cropped_width: float
    cropped_height: float
    cropped_left: float
    cropped_top: float
    pose_heading: float | None = None
    pose_pitch: float | None = None
    pose_roll: float | None = None
    initial_heading: float | None = None
    initial_pitch: float | None = None
    initial_fov: float | None = None


_SIZES = (
    "FullPanoWidthPixels",
    "FullPanoHeightPixels",
    "CroppedAreaImageWidthPixels",
    "CroppedAreaImageHeightPixels",
    "CroppedAreaLeftPixels",
    "CroppedAreaTopPixels",
)
_ANGLES = (
    ("PoseHeadingDegrees", 360.0),
    ("PosePitchDegrees", 90.0),
    ("PoseRollDegrees", 180.0),
    ("InitialViewHeadingDegrees", 360.0),
    ("InitialViewPitchDegrees", 90.0),
    ("InitialHorizontalFOVDegrees", 360.0),
)


def read_panorama(path: str | os.PathLike[str], width: int, height: int) -> Panorama | None:
    """The panorama of a file; None if it is not an equirectangular panorama, or its values are impossible.

    width and height are of the stored picture, in pixels: without other values in the file, one twice as wide as high
    is the whole sphere, and a wider one that asks for a viewer goes once around the horizon. Raises OSError if the
    file cannot be read."""
    with FileIO(path, opener=regular_nofollow) as file:
        source = Source(file, hashed=False)
        _, extraction = extract(source, os.path.basename(os.fsdecode(path)), ())
    return find_panorama(extraction.xmp, width, height)


def find_panorama(packets: Sequence[bytes], width: int, height: int) -> Panorama | None:
    """As `read_panorama`, from the XMP packets of a file."""
    for packet in packets[:_MAX_PACKETS]:
        properties, _ = parse(packet)
        if str(properties.get("GPano:ProjectionType", "")).strip().lower() == "equirectangular":
            return panorama_of(properties, width, height)
    return None


def panorama_of(properties: Properties, width: int, height: int) -> Panorama | None:
    sizes = [to_number(properties.get(f"GPano:{name}")) for name in _SIZES]
    asks = str(properties.get("GPano:UsePanoramaViewer", "")).strip().lower() == "true"
    if not any(sizes) and (width == 2 * height or (asks and width > 2 * height)):
        sizes = [width, width / 2, width, height, 0, (width / 2 - height) / 2]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or min(known[:4]) <= 0 or min(known[4:]) < 0:
        return None
    full_width, full_height, cropped_width, cropped_height, left, top = known
    if left + cropped_width > full_width + _ROUNDING or top + cropped_height > full_height + _ROUNDING:
        return None
    angles = (to_number(properties.get(f"GPano:{name}")) for name, _ in _ANGLES)
    return Panorama(
        *known,
        *(
            angle if angle is not None and abs(angle) <= limit else None
            for angle, (_, limit) in zip(angles, _ANGLES, strict=True)
        ),
    )
