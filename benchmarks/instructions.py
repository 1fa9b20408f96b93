"""Instructions needed to index a photo, to find one unchanged, and to look one up, relative to a baseline that does
only the unavoidable work. Shows that a change made something slower, on any machine, however busy.

    python -m benchmarks.instructions [--check | --keep]

Each runs under valgrind's callgrind, in one process, with few photos and with more: the difference is the cost of one.
The baseline reads a file, hashes it twice and writes a row. --check: exit code 1 if a ratio is over a tenth above the
one in instructions.json; --keep: store the current ratios there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from .measuring import Row
from .trees import make_tree

_KEPT = Path(__file__).with_name("instructions.json")
_SIZE = 12_000
_MARGIN = 1.1
_SCAN = """
from indexer import Index
with Index.open(os.environ["DB"]) as index:
    index.scan([FOLDER], make_executor=lambda count: Here())
"""


class Work(NamedTuple):
    """Work on few photos and on enough more that the difference is theirs, not an additional garbage collection."""

    code: str
    few: int = 20
    more: int = 60
    times: int = 1  # that it is done with each
    scanned: bool = False  # before it is counted


_WORK = {
    "baseline": Work(
        """
import hashlib, os, sqlite3
db = sqlite3.connect(os.environ["DB"], isolation_level=None)
db.execute("CREATE TABLE photo (name TEXT, sha256 TEXT, sha1 TEXT, size INTEGER, mtime INTEGER)")
for name in sorted(os.listdir(FOLDER)):
    with open(f"{FOLDER}/{name}", "rb", buffering=0) as file:
        data = file.read()
    stat = os.stat(f"{FOLDER}/{name}")
    row = name, hashlib.sha256(data).hexdigest(), hashlib.sha1(data).hexdigest(), stat.st_size, stat.st_mtime_ns
    db.execute("INSERT INTO photo VALUES (?, ?, ?, ?, ?)", row)
"""
    ),
    "a new photo": Work(_SCAN),
    "an unchanged photo": Work(_SCAN, few=200, more=1200, scanned=True),
    "a record": Work(
        """
from indexer import Index
with Index.open(os.environ["DB"]) as index:
    ids = [row["id"] for row in index.query("SELECT id FROM asset ORDER BY id")]
    for _ in range(50):
        for one in ids:
            index.get_json(one)
""",
        times=50,
        scanned=True,
    ),
}
_BEFORE = """
import os
from concurrent.futures import Executor, Future
FOLDER = os.environ["FOLDER"]
class Here(Executor):
    def submit(self, function, *values):
        future = Future()
        future.set_result(function(*values))
        return future
"""


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    return [
        Row(f"instructions: {name}, times the baseline's", *[ratio] * 3, "×", _MARGIN * kept, False)
        for name, ratio in ratios(scratch).items()
        for kept in (kept_ratios()[name],)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measured = ratios(Path(scratch))
    if options.keep:
        _KEPT.write_text(json.dumps(measured, indent=2) + "\n")
    slower = False
    for name, ratio in measured.items():
        kept = kept_ratios().get(name, ratio)
        slower |= ratio > _MARGIN * kept
        note = "SLOWER" if ratio > _MARGIN * kept else "faster: --keep it" if ratio * _MARGIN < kept else ""
        change = f"{ratio / kept - 1:+.1%}"
        print(f"{name:24}{ratio:8.3f} × the baseline's instructions, kept {kept:.3f} ({change}) {note}")
    sys.exit(options.check and slower)


def kept_ratios() -> dict[str, float]:
    return dict(json.loads(_KEPT.read_text())) if _KEPT.exists() else {}


def ratios(scratch: Path) -> dict[str, float]:
    """Kind of work -> its instructions for one photo, relative to the baseline's."""
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind is not installed: apt-get install valgrind")
    each = {name: _for_one(work, scratch / name) for name, work in _WORK.items()}
    return {name: round(count / each["baseline"], 4) for name, count in each.items() if name != "baseline"}


def _for_one(work: Work, scratch: Path) -> float:
    counted = []
    for count in (work.few, work.more):
        make_tree(scratch / str(count), count, _SIZE, per_folder=count)
        folder, database = scratch / str(count) / "0000", scratch / f"{count}.db"
        # Once uncounted: by then changed sources are compiled.
        first, path = (_SCAN, database) if work.scanned else (work.code, scratch / f"{count}.first.db")
        subprocess.run([sys.executable, "-c", _BEFORE + first], env=_environment(folder, path), check=True)
        counted.append(_instructions(work.code, folder, database))
    return (counted[1] - counted[0]) / (work.more - work.few) / work.times


def _instructions(code: str, folder: Path, database: Path) -> int:
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command = [*tool, sys.executable, "-c", _BEFORE + code]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(folder, database), check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"valgrind ended with {done.returncode}: {done.stderr[-2000:]}")
    return int(found[1])


def _environment(folder: Path, database: Path) -> dict[str, str]:
    return {**os.environ, "FOLDER": str(folder), "DB": str(database), "PYTHONHASHSEED": "0"}


if __name__ == "__main__":
    main()
