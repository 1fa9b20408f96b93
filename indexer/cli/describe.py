"""indexer describe"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import many, pass_index


@click.command()
@click.argument("text")
@click.argument("assets", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be described.")
@pass_index
def command(index: Index, text: str, assets: tuple[str, ...], dry_run: bool) -> None:
    """Describe photos, by id or path. It wins over what the files say; an empty TEXT lets the files speak again.

    The files are not touched.
    """
    ids = [index.get(one)["id"] for one in assets] if dry_run else index.describe(assets, text or None)
    click.echo(f"{many(len(ids), 'photo')} {'would be described' if dry_run else 'described'}.")
