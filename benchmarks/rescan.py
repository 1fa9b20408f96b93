"""Rescan of unchanged files, compared with only listing them, and whether the cost per file is constant.

    python -m benchmarks rescan [--quick] [--million]

Trees of small JPEGs, a hundred a folder, warm in the cache. Each round runs, in turn, `find -type f -printf` (size,
time, inode, name) and `indexer scan --no-enrich` of the tree that was scanned before. Memory is the largest resident
set. If strace is installed, another scan counts the photos that are opened. Finally one new photo is added.
"""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from .measuring import ENVIRONMENT, INDEXER, Row, in_turn, peak_memory, ratios, row, timed

_ROUNDS = 3


def measure(scratch: Path, *, quick: bool, million: bool = False) -> list[Row]:
    counts = [10_000] if quick else [10_000, 100_000, *([1_000_000] if million else [])]
    rows, each = list[Row](), list[float]()
    for count in counts:
        folder, database = scratch / "photos", scratch / f"{count}.db"
        make_small(folder, count)
        os.sync()
        scan = [*INDEXER, "--db", str(database), "scan", "--no-enrich", str(folder)]
        timed(scan)
        find = ["find", str(folder), "-type", "f", "-printf", "%s %T@ %i %p\n"]
        times = in_turn({"find": find, "scan": scan}, _ROUNDS)
        name = f"second scan, {count:,} photos, nothing changed"
        target = 3.0 if count >= 100_000 else None  # starting dominates small ones
        rows.append(row(f"{name}: times find's", ratios(times["scan"], times["find"]), at_most=target))
        rows.append(row(name, times["scan"], "s", at_most=20.0 if count == 1_000_000 else None))
        each.append(1e6 * min(times["scan"]) / count)
        used = _resident(scan) - _resident(
            [*INDEXER, "--db", str(database), "scan", "--no-enrich", str(folder / "0000" / "00")]
        )
        rows.append(
            row(
                f"{name}: memory more than that of a hundred",
                [used / 1e6],
                "MB",
                at_most=60.0 if count == 100_000 else None,
            )
        )
        rows.append(_opened(name, scan))
        make_small(folder / "new", 1, first=count)
        rows.append(
            row(
                f"scan of one new photo among {count:,}: memory of all processes",
                [peak_memory(scan) / 1e6],
                "MB",
                at_most=300.0 if count == 1_000_000 else None,
            )
        )
        shutil.rmtree(folder)
    if len(each) > 1:
        rows.append(
            row(
                "second scan: time a file in the largest crowd, of that in the smallest",
                [each[-1] / each[0]],
                at_most=1.2,
            )
        )
    return rows


def make_small(folder: Path, count: int, first: int = 0) -> None:
    """JPEGs of less than a block of the file system, each another one."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 120, 40)).save(buffer, "JPEG")
    data = buffer.getvalue()
    for number in range(first, first + count):
        place = folder / f"{number // 10_000:04d}" / f"{number // 100 % 100:02d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        comment = b"\xff\xfe" + (10).to_bytes(2, "big") + f"{number:08d}".encode()
        (place / f"IMG_{number:07d}.jpg").write_bytes(
            data[:2] + comment + data[2:-2] + f"{number}".encode() + data[-2:]
        )


def _resident(command: list[str]) -> int:
    """Bytes of the largest resident set of a process. Raises SystemExit if it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss * 1024


def _opened(name: str, scan: list[str]) -> Row:
    name = f"{name}: photos opened"
    if shutil.which("strace") is None:
        return Row(name, absent="strace is not installed")
    with tempfile.NamedTemporaryFile("r") as trace:
        tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=open,openat", "-o", trace.name]
        subprocess.run([*tracer, *scan], stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
        return row(name, [float(sum('.jpg"' in line for line in trace))], "", at_most=0)
