"""indexer doctor"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json

_MARKS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended safely.")
@json_option
@pass_index
def command(index: Index, fix: bool, as_json: bool) -> None:
    """Look whether all is well: the index, its place, the folders, the system's limits; and say what to do.

    Exit code 1 where there is a problem.
    """
    findings = index.doctor.examine(fix=fix)
    if as_json:
        print_json([one._asdict() for one in findings])
    else:
        for one in findings:
            echo(f"{_MARKS[one.state]}{one.words}")
            if one.advice:
                echo(f"        → {one.advice}")
    raise SystemExit(1 if any(one.state == "problem" for one in findings) else 0)
