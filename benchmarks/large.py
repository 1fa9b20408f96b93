"""Queries on an index of a million assets.

    python -m benchmarks.large [--assets N] [--plain] [--keep INDEX]

Rows are generated and written by the real writer, without files. Cameras, places, months, keywords, people, albums and
ratings are distributed as in a family's folders over twenty years. Then each kind of query runs repeatedly, with
different values; results are of one process that has the index open, unless stated otherwise. --keep creates the index
at a path, or uses the existing one.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from indexer import Index, ids
from indexer.media.facts import Face, MediaFacts, Metadata
from indexer.store import connection
from indexer.store.assets import add_assets, count_by_month, select_page
from indexer.store.changes import Change
from indexer.store.enrichments import Enrichment, put_enrichments
from indexer.store.files import FileStat
from indexer.store.filters import AssetFilter
from indexer.store.records import select_records
from indexer.store.results import Place
from indexer.store.roots import add_root
from indexer.store.transaction import begin

from .__main__ import line
from .measuring import INDEXER, Row, row, timed

_CAMERAS = (
    ("Canon", "Canon EOS 5D Mark IV"),
    ("Apple", "iPhone 12"),
    ("Apple", "iPhone 15 Pro"),
    ("Google", "Pixel 8"),
    ("SONY", "ILCE-7M4"),
    ("FUJIFILM", "X-T5"),
    ("NIKON CORPORATION", "NIKON D750"),
    (None, None),
)
_TOWNS = (
    ("Paris", "Île-de-France", "France", "FR", 48.857, 2.352),
    ("Oslo", "Oslo", "Norway", "NO", 59.913, 10.739),
    ("Sydney", "New South Wales", "Australia", "AU", -33.868, 151.207),
    ("Kyoto", "Kyoto", "Japan", "JP", 35.012, 135.768),
    ("Lisboa", "Lisboa", "Portugal", "PT", 38.722, -9.139),
    ("Seattle", "Washington", "United States", "US", 47.606, -122.332),
)
_WORDS = (
    "beach",
    "birthday",
    "mountain",
    "garden",
    "dog",
    "wedding",
    "snow",
    "market",
    "concert",
    "sunset",
    "train",
    "school",
)
_PEOPLE, _ALBUMS, _AT_ONCE = 200, 300, 5000


# Query -> targets in milliseconds: the median, the 95th and the 99th percentile
_PAGE = (None, 5.0, None)
_WANTED: dict[str, tuple[float | None, float | None, float | None]] = {
    "get, in Python": (0.06, None, 0.2),
    "counts by month: all": (50.0, None, None),
    "search: a word": (None, 20.0, None),
    "search: two words": (None, 20.0, None),
    "search: a rare word": (None, 20.0, None),
    "search: town and camera": (None, 20.0, None),
    "search: near, 5 km": (50.0, None, None),
    "search: near, 50 km": (50.0, None, None),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--plain", action="store_true", help="no places looked up: the rows come four times as fast")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = options.keep or Path(scratch) / "index.db"
        if not path.exists():
            print(f"{make_index(path, options.assets, places=not options.plain):,} rows written a second")
        for one in look_at(path):
            print(line(one), flush=True)


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    path = scratch / "index.db"
    count = 20_000 if quick else 1_000_000
    written = make_index(path, count)
    return [row(f"index of {count:,}: assets written a second, with places", [written], "/s"), *look_at(path)]


def make_index(path: Path, count: int, *, places: bool = True) -> int:
    """Assets a second."""
    dice = random.Random(1)
    writing = connection.open_for_writing(path)
    with begin(writing) as tx:
        root = add_root(tx, "/photos", "file:///photos")
    began = datetime(2005, 1, 1)
    started = time.monotonic()
    for first in range(0, count, _AT_ONCE):
        new, towns = [], []
        for number in range(first, min(first + _AT_ONCE, count)):
            taken = began + timedelta(minutes=number * (20 * 365 * 24 * 60) / count, seconds=dice.randrange(50))
            towns.append(dice.choice(_TOWNS) if dice.random() < 0.7 else None)
            facts = _facts(dice, number, taken, towns[-1])
            new.append(Change("new", _stat(root.id, number, taken), facts, ids.asset_id(facts.sha256)))
        with begin(writing) as tx:
            asset_ids = add_assets(tx, new)
        if not places:
            continue
        with begin(writing) as tx:
            for asset_id, town in zip(asset_ids, towns, strict=True):
                if town is not None:
                    place = Place(*town[:4], timezone="Etc/UTC")
                    put_enrichments(tx, [Enrichment(asset_id, "places", 1, "made", place)])
    seconds = time.monotonic() - started
    with Index.open(path) as index:
        some = [row["id"] for row in index.query(f"SELECT id FROM asset ORDER BY id LIMIT {_ALBUMS * 100}")]
        for number in range(min(_ALBUMS, count // 3000 + 1)):
            index.albums.create(f"Album {number}", some[number * 100 : number * 100 + 100])
        list(index.searches.list_json("nothing"))  # takes in the words
    writing.close()
    return round(count / seconds)


def _stat(root_id: int, number: int, taken: datetime) -> FileStat:
    at = int(taken.timestamp()) * 10**9
    name = f"IMG_{number:07d}.JPG"
    return FileStat(root_id, f"{taken:%Y/%m-%d}", name, 3_000_000 + number, at, at, number + 10, 1, at, "still 1.1")


def _facts(dice: random.Random, number: int, taken: datetime, town: tuple[Any, ...] | None) -> MediaFacts:
    make, model = dice.choice(_CAMERAS)
    clock = f"{taken:%Y-%m-%dT%H:%M:%S}"
    offset = "+02:00" if town else ""
    digest = hashlib.sha256(str(number).encode()).digest()
    who = (Face(f"Person {dice.randrange(_PEOPLE)}", 100, 200, 300, 300),) if dice.random() < 0.2 else ()
    return MediaFacts(
        mime_type="video/quicktime" if number % 20 == 0 else "image/jpeg",
        size=3_000_000 + number,
        sha256=digest,
        sha1=digest[:20],
        width=4032,
        height=3024,
        duration=None,
        local_datetime=clock + offset,
        metadata=Metadata(
            make=make,
            model=model,
            orientation=1,
            original_datetime=clock + offset,
            f_number=1.8,
            focal_length=4.2,
            iso=dice.choice((50, 100, 200, 400)),
            exposure_time=0.01,
            latitude=town[4] + dice.uniform(-0.2, 0.2) if town else None,
            longitude=town[5] + dice.uniform(-0.2, 0.2) if town else None,
            rating=dice.choice((None, None, None, 3, 4, 5)),
            description=" ".join(dice.sample(_WORDS, 2)) if dice.random() < 0.1 else None,
        ),
        keywords=tuple(dice.sample(_WORDS, dice.choice((0, 0, 1, 2)))),
        faces=who,
        fingerprint=digest[:16].hex(),
    )


def look_at(path: Path) -> list[Row]:
    dice = random.Random(2)
    with Index.open(path) as index:
        db = index.session.connection
        count = index.status.counts().assets
        ids = [row[0] for row in db.execute("SELECT id FROM asset ORDER BY random() LIMIT 2000").fetchall()]
        albums = [row[0] for row in db.execute("SELECT id FROM album").fetchall()]
        people = [row[0] for row in db.execute("SELECT id FROM person").fetchall()]
        middle = db.execute(
            "SELECT wall_clock, id FROM asset ORDER BY wall_clock LIMIT 1 OFFSET ?", (count // 2,)
        ).fetchone()
        early = db.execute("SELECT id FROM asset ORDER BY wall_clock LIMIT 1 OFFSET 100").fetchone()[0]
        year = lambda: datetime(dice.randrange(2005, 2025), 6, 1)  # noqa: E731

        def page(which: AssetFilter, after: str | None = None) -> Callable[[], object]:
            return lambda: select_records(db, select_page(db, which, after, 51) or [])

        def month_of(one: datetime) -> AssetFilter:
            return AssetFilter(after=one, before=one + timedelta(days=30))

        def found(query: str) -> object:
            return list(index.searches.list_json(query, limit=50))

        asked: dict[str, Callable[[], object]] = {
            "get, in Python": lambda: index.get_json(dice.choice(ids)),
            "page of 50: the newest": page(AssetFilter()),
            "page of 50: in the middle": page(AssetFilter(), middle[1]),
            "page of 50: at the end": page(AssetFilter(), early),
            "page of 50: all, trashed too": page(AssetFilter("all"), middle[1]),
            "page of 50: the trash": page(AssetFilter("trashed")),
            "page of 50: of a month": lambda: page(month_of(year()))(),
            "page of 50: before an instant": lambda: page(AssetFilter(before=year().astimezone()))(),
            "page of 50: of an album": lambda: page(AssetFilter(album_id=dice.choice(albums)))(),
            "page of 50: of a person": lambda: page(AssetFilter(person_ids=[dice.choice(people)]))(),
            "page of 50: of two people": lambda: page(AssetFilter(person_ids=dice.sample(people, 2)))(),
            "page of 50: by 100 ids": lambda: page(AssetFilter(ids=dice.sample(ids, 100)))(),
            "counts by month: all": lambda: count_by_month(db, AssetFilter(), 201),
            "counts by month: 20": lambda: count_by_month(db, AssetFilter(), 21),
            "counts by month: of a person": lambda: count_by_month(
                db, AssetFilter(person_ids=[dice.choice(people)]), 201
            ),
            "exist, 100 checksums": lambda: index.assets.existing(
                checksums=[str(one) for one in dice.sample(ids, 100)]
            ),
            "events, the last 50": lambda: index.history.events(after=5 * count - 60, limit=50),
            "search: a rare word": lambda: found(f"IMG_{dice.randrange(count):07d}"),
            "search: a word": lambda: found(dice.choice(_WORDS)),
            "search: two words": lambda: found(" ".join(dice.sample(_WORDS, 2))),
            "search: town and camera": lambda: found("place:Paris camera:pixel"),
            "search: person and year": lambda: found(
                f'person:"Person {dice.randrange(_PEOPLE)}" taken:{dice.randrange(2005, 2025)}'
            ),
            "search: near, 5 km": lambda: found("near:48.86,2.35,5km"),
            "search: near, 50 km": lambda: found("near:48.86,2.35,50km"),
            "search: rating and month": lambda: found(f"rating:5 taken:{dice.randrange(2005, 2025)}-06"),
        }
        size = sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*") if one.is_file())
        title = f"index of {count:,}"
        rows = [row(f"{title}: its file, an asset", [size / count], "B", at_most=1500)]
        for name, ask in asked.items():
            rows += _figures(f"{title}: {name}", _WANTED.get(name, _PAGE if name.startswith("page") else _ANY), ask)
    opening = [1000 * _opened(path) for _ in range(20)]
    rows.append(row(f"{title}: opening", opening, "ms", at_most=5))
    rows.append(row(f"{title}: `get`, times importing sqlite3, json and click", _start_ratios(path, ids), at_most=1.5))
    return rows


_ANY = (None, None, None)


def _figures(
    name: str, targets: tuple[float | None, float | None, float | None], ask: Callable[[], object]
) -> Iterator[Row]:
    """The median, and the 95th and 99th percentile if they have a target."""
    ask()
    taken, until = list[float](), time.perf_counter() + 2
    while (len(taken) < 5 or time.perf_counter() < until) and len(taken) < 2000:
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    for share, limit in zip((0.5, 0.95, 0.99), targets, strict=True):
        if share == 0.5 or limit is not None:
            value = taken[min(len(taken) - 1, int(len(taken) * share))]
            yield Row(f"{name}, {share:.0%}", value, value, value, "ms", limit, False)


def _opened(path: Path) -> float:
    started = time.perf_counter()
    opened = connection.open_for_reading(path)
    opened.execute("SELECT 1 FROM asset LIMIT 1").fetchone()
    taken = time.perf_counter() - started
    opened.close()
    return taken


def _start_ratios(path: Path, ids: list[str]) -> list[float]:
    baseline = [sys.executable, "-c", "import sqlite3, json, click"]
    pairs = [(timed([*INDEXER, "--db", str(path), "get", asset_id]), timed(baseline)) for asset_id in ids[:16]]
    return [ours / theirs for ours, theirs in pairs[1:]]


if __name__ == "__main__":
    main()
