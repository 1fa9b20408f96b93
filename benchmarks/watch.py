"""A watch: the delay from closing a photo to its record, the time for ten thousand photos at once, and the cost of an
idle watch.

    python -m benchmarks watch [--quick]

`indexer watch --rest 0 --full-speed --no-enrich` runs as its own process; another connection polls for each photo. The
ten thousand are a folder that is moved into the watched one, compared with a scan of the same photos.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from .measuring import ENVIRONMENT, INDEXER, Row, memory, row, timed
from .rescan import make_small
from .trees import make_tree

_GIVE_UP = 120.0


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    folder, ahead, database = scratch / "watched", scratch / "ahead", scratch / "watch.db"
    folder.mkdir()
    count = 30 if quick else 200
    photos = make_tree(ahead, count, 400_000)
    with _watching(folder, database) as process, closing(_open(database)) as index:
        idle_cpu, idle_memory = _idle(process, 5 if quick else 60)
        taken = sorted(
            _seconds_to_record(index, path, folder / f"one{number}.jpg") for number, path in enumerate(photos)
        )
    rows = [
        row("watch: closed to answered, median", [1000 * statistics.median(taken)], "ms", at_most=150),
        row("watch: closed to answered, 95 of 100", [1000 * taken[int(len(taken) * 0.95)]], "ms", at_most=500),
        row("watch: processor when nothing happens", [idle_cpu], "%", at_most=0.5),
        row("watch: memory when nothing happens", [idle_memory / 1e6], "MB", at_most=80),
    ]
    shutil.rmtree(ahead)
    return [*rows, _drop(scratch, 2000 if quick else 10_000, 1 if quick else 3)]


def _drop(scratch: Path, count: int, rounds: int) -> Row:
    found = []
    for number in range(rounds):
        watched, dropped, database = (scratch / f"{name}{number}" for name in ("empty", "dropped", "drop.db"))
        watched.mkdir()
        make_small(dropped, count)
        scanned = timed([*INDEXER, "--db", str(scratch / f"scan{number}.db"), "scan", "--no-enrich", str(dropped)])
        with _watching(watched, database), closing(_open(database)) as index:
            started = time.perf_counter()
            dropped.rename(watched / "all")
            _until(lambda index=index: index.execute("SELECT count(*) FROM asset").fetchone()[0] == count)  # type: ignore[misc]
            found.append((time.perf_counter() - started) / scanned)
        shutil.rmtree(watched)
    return row(f"watch: {count:,} photos at once, times a scan's", found, at_most=1.3)


@contextmanager
def _watching(folder: Path, database: Path) -> Iterator[psutil.Process]:
    said = database.with_suffix(".out")  # a line for each photo: more than a pipe holds
    with said.open("w") as out:
        process = subprocess.Popen(
            [*INDEXER, "--db", str(database), "watch", "--rest", "0", "--full-speed", "--no-enrich", str(folder)],
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        )
    try:
        _until(lambda: "Watching" in said.read_text())
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)


def _idle(process: psutil.Process, seconds: float) -> tuple[float, int]:
    """Per cent of a core, and bytes, of all processes."""
    time.sleep(2)
    before, started = _cpu(process), time.perf_counter()
    time.sleep(seconds)
    return 100 * (_cpu(process) - before) / (time.perf_counter() - started), memory(process.pid)


def _cpu(process: psutil.Process) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


def _seconds_to_record(index: sqlite3.Connection, photo: Path, target: Path) -> float:
    time.sleep(0.2)
    shutil.copyfile(photo, target)
    closed = time.perf_counter()
    place = "SELECT asset_number FROM file WHERE root_id = 1 AND folder = '' AND name = ?"
    query = f"SELECT json FROM asset_json WHERE id = (SELECT id FROM asset WHERE number = ({place}))"
    _until(lambda: index.execute(query, (target.name,)).fetchone() is not None)
    return time.perf_counter() - closed


def _until(true: object) -> None:
    assert callable(true)
    started = time.perf_counter()
    while not true():
        if time.perf_counter() - started > _GIVE_UP:
            raise SystemExit("the watch does not take it in")
        time.sleep(0.002)
