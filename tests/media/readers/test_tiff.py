"""The TIFF reader, on malformed files."""

from __future__ import annotations

import struct
import time
from typing import Any

import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.media.extraction import Extraction
from indexer.media.readable import Memory
from indexer.media.readers.exif import read_exif
from indexer.media.readers.tiff import Tiff, TiffError

_SOUND = piexif.dump(
    {
        "0th": {piexif.ImageIFD.Make: "Make", piexif.ImageIFD.Model: "A model"},
        "Exif": {piexif.ExifIFD.DateTimeOriginal: "2023:05:17 18:30:00", piexif.ExifIFD.ExposureTime: (1, 250)},
        "GPS": {
            piexif.GPSIFD.GPSLatitudeRef: "N",
            piexif.GPSIFD.GPSLatitude: ((0, 1), (0, 1), (0, 1)),
            piexif.GPSIFD.GPSLongitudeRef: "E",
            piexif.GPSIFD.GPSLongitude: ((0, 1), (0, 1), (0, 1)),
        },
    }
)[6:]


def _read(data: bytes) -> tuple[dict[str, Any], list[str]]:
    extraction = Extraction()
    read_exif(Memory(data), extraction)
    return extraction.values.get("Exif", {}), extraction.problems


def test_a_position_of_zero_is_no_fix() -> None:
    claims, problems = _read(_SOUND)
    assert (claims.get("latitude"), claims.get("longitude"), problems) == (None, None, [])
    assert (claims["make"], claims["exposure_time"]) == ("Make", 0.004)


@pytest.mark.parametrize("data", [b"", b"II", b"XX*\0\0\0\0\0", b"II*\0\0\0"])
def test_no_tiff(data: bytes) -> None:
    with pytest.raises(TiffError):
        Tiff.open(Memory(data))


def test_a_directory_that_points_to_itself_ends() -> None:
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)
    claims, problems = _read(data)
    assert "make" not in claims
    assert problems == ["Exif directory points back to itself"]


def test_claims_of_gigabytes_and_of_65535_entries_cost_nothing() -> None:
    entry = struct.pack("<HHII", 0x010F, 2, 0xFFFFFFF0, 26)
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0xFFFF) + entry * 3
    started = time.process_time()
    _, problems = _read(data)
    assert time.process_time() - started < 1
    assert "Exif main directory claims 65535 entries, 3 can be there" in problems
    assert "Exif main directory tag 0x010f is past the end" in problems


def test_zero_by_zero_and_infinite_numbers_are_unknown() -> None:
    for fraction in ((0, 0), (1, 0)):
        claims, _ = _read(piexif.dump({"Exif": {piexif.ExifIFD.ExposureTime: fraction}})[6:])
        assert "exposure_time" not in claims


@settings(max_examples=300)
@given(st.data())
def test_mutated_exif_never_raises(data: st.DataObject) -> None:
    mutated = bytearray(_SOUND)
    for _ in range(data.draw(st.integers(1, 12))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    claims, _ = _read(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]))
    for value in claims.values():
        if isinstance(value, float):
            assert value == value
            assert abs(value) != float("inf")
        if isinstance(value, str):
            value.encode()
