"""indexer places"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, dry_run_option, json_option, pass_index
from .output import echo, print_json


@click.group()
def command() -> None:
    """Names of points of interest (sights, museums, parks) from a GeoNames dump that you downloaded.

    Such as DE.zip, US.zip or allCountries.zip from download.geonames.org/export/dump. They become `place_name` of
    photos with coordinates; towns and countries do not need a dump.
    """


@command.command("import")
@click.argument("dump", type=UserPath(exists=True, dir_okay=False))
@dry_run_option
@json_option
@pass_index
def import_dump(index: Index, dump: str, dry_run: bool, as_json: bool) -> None:
    """Import the points of interest of a dump. The next 'indexer enrich' looks up the photos again."""
    with index.dry_run(dry_run):
        count = index.places.import_dump(dump)
    if as_json:
        print_json({"points_of_interest": count})
        return
    echo(f"{count:,} points of interest {'would be imported' if dry_run else 'imported. Now: indexer enrich'}.")


@command.command()
@dry_run_option
@pass_index
def forget(index: Index, dry_run: bool) -> None:
    """Delete all imported points of interest."""
    with index.dry_run(dry_run):
        count = index.places.forget()
    echo(f"{count:,} points of interest {'would be forgotten' if dry_run else 'forgotten. Now: indexer enrich'}.")
