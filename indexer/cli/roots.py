"""indexer roots"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import json_option, many, pass_index, print_json


@click.command()
@click.option("--forget", metavar="FOLDER", help="Take a folder out of the index. Its photos are not touched.")
@click.option("--dry-run", is_flag=True, help="With --forget: only say what would happen.")
@json_option
@pass_index
def command(index: Index, forget: str | None, dry_run: bool, as_json: bool) -> None:
    """List the indexed folders, or forget one.

    The records of a forgotten folder go to the trash; scanning the folder again brings them back as they were.
    """
    if forget is not None:
        _forget(index, forget, dry_run)
        return
    roots, counts = index.roots(), index.counts()
    if as_json:
        print_json([root._asdict() | {"files": counts.by_root.get(root.id, 0)} for root in roots])
        return
    for root in roots:
        state = f"  offline since {root.offline_at}: {root.offline_why}" if root.offline_at else ""
        click.echo(f"{root.path}  {many(counts.by_root.get(root.id, 0), 'file')}{state}")


def _forget(index: Index, folder: str, dry_run: bool) -> None:
    files = index.counts().by_root
    root = index.root_at(folder)
    if not dry_run:
        index.remove_root(folder)
    verb = "would be forgotten" if dry_run else "forgotten"
    click.echo(f"{root.path} {verb}: {many(files.get(root.id, 0), 'file')}. Scan it again to have the records back.")
