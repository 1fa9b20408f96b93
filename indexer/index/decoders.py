"""Decode pictures for servers in separate processes: many at once, and none in the server's process.

A coroutine that is cancelled before its picture's turn leaves nothing to decode."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..enrich import render_processes
from ..enrich.faces.portrait import SIDE
from ..enrich.renditions import SIZES
from .renditions import FaceInFile

if TYPE_CHECKING:
    from PIL import Image

    from ..enrich.renditions import Encoded
    from ..store.enrichments import PictureFile


def workers() -> int:
    return render_processes.WORKERS


def warm_up() -> None:
    """Start the processes before they are needed. Returns immediately."""
    render_processes.warm_up()


def close() -> None:
    """Stop the processes, even while they decode."""
    render_processes.close()


async def decode(content: bytes) -> Image.Image:
    """Decode picture data to an upright RGB image. Raises Undecodable, NoWorkers."""
    picture: Image.Image = render_processes.the_one(await asyncio.wrap_future(render_processes.sent(content)))
    return picture


async def render(source: PictureFile | FaceInFile, name: str) -> Encoded:
    """A rendition of a file, or the portrait of a face in it. Raises Undecodable, NoWorkers, OSError."""
    if isinstance(source, FaceInFile):
        drawing = render_processes.drawing_portrait(source.file, source.face, SIDE)
    else:
        drawing = render_processes.drawing(source, name, SIZES[name])
    rendition: Encoded = render_processes.the_one(await asyncio.wrap_future(drawing))
    return rendition
