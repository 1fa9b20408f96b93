"""indexer get"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import pass_index
from .output import print_json_text


@click.command()
@click.argument("id_or_path")
@click.option("--pretty", is_flag=True, help="Indented, for reading.")
@pass_index
def command(index: Index, id_or_path: str, pretty: bool) -> None:
    """Print the asset record of an id or a file, as JSON: the text of the view asset_json."""
    text = index.get_json(id_or_path)
    if pretty:
        import json

        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    print_json_text(text)
