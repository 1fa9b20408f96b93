"""The index of a family's photos of twenty years, of any size, for tests and measures of the gallery.

    python -m benchmarks.library INDEX [--assets N] [--no-words]

Days are as people take photos: many without any, journeys with hundreds. Shots come in sessions, with cameras and
phones of their time, upright and on the side, bursts, raw photos beside their JPEG, live and motion photos, videos,
screenshots, some that only the file dates; with places, ThumbHashes, ratings, people, albums, folders by month. The
rows are written by the real writer. There are no files behind them; but a few hundred pictures, drawn here, lie in the
cache as thumbnails and previews, each of many assets, so that a browser shows every tile. The same N gives the same
photos. Serve it with `indexer --db INDEX serve`, without --watch: for a watch the photos are missing."""

from __future__ import annotations

import argparse
import base64
import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from indexer import Index, ids, private
from indexer.config import cache_folder
from indexer.enrich.enrichers.perceptual_hashes import thumbhash
from indexer.enrich.renditions import Stem, encode, keep, shrink
from indexer.media.facts import Face, MediaFacts, Metadata, Motion, Provenance
from indexer.store import connection, enrichments
from indexer.store.assets import add_assets
from indexer.store.changes import Change
from indexer.store.database import IndexConnection
from indexer.store.files import FileStat
from indexer.store.roots import add_root
from indexer.store.transaction import Transaction, begin

FIRST, LAST = date(2005, 1, 1), date(2025, 12, 31)
_AT_ONCE = 5000
_PEOPLE, _ALBUMS, _OF_EACH_SHAPE = 200, 300, 26

# Model, make, year from which it was used, pixels of the long and the short side.
_PHONES = (
    ("Apple", "iPhone 3GS", 2009, 2048, 1536),
    ("Apple", "iPhone 6", 2014, 3264, 2448),
    ("Google", "Pixel 3", 2018, 4032, 3024),
    ("Apple", "iPhone 12", 2020, 4032, 3024),
    ("Google", "Pixel 8", 2023, 4080, 3072),
    ("Apple", "iPhone 15 Pro", 2023, 4032, 3024),
)
_CAMERAS = (
    ("Canon", "Canon PowerShot A520", 2005, 2272, 1704),
    ("NIKON CORPORATION", "NIKON D70", 2006, 3008, 2000),
    ("Canon", "Canon EOS 5D Mark II", 2009, 5616, 3744),
    ("FUJIFILM", "X-T2", 2016, 6000, 4000),
    ("SONY", "ILCE-7M4", 2021, 7008, 4672),
)
_RAW = {"Canon": "image/x-canon-cr2", "NIKON CORPORATION": "image/x-nikon-nef", "FUJIFILM": "image/x-fuji-raf",
        "SONY": "image/x-sony-arw"}  # fmt: skip
_HOME = ("Lyon", "Auvergne-Rhône-Alpes", "France", "FR", 45.76, 4.84, "+01:00")
# Town, state, country, its code, where, offset
_TOWNS = (
    ("Paris", "Île-de-France", "France", "FR", 48.857, 2.352, "+01:00"),
    ("Oslo", "Oslo", "Norway", "NO", 59.913, 10.739, "+01:00"),
    ("Sydney", "New South Wales", "Australia", "AU", -33.868, 151.207, "+10:00"),
    ("Kyoto", "Kyoto", "Japan", "JP", 35.012, 135.768, "+09:00"),
    ("Lisboa", "Lisboa", "Portugal", "PT", 38.722, -9.139, "+00:00"),
    ("Seattle", "Washington", "United States", "US", 47.606, -122.332, "-08:00"),
    ("Napoli", "Campania", "Italy", "IT", 40.852, 14.268, "+01:00"),
    ("Marrakesh", "Marrakesh-Safi", "Morocco", "MA", 31.629, -7.981, "+01:00"),
    ("Reykjavík", "Capital Region", "Iceland", "IS", 64.147, -21.943, "+00:00"),
    ("Kathmandu", "Bagmati", "Nepal", "NP", 27.717, 85.324, "+05:45"),
    ("Cusco", "Cusco", "Peru", "PE", -13.532, -71.967, "-05:00"),
    ("Edinburgh", "Scotland", "United Kingdom", "GB", 55.953, -3.188, "+00:00"),
    ("Kraków", "Małopolskie", "Poland", "PL", 50.065, 19.945, "+01:00"),
    ("Hà Nội", "Hà Nội", "Vietnam", "VN", 21.028, 105.804, "+07:00"),
    ("Annecy", "Auvergne-Rhône-Alpes", "France", "FR", 45.899, 6.129, "+01:00"),
    ("Chamonix", "Auvergne-Rhône-Alpes", "France", "FR", 45.924, 6.869, "+01:00"),
)
_WORDS = ("beach", "birthday", "mountain", "garden", "dog", "wedding", "snow", "market", "concert", "sunset", "train",
          "school")  # fmt: skip
