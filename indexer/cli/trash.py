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

    The record of a deleted photo lies here with all it had: albums, people, rating. Once the photo is back in its place
    it is live again by itself. Nothing leaves the trash by itself, and no photo is ever touched.
    """


@command.command("list")
@json_option
@pass_index
def show(index: Index, as_json: bool) -> None:
    """What is in the trash, the longest there first."""
    trashed = index.trash.list()
    if as_json:
        print_json([one._asdict() for one in trashed])
        return
    if not trashed:
        echo("The trash is empty.")
    for one in trashed:
        days = days_in_trash(one)
        lost = "its folder was forgotten" if one.is_forgotten else "its file is gone"
        why = "put here by you" if one.by_user else lost
        kept = f"; stays: {one.held}" if one.held else ""
        echo(f"{one.id}  {one.trashed_at[:10]} ({plural(days, 'day')} ago)  {one.name}  {why}{kept}")


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
@click.option("--all", "everything", is_flag=True, help="All that is in the trash.")
@dry_run_option
@pass_index
def restore(index: Index, assets: tuple[str, ...], everything: bool, dry_run: bool) -> None:
    """Take photos out of the trash, by id or path; also those whose files are gone."""
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
    help="Only what has been in the trash for longer.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@pass_index
def empty(index: Index, older_than: float, yes: bool, dry_run: bool) -> None:
    """Forget for good what has been in the trash for long. There is no way back.

    Records whose photo is still there, or lies on a drive that is away, stay.
    """
    old = index.trash.expired(older_than)
    what = f"{plural(len(old), 'record')} of {size(sum(one.size for one in old))} of photos"
    if dry_run or not old:
        echo(f"{what} would be forgotten." if old else "Nothing in the trash is that old.")
        return
    if not yes:
        click.confirm(f"Forget {what} for good?", abort=True)
    index.trash.empty(older_than)
    echo(f"{what} forgotten.")
