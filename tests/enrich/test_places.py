"""Places without a network (failures.md F28)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from indexer.enrich.places import Gazetteer, gazetteer
from indexer.store.enrichments import Place


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
