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
    """Repair a damaged index from its readable rows and from the photos.

    Photos keep their ids. The damaged file is kept.
    """
    repair = index.maintenance.repair(workers=workers, dry_run=dry_run)
    if not repair.problems:
        echo(f"{index.path} is sound: there is nothing to repair.")
        return
    echo(f"{index.path} is damaged: {repair.problems[0]}")
    if repair.kept is None:
        return
    rows = sum(count for table, count in repair.saved.items() if table not in ("event", "setting"))
    echo(f"{plural(rows, 'row')} recovered. The damaged file: {repair.kept}")
    if repair.summary is None:
        echo("The names of the folders could not be read: scan them with 'indexer scan FOLDER…'.")
        return
    echo(outcome(repair.summary))
    for text in repair.summary.offline:
        message(f"Offline; scan it when it is back: {text}", "warning")
