"""Names of points of interest, from a GeoNames dump that the user imported."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from indexer.errors import UsageError
from indexer.store import points_of_interest as store
from indexer.store.points_of_interest import PointOfInterest
from indexer.store.results import Place

# Feature codes of points of interest (geonames.org/export/codes.html) -> the distance from their center, in meters,
# within which a photo was taken at them
_REACH = {
    "AIRP": 2000, "AMTH": 200, "AMUS": 500, "ANS": 400, "ARCH": 150, "AQUA": 200, "BDG": 500, "BCH": 800, "BCHS": 800,
    "CAPE": 600, "CH": 120, "CLF": 500, "CSTL": 350, "CNYN": 2000, "CTHL": 150, "CAVE": 300, "DAM": 500, "FLLS": 600,
    "FLLSX": 600, "FT": 400, "GDN": 300, "GRGE": 1200, "GYSR": 300, "HSTS": 250, "HUT": 200, "LGN": 800, "LIBR": 120,
    "LK": 800, "LTHSE": 400, "MALL": 200, "MKT": 150, "MNMT": 120, "MSQE": 150, "MSTY": 250, "MT": 1200, "MUS": 200,
    "OBPT": 300, "OBS": 300, "OPRA": 150, "PAL": 300, "PASS": 600, "PIER": 200, "PK": 1200, "PRK": 600, "PYR": 400,
    "PYRS": 600, "QUAY": 200, "RECG": 400, "RSRT": 600, "RSTN": 200, "RUIN": 300, "SHRN": 150, "SQR": 120, "STDM": 300,
    "THTR": 120, "TMPL": 150, "TOWR": 150, "UNIV": 400, "VAL": 1500, "VLC": 2500, "ZOO": 400,
    # Parts of towns, and villages
    "PPLX": 700, "PPL": 1000,
}  # fmt: skip
_FARTHEST = max(_REACH.values())
# A village is less specific than a sight in it: it counts as if it were this many times farther away.
_TOWN = 3.0
_BATCH = 20_000
_COLUMNS = 19


def read_dump(path: Path) -> Iterator[PointOfInterest]:
    """Yield the points of interest in a GeoNames dump (a country's, `cities500`, `allCountries`; .zip or .txt).

    Raises UsageError if it is not a dump or damaged; OSError."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt") and "readme" not in name.lower()]
            if not names:
                raise UsageError(f"{path} is not a GeoNames dump: it contains no .txt file")
            with archive.open(max(names, key=lambda name: archive.getinfo(name).file_size)) as file:
                yield from _points(io.TextIOWrapper(file, encoding="utf-8"), path)
    else:
        with path.open(encoding="utf-8") as text:
            yield from _points(text, path)


def _points(lines: io.TextIOBase, path: Path) -> Iterator[PointOfInterest]:
    try:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != _COLUMNS:
                raise UsageError(f"{path}, line {number}: {len(fields)} columns, but a GeoNames dump has 19")
            if fields[7] in _REACH and fields[1]:
                yield PointOfInterest(int(fields[0]), fields[1], fields[7], float(fields[4]), float(fields[5]))
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise UsageError(f"{path} is not a GeoNames dump, or damaged: {error}") from error


def with_name(connection: sqlite3.Connection, place: Place, latitude: float, longitude: float) -> Place:
    """Add the point of interest in whose reach the point lies deepest; the names of its city and quarter are
    skipped."""
    best, name = 1.0, None
    for point, meters in store.around(connection, latitude, longitude, _FARTHEST):
        is_town = point.code.startswith("PPL")
        share = meters / _REACH.get(point.code, 0.001)  # a code that another version imported is out of reach
        if share > 1 or (is_town and point.name in (place.city, place.sublocation)):
            continue
        if is_town:
            share = 1 - (1 - share) / _TOWN
        if share <= best:
            best, name = share, point.name
    return place._replace(place_name=name)


def import_dump(connection: sqlite3.Connection, path: Path) -> int:
    """Import a dump in the caller's transaction. Returns the number of points of interest in it. Raises as
    `read_dump`."""
    count = 0
    points = read_dump(path)
    while batch := list(islice(points, _BATCH)):
        store.add(connection, batch)
        count += len(batch)
    return count
