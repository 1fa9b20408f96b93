"""Offline reverse geocoding (failures.md F28)."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.enrich.enrichers.places import Gazetteer, gazetteer
from indexer.enrich.nearest_neighbors import Nearest
from indexer.store.results import Place


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return gazetteer()


def test_F28_beside_borders_and_rivers_and_in_enclaves(places: Gazetteer) -> None:
    lines = Path(__file__).with_name("points.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(rows) > 100
    found = places.look_up([(float(row[1]), float(row[2])) for row in rows])
    wrong = [
        (row[0], place.country_code) for row, place in zip(rows, found, strict=True) if place.country_code != row[3]
    ]
    assert wrong == []
    towns = [place.city in row[4].split("/") for row, place in zip(rows, found, strict=True)]
    assert sum(towns) / len(towns) >= 0.95


@pytest.mark.parametrize(
    ("where", "city", "sublocation", "timezone"),
    [
        ((-33.8568, 151.2153), "Sydney", "The Rocks", "Australia/Sydney"),
        ((40.5749, -73.9859), "New York City", "Coney Island", "America/New_York"),
        ((52.4990, 13.4030), "Berlin", "Kreuzberg", "Europe/Berlin"),
        ((48.8584, 2.2945), "Paris", None, "Europe/Paris"),  # Neuilly's centre is nearer, and another town
        ((48.8352, 2.2410), "Boulogne-Billancourt", None, "Europe/Paris"),  # a town of its own beside Paris
        ((1.2834, 103.8607), "Singapore", "Marina Bay", "Asia/Singapore"),
        ((21.0285, 105.8542), "Hanoi", "Hoàn Kiếm", "Asia/Bangkok"),
    ],
)
def test_a_quarter_is_told_beside_its_city(
    places: Gazetteer, where: tuple[float, float], city: str, sublocation: str | None, timezone: str
) -> None:
    (place,) = places.look_up([where])
    assert (place.city, place.sublocation, place.timezone) == (city, sublocation, timezone)


@pytest.mark.parametrize("where", [(30.0, -40.0), (-45.0, -130.0), (89.99, 10.0), (0.0, 0.0)])
def test_the_open_sea_is_nowhere(places: Gazetteer, where: tuple[float, float]) -> None:
    (place,) = places.look_up([where])
    assert place == Place(timezone=place.timezone)


def test_far_from_towns_there_is_a_country_and_no_town(places: Gazetteer) -> None:
    desert, pole = places.look_up([(-24.5, 126.5), (-90.0, 0.0)])
    assert (desert.country_code, desert.city) == ("AU", None)
    assert (pole.country_code, pole.city) == ("AQ", None)


def test_the_antimeridian_is_nothing_special(places: Gazetteer) -> None:
    """Taveuni lies on both sides of it."""
    east, west, on = places.look_up([(-16.9, 179.99), (-16.9, -179.99), (-16.9, 180.0)])
    assert {east.country_code, west.country_code, on.country_code} == {"FJ"}
    assert east.state == west.state == on.state


def test_any_coordinates_do(places: Gazetteer) -> None:
    chance = random.Random(1)
    where = [(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(3000)]
    where += [(90.0, 180.0), (-90.0, -180.0), (0.0, 180.0), (0.0, -180.0)]
    found = places.look_up(where)
    assert len(found) == len(where)
    assert all(place.city is None or place.country_code for place in found)
    assert places.look_up([]) == []


def test_the_answers_are_those_of_a_k_d_tree(places: Gazetteer) -> None:
    """looked_up.tsv.gz: a thousand points anywhere and four thousand near towns, as SciPy's cKDTree had them answered.
    Where another version of timezonefinder has another border, the point is in another zone, and not compared."""
    table = gzip.decompress(Path(__file__).with_name("looked_up.tsv.gz").read_bytes()).decode()
    rows = [line.split("\t") for line in table.splitlines()]
    assert len(rows) == 5000
    found = places.look_up([(float(row[0]), float(row[1])) for row in rows])
    fields = [
        [value or "" for value in (place.city, place.state, place.country, place.country_code, place.sublocation)]
        for place in found
    ]
    same_zone = [place.timezone == row[7] for place, row in zip(found, rows, strict=True)]
    assert sum(same_zone) >= 0.97 * len(rows)
    wrong = [
        (row, field) for row, field, same in zip(rows, fields, same_zone, strict=True) if same and field != row[2:7]
    ]
    assert wrong == []


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 100, 5000])
def test_the_nearest_are_those_that_measuring_all_finds(size: int) -> None:
    """Points in clusters, some of them in one place, and queries beside and far from them."""
    chance = np.random.default_rng(size)
    points = chance.normal(size=(size, 3)) * chance.choice([0.001, 0.1, 1], size=(size, 1))
    points[::7] = points[0]
    queries = np.vstack((points[:50], points[:50] + 0.001, chance.normal(size=(600, 3)) * 3))
    count = min(16, size)
    distances, indices = Nearest(points).query(queries, count)
    measured = np.linalg.norm(queries[:, None] - points, axis=2)
    assert np.allclose(distances, np.sort(measured, axis=1)[:, :count])
    assert np.allclose(np.take_along_axis(measured, indices, axis=1), distances)
    assert all(len(set(row)) == count for row in indices.tolist())


def test_no_scipy_is_needed() -> None:
    """Nor is it imported where it is installed, as scikit-image has it installed for tests."""
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from indexer.enrich.enrichers.places import gazetteer\n"
        "print(gazetteer().look_up([(48.8584, 2.2945)])[0].city)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("Paris\n", "")
