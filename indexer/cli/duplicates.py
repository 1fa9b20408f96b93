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

_WORDS = {
    "file": "the same file in several places",
    "picture": "the same picture, other words in the file",
    "copy": "resized or encoded again",
    "crop": "cropped",
    "burst": "shots within seconds",
}


@click.command()
@click.option("--similar", is_flag=True, help="What looks alike: copies of another size, crops, shots of a burst.")
@json_option
@pass_index
def command(index: Index, similar: bool, as_json: bool) -> None:
    """List photos that are there more than once.

    Without --similar: those with the same bytes, and those with the same picture. The first of each group is the one to
    keep: the largest, then the best. Nothing is deleted.
    """
    found = index.duplicates.similar() if similar else index.duplicates.exact()
    if as_json:
        print_json([{"kind": one.kind, "photos": [photo._asdict() for photo in one.photos]} for one in found])
        return
    for number, group in enumerate(found):
        echo(f"{_WORDS[group.kind].capitalize()}:" if not number or group.kind != found[number - 1].kind else "")
        for photo in group.photos:
            echo(f"  {'keep' if photo is group.photos[0] else '    '}  {_photo_line(photo)}")
    echo(_total(found))


def _photo_line(photo: DuplicateFile) -> str:
    words = [f"{photo.width} × {photo.height}", size(photo.size)]
    if photo.quality is not None:
        words.append(f"quality {photo.quality:.2f}")
    return f"{photo.path}  ({', '.join(words)})"


def _total(found: Sequence[Duplicates]) -> str:
    if not found:
        return "None found."
    spare = [photo for group in found for photo in group.photos[1:]]
    return (
        f"{plural(len(found), 'group')}; without the others {size(sum(photo.size for photo in spare))} would be free."
    )
