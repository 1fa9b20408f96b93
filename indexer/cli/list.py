"""indexer list"""

from __future__ import annotations

from typing import Literal

import click

from indexer.index import Index
from indexer.query import span
from indexer.store.filters import AssetFilter

from .common import json_option, pass_index, print_listed, print_records


@click.command()
@click.option("--after", metavar="DATE", help="Taken then or later: 2023, 2023-05, 2023-05-17 or 2023-05-17T18:30.")
@click.option("--before", metavar="DATE", help="Taken then or earlier, the whole of it: 2023 goes to its last second.")
@click.option("--camera", metavar="TEXT", help="Make or model holds this text.")
@click.option("--type", "kind", type=click.Choice(["image", "video"]), help="Photos only, or films only.")
@click.option("--keyword", metavar="WORD", help="Tagged with this word.")
@click.option("--trashed", is_flag=True, help="What is in the trash instead.")
@click.option("-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many; 0 for all.")
@json_option
@pass_index
def command(
    index: Index,
    after: str | None,
    before: str | None,
    camera: str | None,
    kind: Literal["image", "video"] | None,
    keyword: str | None,
    trashed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List photos and films, newest first. --json prints the full records as one array."""
    taken_from, taken_to = span(after, before)
    which = AssetFilter(
        "trashed" if trashed else "live",
        taken_from=taken_from,
        taken_to=taken_to,
        camera=camera,
        kind=kind,
        keyword=keyword,
    )
    most = limit or -1
    if as_json:
        print_records(index.assets.list_json(which, most))
    else:
        print_listed(index.list(which, most))
