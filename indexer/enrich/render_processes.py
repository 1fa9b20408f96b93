"""Processes that render pictures somebody waits for (what they do: render_tasks.py): whatever a file does to its
decoder, this process lives on, and its memory is its own. Decoders are not even loaded here."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.config import picture_memory
from indexer.errors import NotFound, NoWorkers, Undecodable
from indexer.store.enrichments import PictureFile
from indexer.store.faces import FaceAt
from indexer.work.limits import Allowance, is_of_waiting
from indexer.work.pool import Pool, process_pool
from indexer.work.workers import Lost, Remote, worker_count

from .task_limits import SECONDS, picture_allowance

if TYPE_CHECKING:
    from PIL import Image

    from .renditions import Encoded

WORKERS = min(worker_count(), 4)
# For a picture that was sent: somebody waits, and it is small
_SECONDS_OF_SENT = 10.0
# What the processes run
_TASKS = f"{__package__}.render_tasks"
_DRAW = Remote(_TASKS, "draw")
_DRAW_PORTRAITS = Remote(_TASKS, "draw_portraits")
_CUT = Remote(_TASKS, "cut")
_OPEN = Remote(_TASKS, "open_pictures")
_WARM_UP = Remote(_TASKS, "warm_up")
_WARM_UP_WORKER = Remote(f"{__package__}.worker", "warm_up")


class Rendition(NamedTuple):
    """A rendition to draw: its name and long side (None: all pixels)."""

    file: PictureFile
    memory: int
    name: str
    long_side: int | None


class Portrait(NamedTuple):
    """A face to cut out of a photo, or of a frame of a video, as a square of `side` pixels."""

    file: PictureFile
    memory: int
    face: FaceAt
    side: int


class Sent(NamedTuple):
    """A picture that is not in a file."""

    content: bytes
    memory: int


def rendition(file: PictureFile, name: str, long_side: int | None) -> Encoded:
    """Raises Undecodable; NoWorkers if no process can draw it now; OSError if the file cannot be read."""
    drawn: Encoded = _waited_for(drawing(file, name, long_side))
    return drawn


def drawing(file: PictureFile, name: str, long_side: int | None) -> Future[Any]:
    """Of a list with the rendition; raises what `rendition` does. Cancelled before it begins, it is not drawn."""
    return _pool().submit(_DRAW, [Rendition(file, picture_memory(), name, long_side)])


def drawing_portrait(file: PictureFile, face: FaceAt, side: int) -> Future[Any]:
    """As `drawing`, of a face in a square of so many pixels, under its id."""
    return _pool().submit(_DRAW_PORTRAITS, [Portrait(file, picture_memory(), face, side)])


def portrait(file: PictureFile, face: FaceAt, side: int) -> Image.Image:
    """Raises as `rendition` does."""
    cut: Image.Image = _waited_for(_pool().submit(_CUT, [Portrait(file, picture_memory(), face, side)]))
    return cut


def sent(content: bytes) -> Future[Any]:
    """Of a list with the picture, upright, RGB, with a long side of LARGEST at most. The future raises Undecodable."""
    return _pool().submit(_OPEN, [Sent(content, picture_memory())])


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
    """Start the processes before somebody waits for them. Returns at once."""
    with suppress(NoWorkers):
        for _ in range(WORKERS):
            _pool().submit(_WARM_UP, [Sent(b"", 0)])


def _waited_for(future: Future[Any]) -> Any:
    try:
        return the_one(future.result())
    except CancelledError as error:
        raise NoWorkers("the decoders were stopped") from error


_lock = Lock()
_running: tuple[int, Pool] | None = None


def _pool() -> Pool:
    """This process's pool, until it is closed."""
    global _running
    with _lock:
        # A fork has none of its parent's threads.
        if _running is None or _running[0] != os.getpid() or _running[1].is_closed:
            _running = os.getpid(), process_pool(WORKERS, _WARM_UP_WORKER, _allowed, niceness=0)
        return _running[1]


def close() -> None:
    """End what is being decoded: waiting callers get NoWorkers. Later calls start a new pool."""
    global _running
    with _lock:
        running, _running = _running, None
    if running is not None and running[0] == os.getpid():
        running[1].shutdown(cancel_futures=True)


# Registered after multiprocessing's handler, so run before it: that one ends the workers too, under the pool's hands.
atexit.register(close)


def _allowed(task: Rendition | Portrait | Sent) -> Allowance:
    if isinstance(task, Sent):
        return picture_allowance(_SECONDS_OF_SENT, len(task.content), task.memory)
    return picture_allowance(SECONDS, task.file.size, task.memory)
