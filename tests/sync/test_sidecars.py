"""F24: sidecars that appear late, change, disappear or have odd names; and rereading when a reader changes."""

from __future__ import annotations

import json
import random
import shutil
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import NotFound
from indexer.files import is_regular
from indexer.media import versions
from indexer.sync.sidecars import takeout_names

from ..conftest import Watcher, put, rows, until
from ..media.build import xmp


def rated(stars: int, **more: str) -> bytes:
    return xmp(
        attributes=" ".join([f'xmp:Rating="{stars}"', *(f'{key.replace("_", ":")}="{more[key]}"' for key in more)])
    )


def rating(index: Index, path: Path) -> object:
    return index.get(path)["metadata"]["rating"]


@pytest.mark.parametrize("name", ["IMG_1.jpg.xmp", "IMG_1.xmp", "IMG_1.JPG.XMP"])
def test_F24_a_sidecar_that_comes_changes_and_goes(index: Index, photos: Path, name: str) -> None:
    photo = put(photos / "IMG_1.jpg", 1)
    index.scan([photos])
    before = index.get(photo)
    (photos / name).write_bytes(rated(3))
    summary = index.scan()
    assert (summary.refreshed, summary.bytes_read, summary.modified) == (
        1,
        0,
        0,
    )  # the photo itself is not hashed again
    after = index.get(photo)
    assert (after["id"], after["checksum"], after["metadata"]["rating"]) == (before["id"], before["checksum"], 3)
    assert after["updated_at"] > before["updated_at"]
    (photos / name).write_bytes(rated(5))
    index.scan()
    assert rating(index, photo) == 5
    assert index.scan().refreshed == 0
    (photos / name).unlink()
    assert index.scan().refreshed == 1
    assert rating(index, photo) is None


def test_F24_a_day_later_under_watch(photos: Path, watch: Callable[..., Watcher]) -> None:
    photo = put(photos / "IMG_1.jpg", 1)
    watcher = watch(photos)
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT 1 FROM asset"), what="the photo")
    for stars in (3, 4):
        (photos / "IMG_1.jpg.xmp").write_bytes(rated(stars))
        until(lambda stars=stars: rating(index, photo) == stars, what="the sidecar's rating")  # type: ignore[misc]
        time.sleep(0.05)
    (photos / "IMG_1.jpg.xmp").unlink()
    until(lambda: rating(index, photo) is None, what="the rating's end")
    (photos / "IMG_1.xmp").write_bytes(rated(2))
    until(lambda: rating(index, photo) == 2, what="the other way to name it")
    assert watcher.err.read_text() == ""


def test_the_sidecar_wins_where_people_edit(index: Index, photos: Path) -> None:
    from ..media.build import app1, exif, jpeg_with

    camera = exif({0x010F: "Canon", 0x010E: "from the camera", 0x4746: 1}, {0x9003: "2023:05:17 18:30:00"})
    photo = photos / "IMG_1.jpg"
    photo.write_bytes(jpeg_with(app1(camera)))
    (photos / "IMG_1.jpg.xmp").write_bytes(
        rated(5, tiff_Make="Nikon", exif_DateTimeOriginal="2023-05-17T20:30:00+02:00", photoshop_City="Paris")
    )
    index.scan([photos])
    record = index.get(photo)
    words = record["metadata"]
    assert (words["rating"], words["city"], words["make"]) == (5, "Paris", "Canon")
    assert record["local_datetime"] == "2023-05-17T20:30:00+02:00"
    assert words["description"] == "from the camera"  # the sidecar says nothing of it
    provenance = rows(
        index, "SELECT field, rank, source FROM provenance WHERE field = 'original_datetime' ORDER BY rank"
    )
    assert [source for _, _, source in provenance] == [
        "sidecar exif:DateTimeOriginal or photoshop:DateCreated",
        "Exif DateTimeOriginal",
    ]


def test_the_raws_sidecar_is_not_the_jpegs(index: Index, photos: Path) -> None:
    from ..media.build import exif

    jpeg = put(photos / "DSC_1.jpg", 1)
    raw = photos / "DSC_1.nef"
    raw.write_bytes(exif({0x010F: "NIKON"}))
    (photos / "DSC_1.xmp").write_bytes(rated(4))
    index.scan([photos])
    assert (rating(index, raw), rating(index, jpeg)) == (4, None)


