"""Show the progress of scanning and enriching on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from .output import message, plural, printable, size

if TYPE_CHECKING:
    from indexer import EnrichSummary, Summary

_LINE_SECONDS = 5.0


def shows_bar(*, as_json: bool) -> bool:
    """Whether to draw a progress bar: stderr is a terminal and nothing prints JSON."""
    log_json = click.get_current_context().find_root().params["log_json"]
    return sys.stderr.isatty() and not as_json and not log_json


class ScanLines:
    """Progress for logs: a line every few seconds."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.latest: Summary | None = None
        self._quiet = quiet
        self._next = time.monotonic() + _LINE_SECONDS

    def __enter__(self) -> ScanLines:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, summary: Summary) -> None:
        self.latest = summary
        if not self._quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            read = size(summary.bytes_read + summary.bytes_ahead)
            message(f"{plural(summary.files_done, 'file')}, {read} read, now in {summary.current or '.'}")


class ScanBar:
    """Progress bar: files, speed, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.latest: Summary | None = None
        self._started = time.monotonic()
        self._drawn = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[details]}", markup=False),  # a folder may be called [red]
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("Scanning", total=None, details="")

    def __enter__(self) -> ScanBar:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.latest is not None:
            self._drawn = 0.0
            self.update(self.latest)
        self._bar.stop()

    def update(self, summary: Summary) -> None:
        self.latest = summary
        if time.monotonic() - self._drawn < 0.1:
            return
        self._drawn = time.monotonic()
        seconds = max(self._drawn - self._started, 1e-3)
        done = summary.bytes_done + summary.bytes_ahead
        details = [f"{summary.files_done:,}" + _of(summary.expected_files) + " files"]
        if read := summary.bytes_read + summary.bytes_ahead:
            details.append(f"{size(read / seconds)}/s")
        if left := _time_left(summary, seconds):
            details.append(left)
        details.append(printable(summary.current[-40:]))
        self._bar.update(
            self._task,
            total=summary.expected_bytes,
            completed=min(done, summary.expected_bytes or done),
            details="  ".join(details),
        )
        self._bar.refresh()


def _of(expected: int | None) -> str:
    return "" if expected is None else f" of {expected:,}"


def _time_left(summary: Summary, seconds: float) -> str:
    """The time left; empty in the first three seconds and while the total is unknown."""
    done = summary.bytes_done + summary.bytes_ahead
    if summary.expected_bytes is None or seconds < 3 or not done:
        return ""
    left = max(summary.expected_bytes - done, 0) * seconds / done
    return f"{int(left) // 60}:{int(left) % 60:02d} left"


class EnrichBar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("Enriching"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("(Ctrl-C pauses)"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def update(self, summary: EnrichSummary) -> None:
        self._bar.update(self._task, total=summary.total, completed=min(summary.processed, summary.total))

    def close(self) -> None:
        self._bar.stop()
