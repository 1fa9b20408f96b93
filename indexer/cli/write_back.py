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
    """Write your edits (ratings, descriptions, places, named faces) into XMP sidecars next to the photos, for other
    programs. ASSETS are ids or paths; default: all.

    Photos themselves are never written to. An existing sidecar keeps its other values, and is copied to a folder next
    to the index before it is changed.
    """
    written, copies = index.assets.write_back(assets, dry_run=dry_run)
    failed = [item for item in written if item.state == "failed"]
    if as_json:
        print_json([{**item._asdict(), "sidecar": str(item.sidecar)} for item in written])
    else:
        created, updated, same = (sum(item.state == state for item in written) for state in ("made", "changed", "same"))
        would = "would be " if dry_run else ""
        if dry_run:
            for item in written:
                echo(f"{item.state:8}{item.sidecar}")
        echo(f"{plural(created, 'sidecar')} {would}created, {updated:,} {would}updated, {same:,} up to date.")
        if copies is not None:
            echo(f"Copies of the updated ones before the change: {copies}")
    for item in failed:
        message(f"{item.sidecar} was not written: {item.reason}", "error")
    if failed:
        raise SystemExit(2)
