"""indexer explain"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import click

from indexer.errors import UsageError
from indexer.index import Index
from indexer.index.assets import explained_fields

from .options import json_option, pass_index
from .output import echo, message, print_json

_WIDTH = 60


@click.command()
@click.argument("id_or_path")
@click.argument("field", required=False)
@json_option
@pass_index
def command(index: Index, id_or_path: str, field: str | None, as_json: bool) -> None:
    """Show where each value of a record comes from, and which sources disagree.

    FIELD is a key of the record's metadata, or local_datetime. The file and its sidecars are read again; if they cannot
    be reached, only dates and places are explained."""
    explanation = index.assets.explain(id_or_path)
    fields = {entry.field for entry in explanation.provenance}
    provenance = [entry for entry in explanation.provenance if field in (None, entry.field)]
    if field is not None and not provenance:
        known_fields = explained_fields()
        if field not in known_fields:
            raise UsageError(f"there is no field {field!r}; there are {', '.join(known_fields)}")
    if as_json:
        print_json({"read_from": explanation.read_from, "provenance": [entry._asdict() for entry in provenance]})
        return
    if explanation.read_from is None:
        message("The file cannot be reached; only dates and places are known.", "warning")
    if not provenance:
        echo(
            f"{field}: not set in the file, a sidecar or the index."
            if field and fields
            else "The file has no metadata."
        )
    order = {name: number for number, name in enumerate(explained_fields())}
    for name, entries in groupby(sorted(provenance, key=lambda entry: order[entry.field]), attrgetter("field")):
        used = None
        for entry in entries:
            text = entry.value if len(entry.value) <= _WIDTH else entry.value[: _WIDTH - 1] + "…"
            note = f"  ({entry.note})" if entry.note else ""
            label = name if used is None else "  also" if entry.value == used else "  but"
            used = entry.value if used is None else used
            echo(f"{label:20} {text}  {entry.source}{note}")
