"""Every measure, beside its baseline and comparison tools, in one run.

    python -m benchmarks [NAME ...] [--quick] [--json] [--million]

NAME: scan, rescan, watch, large, enrich, serve, timeline, gallery, instructions; by default all but instructions.
--quick takes under three minutes: smaller trees, fewer rounds, without enrich and the ones after it. All data are
created in a temporary folder (TMPDIR), from sample_media or drawn, and removed again. Exit code 1: a target was missed.

On shared machines seconds mean little: read the ratios, whose two sides ran in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .measuring import Dots, Row

_QUICK = ("scan", "rescan", "watch", "large")
_ALL = (*_QUICK, "enrich", "serve", "timeline", "gallery")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*_ALL, "instructions", []], metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--million", action="store_true", help="also a second scan, and a gallery, of a million")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for name in options.names or (_QUICK if options.quick else _ALL):
        with tempfile.TemporaryDirectory(prefix="indexer-benchmark-") as scratch, Dots(name):
            rows += _measure(name, options)(Path(scratch))
    if options.json:
        print(json.dumps({"machine": machine(), "rows": [result._asdict() for result in rows]}, indent=2))
    else:
        print(machine())
        for result in rows:
            print(line(result))
    sys.exit(any(result.is_reached is False for result in rows))


def _measure(name: str, options: argparse.Namespace) -> Callable[[Path], list[Row]]:
    from importlib import import_module

    module = import_module(f"benchmarks.{name}")
    if name in ("rescan", "timeline", "gallery"):
        return lambda scratch: module.measure(scratch, quick=options.quick, million=options.million)
    return lambda scratch: module.measure(scratch, quick=options.quick)


def machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = platform.processor() or platform.machine()
    if sys.platform == "linux":
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                model = text.partition(":")[2].strip()
    return f"{cores} cores of {model}, Python {platform.python_version()}, {platform.system()}"


def line(result: Row) -> str:
    if result.absent:
        return f"{'':8}{result.name:82}{result.absent}"
    reached = {True: "reached", False: "MISSED", None: ""}[result.is_reached]
    digits = 0 if result.value >= 1000 else 2
    spread = f"({result.least:,.{digits}f} to {result.most:,.{digits}f})" if result.least != result.most else ""
    target = "" if result.target is None else f"target {'≥' if result.more_is_better else '≤'} {result.target:g}"
    return f"{reached:8}{result.name:82}{result.value:>10,.{digits}f} {result.unit:4}{spread:22}{target}"


if __name__ == "__main__":
    main()
