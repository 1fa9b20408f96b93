"""indexer restore"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, dry_run_option, pass_index
from .output import echo, plural


@click.command()
@click.argument("backup", type=UserPath())
@dry_run_option("Only check the backup.")
@pass_index
def command(index: Index, backup: str, dry_run: bool) -> None:
    """Put a backup in the place of the index. What the index was is kept beside it."""
    kept = index.maintenance.restore(backup, dry_run=dry_run)
    if dry_run:
        echo(f"{backup} is sound and would be restored.")
        return
    echo(f"{backup} is restored: {plural(index.status.counts().assets, 'asset')}.")
    if kept:
        echo(f"The index as it was: {kept}")
