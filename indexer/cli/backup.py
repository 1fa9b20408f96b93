"""indexer backup"""

from __future__ import annotations

import time

import click

from indexer.index import Index

from .options import UserPath, pass_index
from .output import echo, size


@click.command()
@click.argument("target", required=False, type=UserPath())
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@pass_index
def command(index: Index, target: str | None, overwrite: bool) -> None:
    """Copy the index to TARGET. Default: next to it, with the date in its name. Scans and watches may run meanwhile.

    The copy is checked before it gets its name.
    """
    dated = f"{index.path.stem}-{time.strftime('%Y%m%d-%H%M%S')}{index.path.suffix}"
    path = index.maintenance.backup(index.path.with_name(dated) if target is None else target, overwrite=overwrite)
    echo(f"{path} ({size(path.stat().st_size)}), checked and sound.")
