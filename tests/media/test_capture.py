"""Capture time: F17 (time zones), F18 (which date), F19 (placeholders)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.media.read import read_media

from .build import app1, app1_xmp, at, exif, jpeg_with, keys, read, video, xmp

ORIGINAL, DIGITIZED, MODIFIED = 0x9003, 0x9004, 0x0132
OFFSET, OFFSET_ORIGINAL, OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
SUBSEC, SUBSEC_ORIGINAL = 0x9290, 0x9291
CLOCK = "2023:05:17 18:30:00"
PARIS, KOLKATA, NEWFOUNDLAND, AUCKLAND, KATHMANDU = (
    (48.8584, 2.2945), (22.5726, 88.3639), (47.5615, -52.7126), (-36.8485, 174.7633), (27.7172, 85.3240),
)  # fmt: skip
# QuickTime counts seconds from 1904
QT_NOON = 2_082_844_800 + 1_684_324_800  # 2023-05-17T12:00:00Z


def photo(
    camera: dict[int, object], gps: dict[int, object] | None = None, main: dict[int, object] | None = None
) -> bytes:
    return jpeg_with(app1(exif(main, camera, gps=gps or {})))


# What the camera wrote -> local_datetime, the source it comes from
F17 = [
    ("no zone: naive, never shifted", photo({ORIGINAL: CLOCK}), "2023-05-17T18:30:00", "Exif DateTimeOriginal"),
    ("OffsetTimeOriginal", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+02:00"}), "2023-05-17T18:30:00+02:00", None),
    ("half an hour", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+05:30"}), "2023-05-17T18:30:00+05:30", None),
    ("three quarters", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+05:45"}), "2023-05-17T18:30:00+05:45", None),
    ("minus and a half", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "-05:30"}), "2023-05-17T18:30:00-05:30", None),
    ("zulu", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "Z"}), "2023-05-17T18:30:00+00:00", None),
    ("+00:00 is an offset", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+00:00"}), "2023-05-17T18:30:00+00:00", None),
    ("without colon", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+0200"}), "2023-05-17T18:30:00+02:00", None),
    ("blank offset", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "   :  "}), "2023-05-17T18:30:00", None),
    ("impossible offset", photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+25:00"}), "2023-05-17T18:30:00", None),
    ("OffsetTime is the edit's", photo({ORIGINAL: CLOCK, OFFSET: "-07:00"}), "2023-05-17T18:30:00", None),
    (
        "OffsetTime beside OffsetTimeOriginal",
        photo({ORIGINAL: CLOCK, OFFSET: "-07:00", OFFSET_ORIGINAL: "+02:00"}),
        "2023-05-17T18:30:00+02:00",
        None,
    ),
    ("OffsetTimeDigitized is not the original's", photo({ORIGINAL: CLOCK, OFFSET_DIGITIZED: "+02:00"}), "2023-05-17T18:30:00", None),
    ("sub-seconds", photo({ORIGINAL: CLOCK, SUBSEC_ORIGINAL: "087"}), "2023-05-17T18:30:00.087", None),
    ("SubSecTime is the edit's", photo({ORIGINAL: CLOCK, SUBSEC: "12"}), "2023-05-17T18:30:00", None),
    (
        "sub-seconds and offset",
        photo({ORIGINAL: CLOCK, SUBSEC_ORIGINAL: "5", OFFSET_ORIGINAL: "+02:00"}),
        "2023-05-17T18:30:00.5+02:00",
        None,
    ),
    ("place in summer", photo({ORIGINAL: CLOCK}, at(*PARIS)), "2023-05-17T18:30:00+02:00", "Exif DateTimeOriginal, offset of Europe/Paris"),
    ("place in winter", photo({ORIGINAL: "2023:01:17 18:30:00"}, at(*PARIS)), "2023-01-17T18:30:00+01:00", None),
    ("southern summer", photo({ORIGINAL: "2023:01:17 18:30:00"}, at(*AUCKLAND)), "2023-01-17T18:30:00+13:00", None),
    ("place of half an hour", photo({ORIGINAL: CLOCK}, at(*KOLKATA)), "2023-05-17T18:30:00+05:30", None),
    ("place of three quarters", photo({ORIGINAL: CLOCK}, at(*KATHMANDU)), "2023-05-17T18:30:00+05:45", None),
    ("Newfoundland", photo({ORIGINAL: CLOCK}, at(*NEWFOUNDLAND)), "2023-05-17T18:30:00-02:30", None),
    (
        "the camera's own offset wins over the place",
        photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+09:00"}, at(*PARIS)),
        "2023-05-17T18:30:00+09:00",
        None,
    ),
    ("sub-seconds with the place's offset", photo({ORIGINAL: CLOCK, SUBSEC_ORIGINAL: "25"}, at(*PARIS)), "2023-05-17T18:30:00.25+02:00", None),
    ("in the gap of spring", photo({ORIGINAL: "2023:03:26 02:30:00"}, at(*PARIS)), "2023-03-26T02:30:00+01:00", None),
    ("the hour that comes twice", photo({ORIGINAL: "2023:10:29 02:30:00"}, at(*PARIS)), "2023-10-29T02:30:00+02:00", None),
    (
        "the second of them, by the GPS clock",
        photo({ORIGINAL: "2023:10:29 02:30:00"}, at(*PARIS, "2023:10:29 01:30:00")),
        "2023-10-29T02:30:00+01:00",
        None,
    ),
    ("before zones", photo({ORIGINAL: "1890:05:17 18:30:00"}, at(*PARIS)), "1890-05-17T18:30:00+00:09", None),
    ("only a GPS stamp: UTC", photo({}, {0x1D: "2023:05:17", 7: ((16, 1), (30, 1), (0, 1))}), "2023-05-17T16:30:00+00:00", None),
    ("a GPS stamp with its place", photo({}, at(*PARIS, "2023:05:17 16:30:00")), "2023-05-17T18:30:00+02:00", None),
    ("a GPS stamp against the clock", photo({ORIGINAL: CLOCK}, {0x1D: "2023:05:17", 7: ((16, 1), (30, 1), (0, 1))}), "2023-05-17T18:30:00", None),
    ("XMP with an offset", jpeg_with(app1_xmp(xmp(attributes='exif:DateTimeOriginal="2023-05-17T18:30:00-03:30"'))), "2023-05-17T18:30:00-03:30", None),
    ("XMP without", jpeg_with(app1_xmp(xmp(attributes='photoshop:DateCreated="2023-05-17T18:30:00"'))), "2023-05-17T18:30:00", None),
    ("QuickTime's header is UTC", video(created=QT_NOON), "2023-05-17T12:00:00+00:00", "QuickTime CreateDate (UTC)"),
    ("shifted by the place", video(keys(location__ISO6709="+48.8584+002.2945/"), created=QT_NOON), "2023-05-17T14:00:00+02:00", None),
    ("by a place of half an hour", video(keys(location__ISO6709="+22.5726+088.3639/"), created=QT_NOON), "2023-05-17T17:30:00+05:30", None),
    ("CreationDate carries its offset", video(keys(creationdate="2023-05-17T14:00:00+0200"), created=QT_NOON), "2023-05-17T14:00:00+02:00", "QuickTime CreationDate"),
    ("and wins over the place", video(keys(creationdate="2023-05-17T21:00:00+0900", location__ISO6709="+48.85+002.29/"), created=QT_NOON), "2023-05-17T21:00:00+09:00", None),
    ("seconds since 1970 in a field of 1904", video(created=1_684_324_800), "2023-05-17T12:00:00+00:00", None),
    ("CreateDate where there is no original", photo({DIGITIZED: CLOCK, OFFSET_DIGITIZED: "+02:00"}), "2023-05-17T18:30:00+02:00", "Exif DateTimeDigitized"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "data", "expected", "source"), F17, ids=[row[0] for row in F17])
def test_F17_time_zones(tmp_path: Path, case: str, data: bytes, expected: str, source: str | None) -> None:
    facts = read(tmp_path, "x.mov" if data[4:8] == b"ftyp" else "x.jpg", data)
    assert facts.local_datetime == expected
    said = [one.source for one in facts.provenance if one.field == "local_datetime"] or ["Exif DateTimeOriginal"]
    assert source in (None, said[0])  # nothing is noted where Exif alone spoke


def test_F17_has_its_forty_cases() -> None:
    assert len(F17) >= 40


def test_F17_the_same_under_every_time_zone_of_the_computer(tmp_path: Path) -> None:
    for number, (_, data, _, _) in enumerate(F17):
        (tmp_path / f"{number:02d}.{'mov' if data[4:8] == b'ftyp' else 'jpg'}").write_bytes(data)
    script = (
        "import sys, pathlib\nfrom indexer.media.read import read_media\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()): print(path.name, read_media(path).local_datetime)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True,
        ).stdout
        for zone in ("UTC", "Asia/Kolkata", "Pacific/Auckland")
    }  # fmt: skip
    assert len(printed) == 1


@pytest.mark.parametrize("stamp", ["2023-05-17T16:30:00", "2023-05-17T16:30:00Z"])
def test_an_xmp_gps_stamp_is_utc_with_or_without_saying_so(tmp_path: Path, stamp: str) -> None:
    gps = app1_xmp(xmp(attributes=f'exif:GPSTimeStamp="{stamp}"'))
    placed = jpeg_with(app1(exif(camera={ORIGINAL: CLOCK}, gps=at(*PARIS))), gps)
    assert read(tmp_path, "x.jpg", placed).local_datetime == "2023-05-17T18:30:00+02:00"
    assert read(tmp_path, "y.jpg", jpeg_with(gps)).local_datetime == "2023-05-17T16:30:00+00:00"


@pytest.mark.parametrize("clock", ["0001:01:02 00:00:00", "9999:12:31 23:59:59"])
def test_the_ends_of_the_calendar(tmp_path: Path, clock: str) -> None:
    """A zone would lead out of the years that a clock can show."""
    for place in (AUCKLAND, (19.64, -155.99)):
        data = photo({ORIGINAL: clock}, at(*place, clock))
        assert read(tmp_path, "x.jpg", data).local_datetime.startswith(clock[:4])
        assert read(tmp_path, "y.jpg", photo({}, at(*place, clock))).local_datetime[:4] in (clock[:4], "0001", "9999")


F18 = [
    ("IMG_20131119_121450.jpg", "2013-11-19T12:14:50"),
    ("IMG_20131119_121450_1.jpg", "2013-11-19T12:14:50"),
    ("VID_20240131_235959.mp4.jpg", "2024-01-31T23:59:59"),
    ("PXL_20240131_235959123.jpg", "2024-01-31T23:59:59.123"),
    ("PXL_20240131_235959123.NIGHT.jpg", "2024-01-31T23:59:59.123"),
    ("20240131_235959.jpg", "2024-01-31T23:59:59"),
    ("20240131-235959.jpg", "2024-01-31T23:59:59"),
    ("2024-01-31 23.59.59.jpg", "2024-01-31T23:59:59"),
    ("2024-01-31_23-59-59.jpg", "2024-01-31T23:59:59"),
    ("2024-01-31T23.59.59.jpg", "2024-01-31T23:59:59"),
    ("IMG-20240131-WA0001.jpg", "2024-01-31T00:00:00"),
    ("VID-20240131-WA0012.jpg", "2024-01-31T00:00:00"),
    ("WhatsApp Image 2024-01-31 at 23.59.59.jpeg", "2024-01-31T23:59:59"),
    ("Screenshot_2024-01-31-23-59-59.jpg", "2024-01-31T23:59:59"),
    ("Screenshot_20240131-235959.jpg", "2024-01-31T23:59:59"),
    ("Screenshot_20240131_235959_Chrome.jpg", "2024-01-31T23:59:59"),
    ("Screenshot 2024-01-31 at 23.59.59.jpg", "2024-01-31T23:59:59"),
    ("signal-2024-01-31-235959.jpg", "2024-01-31T23:59:59"),
    ("signal-2024-01-31-23-59-59-123.jpg", "2024-01-31T23:59:59"),
    ("photo_2024-01-31_23-59-59.jpg", "2024-01-31T23:59:59"),
    ("MVIMG_20190101_000000.jpg", "2019-01-01T00:00:00"),
    ("PANO_20190101_000000.jpg", "2019-01-01T00:00:00"),
    ("dji_20230517_183000.jpg", "2023-05-17T18:30:00"),
    ("scan 1998-12-24.jpg", "1998-12-24T00:00:00"),
    ("1998.12.24 Christmas.jpg", "1998-12-24T00:00:00"),
    ("DSC00123.jpg", None),
    ("IMG_0001.jpg", None),
    ("1234567890123.jpg", None),
    ("IMG_20241331_000000.jpg", None),
    ("holiday.jpg", None),
]


@pytest.mark.parametrize(("name", "expected"), F18)
def test_F18_without_exif_the_name_then_the_file(tmp_path: Path, name: str, expected: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(jpeg_with())
    os.utime(path, (1_500_000_000, 1_500_000_000))
    assert read_media(path).local_datetime == (expected or "2017-07-14T02:40:00.000+00:00")


def test_F18_copying_a_tree_changes_no_date(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, _ in F18:
        (tree / name).write_bytes(jpeg_with())
        os.utime(tree / name, (1_500_000_000, 1_500_000_000))
    before = {path.name: read_media(path).local_datetime for path in tree.iterdir()}
    subprocess.run(["cp", "-rp", str(tree), str(tmp_path / "copy")], check=True)
    assert {path.name: read_media(path).local_datetime for path in (tmp_path / "copy").iterdir()} == before


FAKES = [
    "0000:00:00 00:00:00",
    "    :  :     :  :  ",
    "0001:01:01 00:00:00",
    "1970:01:01 00:00:00",
    "1980:01:01 00:00:00",
    "2002:12:08 12:00:00",
    "2023:13:45 25:61:61",
    "not a date",
]


@pytest.mark.parametrize("fake", FAKES)
def test_F19_placeholders_are_not_believed(tmp_path: Path, fake: str) -> None:
    facts = read(tmp_path, "IMG_20240131_235959.jpg", photo({ORIGINAL: fake, DIGITIZED: fake}))
    assert facts.metadata.original_datetime is None
    assert facts.metadata.digitized_datetime is None
    assert facts.local_datetime == "2024-01-31T23:59:59"


@pytest.mark.parametrize("fake", FAKES[2:6])
def test_F19_the_doubted_word_is_kept_and_marked(tmp_path: Path, fake: str) -> None:
    facts = read(tmp_path, "IMG_20240131_235959.jpg", photo({ORIGINAL: fake}))
    words = [(one.field, one.source, one.note) for one in facts.provenance]
    assert ("original_datetime", "Exif DateTimeOriginal", "a placeholder for no date") in words
    assert words[0] == ("local_datetime", "the file's name", None)


def test_provenance_is_kept_only_where_sources_conflict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most photos have Exif's date alone: nothing is stored for them."""

    def provenance(
        field: str, camera: dict[int, object], gps: dict[int, object] | None = None, **tag: str
    ) -> list[str]:
        packet = app1_xmp(xmp("".join(f"<xmp:{name}>{value}</xmp:{name}>" for name, value in tag.items())))
        data = jpeg_with(app1(exif({}, camera, gps=gps or {})), packet)
        return [origin.source for origin in read(tmp_path, "a.jpg", data).provenance if origin.field == field]

    assert provenance("local_datetime", {ORIGINAL: CLOCK}) == []
    conflicting = {ORIGINAL: CLOCK, DIGITIZED: "2023:05:18 18:30:00"}
    assert provenance("local_datetime", conflicting) == ["Exif DateTimeOriginal", "Exif DateTimeDigitized"]
    both = provenance("digitized_datetime", {DIGITIZED: CLOCK}, CreateDate="2023-05-17T18:30:00")
    assert both == ["Exif DateTimeDigitized", "XMP xmp:CreateDate"]
    monkeypatch.setattr("indexer.media.capture._zone", lambda latitude, longitude: None)  # a place without a zone
    assert provenance("local_datetime", {ORIGINAL: CLOCK}, at(*PARIS)) == []


