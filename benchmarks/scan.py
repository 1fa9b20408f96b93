"""First scan: how near it comes to merely hashing the same files, and how far it is ahead of the tools it replaces.

    python -m benchmarks.scan [--rounds N] [--json]

Two trees, warm in the page cache: 3,000 JPEGs of 400 KB and 500 of 4 MB. Each round runs, in turn,
`indexer scan --no-enrich` into a new index; the floor, two processes that only read and hash (SHA-256 and SHA-1,
hashlib); and where they are installed hashdeep and exiftool. A ratio is the other's time over the scan's in the same
round: above 1 the scan is faster. Whole processes are timed, start to end.
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

from .trees import make_tree

TREES = {"400 KB": (3000, 400_000), "4 MB": (500, 4_000_000)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for name, (count, size) in TREES.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "photos"
            make_tree(folder, count, size)
            os.sync()  # nothing is to be written while it is measured
            results[name] = _measure(folder, Path(scratch) / "index.db", options.rounds)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for name, rows in results.items():
        print(f"{TREES[name][0]:,} JPEGs of {name}, {options.rounds} rounds, {os.cpu_count()} cores")
        for row in rows:
            spread = (
                f"{row['seconds']:.2f} s ({row['fastest']:.2f} to {row['slowest']:.2f})"
                if row["ran"]
                else "not installed"
            )
            ratio = f"  {row['ratio']:.2f} × the scan's time" if row["ran"] and row["name"] != "indexer scan" else ""
            print(f"  {row['name']:36}{spread:28}{ratio}")


def _measure(folder: Path, database: Path, rounds: int) -> list[dict[str, object]]:
    python = sys.executable
    commands = {
        "indexer scan": [python, "-m", "indexer", "--db", str(database), "scan", "--no-enrich", str(folder)],
        "floor: SHA-256 + SHA-1, 2 processes": [python, "-m", "benchmarks.floor", str(folder)],
        "hashdeep -c sha1,sha256 -r": ["hashdeep", "-c", "sha1,sha256", "-r", str(folder)],
        "exiftool -fast2 -n -json -r": ["exiftool", "-fast2", "-n", "-json", "-r", str(folder)],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):  # the first one warms the cache and is not counted
        for name, command in commands.items():
            if shutil.which(command[0]) is None or (command[0] == "exiftool" and round_number > 1):
                continue  # exiftool takes a minute; once is enough to see the order of magnitude
            for leaving in database.parent.glob("index.db*"):
                leaving.unlink()
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if round_number:
                times[name].append(time.perf_counter() - started)
    scan = times["indexer scan"]
    return [
        {"name": name, "ran": False}
        if not taken
        else {
            "name": name,
            "ran": True,
            "seconds": statistics.median(taken),
            "fastest": min(taken),
            "slowest": max(taken),
            "ratio": statistics.median(other / own for other, own in zip(taken, scan, strict=False)),
        }
        for name, taken in times.items()
    ]


if __name__ == "__main__":
    main()
