"""indexer duplicates"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, plural, print_json, size

if TYPE_CHECKING:
    from indexer import Duplicates
    from indexer.index.duplicates import DuplicateFile

_HEADINGS = {
    "file": "the same file in several places",
    "picture": "the same picture, other metadata",
    "copy": "resized or re-encoded",
    "crop": "cropped",
    "burst": "shots within seconds",
}


@click.command()
@click.option("--similar", is_flag=True, help="Similar photos: resized copies, crops, shots of a burst.")
@json_option
@pass_index
def command(index: Index, similar: bool, as_json: bool) -> None:
    """List duplicates: photos with the same bytes, and photos with the same picture and other metadata.

    The first of each group is the one to keep: the largest, then the best. Nothing is deleted.
    """
    groups = index.duplicates.similar() if similar else index.duplicates.exact()
    if as_json:
        print_json([{"kind": group.kind, "photos": [photo._asdict() for photo in group.photos]} for group in groups])
        return
    for number, group in enumerate(groups):
        echo(f"{_HEADINGS[group.kind].capitalize()}:" if not number or group.kind != groups[number - 1].kind else "")
        for photo in group.photos:
            echo(f"  {'keep' if photo is group.photos[0] else '    '}  {_photo_line(photo)}")
    echo(_total(groups))


def _photo_line(photo: DuplicateFile) -> str:
    properties = [f"{photo.width} × {photo.height}", size(photo.size)]
    if photo.quality is not None:
        properties.append(f"quality {photo.quality:.2f}")
    return f"{photo.path}  ({', '.join(properties)})"


def _total(groups: Sequence[Duplicates]) -> str:
    if not groups:
        return "None found."
    spare = sum(photo.size for group in groups for photo in group.photos[1:])
    return f"{plural(len(groups), 'group')}; deleting the others would free {size(spare)}."
