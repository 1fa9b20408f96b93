"""Processes that render requested pictures (their tasks: render_tasks.py). A file that crashes its decoder or exhausts
memory does not affect this process, which does not even load decoders."""

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
# Processor seconds for a picture that was sent: it is small, and a client waits
_SECONDS_OF_SENT = 10.0
_TASKS = f"{__package__}.render_tasks"
_DRAW = Remote(_TASKS, "draw")
_DRAW_PORTRAITS = Remote(_TASKS, "draw_portraits")
_CUT = Remote(_TASKS, "cut")
_OPEN = Remote(_TASKS, "open_pictures")
_WARM_UP = Remote(_TASKS, "warm_up")
_WARM_UP_WORKER = Remote(f"{__package__}.worker", "warm_up")


class Rendition(NamedTuple):
    """A rendition to draw. memory: bytes that decoding may use. long_side: in pixels; None: all."""

    file: PictureFile
    memory: int
    name: str
    long_side: int | None


class Portrait(NamedTuple):
    """A face to cut out of a photo, or of a video frame, as a square of `side` pixels."""

    file: PictureFile
    memory: int
    face: FaceAt
    side: int


class Sent(NamedTuple):
    """A picture that a client sent. content: the encoded bytes."""

    content: bytes
    memory: int


def rendition(file: PictureFile, name: str, long_side: int | None) -> Encoded:
    """Draw a rendition. Raises Undecodable; NoWorkers if no process can draw it now; OSError if the file cannot be
    read."""
    drawn: Encoded = _wait_for(drawing(file, name, long_side))
    return drawn


def drawing(file: PictureFile, name: str, long_side: int | None) -> Future[Any]:
    """A future whose result is a list for `the_one`. It raises as `rendition` does. Cancelling it before it starts
    skips the task."""
    return _pool().submit(_DRAW, [Rendition(file, picture_memory(), name, long_side)])


def drawing_portrait(file: PictureFile, face: FaceAt, side: int) -> Future[Any]:
    """As `drawing`, for a portrait: a square of `side` pixels, named by the face's id."""
    return _pool().submit(_DRAW_PORTRAITS, [Portrait(file, picture_memory(), face, side)])


def portrait(file: PictureFile, face: FaceAt, side: int) -> Image.Image:
    """Cut out a face. Raises as `rendition` does."""
    cut: Image.Image = _wait_for(_pool().submit(_CUT, [Portrait(file, picture_memory(), face, side)]))
    return cut


def sent(content: bytes) -> Future[Any]:
    """A future whose result is a list for `the_one`: the picture, upright, RGB, with a long side of at most LARGEST. It
    raises Undecodable."""
    return _pool().submit(_OPEN, [Sent(content, picture_memory())])


def the_one(results: Sequence[Any]) -> Any:
    """The single result of a worker. Raises Undecodable if the task ended its worker, NotFound if reading the file
    timed out."""
    (result,) = results
    if isinstance(result, Lost):
        if is_of_waiting(result.reason):
            raise NotFound(f"the decoder {result.reason}")
        raise Undecodable(f"the decoder {result.reason}")
    return result


def warm_up() -> None:
    """Start the processes ahead of the first request. Returns at once."""
    with suppress(NoWorkers):
        for _ in range(WORKERS):
            _pool().submit(_WARM_UP, [Sent(b"", 0)])


def _wait_for(future: Future[Any]) -> Any:
    try:
        return the_one(future.result())
    except CancelledError as error:
        raise NoWorkers("the decoders were stopped") from error


_lock = Lock()
_running: tuple[int, Pool] | None = None


def _pool() -> Pool:
    """This process's pool, started if there is none or it was closed."""
    global _running
    with _lock:
        # A fork has none of its parent's threads.
        if _running is None or _running[0] != os.getpid() or _running[1].is_closed:
            _running = os.getpid(), process_pool(WORKERS, _WARM_UP_WORKER, _allowed, niceness=0)
        return _running[1]


def close() -> None:
    """End the running tasks: waiting callers get NoWorkers. Later calls start a new pool."""
    global _running
    with _lock:
        running, _running = _running, None
    if running is not None and running[0] == os.getpid():
        running[1].shutdown(cancel_futures=True)


# Registered after multiprocessing's handler, so run before it: that one would end the workers while the pool uses them.
atexit.register(close)


def _allowed(task: Rendition | Portrait | Sent) -> Allowance:
    if isinstance(task, Sent):
        return picture_allowance(_SECONDS_OF_SENT, len(task.content), task.memory)
    return picture_allowance(SECONDS, task.file.size, task.memory)