# Width and height of what is shown, as a ratio.
_SHAPES = {"4:3": 4 / 3, "3:4": 3 / 4, "3:2": 3 / 2, "2:3": 2 / 3, "16:9": 16 / 9, "9:16": 9 / 16, "9:19": 9 / 19.5,
           "1:1": 1.0, "5:1": 5.0}  # fmt: skip


class Shot(NamedTuple):
    """What is written of an asset. offset: of its clock, '' where the camera knows none."""

    taken: datetime
    offset: str
    mime_type: str
    name: str
    size: tuple[int, int]
    orientation: int
    metadata: dict[str, object]
    duration: float | None = None
    is_undated: bool = False
    has_motion: bool = False
    town: Sequence[object] | None = None


class Picture(NamedTuple):
    """Of the cache, for many assets: all have its fingerprint. thumbhash: base64."""

    fingerprint: str
    sizes: dict[str, tuple[int, int]]
    thumbhash: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--no-words", action="store_true", help="leave the words for searches to the first search")
    options = parser.parse_args()
    started = time.monotonic()
    make_library(options.index, options.assets, words=not options.no_words)
    print(f"{options.assets:,} assets in {time.monotonic() - started:.0f} s")


def make_library(path: Path, assets: int, *, words: bool = True, of_each_shape: int = _OF_EACH_SHAPE) -> None:
    """of_each_shape: pictures that are drawn. Raises FileExistsError where there is something at this path."""
    if path.exists():
        raise FileExistsError(path)
    dice = random.Random(assets)
    writing = connection.open_for_writing(path)
    pictures = _draw_pictures(writing, cache_folder(path), of_each_shape)
    with begin(writing) as tx:
        root = add_root(tx, "/photos", "file:///photos").id
    shots = _shots(dice, assets)
    for first in range(0, assets, _AT_ONCE):
        some = [next(shots) for _ in range(min(_AT_ONCE, assets - first))]
        with begin(writing) as tx:
            _write(tx, dice, root, first, some, pictures)
    _say(writing, dice, assets)
    writing.close()
    with Index.open(path) as index:
        _make_albums(index, dice, assets)
        if words:
            index.searches.update()


# What is taken


def _shots(dice: random.Random, count: int) -> Iterator[Shot]:
    """In the order they were taken; more than `count`."""
    number = 0
    for day, (share, town) in _days(dice).items():
        many = int(share * count) + (dice.random() < share * count % 1)
        taken = 0
        while taken < many:
            for shot in _session(dice, day, town, min(many - taken, dice.randint(1, 60)), number):
                yield shot
                taken, number = taken + 1, number + 1
    while True:  # chance took too few
        yield from _session(dice, LAST, _HOME, 20, number)
        number += 20


