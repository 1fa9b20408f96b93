"""Rescan of what did not change: how near it comes to merely listing the files, and whether a file costs the same in
any crowd.

    python -m benchmarks.rescan [--files N ...] [--rounds N] [--json]

Trees of small JPEGs, a hundred a folder, warm in the cache. Each round runs, in turn, `find -printf` (name, size, time)
and `indexer scan --no-enrich` of the tree that was scanned before. Memory is the largest resident set of the process
and its children. Where strace is installed, one more scan counts the photos that are opened: none should be.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = []
    for count in options.files:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "photos"
            _make_small(folder, count)
            os.sync()
            results.append(_measure(folder, Path(scratch) / "index.db", count, options.rounds))
        if not options.json:
            print(_line(results[-1]), flush=True)
    if options.json:
        print(json.dumps(results, indent=2))


def _make_small(folder: Path, count: int) -> None:
    """JPEGs of less than a block of the file system, each another one."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 120, 40)).save(buffer, "JPEG")
    data = buffer.getvalue()
    for number in range(count):
        place = folder / f"{number // 10_000:04d}" / f"{number // 100 % 100:02d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        comment = b"\xff\xfe" + (10).to_bytes(2, "big") + f"{number:08d}".encode()
        (place / f"IMG_{number:07d}.jpg").write_bytes(
            data[:2] + comment + data[2:-2] + f"{number}".encode() + data[-2:]
        )


def _measure(folder: Path, database: Path, count: int, rounds: int) -> dict[str, float | int | None]:
    scan = [sys.executable, "-m", "indexer", "--db", str(database), "scan", "--no-enrich", str(folder)]
    listing = ["find", str(folder), "-printf", "%p %s %T@\n"]
    first, _ = _run(scan)
    pairs, memory = [], 0
    for _ in range(rounds):
        listed, _ = _run(listing)
        scanned, used = _run(scan)
        pairs.append((listed, scanned))
        memory = max(memory, used)
    return {
        "files": count,
        "first_seconds": first,
        "find_seconds": statistics.median(listed for listed, _ in pairs),
        "rescan_seconds": statistics.median(scanned for _, scanned in pairs),
        "ratio": statistics.median(scanned / listed for listed, scanned in pairs),
        "microseconds_a_file": 1e6 * statistics.median(scanned for _, scanned in pairs) / count,
        "memory": memory,
        "photos_opened": _opened(scan),
    }


def _run(command: list[str]) -> tuple[float, int]:
    """Seconds, and bytes of the largest resident set."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss * 1024


def _opened(scan: list[str]) -> int | None:
    if shutil.which("strace") is None:
        return None
    with tempfile.NamedTemporaryFile("r") as trace:
        tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=open,openat", "-o", trace.name]
        subprocess.run([*tracer, *scan], stdout=subprocess.DEVNULL, check=True)
        return sum('.jpg"' in line for line in trace)


def _line(result: dict[str, float | int | None]) -> str:
    return (
        f"{result['files']:>9,} files: first {result['first_seconds']:.1f} s, find {result['find_seconds']:.2f} s,"
        f" rescan {result['rescan_seconds']:.2f} s, {result['ratio']:.2f} × find,"
        f" {result['microseconds_a_file']:.1f} µs a file, {(result['memory'] or 0) / 1e6:.0f} MB,"
        f" {result['photos_opened']} photos opened"
    )


if __name__ == "__main__":
    main()
