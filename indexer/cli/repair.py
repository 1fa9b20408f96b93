"""indexer repair"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import dry_run_option, pass_index, workers_option
from .output import echo, message, plural
from .scan import outcome


@click.command()
@workers_option
@dry_run_option
@pass_index
def command(index: Index, workers: int | None, dry_run: bool) -> None:
    """Repair a damaged index: from what can still be read of it, and from the photos.

    Photos keep their ids. The damaged file is kept.
    """
    done = index.maintenance.repair(workers=workers, dry_run=dry_run)
    if not done.problems:
        echo(f"{index.path} is sound: there is nothing to repair.")
        return
    echo(f"{index.path} is damaged: {done.problems[0]}")
    if done.kept is None:
        return
    rows = sum(count for table, count in done.saved.items() if table not in ("event", "setting"))
    echo(f"{plural(rows, 'row')} could be read of it. The damaged file: {done.kept}")
    if done.summary is None:
        echo("The names of the folders could not be read: scan them with 'indexer scan FOLDER…'.")
        return
    echo(outcome(done.summary))
    for text in done.summary.offline:
        message(f"Offline; scan it when it is back: {text}", "warning")
