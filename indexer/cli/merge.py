"""indexer merge"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, dry_run_option, json_option, pass_index
from .output import echo, plural, print_json


@click.command()
@click.argument("other", type=UserPath())
@dry_run_option
@json_option
@pass_index
def command(index: Index, other: str, dry_run: bool, as_json: bool) -> None:
    """Merge another index into this one.

    The same photo is the same asset in both, and keeps the values of either. Where both have a value, this index's
    stays. Folders of another machine become offline folders; albums and people of the same name become one. The
    previous index is kept next to this one, for 'indexer restore'.
    """
    merged = index.maintenance.merge(other, dry_run=dry_run)
    if as_json:
        print_json(merged.as_dict())
        return
    added = "Would add" if dry_run else "Added"
    echo(
        f"{added} {plural(merged.assets, 'new asset')}, {plural(merged.files, 'file')},"
        f" {plural(merged.people, 'person', 'people')}, {plural(merged.albums, 'album')};"
        f" {plural(merged.known, 'asset was', 'assets were')} already known,"
        f" and {merged.values:,} of them {'would gain' if dry_run else 'gained'} values from the other index."
    )
    for path in merged.roots:
        echo(f"  new folder: {path}")
    if merged.kept:
        echo(f"{plural(merged.kept, 'asset has', 'assets have')} other values there; this index's are kept.")
    if merged.edited:
        echo(f"{plural(merged.edited, 'asset has', 'assets have')} other content there; this index's is kept.")
