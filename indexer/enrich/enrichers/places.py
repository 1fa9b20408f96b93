"""Where coordinates lie: country, state, town, quarter, time zone, without a network.

The polygons of time zones (timezonefinder has OpenStreetMap's, not simplified) follow the borders of countries, with
their enclaves and rivers, so they decide the country; only then is the nearest town of that country looked for, among
those of GeoNames (`towns`).
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
_CITIES = 4
# A quarter is told of no further away than this.
_QUARTER_KM = 3.0
# A zone has the places of its own country; it has those of another if it holds so many of them, or most.
_SHARED_ZONE = 3


def compute(connection: sqlite3.Connection, asset_ids: Sequence[str]) -> list[Place]:
    """Of assets with coordinates; with the names of points of interest."""
    where = [enrichments.coordinates(connection, asset_id) for asset_id in asset_ids]
    places = gazetteer().look_up(where)
    return [with_name(connection, place, *at) for place, at in zip(places, where, strict=True)]


@dataclass(frozen=True)
class _Area:
    """The towns of the countries of a time zone, and the largest of them."""

    towns: Indices
    near: Nearest
    cities: Indices
    near_cities: Nearest


class Gazetteer:
    """All towns in memory, about 60 MB. Not cheap to make (1 s): make one, and ask it for many."""

    def __init__(self) -> None:
        self._towns = towns.load()
        self._finder = TimezoneFinder()
        self._points = _on_sphere(self._towns.latitudes, self._towns.longitudes)
        self._cities = self._cities_of_quarters()
        self._areas: dict[tuple[str, ...], _Area | None] = {}

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
        # The nearest first: it is the quarter, if it is one of the city that is found.
        near = np.hstack((area.towns[columns], area.cities[big_columns]))
        kilometres = _kilometres(np.hstack((chords, big_chords)))
        draws = kilometres / np.maximum(self._towns.people[near], _FEWEST) ** _DRAW
        chosen = np.argmin(draws, axis=1)
        rows = np.arange(len(points))
        for nearest, distance, town, town_distance in zip(
            near[:, 0], kilometres[:, 0], near[rows, chosen], kilometres[rows, chosen], strict=True
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
        """None where these countries have no town."""
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
        """By time zone, the countries that it lies in; its own first."""
        table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
        lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
        own = {zone: code for code, _, zone, *_ in lines}
        held: dict[str, Counter[str]] = defaultdict(Counter)
        data = self._towns
        codes = [data.country_codes[country] for country in data.countries.tolist()]
        for code, latitude, longitude in zip(codes, data.latitudes.tolist(), data.longitudes.tolist(), strict=True):
            held[self._finder.timezone_at(lng=longitude, lat=latitude) or ""][code] += 1
        total = Counter(codes)
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

    def _cities_of_quarters(self) -> Indices:
        """For each place the index of the city that it is a quarter of, else its own."""
        data, people = self._towns, self._towns.people
        districts = {county: number for number, county in enumerate(data.county_names)}
        held = set(zip(data.countries.tolist(), data.counties.tolist(), strict=True))
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
                if big not in city_states and (country, district) in held:
                    fits &= (data.counties[others] == district) | (people[others] < _OWN_TOWN)
                others = others[fits]
            cities[others[cities[others] == others]] = big
        return cities

    def _states(self) -> dict[tuple[int, int], Indices]:
        """The places of each state of each country."""
        countries, states = self._towns.countries, self._towns.states
        order = np.lexsort((states, countries))
        ends = np.flatnonzero(np.diff(countries[order]) | np.diff(states[order])) + 1
        groups = np.split(order, ends)
        return {(int(countries[group[0]]), int(states[group[0]])): group for group in groups}

    def _alone_in(self, members: Indices) -> int | None:
        """The city that is a state of its own, if these places of a state are all near one."""
        city = int(members[np.argmax(self._towns.people[members])])
        apart = np.linalg.norm(self._points[members] - self._points[city], axis=1).max()
        return city if apart <= _chord(_CITY_STATE_KM) else None

    def _quarters(self, city: int, members: Indices, at_least: float) -> Indices:
        """Those of these places that lie within the city's reach, in kilometres at least so far."""
        reach = max(_REACH_KM * float(self._towns.people[city]) ** 0.5, at_least)
        chords = np.linalg.norm(self._points[members] - self._points[city], axis=1)
        quarters: Indices = members[(chords <= _chord(reach)) & (members != city)]
        return quarters


@cache
def gazetteer() -> Gazetteer:
    """The one of this process."""
    return Gazetteer()


def _on_sphere(latitudes: Floats, longitudes: Floats) -> Floats:
    """Points on the unit sphere, where neither a pole nor the antimeridian is anything special."""
    a, b = np.radians(latitudes), np.radians(longitudes)
    return np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))


def _kilometres(chords: Floats) -> Floats:
    kilometres: Floats = 2 * _EARTH_KM * np.arcsin(np.clip(chords / 2, 0, 1))
    return kilometres


def _chord(kilometres: float) -> float:
    return float(2 * np.sin(kilometres / _EARTH_KM / 2))
