"""indexer doctor"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json

_MARKS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


@click.command()
@click.option("--fix", is_flag=True, help="Fix what can be fixed safely.")
@json_option
@pass_index
def command(index: Index, fix: bool, as_json: bool) -> None:
    """Check the index, its location, the folders and system limits, and suggest fixes.

    Exit code 1 if there is a problem.
    """
    findings = index.doctor.examine(fix=fix)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            echo(f"{_MARKS[finding.state]}{finding.words}")
            if finding.advice:
                echo(f"        → {finding.advice}")
    raise SystemExit(1 if any(finding.state == "problem" for finding in findings) else 0)
