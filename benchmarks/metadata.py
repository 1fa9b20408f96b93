"""Reading metadata: the time per photo, compared with exiftool on the same files.

    python -m benchmarks.metadata FOLDER [--copies N] [--rounds N] [--json]

Takes the JPEGs of FOLDER. First each is read warm, hashing apart: median and slowest of the files. Then the whole tree,
copied so often that starting up does not count for either, by `read_media` without hashes in one process a core, and by
as many `exiftool -fast2 -n -json` as there are cores: files a second, whole processes from start to end. exiftool takes
most of a minute and runs once, between our rounds; the ratio is against the median of ours.
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

from indexer.media.read import read_media


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = [path for path in sorted(options.folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")]
    each = sorted(_milliseconds(path) for path in files)
    result: dict[str, object] = {
        "files": len(files),
        "median_ms": statistics.median(each),
        "slowest_ms": each[-1],
        "cores": _cores(),
    }
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        for number in range(options.copies):
            for index, path in enumerate(files):
                target = tree / f"{number:03d}" / f"{index:04d}.jpg"
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, target)
        os.sync()  # nothing is to be written while it is measured
        result |= _against_exiftool(tree, len(files) * options.copies, options.rounds)
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{len(files)} JPEGs, warm, one at a time:", end=" ")
    print(f"median {result['median_ms']:.2f} ms, slowest {result['slowest_ms']:.2f} ms")
    print(f"{len(files) * options.copies:,} JPEGs, {result['cores']} cores: {result['ours']:,.0f} files/s", end="")
    if result.get("ratio"):
        print(f", exiftool {result['exiftool']:,.0f} files/s: {result['ratio']:.1f} times as fast")
    else:
        print(" (exiftool is not installed)")


def _milliseconds(path: Path) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        read_media(path, hashed=False)
        best = min(best, time.perf_counter() - started)
    return best * 1000


def _against_exiftool(tree: Path, count: int, rounds: int) -> dict[str, object]:
    folders = sorted(map(str, tree.iterdir()))
    shares = [folders[part :: _cores()] for part in range(_cores())]
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(_timed([[sys.executable, "-m", "benchmarks.read", str(tree), str(_cores())]]))
        if number == rounds // 2 and shutil.which("exiftool"):
            theirs.append(_timed([["exiftool", "-fast2", "-n", "-json", "-r", *share] for share in shares if share]))
    found: dict[str, object] = {"ours": count / statistics.median(ours)}
    if theirs:
        found["exiftool"] = count / theirs[0]
        found["ratio"] = theirs[0] / statistics.median(ours)
    return found


def _timed(commands: list[list[str]]) -> float:
    started = time.perf_counter()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    for process in running:
        process.wait()
    return time.perf_counter() - started


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
