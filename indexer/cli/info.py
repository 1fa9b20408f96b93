"""indexer info"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from indexer import paths
from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json, size

if TYPE_CHECKING:
    from indexer.record import AssetRecord, MetadataRecord


@click.command()
@click.argument("id_or_path")
@json_option
@pass_index
def command(index: Index, id_or_path: str, as_json: bool) -> None:
    """Show one asset in short: when and where it was taken, with what, and where its files are."""
    record = index.get(id_or_path)
    roots = {root.id: root.path for root in index.roots.list()}
    files = [
        (paths.join(roots[file.root_id], paths.join(file.folder, file.name)), file.status, file.reason)
        for file in index.assets.files(record["id"])
    ]
    if as_json:
        listed = [{"path": path, "status": status, "reason": reason} for path, status, reason in files]
        print_json({"id": record["id"], "files": listed, "record": record})
        return
    people = ", ".join(person["name"] or "unknown" for person in record["people"])
    lines = [*_lines(record), ("people", people), ("keywords", ", ".join(index.assets.keywords(record["id"])))]
    for label, value in lines:
        if value:
            echo(f"{label:12}{value}")
    for path, status, reason in files:
        note = "" if status == "indexed" else f"  ({status}: {reason})" if reason else f"  ({status})"
        echo(f"{'file':12}{path}{note}")


def _lines(record: AssetRecord) -> list[tuple[str, str | None]]:
    metadata = record["metadata"]
    return [
        ("id", record["id"]),
        ("name", record["original_file_name"]),
        ("taken", record["local_datetime"].replace("T", " ")),
        ("type", record["mime_type"]),
        ("pixels", f"{record['width']} × {record['height']}" if record["width"] else None),
        ("size", size(record["file_size_bytes"])),
        ("camera", _camera(metadata["make"], metadata["model"])),
        ("lens", metadata["lens_model"]),
        ("exposure", _exposure(metadata)),
        ("place", _place(metadata)),
        ("description", metadata["description"]),
        ("rating", "★" * metadata["rating"] if metadata["rating"] else None),
        ("SHA-256", record["checksum"]),
        ("in trash", record["trashed_at"]),
    ]


def _camera(make: str | None, model: str | None) -> str | None:
    if make and model and model.lower().startswith(make.lower()):
        return model
    return " ".join(filter(None, (make, model))) or None


def _exposure(metadata: MetadataRecord) -> str | None:
    parts = []
    if seconds := metadata["exposure_time"]:
        parts.append(f"1/{round(1 / seconds)} s" if seconds < 0.4 else f"{seconds:g} s")
    if metadata["f_number"]:
        parts.append(f"f/{metadata['f_number']:g}")
    if metadata["iso"]:
        parts.append(f"ISO {metadata['iso']}")
    if metadata["focal_length"]:
        parts.append(f"{metadata['focal_length']:g} mm")
    return ", ".join(parts) or None


def _place(metadata: MetadataRecord) -> str | None:
    if metadata["latitude"] is None:
        return metadata["display_label"] or None
    coordinates = f"{metadata['latitude']:.5f}, {metadata['longitude']:.5f}"
    return f"{metadata['display_label']} ({coordinates})" if metadata["display_label"] else coordinates
