"""Pictures that somebody waits for, decoded in worker processes: whatever a file does to its decoder, this process
lives on, and its memory is its own."""

from __future__ import annotations

import atexit
import io
import os
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from indexer.config import picture_memory
from indexer.errors import NotFound, NoWorkers, Undecodable
from indexer.pool import Pool, process_pool
from indexer.store.enrichments import Encoded, PictureFile
from indexer.store.faces import FaceAt
from indexer.watchdog import Allowance, is_of_waiting
from indexer.workers import Lost, worker_count

from .faces.portrait import cut_out
from .picture import open_picture, open_sent
from .variants import LARGEST, encode, shrink
from .worker import SECONDS, get_ready, picture_allowance

T = TypeVar("T")

WORKERS = min(worker_count(), 4)
# Somebody waits for it, and it is small.
_SECONDS_OF_SENT = 10.0


class Variant(NamedTuple):
    """A picture to be drawn at a size (None: its own) under the name of a variant."""

    file: PictureFile
    memory: int
    name: str
    long_side: int | None


class Portrait(NamedTuple):
    """A face to be cut out of a photo, or of a frame of a film, and drawn in a square of so many pixels."""

    file: PictureFile
    memory: int
    face: FaceAt
    side: int


class Sent(NamedTuple):
    """A picture that lies in no file."""

    content: bytes
    memory: int


def variant(file: PictureFile, name: str, long_side: int | None) -> Encoded:
    """Raises Undecodable; NoWorkers where nobody can draw it now; OSError where the file cannot be read."""
    drawn: Encoded = _waited_for(drawing(file, name, long_side))
    return drawn


def drawing(file: PictureFile, name: str, long_side: int | None) -> Future[Any]:
    """Of a list with the variant; raises what `variant` does. Cancelled before it begins, it is not drawn."""
    return _pool().submit(_draw, [Variant(file, picture_memory(), name, long_side)])


def drawing_portrait(file: PictureFile, face: FaceAt, side: int) -> Future[Any]:
    """As `drawing`, of a face in a square of so many pixels, under its id."""
    return _pool().submit(_draw_portraits, [Portrait(file, picture_memory(), face, side)])


def portrait(file: PictureFile, face: FaceAt, side: int) -> Image.Image:
    """Raises as `variant` does."""
    cut: Image.Image = _waited_for(_pool().submit(_cut, [Portrait(file, picture_memory(), face, side)]))
    return cut


def sent(content: bytes) -> Future[Any]:
    """Of a list with the picture, upright, RGB, with a long side of LARGEST at most. The future raises Undecodable."""
    return _pool().submit(_open, [Sent(content, picture_memory())])


def the_one(results: Sequence[Any]) -> Any:
    """Of what a worker answers to one task. Raises Undecodable where it ended at it, NotFound where nothing came of the
    file."""
    (result,) = results
    if isinstance(result, Lost):
        if is_of_waiting(result.reason):
            raise NotFound(f"the decoder {result.reason}")
        raise Undecodable(f"the decoder {result.reason}")
    return result


def warm_up() -> None:
    """Have the workers ready before somebody waits for them. Returns at once."""
    with suppress(NoWorkers):
        for _ in range(WORKERS):
            _pool().submit(_draw_nothing, [Sent(b"", 0)])


def _waited_for(future: Future[Any]) -> Any:
    try:
        return the_one(future.result())
    except CancelledError as error:
        raise NoWorkers("the decoders were stopped") from error


_lock = Lock()
_running: tuple[int, Pool] | None = None


def _pool() -> Pool:
    """One for all of this process, until it has closed."""
    global _running
    with _lock:
        # A fork has none of its parent's threads.
        if _running is None or _running[0] != os.getpid() or _running[1].is_closed:
            _running = os.getpid(), process_pool(WORKERS, get_ready, _allowed, behind=0)
        return _running[1]


def close() -> None:
    """Ends what is being decoded: those that wait for it get NoWorkers. Who asks afterwards is served as ever."""
    global _running
    with _lock:
        running, _running = _running, None
    if running is not None and running[0] == os.getpid():
        running[1].shutdown(cancel_futures=True)


# After that of multiprocessing, and so run before it: that one ends the workers as well, and would meet the pool at it.
atexit.register(close)


def _allowed(task: Variant | Portrait | Sent) -> Allowance:
    if isinstance(task, Sent):
        return picture_allowance(_SECONDS_OF_SENT, len(task.content), task.memory)
    return picture_allowance(SECONDS, task.file.size, task.memory)


# In a worker


def _draw(tasks: Sequence[Variant]) -> list[Encoded]:
    drawn = []
    for file, memory, name, long_side in tasks:
        image = open_picture(file.real_path, file.mime_type, file.orientation, long_side, memory).image
        drawn.append(encode(name, image if long_side is None else shrink(image, long_side)))
    return drawn


def _draw_nothing(tasks: Sequence[Sent]) -> list[None]:
    """What is loaded with the first picture is loaded with this one."""
    plain = io.BytesIO()
    Image.new("RGB", (64, 64)).save(plain, "JPEG")
    shrink(open_sent(plain, LARGEST, 1 << 30).image, 8)
    return [None]


def _cut(tasks: Sequence[Portrait]) -> list[Image.Image]:
    return [cut_out(task.file, task.face, task.side, task.memory) for task in tasks]


def _draw_portraits(tasks: Sequence[Portrait]) -> list[Encoded]:
    return [encode(task.face.id, image) for task, image in zip(tasks, _cut(tasks), strict=True)]


def _open(tasks: Sequence[Sent]) -> list[Image.Image]:
    return [shrink(open_sent(io.BytesIO(task.content), LARGEST, task.memory).image, LARGEST) for task in tasks]
