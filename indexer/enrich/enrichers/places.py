"""Offline reverse geocoding: country, state, town, quarter and time zone of coordinates.

The polygons of time zones (timezonefinder has OpenStreetMap's, not simplified) follow the borders of countries, with
their enclaves and rivers, so they decide the country. The town is then looked up among GeoNames' towns of that country
(`towns`).
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import numpy as np
from timezonefinder import TimezoneFinder

from indexer.store import enrichments
from indexer.store.results import Place

from .. import towns
from ..nearest_neighbors import Floats, Indices, Nearest
from ..points_of_interest import with_name

_EARTH_KM = 6371.0
# Beyond these distances to the nearest town, the town and the state are not set.
_TOWN_KM = 50.0
_STATE_KM = 200.0
# The radius of a city in km is this times the square root of its population. Smaller places within it are its quarters.
_REACH_KM = 0.006
# A state is a city state, and its places quarters, if all lie this close to one city: Berlin, Seoul.
_CITY_STATE_KM = 25.0
# Countries that are one city.
_CITY_COUNTRIES = {"GI", "HK", "MC", "MO", "SG", "VA"}
_SMALLEST_CITY = 100_000
# A place with this population is a town of its own, if it lies outside the district that its neighboring city forms.
_OWN_TOWN = 20_000
# Towns are compared by distance divided by this power of their population, so a large city wins from farther away.
_POPULATION_POWER = 0.2
_FEWEST = 500
_NEIGHBOURS = 16
_CITIES = 4
# A quarter is only set within this distance.
_QUARTER_KM = 3.0
# A zone includes another country's places if this many of them lie in it, or at least half.
_SHARED_ZONE = 3


def compute(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> list[Place]:
    """The places of assets with coordinates, with the names of points of interest."""
    coordinates = [enrichments.coordinates(connection, asset_id) for asset_id in asset_ids]
    places = gazetteer().look_up(coordinates)
    return [with_name(connection, place, *point) for place, point in zip(places, coordinates, strict=True)]


@dataclass(frozen=True)
class _Area:
    """The towns in the countries of a time zone, and the large ones among them (cities), by index."""

    towns: Indices
    near: Nearest
    cities: Indices
    near_cities: Nearest


class Gazetteer:
    """All towns in memory. Takes about 60 MB, and 1 s to create: use `gazetteer`."""

    def __init__(self) -> None:
        self._towns = towns.load()
        self._finder = TimezoneFinder()
        self._points = _on_sphere(self._towns.latitudes, self._towns.longitudes)
        self._cities = self._cities_of_quarters()
        self._areas: dict[tuple[str, ...], _Area | None] = {}

    def look_up(self, coordinates: Sequence[tuple[float, float]]) -> list[Place]:
        """The place of each point (latitude, longitude), in degrees."""
        zones = [self._finder.timezone_at(lng=longitude, lat=latitude) for latitude, longitude in coordinates]
        places = [Place(timezone=zone) for zone in zones]
        by_zone: dict[str, list[int]] = defaultdict(list)
        for number, zone in enumerate(zones):
            if zone in self._zone_countries:  # else the open sea
                by_zone[zone].append(number)
        degrees = np.array(coordinates, dtype=np.float64).reshape(-1, 2)
        points = _on_sphere(degrees[:, 0], degrees[:, 1])
        for zone, numbers in by_zone.items():
            for number, place in zip(numbers, self._in_zone(zone, points[numbers]), strict=True):
                places[number] = place
        return places

    def _in_zone(self, zone: str, points: Floats) -> Iterator[Place]:
        countries = self._zone_countries[zone]
        area = self._area(countries)
        if area is None:
            code = countries[0]
            place = Place(country=self._towns.country_names.get(code), country_code=code, timezone=zone)
            yield from [place] * len(points)
            return
        chords, columns = area.near.query(points, min(_NEIGHBOURS, len(area.towns)))
        big_chords, big_columns = area.near_cities.query(points, min(_CITIES, len(area.cities)))
        # The nearest place comes first: it is the quarter if it belongs to the chosen city.
        near = np.hstack((area.towns[columns], area.cities[big_columns]))
        kilometers = _kilometers(np.hstack((chords, big_chords)))
        weighted = kilometers / np.maximum(self._towns.people[near], _FEWEST) ** _POPULATION_POWER
        chosen = np.argmin(weighted, axis=1)
        rows = np.arange(len(points))
        for nearest, distance, town, town_distance in zip(
            near[:, 0], kilometers[:, 0], near[rows, chosen], kilometers[rows, chosen], strict=True
        ):
            yield self._place(zone, int(nearest), float(distance), int(town), float(town_distance))

    def _place(self, zone: str, nearest: int, distance: float, town: int, town_distance: float) -> Place:
        data, city = self._towns, int(self._cities[town])
        code = data.country_codes[data.countries[city]] if distance <= _STATE_KM else self._zone_countries[zone][0]
        place = Place(country=data.country_names.get(code), country_code=code, timezone=zone)
        if distance > _STATE_KM:
            return place
        place = place._replace(state=data.state_names[data.states[city]] or None)
        if town_distance > _TOWN_KM:
            return place
        is_quarter = nearest != city and self._cities[nearest] == city and distance <= _QUARTER_KM
        return place._replace(city=data.names[city], sublocation=data.names[nearest] if is_quarter else None)

    def _area(self, countries: tuple[str, ...]) -> _Area | None:
        """The area of some countries; None if they have no town."""
        if countries not in self._areas:
            codes = [number for number, code in enumerate(self._towns.country_codes) if code in countries]
            members = np.flatnonzero(np.isin(self._towns.countries, codes))
            people = self._towns.people[members]
            big = members[people >= _SMALLEST_CITY]
            if not len(big):
                big = members[np.argsort(-people, kind="stable")[:1]]
            self._areas[countries] = (
                _Area(members, Nearest(self._points[members]), big, Nearest(self._points[big]))
                if len(members)
                else None
            )
        return self._areas[countries]

    @cached_property
    def _zone_countries(self) -> dict[str, tuple[str, ...]]:
        """Time zone -> the countries that it covers, its own first."""
        table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
        lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
        own = {zone: code for code, _, zone, *_ in lines}
        towns_in_zone: dict[str, Counter[str]] = defaultdict(Counter)
        data = self._towns
        codes = [data.country_codes[country] for country in data.countries.tolist()]
        for code, latitude, longitude in zip(codes, data.latitudes.tolist(), data.longitudes.tolist(), strict=True):
            towns_in_zone[self._finder.timezone_at(lng=longitude, lat=latitude) or ""][code] += 1
        total = Counter(codes)
        return {
            zone: (
                code,
                *sorted(
                    other
                    for other, count in towns_in_zone[zone].items()
                    if other != code and (count >= _SHARED_ZONE or 2 * count > total[other])
                ),
            )
            for zone, code in own.items()
        }

    def _cities_of_quarters(self) -> Indices:
        """For each place the index of the city of which it is a quarter, else its own index."""
        data, people = self._towns, self._towns.people
        districts = {county: number for number, county in enumerate(data.county_names)}
        known_districts = set(zip(data.countries.tolist(), data.counties.tolist(), strict=True))
        states = self._states()
        city_states = {city for members in states.values() if (city := self._alone_in(members)) is not None}
        cities = np.arange(len(people))
        for big in np.argsort(-people, kind="stable").tolist():
            country, state = int(data.countries[big]), int(data.states[big])
            is_country = data.country_codes[country] in _CITY_COUNTRIES
            if cities[big] != big or (people[big] < _SMALLEST_CITY and not is_country):
                continue
            district = districts.get(data.names[big])
            if is_country:
                others = self._quarters(big, np.flatnonzero(data.countries == country), _CITY_STATE_KM)
            else:
                others = self._quarters(big, states[country, state], _CITY_STATE_KM if big in city_states else 0)
                fits = 2 * people[others] < people[big]
                if big not in city_states and (country, district) in known_districts:
                    fits &= (data.counties[others] == district) | (people[others] < _OWN_TOWN)
                others = others[fits]
            cities[others[cities[others] == others]] = big
        return cities

    def _states(self) -> dict[tuple[int, int], Indices]:
        """(country, state) -> the indices of its places."""
        countries, states = self._towns.countries, self._towns.states
        order = np.lexsort((states, countries))
        ends = np.flatnonzero(np.diff(countries[order]) | np.diff(states[order])) + 1
        groups = np.split(order, ends)
        return {(int(countries[group[0]]), int(states[group[0]])): group for group in groups}

    def _alone_in(self, members: Indices) -> int | None:
        """The city of a city state: the largest of a state's places, if all are near it."""
        city = int(members[np.argmax(self._towns.people[members])])
        apart = np.linalg.norm(self._points[members] - self._points[city], axis=1).max()
        return city if apart <= _chord(_CITY_STATE_KM) else None

    def _quarters(self, city: int, members: Indices, at_least: float) -> Indices:
        """Those of the places that lie within the city's radius, which is at least `at_least` kilometers."""
        reach = max(_REACH_KM * float(self._towns.people[city]) ** 0.5, at_least)
        chords = np.linalg.norm(self._points[members] - self._points[city], axis=1)
        quarters: Indices = members[(chords <= _chord(reach)) & (members != city)]
        return quarters


@cache
def gazetteer() -> Gazetteer:
    """This process's gazetteer."""
    return Gazetteer()


def _on_sphere(latitudes: Floats, longitudes: Floats) -> Floats:
    """Coordinates in degrees -> points on the unit sphere (n × 3), where poles and the antimeridian need no special
    cases."""
    a, b = np.radians(latitudes), np.radians(longitudes)
    return np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))


def _kilometers(chords: Floats) -> Floats:
    kilometers: Floats = 2 * _EARTH_KM * np.arcsin(np.clip(chords / 2, 0, 1))
    return kilometers


def _chord(kilometers: float) -> float:
    return float(2 * np.sin(kilometers / _EARTH_KM / 2))