def test_a_sidecar_moves_with_its_photo(index: Index, photos: Path) -> None:
    put(photos / "a" / "IMG_1.jpg", 1)
    (photos / "a" / "IMG_1.jpg.xmp").write_bytes(rated(3))
    index.scan([photos])
    (photos / "a").rename(photos / "b")
    summary = index.scan()
    assert (summary.moved, summary.bytes_read, summary.refreshed) == (1, 0, 0)
    assert rating(index, photos / "b" / "IMG_1.jpg") == 3


def test_what_the_user_said_outlives_every_reading(index: Index, photos: Path) -> None:
    from indexer.store.connection import open_for_writing

    photo = put(photos / "IMG_1.jpg", 1)
    index.scan([photos])
    with open_for_writing(index.path) as database:
        database.execute("INSERT INTO user_value (asset_id, rating) VALUES (?, 1)", (index.get(photo)["id"],))
    (photos / "IMG_1.jpg.xmp").write_bytes(rated(5))
    index.scan()
    assert rating(index, photo) == 1
    assert [(one.source, one.value) for one in index.assets.explain(photo).provenance if one.field == "rating"] == [
        ("you, in the index", "1"),
        ("sidecar xmp:Rating", "5"),
    ]


def test_a_broken_sidecar_is_a_problem_of_its_photo(index: Index, photos: Path) -> None:
    put(photos / "IMG_1.jpg", 1)
    (photos / "IMG_1.jpg.xmp").write_bytes(rated(3)[:-40])
    index.scan([photos])
    assert "sidecar: the packet cannot be read to its end" in index.status.failures()[0].reason  # type: ignore[operator]
    assert rating(index, photos / "IMG_1.jpg") == 3


# Picasa

PICASA = """[Contacts2]
8e62398ebda8c1a5=Ada Lovelace;;
[IMG_1.jpg]
faces=rect64(400040008000c000),8e62398ebda8c1a5;rect64(0000000010001000),ffffffffffffffff
keywords=engine,poet
[IMG_2.jpg]
star=yes
"""


def test_picasas_faces_and_keywords(index: Index, photos: Path) -> None:
    """One hidden file for the whole folder; it may come later."""
    one, two = put(photos / "IMG_1.jpg", 1), put(photos / "IMG_2.jpg", 2)
    index.scan([photos])
    (photos / ".picasa.ini").write_text(PICASA)
    assert index.scan().refreshed == 2
    record = index.get(one)
    assert [person["name"] for person in record["people"]] == ["Ada Lovelace"]
    boxes = sorted(tuple(face["bounding_box"].values()) for face in record["faces"])
    assert boxes == [(0, 0, 4, 3), (16, 12, 16, 24)]  # of 64 by 48 pixels
    assert index.assets.keywords(one) == ["engine", "poet"]
    assert index.get(two)["faces"] == []
    named = PICASA.replace("ffffffffffffffff", "1").replace("[Contacts2]", "[Contacts2]\n1=Charles Babbage;;")
    (photos / ".picasa.ini").write_text(named)
    index.scan()
    assert {person["name"] for person in index.get(one)["people"]} == {"Ada Lovelace", "Charles Babbage"}
    (photos / ".picasa.ini").unlink()
    index.scan()
    assert index.get(one)["faces"] == []


def test_picasas_file_under_watch(photos: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "IMG_1.jpg", 1)
    watcher = watch(photos)
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT 1 FROM asset"), what="the photo")
    (photos / ".picasa.ini").write_text(PICASA)
    until(lambda: rows(index, "SELECT 1 FROM person"), what="the person")


# Google Takeout


def takeout(seconds: int = 1_684_344_600, **more: object) -> bytes:
    said = {"title": "x", "description": "a day out", "photoTakenTime": {"timestamp": str(seconds)}, **more}
    return json.dumps(said).encode()


def test_takeout_fills_what_the_file_does_not_say(index: Index, photos: Path) -> None:
    photo = put(photos / "holiday.jpg", 1)
    place = {"latitude": 48.8584, "longitude": 2.2945, "altitude": 35.0}
    (photos / "holiday.jpg.supplemental-metadata.json").write_bytes(takeout(geoData=place))
    index.scan([photos])
    record = index.get(photo)
    assert record["local_datetime"] == "2023-05-17T19:30:00+02:00"
    assert (record["metadata"]["description"], record["metadata"]["latitude"]) == ("a day out", 48.8584)
    assert record["metadata"]["timezone"] == "Europe/Paris"