def _days(dice: random.Random) -> dict[date, tuple[float, Sequence[object]]]:
    """Day -> its share of all photos, and the town. More each year; on journeys many a day."""
    weights: dict[date, tuple[float, Sequence[object]]] = {}
    day, journey, town = FIRST, 0, _HOME
    while day <= LAST:
        if journey == 0 and dice.random() < 0.02:
            journey, town = dice.randint(2, 14), dice.choice(_TOWNS)
        years = (day - FIRST).days / 365
        weight = (1 + years / 2) * dice.lognormvariate(0, 1)
        if journey:
            journey -= 1
            weights[day] = weight * 12, town
        elif dice.random() < 0.55:
            weights[day] = weight, _HOME
        day += timedelta(days=1)
    total = sum(weight for weight, _ in weights.values())
    return {day: (weight / total, town) for day, (weight, town) in weights.items()}


def _session(dice: random.Random, day: date, town: Sequence[object], many: int, number: int) -> Iterator[Shot]:
    is_phone = dice.random() < min(0.95, 0.06 * (day.year - 2004))
    devices = [device for device in (_PHONES if is_phone else _CAMERAS) if device[2] <= day.year] or [_CAMERAS[0]]
    device = dice.choice(devices[-3:])
    moment = datetime(day.year, day.month, day.day) + timedelta(minutes=dice.triangular(7 * 60, 23 * 60, 15 * 60))
    upright, left = dice.random() < 0.3, many
    while left > 0:
        moment += timedelta(seconds=dice.expovariate(1 / 40))
        if moment.day != day.day:
            moment = datetime(day.year, day.month, day.day, 12)
        upright = upright if dice.random() < 0.8 else not upright
        some = list(_press(dice, moment, device, upright, town, is_phone, number + many - left))[:left]
        yield from some
        left -= len(some)


def _press(
    dice: random.Random,
    moment: datetime,
    device: Sequence[object],
    upright: bool,
    town: Sequence[object],
    is_phone: bool,
    number: int,
) -> Iterator[Shot]:
    """What one press of the button makes: one asset mostly, or a stack."""
    make, model, _, long, short = device
    size, orientation = (int(long), int(short)), 6 if upright else 1  # type: ignore[call-overload]
    offset = str(town[6]) if is_phone else ""
    known = {"make": make, "model": model, "rating": dice.choice((None,) * 40 + (3, 4, 5))}
    here = town if is_phone and dice.random() < 0.95 else None
    plain = Shot(moment, offset, "image/jpeg", f"IMG_{number:07d}.JPG", size, orientation, known, town=here)
    kind = dice.random()
    if kind < 0.06:
        video = (1920, 1080) if moment.year > 2012 else (640, 480)
        seconds = round(dice.lognormvariate(2.5, 0.8), 2)
        yield plain._replace(mime_type="video/quicktime", name=f"IMG_{number:07d}.MOV", size=video, duration=seconds)
    elif kind < 0.09:
        name = f"Screenshot_{moment:%Y%m%d-%H%M%S}.png"
        yield plain._replace(mime_type="image/png", name=name, size=(1170, 2532), orientation=1, metadata={}, town=None)
    elif kind < 0.11:
        name, messaged = f"IMG-{number:07d}-WA.jpg", dice.choice(((1600, 1200), (1200, 1600), (1080, 1080)))
        yield plain._replace(
            name=name, size=messaged, orientation=1, metadata={}, town=None, is_undated=True, offset=""
        )
    elif kind < 0.115:
        yield plain._replace(size=(10_000, 2_000), orientation=1)
    elif kind < 0.125:
        for at in range(dice.randint(3, 9)):
            stack = {**known, "auto_stack_id": f"burst-{number}"}
            name = f"IMG_{number:07d}_BURST{at}.JPG"
            yield plain._replace(taken=moment + timedelta(seconds=at / 8), name=name, metadata=stack)
    elif not is_phone and kind < 0.3 and make in _RAW:
        both = {**known, "auto_stack_id": f"raw-{number}"}
        yield plain._replace(metadata=both)
        yield plain._replace(metadata=both, mime_type=_RAW[str(make)], name=f"IMG_{number:07d}.RAW")
    elif make == "Apple" and moment.year > 2015 and kind < 0.25:
        live = {**known, "live_photo_cid": f"live-{number}"}
        yield plain._replace(metadata=live, mime_type="image/heic", name=f"IMG_{number:07d}.HEIC")
        yield plain._replace(metadata=live, mime_type="video/quicktime", name=f"IMG_{number:07d}.MOV", duration=2.8)
    else:
        yield plain._replace(has_motion=make == "Google" and kind < 0.4)


