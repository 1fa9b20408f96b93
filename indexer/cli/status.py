"""indexer status"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from indexer.index import Index
from indexer.index.status import has_inodes, held_loss, watch_limit

from .options import json_option, pass_index
from .output import echo, plural, print_json, size

if TYPE_CHECKING:
    from indexer import Counts, Root, WatchState

_SHOWN = 10


@click.command()
@click.option("--failures", "all_failures", is_flag=True, help="List all failed paths, not only the first ten.")
@json_option
@pass_index
def command(index: Index, all_failures: bool, as_json: bool) -> None:
    """Show what is in the index, what is running, what failed and why."""
    counts, roots, running = index.status.counts(), index.roots.list(), index.status.jobs()
    sums = _sums(counts.by_status)
    watch_states = index.roots.watch_states()
    if as_json:
        print_json(_as_dict(index))
        return
    failures = index.status.failures(-1 if all_failures else _SHOWN)
    log = index.path.with_name(index.path.name + "-wal")
    on_disk = index.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    echo(f"{index.path}  ({size(on_disk)})")
    trashed = f", {counts.trashed:,} in the trash" if counts.trashed else ""
    echo(f"{plural(counts.assets, 'asset')} in {plural(counts.files, 'file')}, {size(counts.bytes)} of photos{trashed}")
    echo(
        "{} seen = {indexed:,} indexed + {ignored:,} ignored + {failed:,} failed".format(
            plural(sums["seen"], "path"), **sums
        )
    )
    if enriched := index.enrichments.counts():
        processed = ", ".join(f"{name} {done:,}" for name, (done, _) in enriched.items())
        failed = sum(number for _, number in enriched.values())
        echo(f"enriched: {processed}" + (f"; {failed:,} failed: 'indexer enrich --failures'" if failed else ""))
    for root in roots:
        _root(index, root, counts, watch_states.get(root.id))
    if watches := sum(state.watches for state in watch_states.values()):
        limit = watch_limit()
        echo(f"watches: {watches:,}" + (f" of the system's {limit:,}" if limit else ""))
    for job in running:
        target = f" of {', '.join(job.roots)}" if job.roots else f" at {job.address}" if job.address else ""
        note = f": {job.note}" if job.note else ""
        echo(f"running: {job.kind}{target} since {job.started_at} (process {job.pid}){note}")
    if not running:
        echo("running: nothing")
    if sums["failed"]:
        echo("failed:")
    for failure in failures:
        echo(f"  {failure.status:11}{failure.root}/{failure.path}: {failure.reason}")
    if sums["failed"] > len(failures):
        echo(f"  … and {sums['failed'] - len(failures):,} more: --failures lists them")


def _as_dict(index: Index) -> dict[str, Any]:
    counts, watch_states = index.status.counts(), index.roots.watch_states()
    statuses = counts.by_status
    return {
        "index": str(index.path),
        "assets": counts.assets,
        "trashed": counts.trashed,
        "files": counts.files,
        "bytes": counts.bytes,
        **_sums(statuses),
        "by_status": statuses,
        "missing": statuses.get("missing", 0),
        "roots": [
            root._asdict()
            | {"files": counts.by_root.get(root.id, 0), "missing": counts.missing_by_root.get(root.id, 0)}
            | {"watch": watch_states[root.id]._asdict() if root.id in watch_states else None}
            | {"has_inodes": has_inodes(root.filesystem)}
            | {"drives": [mount._asdict() for mount in index.roots.mounts(root.id)]}
            for root in index.roots.list()
        ],
        "watches": sum(state.watches for state in watch_states.values()),
        "watch_limit": watch_limit(),
        "running": [job._asdict() for job in index.status.jobs()],
        "enriched": {
            name: {"done": done, "failed": failed} for name, (done, failed) in index.enrichments.counts().items()
        },
        "failures": [failure._asdict() for failure in index.status.failures(-1)],
    }


def _sums(statuses: dict[str, int]) -> dict[str, int]:
    """seen = indexed + ignored + failed."""
    return {
        "seen": sum(number for name, number in statuses.items() if name not in ("missing", "gone")),
        "indexed": statuses.get("indexed", 0),
        "ignored": statuses.get("ignored", 0) + statuses.get("not_media", 0),
        "failed": sum(statuses.get(name, 0) for name in ("damaged", "unreadable", "unstable")),
    }


def _root(index: Index, root: Root, counts: Counts, watch_state: WatchState | None) -> None:
    """Print a root's line, and more lines for offline drives, lost events and missing files."""
    state = f"scanned {root.scanned_at or 'never to the end'}"
    if root.offline_at:
        state = f"offline since {root.offline_at}: {root.offline_reason}"
    elif watch_state is not None and watch_state.mode == "events":
        state += ", followed by events"
    elif watch_state is not None:
        state += f", polled since {watch_state.since}: {watch_state.reason}"
    echo(f"  {root.path}: {plural(counts.by_root.get(root.id, 0), 'file')}, {state}")
    for mount in index.roots.mounts(root.id):
        if mount.offline_at:
            echo(f"    {mount.folder}: offline since {mount.offline_at}: its drive is disconnected")
    if watch_state is not None and watch_state.overflows:
        echo(f"    events were lost {plural(watch_state.overflows, 'time')}; everything was rescanned each time")
    if watch_state is not None and watch_state.uncovered:
        shown = ", ".join(watch_state.uncovered[:3]) + (", …" if len(watch_state.uncovered) > 3 else "")
        echo(f"    no watches left for {plural(len(watch_state.uncovered), 'folder')}, which are polled: {shown}")
    if not has_inodes(root.filesystem):
        echo(f"    {root.filesystem} keeps no inodes: changes are detected by size and time alone")
    missing = counts.missing_by_root.get(root.id, 0)
    if held := held_loss(root, counts):
        echo(f"    {held}")
    elif missing:
        echo(f"    {plural(missing, 'file')} missing, not in the trash yet")
