"""indexer restore"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import UserPath, many, pass_index, say


@click.command()
@click.argument("backup", type=UserPath())
@click.option("--dry-run", is_flag=True, help="Only check the backup.")
@pass_index
def command(index: Index, backup: str, dry_run: bool) -> None:
    """Put a backup in the place of the index. What the index was is kept beside it."""
    kept = index.maintenance.restore(backup, dry_run=dry_run)
    if dry_run:
        say(f"{backup} is sound and would be restored.")
        return
    say(f"{backup} is restored: {many(index.status.counts().assets, 'asset')}.")
    if kept:
        say(f"The index as it was: {kept}")