# What is written


def _write(
    tx: Transaction,
    dice: random.Random,
    root: int,
    first: int,
    shots: Sequence[Shot],
    pictures: dict[str, list[Picture]],
) -> None:
    number = tx.connection.execute("SELECT coalesce(max(number), 0) FROM asset").fetchone()[0]
    new, chosen = [], [dice.choice(pictures[_shape(shot)]) for shot in shots]
    for at, (shot, picture) in enumerate(zip(shots, chosen, strict=True), first):
        facts = _facts(dice, at, shot, picture.fingerprint)
        second = int((shot.taken - datetime(1970, 1, 1)).total_seconds())
        folder = "Messages" if shot.is_undated else f"{shot.taken:%Y/%m}"
        stat = FileStat(root, folder, f"{at}-{shot.name}", facts.size, second * 10**9, second * 10**9, at + 10, 1,
                        second * 10**9, "library")  # fmt: skip
        new.append(Change("new", stat, facts, ids.asset_id(facts.sha256)))
    add_assets(tx, new)
    now, places, hashes, renditions = tx.now, [], [], []
    for row, (shot, picture) in enumerate(zip(shots, chosen, strict=True), number + 1):
        if shot.town is not None:
            places.append((row, *shot.town[:4], "Etc/UTC"))
        if not shot.mime_type.startswith("video/"):  # of a video, a still is made when it is asked for
            hashes.append((row, picture.thumbhash, dice.randbytes(8)))
        stem = _stem(Path(), picture.fingerprint, shot.orientation)
        for name, (width, height) in picture.sizes.items():
            # Of a byte, so that all of them together are no reason to make room in the cache.
            renditions.append((row, name, stem.file(name), "image/jpeg", width, height, 1, now))
    database = tx.connection
    database.executemany(
        "INSERT INTO place (asset_number, city, state, country, country_code, timezone) VALUES (?, ?, ?, ?, ?, ?)",
        places,
    )
    database.executemany("INSERT INTO perceptual_hash VALUES (?, ?, ?)", hashes)
    database.executemany("INSERT INTO rendition VALUES (?, ?, ?, ?, ?, ?, ?, ?)", renditions)


def _facts(dice: random.Random, at: int, shot: Shot, fingerprint: str) -> MediaFacts:
    clock = f"{shot.taken:%Y-%m-%dT%H:%M:%S}"
    if shot.taken.microsecond:
        clock += f".{shot.taken.microsecond // 1000:03d}"
    local = f"{clock}Z"[:-1] + ("+00:00" if shot.is_undated else shot.offset)
    digest = hashlib.sha256(f"library {at}".encode()).digest()
    town = shot.town
    size = 3_000_000 + at
    metadata = Metadata(
        orientation=shot.orientation,
        original_datetime=None if shot.is_undated else local,
        latitude=None if town is None else float(str(town[4])) + dice.uniform(-0.1, 0.1),
        longitude=None if town is None else float(str(town[5])) + dice.uniform(-0.1, 0.1),
        description=" ".join(dice.sample(_WORDS, 2)) if dice.random() < 0.03 else None,
        **shot.metadata,  # type: ignore[arg-type]
    )
    return MediaFacts(
        mime_type=shot.mime_type,
        size=size,
        sha256=digest,
        sha1=digest[:20],
        width=shot.size[0],
        height=shot.size[1],
        duration=shot.duration,
        local_datetime=local,
        metadata=metadata,
        keywords=tuple(dice.sample(_WORDS, dice.choice((0, 0, 0, 1, 2)))),
        faces=(Face(f"Person {int(dice.paretovariate(0.7)) % _PEOPLE}", 100, 200, 300, 300),)
        if dice.random() < 0.2
        else (),
        motion=Motion(size - 1000, 1000, "video/mp4") if shot.has_motion else None,
        fingerprint=fingerprint,
        provenance=(Provenance("local_datetime", "the file's time", local),) if shot.is_undated else (),
    )


