"""The names of sights, from a GeoNames dump that the user imported: here a small one of a few known places."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from pathlib import Path

import piexif
import pytest

from indexer import Index
from indexer.enrich.points_of_interest import with_name
from indexer.errors import UsageError
from indexer.store import points_of_interest
from indexer.store.points_of_interest import PointOfInterest
from indexer.store.results import Place

from ..conftest import SAMPLES, put, rows, run

# Where they are is what any map says.
SIGHTS = [
    (1, "Golden Gate Bridge", "S", "BDG", 37.8199, -122.4786),
    (2, "Presidio of San Francisco", "L", "PRK", 37.7980, -122.4662),
    (3, "Fort Point", "S", "FT", 37.8106, -122.4771),
    (4, "Sausalito", "P", "PPL", 37.8591, -122.4853),
    (5, "Eiffel Tower", "S", "TOWR", 48.8584, 2.2945),
    (6, "Champ de Mars", "L", "PRK", 48.8556, 2.2986),
    (7, "Taveuni Resort", "S", "RSRT", -16.80, 179.9990),
    (8, "A street", "R", "ST", 48.8584, 2.2946),
    (9, "Paris", "P", "PPLC", 48.8534, 2.3488),
    (10, "Gros-Caillou", "P", "PPLX", 48.8580, 2.3020),
]


def line(number: int, name: str, kind: str, code: str, latitude: float, longitude: float) -> str:
    fields = [str(number), name, name, "", f"{latitude}", f"{longitude}", kind, code, "XX", "", "", "", "", "", "0", "",
              "0", "Europe/Paris", "2024-01-01"]  # fmt: skip
    return "\t".join(fields) + "\n"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "XX.zip", "w") as archive:
        archive.writestr("readme.txt", "what this is " * 1000)
        archive.writestr("XX.txt", "".join(line(*one) for one in SIGHTS))
    return tmp_path / "XX.zip"


def photo(path: Path, latitude: float, longitude: float) -> Path:
    def parts(degrees: float) -> list[tuple[int, int]]:
        return [(int(abs(degrees) * 1_000_000), 1_000_000), (0, 1), (0, 1)]

    put(path, path.name)
    gps = {
        piexif.GPSIFD.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        piexif.GPSIFD.GPSLatitude: parts(latitude),
        piexif.GPSIFD.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        piexif.GPSIFD.GPSLongitude: parts(longitude),
    }
    piexif.insert(piexif.dump({"GPS": gps}), str(path))
    return path


def test_the_label_is_that_of_the_sight(index: Index, photos: Path, dump: Path) -> None:
    bridge = photo(photos / "bridge.jpg", 37.8190, -122.4780)
    tower = photo(photos / "tower.jpg", 48.8583, 2.2948)
    nowhere = photo(photos / "nowhere.jpg", 37.70, -122.45)
    index.scan([photos])
    index.enrich()
    assert index.get(bridge)["metadata"]["place_name"] is None
    with index.dry_run():
        assert index.places.import_dump(dump) == 8
    assert index.places.import_dump(dump) == 8  # the street and the capital are none
    assert index.places.import_dump(dump) == 8
    due = index.enrichments.due(["places"])["places"]
    assert index.enrich().places == due == 3
    metadata = index.get(bridge)["metadata"]
    assert metadata["place_name"] == "Golden Gate Bridge"
    assert metadata["display_label"] == "Golden Gate Bridge, San Francisco, California"
    assert "place_name" not in index.get(bridge)["exif"]
    assert index.get(tower)["metadata"]["display_label"].startswith("Eiffel Tower, ")
    assert index.get(nowhere)["metadata"]["place_name"] is None
    assert [one.id for one in index.search("golden gate")] == [index.session.resolve(bridge)]
    assert index.enrich().places == 0
    # What the user says is better.
    index.assets.set([bridge], place_name="Baker Beach")
    assert index.get(bridge)["metadata"]["display_label"].startswith("Baker Beach")
    assert index.places.forget() == 8
    index.enrich()
    assert index.get(tower)["metadata"]["place_name"] is None


@pytest.fixture
def known() -> sqlite3.Connection:
    from indexer.store import schema

    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.text())
    points_of_interest.add(connection, [PointOfInterest(one[0], one[1], *one[3:]) for one in SIGHTS])
    return connection


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (37.8199, -122.4786, "Golden Gate Bridge"),
        (37.8108, -122.4770, "Fort Point"),
        (37.7985, -122.4660, "Presidio of San Francisco"),
        (37.8591, -122.4850, "Sausalito"),
        (48.8584, 2.2945, "Eiffel Tower"),
        (48.8556, 2.2986, "Champ de Mars"),
        (48.8610, 2.3060, "Gros-Caillou"),
        (-16.80, -179.9995, "Taveuni Resort"),  # across the antimeridian
        (-16.80, 179.9950, "Taveuni Resort"),
        (48.80, 2.20, None),
        (89.9, 10.0, None),
        (-90.0, 0.0, None),
        (0.0, 180.0, None),
    ],
)
def test_the_nearest_for_its_size(
    known: sqlite3.Connection, latitude: float, longitude: float, name: str | None
) -> None:
    assert with_name(known, Place(), latitude, longitude).place_name == name


def test_what_town_and_quarter_say_is_not_said_again(known: sqlite3.Connection) -> None:
    place = with_name(known, Place(city="Paris", sublocation="Gros-Caillou"), 48.8610, 2.3060)
    assert place.place_name is None


def test_another_file_is_told(index: Index, photos: Path, tmp_path: Path, dump: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    (table := tmp_path / "table.txt").write_text("a\tb\nc\td\n")
    told = run("places", "import", table, database=index.path)
    assert told.returncode == 2 and "line 1: 2 columns, but a GeoNames dump has 19" in told.stderr
    (binary := tmp_path / "photo.zip").write_bytes(b"\xff\xd8\xff" * 100)
    with pytest.raises(UsageError, match="not a GeoNames dump"):
        index.places.import_dump(binary)
    bad = line(*SIGHTS[0]) + line(11, "Broken", "S", "BDG", 1, 2).replace("\t1\t", "\tone\t")
    (half := tmp_path / "half.txt").write_text(bad)
    with pytest.raises(UsageError, match="or damaged"):
        index.places.import_dump(half)
    assert rows(index, "SELECT * FROM point_of_interest") == []  # all of it or nothing
    assert "8 points of interest would be" in run("places", "import", dump, "--dry-run", database=index.path).stdout
    assert "8 points of interest imported" in run("places", "import", dump, database=index.path).stdout
    assert "8 points of interest would be" in run("places", "forget", "--dry-run", database=index.path).stdout
    assert "8 points of interest forgotten" in run("places", "forget", database=index.path).stdout


def test_a_sample_has_its_sight(index: Index, photos: Path, dump: Path) -> None:
    shutil.copy(SAMPLES / "Paris" / "PXL_20240412_184115120.jpg", photos)
    index.scan([photos])
    index.places.import_dump(dump)
    index.enrich()
    (record,) = [index.get(one.id) for one in index.list()]
    assert record["metadata"]["city"] == "Paris"
