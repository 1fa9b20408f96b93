"""indexer why"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import UserPath, json_option, pass_index
from .output import echo, print_json


@click.command()
@click.argument("path", type=UserPath(readable=False))
@json_option
@pass_index
def command(index: Index, path: str, as_json: bool) -> None:
    """Explain why a path is, or is not, in the index."""
    answer = index.status.why(path)
    if as_json:
        print_json(answer.as_dict())
    else:
        echo(answer.sentence)
