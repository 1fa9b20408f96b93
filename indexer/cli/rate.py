"""indexer rate"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import many, pass_index


@click.command()
@click.argument("stars", type=click.Choice(["0", "1", "2", "3", "4", "5", "none"]))
@click.argument("assets", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be rated.")
@pass_index
def command(index: Index, stars: str, assets: tuple[str, ...], dry_run: bool) -> None:
    """Give photos 0 to 5 stars, by id or path. They win over what the files say; 'none' lets the files speak again.

    The files are not touched.
    """
    ids = [index.get(one)["id"] for one in assets] if dry_run else index.rate(assets, _stars(stars))
    click.echo(f"{many(len(ids), 'photo')} {'would be rated' if dry_run else 'rated'}.")


def _stars(text: str) -> int | None:
    return None if text == "none" else int(text)
