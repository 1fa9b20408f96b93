"""indexer query"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from typing import Any

import click

from indexer.index import Index

from .options import pass_index
from .output import message, print_json, printable


@click.command()
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
@pass_index
def command(index: Index, sql: str, as_csv: bool, as_json: bool) -> None:
    """Run a SELECT on the index and print a table. The index cannot be changed this way.

    The view 'photo' has one flat row per photo: indexer query "SELECT path, taken_at, camera FROM photo LIMIT 5"
    """
    rows = index.query(sql)
    if as_json:
        print_json(list(rows))
    elif as_csv:
        writer = csv.writer(sys.stdout)
        # Programs get the values unchanged: CSV has no escapes for control characters.
        shown = printable if sys.stdout.isatty() else str
        for number, row in enumerate(rows):
            if number == 0:
                writer.writerow(map(shown, row))
            writer.writerow([shown(value) if isinstance(value, str) else value for value in row.values()])
    else:
        _table(list(rows))


def _table(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        message("no rows")
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in rows[0]:
        table.add_column(Text(printable(name)))
    for row in rows:
        cells = ("" if value is None else printable(str(value)) for value in row.values())
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    # In a pipe, long lines are not wrapped, so that paths stay whole.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