def _say(database: IndexConnection, dice: random.Random, assets: int) -> None:
    """What the user said of one in two hundred."""
    some = sorted(dice.sample(range(1, assets + 1), assets // 200))
    with begin(database):
        database.executemany(
            "INSERT INTO user_value (asset_id, is_favorite, rating) SELECT id, ?, ? FROM asset WHERE number = ?",
            [(dice.choice((1, 1, None)), dice.choice((None, 4, 5)), number) for number in some],
        )


def _make_albums(index: Index, dice: random.Random, assets: int) -> None:
    count = index.session.connection.execute("SELECT max(number) FROM asset").fetchone()[0]
    for album in range(min(_ALBUMS, assets // 3000 + 1)):
        first = dice.randrange(max(1, count - 100))
        found = index.query(f"SELECT id FROM asset WHERE number > {first} ORDER BY number LIMIT 100")
        index.albums.create(f"Album {album}", [row["id"] for row in found])


# Pictures


def _shape(shot: Shot) -> str:
    width, height = shot.size if shot.orientation < 5 else shot.size[::-1]
    return min(_SHAPES, key=lambda name: abs(np.log(_SHAPES[name] * height / width)))


def _draw_pictures(database: IndexConnection, folder: Path, of_each_shape: int) -> dict[str, list[Picture]]:
    """By shape."""
    private.make_folder(folder)
    private.write(folder / "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n")
    with begin(database):
        enrichments.put_setting(database, "cache_uri", folder.as_uri())
    chance, found = np.random.default_rng(1), dict[str, list[Picture]]()
    for shape, ratio in _SHAPES.items():
        for at in range(of_each_shape):
            fingerprint = hashlib.sha256(f"{shape} {at}".encode()).hexdigest()[:32]
            preview, sizes = _drawn(chance, ratio), {}
            for rendition, long_side in (("thumbnail", 360), ("preview", 1440)):
                encoded = encode(rendition, shrink(preview, long_side))
                for orientation in (1, 6):
                    keep(_stem(folder, fingerprint, orientation), encoded)
                sizes[rendition] = encoded.width, encoded.height
            text = base64.b64encode(thumbhash(shrink(preview, 100))).decode()
            found.setdefault(shape, []).append(Picture(fingerprint, sizes, text))
    return found


def _stem(folder: Path, fingerprint: str, orientation: int) -> Stem:
    """As the view enrichment_input has it."""
    return Stem.of(folder, f"{fingerprint}:{orientation}")


def _drawn(chance: np.random.Generator, ratio: float) -> Image.Image:
    """A sky, hills and things on them, of a long side of 1440 pixels: as many bytes as a photo has."""
    width, height = (1440, round(1440 / ratio)) if ratio >= 1 else (round(1440 * ratio), 1440)
    colours = chance.integers(40, 230, (4, 5, 3), np.uint8)
    image = Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        at = np.cumsum(chance.normal(0, height / 25, 33)) + height * chance.uniform(0.4, 0.9)
        ridge = [(width * step / 32, float(y)) for step, y in enumerate(at)]
        draw.polygon([(0, height), *ridge, (width, height)], tuple(chance.integers(20, 200, 3).tolist()))
    for _ in range(12):
        x, y, side = (
            chance.uniform(0, width),
            chance.uniform(0, height),
            chance.uniform(0.02, 0.12) * max(width, height),
        )
        colour = tuple(chance.integers(0, 255, 3).tolist())
        (draw.ellipse if chance.random() < 0.5 else draw.rectangle)([x, y, x + side, y + side], colour)
    image = image.filter(ImageFilter.GaussianBlur(1))
    grain = chance.normal(0, 2, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
