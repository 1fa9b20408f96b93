"""Shared by the measures: running commands in turn, ratios within a round, memory of all processes, rows of results."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import psutil

INDEXER = [sys.executable, "-m", "indexer"]
# Compiled modules are kept, as for users, whatever the caller's environment.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Row(NamedTuple):
    """One result: the median, minimum and maximum of the rounds. target: the value to reach, in the direction of
    more_is_better. absent: why there is no result."""

    name: str
    value: float = 0.0
    least: float = 0.0
    most: float = 0.0
    unit: str = "×"
    target: float | None = None
    more_is_better: bool = True
    absent: str | None = None

    @property
    def is_reached(self) -> bool | None:
        if self.target is None or self.absent:
            return None
        return self.value >= self.target if self.more_is_better else self.value <= self.target


def row(name: str, values: Sequence[float], unit: str = "×", *, at_least: float | None = None,
        at_most: float | None = None) -> Row:  # fmt: skip
    target = at_least if at_least is not None else at_most
    return Row(name, statistics.median(values), min(values), max(values), unit, target, at_most is None)


def timed(command: Sequence[str]) -> float:
    """Seconds of a whole process, from start to end. Raises SystemExit if it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:6])} … ended with {done.returncode}: {done.stderr[-500:]}")
    return seconds


def in_turn(
    commands: Mapping[str, Sequence[str]], rounds: int, before: Callable[[], None] = lambda: None
) -> dict[str, list[float]]:
    """Seconds of each command in each round; commands that are not installed are skipped. A first round warms the cache
    and is not counted."""
    there = {name: command for name, command in commands.items() if shutil.which(command[0])}
    times: dict[str, list[float]] = {name: [] for name in there}
    for number in range(rounds + 1):
        for name, command in there.items():
            before()
            seconds = timed(command)
            if number:
                times[name].append(seconds)
    return times


def ratios(tops: Sequence[float], bottoms: Sequence[float]) -> list[float]:
    """Ratios within the same rounds: a machine that is slow for a while slows both."""
    return [top / bottom for top, bottom in zip(tops, bottoms, strict=True)]


def peak_memory(command: Sequence[str]) -> int:
    """The peak memory of a command and all its processes in bytes, each page counted once (PSS)."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:6])} … ended with {process.returncode}")
    return peak


def memory(pid: int) -> int:
    total = 0
    try:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return total


class Dots:
    """Prints progress on stderr during a long measure."""

    def __init__(self, what: str) -> None:
        self._what, self._end = what, threading.Event()

    def __enter__(self) -> None:
        sys.stderr.write(f"{self._what} ")
        sys.stderr.flush()
        threading.Thread(target=self._draw, daemon=True).start()

    def _draw(self) -> None:
        while not self._end.wait(2):
            sys.stderr.write(".")
            sys.stderr.flush()

    def __exit__(self, *error: object) -> None:
        self._end.set()
        sys.stderr.write("\n")
