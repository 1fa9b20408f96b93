"""GeoNames' towns of over 1,000 people, and smaller administrative seats.

The data are from GeoNames (https://www.geonames.org), licensed under CC BY 4.0. tools/make_towns.py packs them into
towns.npz: degrees as integers, and texts as lines of UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

_DEGREE = 100_000  # GeoNames has five decimals
_NUMBERS = ("latitudes", "longitudes", "people", "states", "counties", "countries")
_TEXTS = ("names", "state_names", "county_names", "country_codes", "named_countries", "country_names")


@dataclass(frozen=True)
class Towns:
    """Sequences with one entry per town. Degrees; people: the population. states, counties, countries: indices of
    state_names, county_names, country_codes; an empty name means none. country_names: by country code."""

    names: list[str]
    latitudes: Floats
    longitudes: Floats
    people: Indices
    states: Indices
    counties: Indices
    countries: Indices
    state_names: list[str]
    county_names: list[str]
    country_codes: list[str]
    country_names: dict[str, str]


def load() -> Towns:
    source = resources.files(__package__) / "towns.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        texts = {name: stored[name].tobytes().decode().split("\n") for name in _TEXTS}
        numbers = {name: stored[name].astype(np.int64) for name in _NUMBERS}
    return Towns(
        names=texts["names"],
        latitudes=numbers["latitudes"] / _DEGREE,
        longitudes=numbers["longitudes"] / _DEGREE,
        people=numbers["people"],
        states=numbers["states"],
        counties=numbers["counties"],
        countries=numbers["countries"],
        state_names=texts["state_names"],
        county_names=texts["county_names"],
        country_codes=texts["country_codes"],
        country_names=dict(zip(texts["named_countries"], texts["country_names"], strict=True)),
    )
