"""indexer write-back"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import dry_run_option, json_option, pass_index
from .output import echo, message, plural, print_json


@click.command()
@click.argument("assets", nargs=-1)
@dry_run_option
@json_option
@pass_index
def command(index: Index, assets: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Write your edits of photos into XMP sidecars next to them, for other programs: ratings, descriptions, places,
    named faces. Of these photos (ids or paths), or of all.

    Photos themselves are never written to. An existing sidecar keeps its other values, and is copied to a folder next
    to the index before it is changed.
    """
    found, kept = index.assets.write_back(assets, dry_run=dry_run)
    failed = [one for one in found if one.state == "failed"]
    if as_json:
        print_json([{**one._asdict(), "sidecar": str(one.sidecar)} for one in found])
    else:
        created, updated, same = (sum(one.state == state for one in found) for state in ("made", "changed", "same"))
        would = "would be " if dry_run else ""
        if dry_run:
            for one in found:
                echo(f"{one.state:8}{one.sidecar}")
        echo(f"{plural(created, 'sidecar')} {would}created, {updated:,} {would}updated, {same:,} up to date.")
        if kept is not None:
            echo(f"Copies of the updated ones before the change: {kept}")
    for one in failed:
        message(f"{one.sidecar} was not written: {one.reason}", "error")
    if failed:
        raise SystemExit(2)
