"""indexer set"""

from __future__ import annotations

import os

import click

from indexer.errors import UsageError
from indexer.index import Index
from indexer.index.edits import USER_VALUES

from .options import dry_run_option, pass_index
from .output import echo, plural

_FAVORITE = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="ASSET... FIELD=VALUE...")
@dry_run_option
@pass_index
def command(index: Index, arguments: tuple[str, ...], dry_run: bool) -> None:
    """Set values of assets, by id or path.

    Fields: rating=0..5, favorite=yes|no, description, city, state, country, country_code, sublocation, place_name. They
    take precedence over the files and the look-up, also when files are read again; an empty VALUE removes one. Files
    are not touched.
    """
    values: dict[str, str | int | None] = {}
    assets = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        name = "is_favorite" if name == "favorite" else name
        if equals and name in USER_VALUES:
            values[name] = value or None
        elif equals and name.isidentifier() and not os.path.lexists(argument):
            raise UsageError(f"'{name}' cannot be set: there are {', '.join(USER_VALUES)}")
        else:
            assets.append(argument)
    if not values or not assets:
        raise UsageError("name assets and values: indexer set ID rating=4 city=Paris")
    if isinstance(rating := values.get("rating"), str):
        if not rating.isdecimal():
            raise UsageError(f"rating={rating}: a rating is 0 to 5")
        values["rating"] = int(rating)
    if isinstance(favorite := values.get("is_favorite"), str):
        if favorite not in _FAVORITE:
            raise UsageError(f"favorite={favorite}: use yes or no")
        values["is_favorite"] = _FAVORITE[favorite]
    with index.dry_run(dry_run):
        ids = index.assets.set(assets, **values)
    echo(f"{plural(len(ids), 'photo')} {'would be changed' if dry_run else 'changed'}.")
