"""indexer why"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import UserPath, json_option, pass_index, print_json, say


@click.command()
@click.argument("path", type=UserPath())
@json_option
@pass_index
def command(index: Index, path: str, as_json: bool) -> None:
    """Say why a path is, or is not, in the index."""
    answer = index.status.why(path)
    if as_json:
        print_json(answer.as_dict())
    else:
        say(answer.sentence)
