"""indexer undo"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import dry_run_option, pass_index
from .output import echo, plural


@click.command()
@dry_run_option("Only say what would be undone.")
@pass_index
def command(index: Index, dry_run: bool) -> None:
    """Take back what you did last: ratings, descriptions, albums, names, the trash. Again: what you did before that.

    What was changed again since stays as it is. What cannot be undone (merge, restore, roots --forget, trash empty, …)
    ends it: this says what that was, and what can be done instead.
    """
    change = index.history.last_change() if dry_run else index.history.undo()
    if change is None:
        echo("There is nothing to undo.")
        return
    change.ensure_undoable()
    kept = f" {plural(change.kept, 'value')} changed again since, and left." if change.kept else ""
    echo(f"{'Would undo' if dry_run else 'Undone'}: {change.what}, at {change.created_at}.{kept}")
