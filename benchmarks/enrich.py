"""Enriching twelve-megapixel photos: thumbnails and previews beside vipsthumbnail, and all enrichers together.

    python -m benchmarks.enrich [--rounds N] [--count N] [--json]

Each round runs, in turn, `indexer enrich renditions`, `vipsthumbnail` (Debian's libvips-tools) once for each of the two
sizes with as many processes, and `indexer enrich --workers 1` with the enrichers that need no extra, and with faces if
they are installed, all of them on the same photos, warm in the page cache.
Whole processes are timed, start to end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from indexer.enrich.faces import models

from .measuring import Row, row

SIZE = (4000, 3000)
_PLAIN = ("places", "renditions", "quality", "perceptual_hashes", "full_text")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photos"
        make_photos(folder, options.count)
        os.sync()
        rows = _measure(folder, Path(scratch), options.rounds)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{options.count} JPEGs of 12 megapixels, {options.rounds} rounds, {os.cpu_count()} cores")
    for result in rows:
        print(f"  {result['name']:44}{result['seconds']:7.2f} s {result['photo_ms']:7.0f} ms a photo")
    if "vips" in rows[1]["name"]:
        print(f"  thumbnails and previews: {rows[1]['seconds'] / rows[0]['seconds']:.2f} × the rate of vipsthumbnail")


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    folder, count = scratch / "photos", 10 if quick else 40
    make_photos(folder, count)
    os.sync()
    rows = _measure(folder, scratch, 1 if quick else 3)
    results = [Row(f"enriching 12 megapixels, a photo: {each['name']}", *[each["photo_ms"]] * 3, "ms") for each in rows]
    name = "enriching: thumbnails and previews, times the rate of vipsthumbnail"
    if "vips" not in rows[1]["name"]:
        return [*results, Row(name, absent="not installed")]
    return [*results, row(name, [rows[1]["seconds"] / rows[0]["seconds"]], at_least=1.0)]


def make_photos(folder: Path, count: int) -> None:
    """Pictures with soft and hard edges, and a sensor's noise."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(12)
    for number in range(count):
        coarse = chance.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        image = np.asarray(Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC), dtype=np.int16)
        fine = chance.integers(-40, 40, (750, 1000), dtype=np.int16).repeat(4, axis=0).repeat(4, axis=1)[..., None]
        noise = chance.normal(0, 3, SIZE[::-1]).astype(np.int16)[..., None]
        Image.fromarray(np.clip(image + fine + noise, 0, 255).astype(np.uint8)).save(
            folder / f"{number}.jpg", quality=90
        )


def _measure(folder: Path, scratch: Path, rounds: int) -> list[dict[str, Any]]:
    photos = [str(path) for path in sorted(folder.iterdir())]
    database, out = scratch / "index.db", scratch / "vips"
    out.mkdir()
    indexer = [sys.executable, "-m", "indexer", "--db", str(database)]
    subprocess.run([*indexer, "scan", "--no-enrich", str(folder)], check=True, capture_output=True)
    tasks: dict[str, list[list[str]]] = {"indexer enrich renditions": [[*indexer, "enrich", "renditions", "--redo"]]}
    if shutil.which("vipsthumbnail"):
        half = [photos[0::2], photos[1::2]]
        tasks["vipsthumbnail, 360 and 1440, two processes"] = [
            ["sh", "-c", " && ".join(_vips(part, size, out) for size in (1440, 360))] for part in half
        ]
    one_worker = ["--redo", "--workers", "1"]
    tasks["indexer enrich, all without extras, one worker"] = [[*indexer, "enrich", *_PLAIN, *one_worker]]
    if models.is_available():
        tasks["the same with [faces], of which there are none"] = [[*indexer, "enrich", *_PLAIN, "faces", *one_worker]]
    figures: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, commands in tasks.items():
            figures[name].append(_time(commands))
    rows: list[dict[str, Any]] = []
    for name, runs in figures.items():
        seconds = statistics.median(runs)
        rows.append({"name": name, "seconds": seconds, "photo_ms": 1000 * seconds / len(photos)})
    return rows


def _vips(photos: list[str], size: int, out: Path) -> str:
    return f"VIPS_CONCURRENCY=1 vipsthumbnail --size {size} -o '{out}/%s-{size}.jpg[Q=82]' " + " ".join(photos)


def _time(commands: list[list[str]]) -> float:
    """Seconds until all of them have ended."""
    started = time.perf_counter()
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands
    ]
    for process in processes:
        assert process.wait() == 0
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
