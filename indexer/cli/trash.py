"""indexer trash"""

from __future__ import annotations

import click

from indexer.index import Index
from indexer.index.trash import days_in_trash

from .options import dry_run_option, json_option, pass_index
from .output import echo, plural, print_json, size

RETENTION_DAYS = 30


@click.group()
def command() -> None:
    """List, restore and empty the trash.

    The trash keeps the records of deleted photos, with their albums, people and ratings. A photo that returns to its
    place is restored automatically. The trash is emptied only on request, and no file is ever touched.
    """


@command.command("list")
@json_option
@pass_index
def show(index: Index, as_json: bool) -> None:
    """List the trash, the oldest entries first."""
    trashed = index.trash.list()
    if as_json:
        print_json([asset._asdict() for asset in trashed])
        return
    if not trashed:
        echo("The trash is empty.")
    for asset in trashed:
        days = days_in_trash(asset)
        lost = "its folder was forgotten" if asset.is_forgotten else "its file is gone"
        reason = "put here by you" if asset.by_user else lost
        kept = f"; stays: {asset.held}" if asset.held else ""
        echo(f"{asset.id}  {asset.trashed_at[:10]} ({plural(days, 'day')} ago)  {asset.name}  {reason}{kept}")


@command.command()
@click.argument("assets", nargs=-1, required=True)
@dry_run_option
@pass_index
def put(index: Index, assets: tuple[str, ...], dry_run: bool) -> None:
    """Put photos in the trash, by id or path. The files are not touched."""
    with index.dry_run(dry_run):
        ids = index.trash.put(assets)
    echo(f"{plural(len(ids), 'asset')} {'would be put' if dry_run else 'put'} in the trash.")


@command.command()
@click.argument("assets", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Restore everything.")
@dry_run_option
@pass_index
def restore(index: Index, assets: tuple[str, ...], everything: bool, dry_run: bool) -> None:
    """Restore photos from the trash, by id or path; also those whose files are gone."""
    if everything == bool(assets):
        raise click.UsageError("Name what to restore, or --all.")
    with index.dry_run(dry_run):
        ids = index.trash.restore([asset.id for asset in index.trash.list()] if everything else assets)
    echo(f"{plural(len(ids), 'asset')} {'would be restored' if dry_run else 'restored'}.")


@command.command()
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=RETENTION_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Only records that have been in the trash for longer.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@pass_index
def empty(index: Index, older_than: float, yes: bool, dry_run: bool) -> None:
    """Permanently delete records that have been in the trash for long.

    Records stay if their photo still exists, or may be on a disconnected drive.
    """
    old = index.trash.expired(older_than)
    records = f"{plural(len(old), 'record')} of {size(sum(asset.size for asset in old))} of photos"
    if dry_run or not old:
        echo(f"{records} would be forgotten." if old else "Nothing in the trash is that old.")
        return
    if not yes:
        click.confirm(f"Forget {records} for good?", abort=True)
    index.trash.empty(older_than)
    echo(f"{records} forgotten.")
