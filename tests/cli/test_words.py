"""explain, extract and keywords: the provenance of values, and the video inside a motion photo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import put, rows, run
from ..media.build import app1, app1_xmp, exif, jpeg_with, video, xmp
from ..media.readers.test_xmp import regions

ORIGINAL, DIGITIZED, OFFSET = 0x9003, 0x9004, 0x9011


@pytest.fixture
def photo(photos: Path) -> Path:
    path = photos / "IMG_20240131_235959.jpg"
    camera = {ORIGINAL: "2023:05:17 18:30:00", OFFSET: "+02:00", DIGITIZED: "2023:05:18 09:00:00"}
    words = xmp("<dc:subject><rdf:Bag><rdf:li>Katze</rdf:li><rdf:li>Animal|Cat</rdf:li></rdf:Bag></dc:subject>")
    path.write_bytes(jpeg_with(app1(exif({0x010F: "Leica"}, camera)), app1_xmp(words)))
    return path


def test_explain_for_people_and_for_scripts(index: Index, photo: Path) -> None:
    index.scan([photo.parent])
    done = run("explain", photo, "local_datetime", database=index.path)
    assert done.stdout.splitlines() == [
        "local_datetime       2023-05-17T18:30:00+02:00  Exif DateTimeOriginal",
        "  but                2023-05-18T09:00:00  Exif DateTimeDigitized",
        "  but                2024-01-31T23:59:59  the file's name",
        *[line for line in done.stdout.splitlines() if "the file's time" in line],
    ]
    everything = json.loads(run("explain", photo, "--json", database=index.path).stdout)
    assert everything["read_from"] == str(photo)
    assert {"field": "make", "source": "Exif Make", "value": "Leica", "note": None} in everything["provenance"]
    assert (
        run("explain", photo, "city", database=index.path).stdout
        == "city: not set in the file, a sidecar or the index.\n"
    )
    wrong = run("explain", photo, "colour", database=index.path)
    assert (wrong.returncode, "there is no field 'colour'" in wrong.stderr) == (2, True)
    assert run("explain", "asset_2222222222222222222222", database=index.path).returncode == 3


def test_explain_of_a_file_that_is_away(index: Index, photo: Path) -> None:
    """The index keeps it of dates and places, and answers SQL."""
    index.scan([photo.parent])
    asset = index.get(photo)["id"]
    photo.unlink()
    done = run("explain", asset, database=index.path)
    assert "cannot be reached" in done.stderr
    assert done.stdout.splitlines()[0] == "local_datetime       2023-05-17T18:30:00+02:00  Exif DateTimeOriginal"
    assert rows(index, "SELECT source FROM provenance WHERE field = 'original_datetime'") == [
        ("Exif DateTimeOriginal",)
    ]


def test_every_kept_field_has_its_origin(index: Index, photo: Path) -> None:
    """A date in the record without a word on where it comes from would be a hole in the view."""
    put(photo.parent / "plain.jpg")
    index.scan([photo.parent])
    for field in ("original_datetime", "digitized_datetime", "modified_datetime", "latitude", "longitude", "altitude"):
        query = f"SELECT count(*) FROM asset WHERE {field} IS NOT NULL"
        provenance = "SELECT count(*) FROM provenance WHERE rank = 0 AND note IS NULL AND field = ?"
        assert rows(index, query) == rows(index, provenance, field)
    assert rows(index, "SELECT count(*) FROM provenance WHERE field = 'local_datetime' AND rank = 0") == [(2,)]


def test_list_by_keyword(index: Index, photo: Path) -> None:
    put(photo.parent / "plain.jpg")
    index.scan([photo.parent])
    for word, count in (("katze", 1), ("Cat", 1), ("animal", 1), ("Animal|Cat", 1), ("Kat", 0), ("dog", 0)):
        assert len(run("list", "--keyword", word, database=index.path).stdout.splitlines()) == count, word
    assert "keywords    Animal|Cat, Katze" in run("info", photo, database=index.path).stdout


def test_people_named_in_a_file(index: Index, photos: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        people = regions((64, 48), ("Ada", 0.5, 0.5, 0.25, 0.25), (name, 0.2, 0.2, 0.1, 0.1))
        (photos / name).write_bytes(jpeg_with(app1_xmp(people), mark=name))
    index.scan([photos])
    record = index.get(photos / "a.jpg")
    ada = next(person for person in record["people"] if person["name"] == "Ada")
    assert ada["asset_count"] == 2
    assert {"x": 24, "y": 18, "w": 16, "h": 12} in [face["bounding_box"] for face in record["faces"]]
    before = {face["id"] for face in record["faces"]}
    (photos / "a.jpg.xmp").write_bytes(xmp(attributes='xmp:Rating="5"'))
    index.scan()
    assert {face["id"] for face in index.get(photos / "a.jpg")["faces"]} == before


def test_F29_a_persons_name_from_the_user_stays(index: Index, photos: Path) -> None:
    from indexer.store.connection import open_for_writing

    (photos / "a.jpg").write_bytes(jpeg_with(app1_xmp(regions((64, 48), ("Ada", 0.5, 0.5, 0.25, 0.25)))))
    index.scan([photos])
    with open_for_writing(index.path) as database:
        database.execute("UPDATE person SET name = 'Ada Lovelace'")
    (photos / "a.jpg.xmp").write_bytes(xmp(attributes='xmp:Rating="5"'))
    assert index.scan().refreshed == 1
    assert [person["name"] for person in index.get(photos / "a.jpg")["people"]] == ["Ada Lovelace"]


def test_extract_the_video_of_a_motion_photo(index: Index, photos: Path, tmp_path: Path) -> None:
    movie = video(size=(64, 48))
    still = jpeg_with(app1_xmp(xmp(attributes=f'GCamera:MicroVideoOffset="{len(movie)}"')))
    path = photos / "MVIMG_1.jpg"
    path.write_bytes(still + movie)
    index.scan([photos])
    target = tmp_path / "video.mp4"
    assert run("extract", path, "-o", target, database=index.path).returncode == 0
    assert target.read_bytes() == movie
    again = run("extract", path, "-o", target, database=index.path)
    assert (again.returncode, "already exists" in again.stderr) == (2, True)
    put(photos / "plain.jpg")
    index.scan()
    assert run("extract", photos / "plain.jpg", database=index.path).returncode == 3
    assert path.read_bytes() == still + movie
