"""indexer scan"""

from __future__ import annotations

import signal
import sys
import time

import click

from indexer.index import Index
from indexer.sync.summary import Summary
from indexer.workers import calm_collector

from .common import (
    UserPath,
    cluster_option,
    connected,
    json_option,
    many,
    max_cache_option,
    pass_index,
    print_json,
    printable,
    say,
    size,
    tell,
)

_LINE_SECONDS = 5.0
_SHOWN_FAILURES = 10


@click.command()
@click.argument("paths", nargs=-1, type=UserPath())
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that read files. Default: one a core.")
@click.option(
    "--accept-loss",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="So many missing files of a root were deleted on purpose.",
)
@click.option("--no-enrich", is_flag=True, help="Only index: no places, no previews, no quality.")
@cluster_option
@max_cache_option
@click.option("--dry-run", is_flag=True, help="Only say what would change: the scan goes into a copy of the index.")
@json_option
@pass_index
def command(
    index: Index,
    paths: tuple[str, ...],
    workers: int | None,
    accept_loss: int,
    no_enrich: bool,
    cluster: str | None,
    max_cache: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Index folders now: new, changed, moved and deleted photos.

    A folder named for the first time is remembered; without PATHS, all remembered folders are scanned. Photos are only
    read. Unreadable and damaged ones are listed at the end. Then the new ones are seen to as 'indexer enrich' does.
    Ctrl-C stops at any time; the next scan goes on.

    The record of a deleted photo goes to the trash. If over 100 files and a fifth of a folder are missing at once, they
    are kept until --accept-loss says how many were really deleted.

    Exit code 1: a folder was offline, or a loss was held back. 2: something could not be read.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    calm_collector()
    show = sys.stderr.isatty() and not as_json and not click.get_current_context().find_root().params["log_json"]
    progress = Bar() if show else Lines(quiet=as_json)
    try:
        with connected(cluster) as away:
            with progress:
                summary = index.scan(
                    paths,
                    workers=workers,
                    cluster=away,
                    on_progress=progress.update,
                    count_ahead=show,
                    accept_loss=accept_loss,
                    dry_run=dry_run,
                )
            if as_json:
                print_json(summary.as_dict())
            elif dry_run:
                say(f"Would be: {outcome(summary)}")
            else:
                _print(index, summary)
            if not no_enrich and not dry_run:
                _enrich(index, quiet=as_json, workers=workers, cluster=away, max_cache=max_cache)
    except KeyboardInterrupt:
        done = progress.latest
        kept = many(done.files_changed, "file") if done else "nothing"
        tell(f"Stopped; {kept} taken in so far. The next scan goes on from here.")
        raise SystemExit(130) from None
    finally:
        # What is left is closing the index.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    raise SystemExit(1 if summary.offline or summary.held else 2 if summary.unreadable else 0)


def _enrich(index: Index, *, quiet: bool, **options: object) -> None:
    from .enrich import outcome as words
    from .enrich import run_enrich

    summary = run_enrich(index, (), quiet=quiet, **options)
    if summary is None:
        raise SystemExit(130)
    if not quiet and summary.total:
        say(words(summary))


def _print(index: Index, summary: Summary) -> None:
    say(outcome(summary))
    counts = index.status.path_counts()
    failed = [(counts.get(name, 0), name) for name in ("damaged", "unreadable", "unstable")]
    ignored = counts.get("ignored", 0) + counts.get("not_media", 0)
    total = sum(number for verdict, number in counts.items() if verdict not in ("missing", "gone"))
    failing = sum(number for number, _ in failed)
    say(
        f"In the index: {many(total, 'path')} seen = {counts.get('indexed', 0):,} indexed + {ignored:,} ignored"
        f" + {failing:,} failed."
    )
    if failing:
        say("Failed: " + ", ".join(f"{number:,} {name}" for number, name in failed if number))
        for one in index.status.failures(_SHOWN_FAILURES):
            say(f"  {one.root}/{one.path}: {one.reason}")
        if failing > _SHOWN_FAILURES:
            say(f"  … and {failing - _SHOWN_FAILURES:,} more: 'indexer status --failures' lists them")
    for text in summary.offline:
        tell(f"Offline, left as it was: {text}", "warning")
    for text in summary.held:
        tell(text, "warning")


def outcome(summary: Summary) -> str:
    """What a scan did, in a line."""
    words = [
        (summary.new, "new"),
        (summary.modified, "changed"),
        (summary.moved, "moved"),
        (summary.copies, "copied"),
        (summary.back, "back"),
        (summary.reread, "with metadata read again"),
        (summary.missing, "missing"),
        (summary.gone, "gone"),
        (summary.unreadable, "unreadable"),
        (summary.unstable, "still being written"),
        (summary.unchanged + summary.touched, "unchanged"),
    ]
    text = ", ".join(f"{number:,} {word}" for number, word in words if number) or "nothing to index"
    rate = ""
    if summary.bytes_read and summary.seconds > 0:
        rate = f", {size(summary.bytes_read)} read at {size(summary.bytes_read / summary.seconds)}/s"
    return f"{text[0].upper()}{text[1:]} in {summary.seconds:.1f} s{rate}."


class Lines:
    """Progress for logs: a line now and then."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.latest: Summary | None = None
        self._quiet = quiet
        self._next = time.monotonic() + _LINE_SECONDS

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, summary: Summary) -> None:
        self.latest = summary
        if not self._quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            read = size(summary.bytes_read + summary.bytes_ahead)
            tell(f"{many(summary.files_done, 'file')}, {read} read, now in {summary.current or '.'}")


class Bar:
    """Progress for people: files, speed, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.latest: Summary | None = None
        self._started = time.monotonic()
        self._drawn = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[words]}", markup=False),  # a folder may be called [red]
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("Scanning", total=None, words="")

    def __enter__(self) -> Bar:
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
        words = [f"{summary.files_done:,}" + _of(summary.expected_files) + " files"]
        if read := summary.bytes_read + summary.bytes_ahead:
            words.append(f"{size(read / seconds)}/s")
        if left := _time_left(summary, seconds):
            words.append(left)
        words.append(printable(summary.current[-40:]))
        self._bar.update(
            self._task,
            total=summary.expected_bytes,
            completed=min(done, summary.expected_bytes or done),
            words="  ".join(words),
        )
        self._bar.refresh()


def _of(expected: int | None) -> str:
    return "" if expected is None else f" of {expected:,}"


def _time_left(summary: Summary, seconds: float) -> str:
    """Shown once it means something: after three seconds, with the total known."""
    done = summary.bytes_done + summary.bytes_ahead
    if summary.expected_bytes is None or seconds < 3 or not done:
        return ""
    left = max(summary.expected_bytes - done, 0) * seconds / done
    return f"{int(left) // 60}:{int(left) % 60:02d} left"
