"""Tasks of render processes: decode a requested picture and draw it."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

from PIL import Image

from indexer.errors import NotFound
from indexer.store.enrichments import PictureFile
from indexer.store.faces import FaceAt

from .faces.portrait import cut_square, pixels_for
from .picture import open_picture, open_sent, video_frame
from .render_processes import Portrait, Rendition, Sent
from .renditions import LARGEST, Encoded, encode, shrink


def draw(tasks: Sequence[Rendition]) -> list[Encoded]:
    drawn = []
    for file, memory, name, long_side in tasks:
        image = open_picture(file.real_path, file.mime_type, file.orientation, long_side, memory).image
        drawn.append(encode(name, image if long_side is None else shrink(image, long_side)))
        _ensure_unchanged(file)
    return drawn


def cut(tasks: Sequence[Portrait]) -> list[Image.Image]:
    return [_cut_out(task.file, task.face, task.side, task.memory) for task in tasks]


def draw_portraits(tasks: Sequence[Portrait]) -> list[Encoded]:
    return [encode(task.face.id, image) for task, image in zip(tasks, cut(tasks), strict=True)]


def open_pictures(tasks: Sequence[Sent]) -> list[Image.Image]:
    return [shrink(open_sent(io.BytesIO(task.content), LARGEST, task.memory).image, LARGEST) for task in tasks]


def warm_up(tasks: Sequence[Sent]) -> list[None]:
    """Load the decoders before the first picture needs them."""
    plain = io.BytesIO()
    Image.new("RGB", (64, 64)).save(plain, "JPEG")
    shrink(open_sent(plain, LARGEST, 1 << 30).image, 8)
    return [None for _ in tasks]


def _cut_out(file: PictureFile, face: FaceAt, side: int, memory: int) -> Image.Image:
    """The face as a square of `side` pixels. memory: bytes that decoding may use. Raises Undecodable."""
    if face.timestamp_ms is not None:
        frame = video_frame(file.real_path, face.timestamp_ms, memory)
        image, size, orientation = frame.image, (frame.width, frame.height), frame.orientation
    else:
        long_side = pixels_for(face, side)
        picture = open_picture(file.real_path, file.mime_type, file.orientation, long_side, memory)
        image, size, orientation = picture.image, (picture.width, picture.height), file.orientation
    _ensure_unchanged(file)
    return cut_square(image, face, size if orientation < 5 else size[::-1], orientation, side)


def _ensure_unchanged(file: PictureFile) -> None:
    """Called once it is decoded: the result counts as one of the picture in the index. Raises NotFound, OSError."""
    info = os.stat(file.real_path)
    if (info.st_size, info.st_mtime_ns) != (file.size, file.mtime_ns):
        raise NotFound(f"{file.real_path} has changed, and is not indexed as it is now")
