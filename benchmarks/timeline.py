"""Requests of the gallery: the timeline's geometry, tiles, searches, changes; and thumbnails that do not exist yet.

    python -m benchmarks.timeline [--assets N] [--index INDEX] [--thumbnails]

The index is that of `benchmarks.library`; --index uses an existing one, and changes it a little. Thumbnails are of
photos of 12 megapixels, forty requested at once over six connections, as a browser does: on a server that does nothing
else, and during `indexer enrich`."""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from indexer import Index
from indexer.config import cache_folder
from indexer.timeline import snapshot

from .__main__ import line
from .library import make_library
from .measuring import ENVIRONMENT, INDEXER, Row, row

# The number of photos, of concurrent requests, and of connections
_PHOTOS, _AT_ONCE, _CONNECTIONS = 240, 40, 6
# assets -> bytes of the packed geometry at most
_GEOMETRY = {100_000: 45_000, 1_000_000: 500_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--thumbnails", action="store_true", help="nothing but thumbnails")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if not options.thumbnails:
            path = options.index or Path(scratch) / "index.db"
            if not path.exists():
                make_library(path, options.assets)
            for result in _measure_server(path):
                print(line(result), flush=True)
        if options.index is None:
            for result in _thumbnails(Path(scratch)):
                print(line(result), flush=True)


def measure(scratch: Path, *, quick: bool, million: bool = False) -> list[Row]:
    found: list[Row] = []
    for assets in (20_000,) if quick else (100_000, *([1_000_000] if million else [])):
        path = scratch / f"library-{assets}" / "index.db"
        make_library(path, assets)
        found += _measure_server(path)
        shutil.rmtree(path.parent)
    return [*found, *_thumbnails(scratch)]


@contextmanager
def _served(path: Path) -> Iterator[httpx.Client]:
    command = [*INDEXER, "--db", str(path), "serve", "--port", "0"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+?:\d+", process.stdout.readline())
            assert found is not None
            with httpx.Client(base_url=found[0], timeout=120) as client:
                yield client
        finally:
            process.terminate()


def _milliseconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - started)


def _measure_server(path: Path) -> Iterator[Row]:
    dice, kept = random.Random(1), cache_folder(path) / snapshot.NAME
    starts: dict[str, list[float]] = {"made anew": [], "from its file": []}
    for name, times in starts.items():
        for _ in range(3):
            if name == "made anew":
                kept.unlink(missing_ok=True)
            with _served(path) as client:
                times.append(_milliseconds(lambda: client.get("/api/timeline/geometry").raise_for_status()))
    with _served(path) as client, Index.open(path) as index:
        totals = client.get("/api/timeline").json()
        title = f"timeline of {totals['assets']:,}"
        for name, times in starts.items():
            yield row(f"{title}: geometry after a start, {name}", times, "ms", at_most=300 if "file" in name else None)
        with client.stream("GET", "/api/timeline/geometry", headers={"accept-encoding": "br"}) as shape:
            packed = len(b"".join(shape.iter_raw()))
        limit = next((most for assets, most in _GEOMETRY.items() if totals["assets"] <= assets), None)
        yield row(f"{title}: geometry, packed", [packed], "B", at_most=limit)

        def tiles(count: int) -> httpx.Response:
            start = dice.randrange(max(1, totals["total"] - count))
            return client.get("/api/timeline/tiles", params={"start": start, "stop": start + count}).raise_for_status()

        yield row(f"{title}: a tile", [len(tiles(1000).content) / 1000 for _ in range(5)], "B", at_most=80)
        for count in (100, 1000):
            times = [_milliseconds(lambda: tiles(count)) for _ in range(30)]  # noqa: B023
            yield row(f"{title}: {count} tiles", times, "ms")
        ids = client.get("/api/timeline/ids", params={"start": 0, "stop": 50_000}).json()["ids"]

        def position() -> object:
            return client.get("/api/timeline/position", params={"id": dice.choice(ids)}).raise_for_status()

        yield row(f"{title}: the position of an asset", [_milliseconds(position) for _ in range(30)], "ms")
        for query in ("beach", "paris", "taken:2019", "camera:iphone", "rating:5", "type:video", "is:favorite"):
            ask = lambda: client.get("/api/timeline", params={"q": query}).raise_for_status()  # noqa: B023, E731
            yield row(f"{title}: search {query}", [_milliseconds(ask)], "ms")
        changes = []
        for _ in range(10):
            index.trash.put([dice.choice(ids)])
            changes.append(_milliseconds(lambda: client.get("/api/timeline").raise_for_status()))
        yield row(f"{title}: totals after a change", changes, "ms")


# Thumbnails


def _thumbnails(scratch: Path) -> list[Row]:
    path = scratch / "thumbnails" / "index.db"
    _take_photos(path.parent / "photos")
    with Index.open(path) as index:
        index.scan([path.parent / "photos"])
    found = []
    for name, is_busy in (("", False), (", beside enrichment", True)):
        times = _ask_for_thumbnails(path, is_busy=is_busy)
        value = times[int(len(times) * 0.95)]
        found.append(Row(f"thumbnails of 12 MP, 95 in 100{name}", value, times[0], times[-1], "ms", 250, False))
    return found


def _take_photos(folder: Path) -> None:
    """Each another photo, of one of four pictures."""
    folder.mkdir(parents=True)
    chance, pictures = np.random.default_rng(1), []
    for _ in range(4):
        coarse = Image.fromarray(chance.integers(0, 255, (30, 40, 3), np.uint8)).resize(
            (4000, 3000), Image.Resampling.BICUBIC
        )
        grain = chance.normal(0, 6, (3000, 4000, 1))
        buffer = io.BytesIO()
        Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
        pictures.append(buffer.getvalue())
    for number in range(_PHOTOS):
        data = pictures[number % 4]
        (folder / f"IMG_{number:04d}.jpg").write_bytes(data[:-2] + f"{number:08d}".encode() + data[-2:])


def _ask_for_thumbnails(path: Path, *, is_busy: bool) -> list[float]:
    """Milliseconds from request to the last byte, in order of length."""
    copy = path.with_name(f"copy-{is_busy}.db")
    with Index.open(path) as index:
        index.maintenance.backup(copy, overwrite=True)
    enrich = [*INDEXER, "--db", str(copy), "enrich", "renditions", "quality", "perceptual_hashes"]
    with _served(copy) as client:
        tiles = client.get("/api/timeline/tiles", params={"start": 0, "stop": _PHOTOS}).json()
        ids = [f"asset_{tiles['ids'][at : at + 22]}" for at in range(0, len(tiles["ids"]), 22)]
        beside = subprocess.Popen(enrich, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if is_busy else None
        try:
            time.sleep(3)
            return asyncio.run(_asked(str(client.base_url), ids[::-1][: 3 * _AT_ONCE]))  # enrichment begins elsewhere
        finally:
            if beside is not None:
                beside.terminate()
                beside.wait()


async def _asked(url: str, ids: list[str]) -> list[float]:
    times = list[float]()
    limits = httpx.Limits(max_connections=_CONNECTIONS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        connections = asyncio.Semaphore(_CONNECTIONS)

        async def ask(asset_id: str) -> None:
            async with connections:
                started = time.perf_counter()
                (await client.get(f"/files/{asset_id}/thumbnail")).raise_for_status()
                times.append(1000 * (time.perf_counter() - started))

        for first in range(0, len(ids), _AT_ONCE):
            await asyncio.gather(*map(ask, ids[first : first + _AT_ONCE]))
    return sorted(times)


if __name__ == "__main__":
    main()
