"""indexer verify"""

from __future__ import annotations

import re
import signal
import sys
from typing import TYPE_CHECKING

import click

from indexer.index import Index

from .options import json_option, pass_index, workers_option
from .output import echo, message, plural, print_json, size

if TYPE_CHECKING:
    from indexer import Report


def _share(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?%", value) or not 0 < float(value[:-1]) <= 100:
        raise click.BadParameter("a share of the files, as in 5%")
    return float(value[:-1]) / 100


@click.command()
@click.option("--sample", "share", callback=_share, metavar="5%", help="A random share of the files.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Stop after this time. Files whose last verification is oldest come first.",
)
@workers_option
@json_option
@pass_index
def command(index: Index, share: float | None, seconds: float | None, workers: int | None, as_json: bool) -> None:
    """Read photos again and compare them with the index.

    A file whose content changed while its timestamp did not is corrupted (bit rot): exit code 1. An edited file has
    another timestamp; the next scan updates it. Without options every file is read, and an interrupted run is resumed.
    """
    if share and seconds:
        raise click.UsageError("Either --sample or --seconds.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    show = sys.stderr.isatty() and not as_json
    try:
        with click.progressbar(length=1, label="Verifying", file=sys.stderr, hidden=not show) as bar:

            def progress(report: Report, total: int) -> None:
                bar.length = max(total, 1)
                bar.update(report.checked - bar.pos)

            report = index.maintenance.verify(share=share, seconds=seconds, workers=workers, on_progress=progress)
    except KeyboardInterrupt:
        message("Stopped. The next 'indexer verify' resumes here.")
        raise SystemExit(130) from None
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)
    raise SystemExit(1 if report.rotten else 0)


def _print(report: Report) -> None:
    rate = f" at {size(report.bytes / report.seconds)}/s" if report.seconds else ""
    echo(
        f"{plural(report.checked, 'file')} verified, {report.sound:,} sound: {size(report.bytes)} read{rate}."
        + (f" {report.left:,} left for another run." if report.left else "")
    )
    groups = (
        (report.rotten, "CORRUPTED, other bytes with the same time: restore it from a backup"),
        (report.edited, "edited, the same picture: the next scan updates it"),
        (report.replaced, "another picture: the next scan indexes it"),
        (report.unreadable, "cannot be read"),
        (report.absent, "does not exist: the next scan updates it"),
        (report.offline, "offline, skipped"),
    )
    for paths, description in groups:
        for path in paths:
            echo(f"  {path}: {description}")
