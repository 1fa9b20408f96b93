"""indexer undo"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import dry_run_option, pass_index
from .output import echo, plural


@click.command()
@dry_run_option
@pass_index
def command(index: Index, dry_run: bool) -> None:
    """Undo your last change of ratings, descriptions, albums, names or the trash. Repeat to undo earlier ones.

    Values that were changed again since are kept. A change that cannot be undone (merge, restore, roots --forget, trash
    empty, …) also protects the ones before it; a message suggests what to do instead.
    """
    with index.dry_run(dry_run):
        change = index.history.undo()
    if change is None:
        echo("There is nothing to undo.")
        return
    kept = f" {plural(change.kept, 'value')} changed since then, and kept." if change.kept else ""
    echo(f"{'Would undo' if dry_run else 'Undone'}: {change.what}, at {change.created_at}.{kept}")
