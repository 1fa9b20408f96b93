"""indexer write-back"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import dry_run_option, json_option, pass_index
from .output import echo, message, plural, print_json


@click.command()
@click.argument("assets", nargs=-1)
@dry_run_option("Only say what would be written.")
@json_option
@pass_index
def command(index: Index, assets: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Write what you said of photos into XMP sidecars beside them, for other programs: ratings, descriptions, places,
    faces that you named. Of these photos (ids or paths), else of all.

    Photos themselves are never written to. A sidecar that is there keeps what else it says, and is copied to a folder
    beside the index before it is changed.
    """
    found, kept = index.assets.write_back(assets, dry_run=dry_run)
    failed = [one for one in found if one.state == "failed"]
    if as_json:
        print_json([{**one._asdict(), "sidecar": str(one.sidecar)} for one in found])
    else:
        counts = {state: sum(one.state == state for one in found) for state in ("made", "changed", "same")}
        would = "would be " if dry_run else ""
        if dry_run:
            for one in found:
                echo(f"{one.state:8}{one.sidecar}")
        words = [f"{plural(counts[state], 'sidecar')} {would}{state}" for state in ("made", "changed")]
        echo(f"{', '.join(words)}, {plural(counts['same'], 'says', 'say')} so already.")
        if kept is not None:
            echo(f"Those that were changed lie as they were in {kept}")
    for one in failed:
        message(f"{one.sidecar} was not written: {one.reason}", "error")
    if failed:
        raise SystemExit(2)