def test_F19_a_real_time_that_looks_like_one_survives(tmp_path: Path) -> None:
    facts = read(
        tmp_path, "x.jpg", photo({ORIGINAL: "2002:12:08 12:00:00", SUBSEC_ORIGINAL: "47"}, main={0x010F: "Canon"})
    )
    assert facts.local_datetime == facts.metadata.original_datetime == "2002-12-08T12:00:00.47"


@pytest.mark.parametrize("created", [0, 1])
def test_F19_quicktimes_zero_is_no_date(tmp_path: Path, created: int) -> None:
    facts = read(tmp_path, "VID_20240131_235959.mov", video(created=created))
    assert facts.local_datetime == "2024-01-31T23:59:59"


def test_the_names_of_pixel_phones_are_in_utc(tmp_path: Path) -> None:
    from indexer.media.read import explain

    path = tmp_path / "PXL_20240420_013210000.jpg"
    path.write_bytes(photo({ORIGINAL: CLOCK}))
    words = [(one.source, one.value) for one in explain(path) if one.field == "local_datetime"]
    assert ("the file's name (UTC)", "2024-04-20T01:32:10.000") in words


def test_explain_names_the_winner_and_the_losers(tmp_path: Path) -> None:
    from indexer.media.read import explain

    path = tmp_path / "IMG_20240131_235959.jpg"
    path.write_bytes(photo({ORIGINAL: CLOCK, OFFSET_ORIGINAL: "+02:00", DIGITIZED: "2023:05:18 09:00:00"}))
    words = [one for one in explain(path) if one.field == "local_datetime"]
    assert [(one.source, one.value) for one in words[:3]] == [
        ("Exif DateTimeOriginal", "2023-05-17T18:30:00+02:00"),
        ("Exif DateTimeDigitized", "2023-05-18T09:00:00"),
        ("the file's name", "2024-01-31T23:59:59"),
    ]
