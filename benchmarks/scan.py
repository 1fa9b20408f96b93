"""First scan, compared with only hashing the same files, and with the tools that it replaces.

    python -m benchmarks scan [--quick]

Trees of photos of 4 MB, 400 KB and 40 KB, warm in the page cache. Each round runs, in turn, `indexer scan --no-enrich`
into a new index; the baseline, two processes that only read and hash (OpenSSL's SHA-256 and SHA-1); and if installed,
hashdeep and exiftool. A share is the baseline's time over the scan's in the same round. Whole processes are timed,
start to end; memory is of all processes together.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .measuring import INDEXER, Row, in_turn, peak_memory, ratios, row
from .trees import make_tree

# name: photos, photos for --quick, bytes each, the target share of the baseline's rate
_TREES = {"4 MB": (1000, 150, 4_000_000, 0.95), "400 KB": (6000, 1000, 400_000, 0.75),
          "40 KB": (20_000, 3000, 40_000, 0.35)}  # fmt: skip
_ROUNDS, _QUICK_ROUNDS = 5, 3
_BEYOND_IMPORTS = 150.0  # MB


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    rows: list[Row] = []
    for name, (count, few, size, target) in _TREES.items():
        folder, database = scratch / "photos", scratch / "index.db"
        make_tree(folder, few if quick else count, size)
        os.sync()  # nothing is to be written while it is measured
        commands = {
            "scan": [*INDEXER, "--db", str(database), "scan", "--no-enrich", str(folder)],
            "baseline": [sys.executable, "-m", "benchmarks.baseline", str(folder)],
        }
        if size == 400_000:
            commands["hashdeep"] = ["hashdeep", "-c", "sha1,sha256", "-r", str(folder)]
            commands["exiftool"] = ["exiftool", "-fast2", "-n", "-json", "-r", str(folder)]
        times = in_turn(commands, _QUICK_ROUNDS if quick else _ROUNDS, lambda path=database: _remove(path))  # type: ignore[misc]
        scan = times["scan"]
        rows.append(
            row(
                f"first scan, photos of {name}: share of the baseline's rate",
                ratios(times["baseline"], scan),
                at_least=target,
            )
        )
        rows.append(
            row(
                f"first scan, photos of {name}: photos a second",
                [(few if quick else count) / seconds for seconds in scan],
                "/s",
            )
        )
        if size == 400_000:
            rows += _against_tools(times)
        shutil.rmtree(folder)
    return rows + _memory(scratch, quick=quick)


def _against_tools(times: dict[str, list[float]]) -> list[Row]:
    scan, name = times["scan"], "first scan, photos of 400 KB: times the rate of"
    rows = [
        row(f"{name} {tool}", ratios(times[tool], scan))
        if tool in times
        else Row(f"{name} {tool}", absent="not installed")
        for tool in ("hashdeep", "exiftool")
    ]
    if "hashdeep" in times and "exiftool" in times:
        both = [sum(pair) for pair in zip(times["hashdeep"], times["exiftool"], strict=True)]
        rows.append(row(f"{name} both, one after the other", ratios(both, scan), at_least=10))
    return rows


def _memory(scratch: Path, *, quick: bool) -> list[Row]:
    """Damaged photos and one of 200 MB among them."""
    peaks = []
    for count in (10, 2000, 10_000) if quick else (10, 10_000, 100_000):
        folder, database = scratch / "photos", scratch / "index.db"
        paths = make_tree(folder, count, 10_000)
        for path in paths[::50]:
            path.write_bytes(path.read_bytes()[:3000])
        if count > 10:
            with paths[1].open("ab") as large:
                large.truncate(200_000_000)
        _remove(database)
        peaks.append(peak_memory([*INDEXER, "--db", str(database), "scan", "--no-enrich", str(folder)]) / 1e6)
        shutil.rmtree(folder)
    few, some, many = peaks
    name = f"first scan: memory of {'five' if quick else 'ten'} times as many photos"
    return [
        row("first scan: memory beyond that of a scan of ten photos", [many - few], "MB", at_most=_BEYOND_IMPORTS),
        row(name, [many / some], at_most=None if quick else 1.1),  # what SQLite keeps is full at 10,000
    ]


def _remove(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        if file.is_file():
            file.unlink()
