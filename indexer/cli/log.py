"""indexer log"""

from __future__ import annotations

import json

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json_line

_LABELS = {
    "asset_created": "added",
    "asset_updated": "record changed",
    "asset_trashed": "moved to the trash",
    "asset_restored": "restored from the trash",
    "asset_deleted": "deleted for good",
    "file_edited": "edited",
    "file_moved": "moved",
    "file_copied": "copied",
    "file_returned": "back",
    "file_missing": "missing",
    "file_gone": "gone",
    "file_rotten": "corrupted (bit rot)",
}


@click.command()
@click.argument("asset", required=False)
@click.option("--after", type=int, default=0, metavar="CURSOR", help="Only events after this one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@json_option
@pass_index
def command(index: Index, asset: str | None, after: int, limit: int, as_json: bool) -> None:
    """Show events, oldest first: of one photo (id or path), or of all.

    Each line begins with its cursor; pass the last one to --after to continue from there.
    """
    for event in index.history.events(after, limit, of=asset):
        payload = json.loads(event.payload) if event.payload else {}
        if as_json:
            print_json_line(event._asdict() | {"payload": payload})
            continue
        label = _LABELS.get(event.event_type, event.event_type.replace("_", " "))
        if event.event_type == "file_edited" and payload.get("picture") != "unknown":
            label += ", the same picture" if payload.get("picture") == "same" else ", another picture"
        place = (
            f"  {payload['previous_path']} → {payload['path']}"
            if "previous_path" in payload
            else f"  {payload.get('path', '')}"
        )
        echo(f"{event.id:>7}  {event.created_at}  {event.entity_id}  {label}{place}".rstrip())
