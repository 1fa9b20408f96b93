"""indexer merge"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, dry_run_option, json_option, pass_index
from .output import echo, plural, print_json


@click.command()
@click.argument("other", type=UserPath())
@dry_run_option("Only say what would come in.")
@json_option
@pass_index
def command(index: Index, other: str, dry_run: bool, as_json: bool) -> None:
    """Take in what another index knows, so that two laptops have one.

    The same photo is the same asset in both: it is there once, with what was said of it in either. Where both have
    a value, this index's word stays. Folders of another machine come in as folders that are away; albums and people
    of the same name become one. What this index was is kept beside it, for 'indexer restore'.
    """
    merged = index.maintenance.merge(other, dry_run=dry_run)
    if as_json:
        print_json(merged.as_dict())
        return
    came = "Would come in" if dry_run else "Came in"
    echo(
        f"{came}: {plural(merged.assets, 'new asset')}, {plural(merged.files, 'file')},"
        f" {plural(merged.people, 'person', 'people')}, {plural(merged.albums, 'album')};"
        f" {plural(merged.known, 'asset')} were known already, and of {merged.values:,} of them more was said there."
    )
    for path in merged.roots:
        echo(f"  new folder: {path}")
    if merged.kept:
        echo(f"Of {plural(merged.kept, 'asset')} both indexes say something else: this one's word stays.")
    if merged.edited:
        echo(f"Of {plural(merged.edited, 'asset')} the other index has other bytes: this one's stay.")