def test_takeout_does_not_overrule_the_file(index: Index, photos: Path) -> None:
    from ..media.build import app1, at, exif, jpeg_with

    photo = photos / "IMG_1.jpg"
    photo.write_bytes(
        jpeg_with(app1(exif({0x010E: "own words"}, {0x9003: "2020:01:01 10:00:00"}, gps=at(51.5, -0.12))))
    )
    (photos / "IMG_1.jpg.json").write_bytes(takeout(geoData={"latitude": 48.8, "longitude": 2.3, "altitude": 0}))
    index.scan([photos])
    record = index.get(photo)
    assert record["local_datetime"] == "2020-01-01T10:00:00+00:00"  # London, in winter
    assert (record["metadata"]["description"], round(record["metadata"]["latitude"], 3)) == ("own words", 51.5)


def test_other_json_is_nobodys_sidecar(index: Index, photos: Path) -> None:
    put(photos / "IMG_1.jpg", 1)
    for number, content in enumerate([b'{"a": 1}', b"[1, 2]", b"not json", b'{"photoTakenTime": 7}', b"[" * 100_000]):
        (photos / "IMG_1.jpg.json").write_bytes(content)
        index.scan([photos] if number == 0 else [])
        assert index.get(photos / "IMG_1.jpg")["metadata"]["description"] is None


_SUPPLEMENT = ".supplemental-metadata"


def _as_takeout_names_it(name: str, number: str) -> str:
    """By Takeout's own rule since 2024: name and supplement, cut to 46 characters, then the number, then .json."""
    return (name + _SUPPLEMENT)[:46] + number + ".json"


def test_F24_a_thousand_names_of_takeout() -> None:
    """Long names, numbers, edited copies, videos of live photos, old and new ways: at least 99 % find their JSON."""
    chance = random.Random(24)
    letters = string.ascii_letters + string.digits + "_- éü日"
    found = 0
    for _ in range(1000):
        stem = "".join(chance.choice(letters) for _ in range(chance.randrange(3, 46))).strip() or "x"
        ending = chance.choice((".jpg", ".JPG", ".jpeg", ".png", ".heic", ".HEIC", ".mp4", ".dng"))
        number = chance.choice(("", "", "(1)", "(2)", "(17)"))
        kind = chance.choice(("new", "new", "old", "edited", "video", "stem"))
        title = (stem + ending)[: 51 - 5]
        photo = f"{stem}{number}{ending}"
        if kind == "old":
            sidecar = f"{title}{number}.json"
        elif kind == "stem":
            sidecar = f"{stem[:46]}{number}.json"
        else:
            sidecar = _as_takeout_names_it(stem + ending, number)
        if kind == "edited":
            photo = f"{stem}-edited{number}{ending}"
        elif kind == "video":
            photo, sidecar = f"{stem}{number}.MP4", _as_takeout_names_it(stem + ".HEIC", number)
        found += sidecar.lower() in {name.lower() for name in takeout_names(photo)}
    assert found >= 990


