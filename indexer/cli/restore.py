"""indexer restore"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, dry_run_option, pass_index
from .output import echo, plural


@click.command()
@click.argument("backup", type=UserPath())
@dry_run_option
@pass_index
def command(index: Index, backup: str, dry_run: bool) -> None:
    """Replace the index with a backup. The previous index is kept next to it."""
    kept = index.maintenance.restore(backup, dry_run=dry_run)
    if dry_run:
        echo(f"{backup} is sound and would be restored.")
        return
    echo(f"{backup} is restored: {plural(index.status.counts().assets, 'asset')}.")
    if kept:
        echo(f"The previous index: {kept}")
