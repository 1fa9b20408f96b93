"""indexer status"""

from __future__ import annotations

import click

from indexer.index import Index

from .common import json_option, many, pass_index, print_json, size

_SHOWN = 10


@click.command()
@click.option("--failures", "all_failures", is_flag=True, help="List every path that failed, not only the first ten.")
@json_option
@pass_index
def command(index: Index, all_failures: bool, as_json: bool) -> None:
    """Say what is in the index, what is running, what failed and why."""
    counts, roots, running = index.counts(), index.roots(), index.activities()
    verdicts = counts.by_verdict
    failed = sum(verdicts.get(name, 0) for name in ("damaged", "unreadable", "unstable"))
    ignored = verdicts.get("ignored", 0) + verdicts.get("not_media", 0)
    seen = sum(number for name, number in verdicts.items() if name != "gone")
    failures = index.failures(-1 if all_failures or as_json else _SHOWN)
    if as_json:
        print_json(
            {
                "index": str(index.path),
                "assets": counts.assets,
                "trashed": counts.trashed,
                "files": counts.files,
                "bytes": counts.bytes,
                "seen": seen,
                "indexed": verdicts.get("indexed", 0),
                "ignored": ignored,
                "failed": failed,
                "by_verdict": verdicts,
                "roots": [root._asdict() | {"files": counts.by_root.get(root.id, 0)} for root in roots],
                "running": [one._asdict() for one in running],
                "failures": [one._asdict() for one in failures],
            }
        )
        return
    click.echo(f"{index.path}  ({size(index.path.stat().st_size)})")
    trashed = f", {counts.trashed:,} in the trash" if counts.trashed else ""
    click.echo(
        f"{many(counts.assets, 'asset')} in {many(counts.files, 'file')}, {size(counts.bytes)} of photos{trashed}"
    )
    indexed = verdicts.get("indexed", 0)
    click.echo(f"{many(seen, 'path')} seen = {indexed:,} indexed + {ignored:,} ignored + {failed:,} failed")
    for root in roots:
        state = f"scanned {root.scanned_at or 'never to the end'}"
        if root.offline_at:
            state = f"offline since {root.offline_at}: {root.offline_why}"
        click.echo(f"  {root.path}: {many(counts.by_root.get(root.id, 0), 'file')}, {state}")
    for one in running:
        click.echo(f"running: {one.kind} of {', '.join(one.roots)} since {one.started_at} (process {one.pid})")
    if not running:
        click.echo("running: nothing")
    if failed:
        click.echo("failed:")
    for failure in failures:
        click.echo(f"  {failure.verdict:11}{failure.root}/{failure.path}: {failure.reason}")
    if failed > len(failures):
        click.echo(f"  … and {failed - len(failures):,} more: --failures lists them")
