"""indexer albums"""

from __future__ import annotations

import click

from indexer.errors import UsageError
from indexer.index import Index

from .options import dry_run_option, json_option, pass_index
from .output import echo, plural, print_json

_assets = click.argument("assets", nargs=-1, required=True)


@click.group()
def command() -> None:
    """List, create, fill, rename and delete albums. Photos are given by id or path, albums by name or id."""


@command.command("list")
@click.argument("album", required=False)
@json_option
@pass_index
def show(index: Index, album: str | None, as_json: bool) -> None:
    """List all albums, or the photos of one."""
    if album is not None:
        ids = index.albums.assets(album)
        print_json(ids) if as_json else echo(*ids or ["The album is empty."])
        return
    albums = index.albums.list()
    if as_json:
        print_json([item._asdict() for item in albums])
        return
    for item in albums:
        echo(f"{item.id}  {item.name}  {plural(item.assets, 'photo')}")
    if not albums:
        echo("There are no albums: create one with 'indexer albums create NAME PHOTO…'.")


@command.command()
@click.argument("name")
@click.argument("assets", nargs=-1)
@dry_run_option
@pass_index
def create(index: Index, name: str, assets: tuple[str, ...], dry_run: bool) -> None:
    """Create an album with these photos."""
    _refuse_if_taken(index, name)
    with index.dry_run(dry_run):
        album = index.albums.create(name, assets)
    photos = plural(album.assets, "photo")
    echo(f"{album.name} would be created, with {photos}." if dry_run else f"{album.id}  {album.name}  {photos}")


@command.command()
@click.argument("album")
@_assets
@dry_run_option
@pass_index
def add(index: Index, album: str, assets: tuple[str, ...], dry_run: bool) -> None:
    """Add photos to an album."""
    with index.dry_run(dry_run):
        count = len(index.albums.add(album, assets))
    echo(f"{plural(count, 'photo')} {'would be added' if dry_run else 'added'}.")


@command.command()
@click.argument("album")
@_assets
@dry_run_option
@pass_index
def remove(index: Index, album: str, assets: tuple[str, ...], dry_run: bool) -> None:
    """Remove photos from an album. The photos stay."""
    with index.dry_run(dry_run):
        count = index.albums.remove(album, assets)
    echo(f"{plural(count, 'photo')} {'would be removed' if dry_run else 'removed'}.")


@command.command()
@click.argument("album")
@click.argument("name")
@dry_run_option
@pass_index
def rename(index: Index, album: str, name: str, dry_run: bool) -> None:
    """Rename an album."""
    before = index.albums.get(album)
    if name != before.name:
        _refuse_if_taken(index, name)
    with index.dry_run(dry_run):
        index.albums.rename(before.id, name)
    echo(f"{before.name} {'would be' if dry_run else 'is'} called {name}.")


@command.command()
@click.argument("album")
@dry_run_option
@pass_index
def delete(index: Index, album: str, dry_run: bool) -> None:
    """Delete an album. The photos in it stay."""
    with index.dry_run(dry_run):
        deleted = index.albums.delete(album)
    echo(f"{deleted.name} ({plural(deleted.assets, 'photo')}) {'would be deleted' if dry_run else 'deleted'}.")


def _refuse_if_taken(index: Index, name: str) -> None:
    """Commands identify albums by name, so only the HTTP API allows two albums with the same one."""
    for album in index.albums.list():
        if album.name == name:
            hint = f"add to it with 'indexer albums add {album.id} PHOTO…', or choose another name"
            raise UsageError(f"there is already an album '{name}': {hint}")
