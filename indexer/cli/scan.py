"""indexer scan"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from indexer.index import Index
from indexer.work.workers import tune_gc

from .options import (
    UserPath,
    cluster_option,
    connected,
    dry_run_option,
    json_option,
    max_cache_option,
    pass_index,
    workers_option,
)
from .output import echo, message, plural, print_json, size
from .progress import ScanBar, ScanLines, shows_bar

if TYPE_CHECKING:
    from indexer import Summary

_SHOWN_FAILURES = 10


@click.command()
@click.argument("paths", nargs=-1, type=UserPath(readable=False))
@workers_option
@click.option(
    "--accept-loss",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Confirm that N missing files were deleted on purpose.",
)
@click.option("--no-enrich", is_flag=True, help="Only index: no places, previews or quality.")
@cluster_option
@max_cache_option
@dry_run_option
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
    read. Unreadable and damaged ones are listed at the end. New photos are then enriched (see 'indexer enrich').
    Ctrl-C stops at any time; the next scan resumes.

    The record of a deleted photo goes to the trash. If over 100 files and a fifth of a folder are missing at once, this
    waits for confirmation (--accept-loss).

    Exit code 1: a folder was offline, or deletions await confirmation. 2: a file could not be read.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tune_gc()
    show = shows_bar(as_json=as_json)
    progress = ScanBar() if show else ScanLines(quiet=as_json)
    try:
        with connected(cluster) as connection:
            with progress:
                summary = index.scan(
                    paths,
                    workers=workers,
                    cluster=connection,
                    on_progress=progress.update,
                    count_ahead=show,
                    accept_loss=accept_loss,
                    dry_run=dry_run,
                )
            if as_json:
                print_json(summary.as_dict())
            elif dry_run:
                echo(f"Would be: {outcome(summary)}")
            else:
                _print(index, summary)
            if not no_enrich and not dry_run:
                _enrich(index, quiet=as_json, workers=workers, cluster=connection, max_cache=max_cache)
    except KeyboardInterrupt:
        latest = progress.latest
        kept = plural(latest.files_changed, "file") if latest else "nothing"
        message(f"Stopped; {kept} indexed so far. The next scan resumes here.")
        raise SystemExit(130) from None
    finally:
        # Only closing the index remains: do not interrupt it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    raise SystemExit(1 if summary.offline or summary.held else 2 if summary.unreadable else 0)


def _enrich(index: Index, *, quiet: bool, **options: object) -> None:
    from .enrich import outcome as enrich_outcome
    from .enrich import run_enrich

    summary = run_enrich(index, (), quiet=quiet, **options)
    if summary is None:
        raise SystemExit(130)
    if not quiet and summary.total:
        echo(enrich_outcome(summary))


def _print(index: Index, summary: Summary) -> None:
    echo(outcome(summary))
    counts = index.status.path_counts()
    failed = [(counts.get(name, 0), name) for name in ("damaged", "unreadable", "unstable")]
    ignored = counts.get("ignored", 0) + counts.get("not_media", 0)
    total = sum(number for status, number in counts.items() if status not in ("missing", "gone"))
    failing = sum(number for number, _ in failed)
    echo(
        f"In the index: {plural(total, 'path')} seen = {counts.get('indexed', 0):,} indexed + {ignored:,} ignored"
        f" + {failing:,} failed."
    )
    if failing:
        echo("Failed: " + ", ".join(f"{number:,} {name}" for number, name in failed if number))
        for failure in index.status.failures(_SHOWN_FAILURES):
            echo(f"  {failure.root}/{failure.path}: {failure.reason}")
        if failing > _SHOWN_FAILURES:
            echo(f"  … and {failing - _SHOWN_FAILURES:,} more: 'indexer status --failures' lists them")
    for text in summary.offline:
        message(f"Offline, unchanged: {text}", "warning")
    for text in summary.held:
        message(text, "warning")


def outcome(summary: Summary) -> str:
    """The result of a scan, in one line."""
    counts = [
        (summary.new, "new"),
        (summary.modified, "changed"),
        (summary.moved, "moved"),
        (summary.copied, "copied"),
        (summary.returned, "back"),
        (summary.refreshed, "with metadata read again"),
        (summary.missing, "missing"),
        (summary.gone, "gone"),
        (summary.unreadable, "unreadable"),
        (summary.unstable, "still being written"),
        (summary.unchanged + summary.stat_changed, "unchanged"),
    ]
    text = ", ".join(f"{number:,} {label}" for number, label in counts if number) or "nothing to index"
    rate = ""
    if summary.bytes_read and summary.seconds > 0:
        rate = f", {size(summary.bytes_read)} read at {size(summary.bytes_read / summary.seconds)}/s"
    return f"{text[0].upper()}{text[1:]} in {summary.seconds:.1f} s{rate}."