def test_F24_neighbours_keep_their_own(index: Index, photos: Path) -> None:
    """IMG_1.jpg, IMG_1(1).jpg and IMG_1-edited.jpg in one folder."""
    for number, (photo, sidecar) in enumerate(
        [
            ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
            ("IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
            ("IMG_10.jpg", "IMG_10.jpg.supplemental-metada.json"),
        ]
    ):
        put(photos / photo, number)
        (photos / sidecar).write_bytes(takeout(description=photo))
    put(photos / "IMG_1-edited.jpg", "edited")
    index.scan([photos])
    said = {
        name: index.get(photos / name)["metadata"]["description"]
        for name in ("IMG_1.jpg", "IMG_1(1).jpg", "IMG_10.jpg")
    }
    assert said == {name: name for name in said}
    assert index.get(photos / "IMG_1-edited.jpg")["metadata"]["description"] == "IMG_1.jpg"


# A reader that says something else


def test_a_new_version_of_a_reader_reads_its_files_again(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ..media.build import video

    put(photos / "a.jpg", 1)
    (photos / "b.mov").write_bytes(video())
    index.scan([photos])
    ids = rows(index, "SELECT id FROM asset ORDER BY id")
    group, version = versions.GROUPS["video/"]
    monkeypatch.setitem(versions.GROUPS, "video/", (group, version + 1))
    versions._of_ending.cache_clear()
    try:
        summary = index.scan()
        assert (summary.refreshed, summary.unchanged, summary.bytes_read) == (
            1,
            1,
            0,
        )  # videos only, and none is hashed
        assert index.scan().refreshed == 0
    finally:
        versions._of_ending.cache_clear()
    assert rows(index, "SELECT id FROM asset ORDER BY id") == ids


def test_why_tells_whose_sidecar_it_is_and_whether_it_is_read(index: Index, photos: Path) -> None:
    photo, copy = put(photos / "IMG_1.jpg", 1), put(photos / "copies" / "IMG_9.jpg", 1)
    adobe, takeout = photos / "IMG_1.xmp", photos / "IMG_1.jpg.supplemental-metadata.json"
    adobe.write_bytes(rated(3))
    takeout.write_text('{"title": "IMG_1.jpg"}')
    (photos / "IMG_1.jpg.xmp").write_bytes(rated(4))
    (photos / "copies" / "IMG_9.jpg.xmp").write_bytes(rated(5))
    (photos / "loose.json").write_text("{}")
    (photos / "loose.xmp").write_bytes(rated(1))
    index.scan([photos])

    def why(path: Path) -> str:
        return index.status.why(path).sentence.removeprefix(f"{path} is ").rstrip(".")

    assert rating(index, photo) == rating(index, copy) == 4
    assert why(takeout) == why(photos / "IMG_1.jpg.xmp") == "a sidecar of IMG_1.jpg, read with it"
    assert why(adobe) == "a sidecar of IMG_1.jpg, not read: IMG_1.jpg.xmp is read instead"
    assert why(photos / "copies" / "IMG_9.jpg.xmp") == (
        f"a sidecar of IMG_9.jpg, not read: that is a copy, and the record is that of {photo}, with the sidecars there"
    )
    for name in ("loose.json", "loose.xmp"):
        assert why(photos / name) == "not read: no photo in its folder has a name that it goes with"
    takeout.write_text('{"title": "IMG_1.jpg", "description": "later"}')
    assert why(takeout) == "a sidecar of IMG_1.jpg, to be read by the next scan: it is new, or has changed"
    index.scan()
    assert why(takeout) == "a sidecar of IMG_1.jpg, read with it"
    for number in range(5):
        put(photos / "picasa" / f"{number}.jpg", f"picasa {number}")
    (photos / "picasa" / ".picasa.ini").write_text("[0.jpg]\nstar=yes\n")
    index.scan()
    assert why(photos / "picasa" / ".picasa.ini") == "a sidecar of 0.jpg, 1.jpg, 2.jpg and 2 more, read with it"
    (photos / ".indexerignore").write_text("*.xmp\n")
    index.scan()
    assert "ignored" in why(adobe)


def test_why_of_a_sidecar_goes_over_its_folder_once(index: Index, photos: Path) -> None:
    """Twice the photos take about twice the calls, not four times as many."""
    calls = []
    for count in (100, 200):
        folder = photos / str(count)
        for number in range(count):
            put(folder / f"{number}.jpg", f"{count} {number}")
        (folder / ".picasa.ini").write_text("[0.jpg]\nstar=yes\n")
        index.scan([photos])
        counted = 0

        def count_one(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count_one)
        try:
            index.status.why(folder / ".picasa.ini")
        finally:
            sys.setprofile(None)
        calls.append(counted)
    assert calls[1] < 2.5 * calls[0]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_why_of_a_sidecar_that_goes_meanwhile(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    put(photos / "a" / "IMG_1.jpg", 1)
    sidecar = photos / "a" / "IMG_1.jpg.xmp"
    sidecar.write_bytes(rated(3))
    index.scan([photos])

    def and_then_it_goes(path: Path) -> bool:
        found = is_regular(path)
        sidecar.unlink() if what == "file" else shutil.rmtree(sidecar.parent)
        return found

    monkeypatch.setattr("indexer.sync.why.is_regular", and_then_it_goes)
    with pytest.raises(NotFound, match="there is no such file any more"):
        index.status.why(sidecar)
