"""indexer repair"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import many, pass_index, say, tell
from .scan import outcome


@click.command()
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that read files. Default: one a core.")
@click.option("--dry-run", is_flag=True, help="Only say what is wrong.")
@pass_index
def command(index: Index, workers: int | None, dry_run: bool) -> None:
    """Make a sound index of a damaged one: of what can still be read of it, and of the photos.

    Photos get the ids they had. The damaged file is kept.
    """
    done = index.maintenance.repair(workers=workers, dry_run=dry_run)
    if not done.problems:
        say(f"{index.path} is sound: there is nothing to repair.")
        return
    say(f"{index.path} is damaged: {done.problems[0]}")
    if done.kept is None:
        return
    rows = sum(count for table, count in done.saved.items() if table not in ("event", "setting"))
    say(f"{many(rows, 'row')} could be read of it. The damaged file: {done.kept}")
    if done.summary is None:
        say("The names of the folders could not be read: scan them with 'indexer scan FOLDER…'.")
        return
    say(outcome(done.summary))
    for text in done.summary.offline:
        tell(f"Offline; scan it when it is back: {text}", "warning")
