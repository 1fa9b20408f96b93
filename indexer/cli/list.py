"""indexer list"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import print_assets, print_records


@click.command()
@click.option("--after", metavar="DATE", help="Taken then or later: 2023, 2023-05, 2023-05-17 or 2023-05-17T18:30.")
@click.option("--before", metavar="DATE", help="Taken then or earlier; 2023 includes its last second.")
@click.option("--camera", metavar="TEXT", help="Make or model contains this text.")
@click.option("--type", "kind", type=click.Choice(["image", "video"]), help="Photos only, or videos only.")
@click.option("--keyword", metavar="WORD", help="Tagged with this keyword.")
@click.option("--trashed", is_flag=True, help="List the trash instead.")
@click.option("-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many; 0 for all.")
@json_option
@pass_index
def command(
    index: Index,
    after: str | None,
    before: str | None,
    camera: str | None,
    kind: str | None,
    keyword: str | None,
    trashed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List photos and videos, newest first. --json prints the full records as one array."""
    filters = {
        "state": "trashed" if trashed else "live",
        "taken_from": after,
        "taken_to": before,
        "camera": camera,
        "kind": kind,
        "keyword": keyword,
    }
    if as_json:
        print_records(index.assets.list_json(limit or -1, **filters))
    else:
        print_assets(index.list(limit or -1, **filters))
