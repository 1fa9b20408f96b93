"""The part of the sphere that a panorama shows."""

from __future__ import annotations

import pytest

from indexer.media.panorama import Panorama, panorama_of

WHOLE = {
    "GPano:FullPanoWidthPixels": "8000",
    "GPano:FullPanoHeightPixels": "4000",
    "GPano:CroppedAreaImageWidthPixels": "6000",
    "GPano:CroppedAreaImageHeightPixels": "1500",
    "GPano:CroppedAreaLeftPixels": "1000",
    "GPano:CroppedAreaTopPixels": "1200",
}
KNOWN = Panorama(8000, 4000, 6000, 1500, 1000, 1200)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, KNOWN),
        ({"GPano:PoseHeadingDegrees": "350.5"}, KNOWN._replace(pose_heading=350.5)),
        ({"GPano:PosePitchDegrees": "-91"}, KNOWN),  # beyond straight down
        ({"GPano:PosePitchDegrees": "nan"}, KNOWN),
        ({"GPano:CroppedAreaLeftPixels": "2001"}, KNOWN._replace(cropped_left=2001)),  # a stitcher's rounding
        ({"GPano:CroppedAreaLeftPixels": "2100"}, None),
        ({"GPano:CroppedAreaTopPixels": "-1"}, None),
        ({"GPano:FullPanoWidthPixels": "0"}, None),
        ({"GPano:CroppedAreaImageHeightPixels": "high"}, None),
    ],
)
def test_what_is_said_of_it(more: dict[str, str], expected: Panorama | None) -> None:
    assert panorama_of({**WHOLE, **more}, 6000, 1500) == expected


def test_a_whole_sphere_need_not_say_so() -> None:
    assert panorama_of({}, 400, 200) == Panorama(400, 200, 400, 200, 0, 0)
    assert panorama_of({}, 400, 100) is None
    assert panorama_of({"GPano:UsePanoramaViewer": "True"}, 400, 100) == Panorama(400, 200, 400, 100, 0, 50)
    assert panorama_of({"GPano:UsePanoramaViewer": "True"}, 400, 300) is None
