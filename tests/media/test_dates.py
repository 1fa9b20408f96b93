"""Parsing dates and times, and their precedence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.media.dates import from_name, rfc3339, utc


@pytest.mark.parametrize(
    ("text", "subsec", "offset", "expected"),
    [
        ("2023:11:07 05:31:56", None, None, "2023-11-07T05:31:56"),
        ("2023:11:07 05:31:56", "120", "+01:00", "2023-11-07T05:31:56.12+01:00"),
        ("2023:11:07 05:31:56", "000", "-05:30", "2023-11-07T05:31:56-05:30"),
        ("2023:11:07 05:31:56", "", "Z", "2023-11-07T05:31:56+00:00"),
        ("2023:11:07 05:31:56", "   ", "   :  ", "2023-11-07T05:31:56"),
        ("2023:11:07 05:31:56", None, "+99:00", "2023-11-07T05:31:56"),
        ("2023-11-07T05:31:56.5+0200", None, None, "2023-11-07T05:31:56.5+02:00"),
        ("2023:11:07", None, None, "2023-11-07T00:00:00"),
        ("0000:00:00 00:00:00", None, None, None),
        ("    :  :     :  :  ", None, None, None),
        ("2023:13:07 05:31:56", None, None, None),
        ("2023:02:30 05:31:56", None, None, None),
        ("2023:11:07 25:31:56", None, None, None),
        ("2023:11:07 24:00:00", None, None, None),
        ("2023:11:07 05:31:5x", None, None, None),
        ("2024:02:29 23:59:59", None, None, "2024-02-29T23:59:59"),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_camera_times(text: str | None, subsec: str | None, offset: str | None, expected: str | None) -> None:
    assert rfc3339(text, subsec, offset) == expected


@given(st.text(max_size=30), st.text(max_size=5), st.text(max_size=7))
def test_no_text_raises(text: str, subsec: str, offset: str) -> None:
    rfc3339(text, subsec, offset)
    from_name(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20240131_235959.jpg", "2024-01-31T23:59:59"),
        ("PXL_20240131_235959123.jpg", "2024-01-31T23:59:59.123"),
        ("Screenshot_2024-01-31-23-59-59.png", "2024-01-31T23:59:59"),
        ("2024-01-31 23.59.59.jpg", "2024-01-31T23:59:59"),
        ("WhatsApp Image 2024-01-31 at 23.59.59.jpeg", "2024-01-31T23:59:59"),
        ("IMG-20240131-WA0001.jpg", "2024-01-31T00:00:00"),
        ("20240131_235959.mp4", "2024-01-31T23:59:59"),
        ("DSC00123.JPG", None),
        ("12345678901234.jpg", None),
        ("IMG_20241331_235959.jpg", None),
        ("IMG_20240230_101010.jpg", None),
    ],
)
def test_times_in_names(name: str, expected: str | None) -> None:
    assert from_name(name) == expected


def test_file_times_are_utc_of_one_length() -> None:
    assert utc(0) == "1970-01-01T00:00:00.000Z"
    assert utc(1_600_000_000_987_654_321) == "2020-09-13T12:26:40.987Z"
    assert utc(-1_000_000) == "1969-12-31T23:59:59.999Z"
