"""What runs in a worker process: a picture in, decoded once, and what every enricher makes of it out."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import pillow_heif
from PIL import AvifImagePlugin, Image

from indexer.errors import CannotRun, Undecodable, UsageError
from indexer.store.enrichments import Enrichment, Meaning, Result
from indexer.watchdog import MEGABYTE, Allowance, is_of_waiting
from indexer.workers import at_task

from . import appearance, meaning, quality
from .allowance import MEGABYTES_FOR_TEXT, SECONDS, picture_allowance
from .enrichers import FACES, MEANING, QUALITY, TEXT, VARIANTS
from .faces import find
from .faces.models import Kind
from .picture import Picture, open_picture, video_frames
from .variants import LARGEST, make_ahead, shrink

# Added to the niceness that all workers have.
_BEHIND = 12


class Order(NamedTuple):
    """A picture to look at. path is as the operating system knows it; size and mtime_ns are those of the file that the
    index knows: another file is not looked at. versions: of the enrichers that are to see it. faces, meaning: the
    models for these. memory: bytes that it may take to be decoded."""

    asset_id: str
    path: str
    size: int
    mtime_ns: int
    mime_type: str
    orientation: int
    basis: str
    versions: dict[str, int]
    faces: Kind | None
    meaning: meaning.Kind | None
    memory: int


# None: the picture cannot be reached now. Variants are Encoded: nothing is written here.
Outcome = list[Enrichment] | None


def look_at_pictures(orders: Sequence[Order]) -> list[Outcome]:
    _lift_bound_of_pillow()  # another machine's worker has not been made ready
    outcomes = []
    for number, order in enumerate(orders):
        at_task(number)
        outcomes.append(_look_at(order))
    return outcomes


def allowed(order: Order) -> Allowance:
    """The user's own models take the memory that they take: only decoding is bounded beside them."""
    models = sum(name in order.versions for name in (TEXT, FACES, MEANING))
    for_text = MEGABYTES_FOR_TEXT * MEGABYTE if TEXT in order.versions else 0
    found = picture_allowance(SECONDS * (1 + models), order.size, order.memory + for_text)
    of_the_user = (order.meaning and order.meaning.folder) or (order.faces and order.faces.folder)
    return found._replace(memory=sys.maxsize) if of_the_user else found


def is_refused(outcome: Outcome) -> bool:
    """Whether another machine may be able to reach it."""
    return outcome is None


def get_ready() -> None:
    """For a process that does nothing else. Decoders tell stderr of every oddity, some of them past Python: what is
    wrong is told in the result."""
    _lift_bound_of_pillow()
    _decode_in_one_thread()
    warnings.simplefilter("ignore")
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def get_ready_behind() -> None:
    """As `get_ready`, for what nobody waits for: whoever waits for a picture comes first, on a busy machine."""
    get_ready()
    if hasattr(os, "nice"):
        os.nice(_BEHIND)


def _lift_bound_of_pillow() -> None:
    """It knows no scale at which JPEGs are decoded: ours does. Where it held, the results would be others."""
    Image.MAX_IMAGE_PIXELS = None


def _decode_in_one_thread() -> None:
    """There is a worker a core; and each thread takes address space."""
    pillow_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if (jxl := sys.modules.get("pillow_jxl.JpegXLImagePlugin")) is not None:
        jxl.DECODE_THREADS = 0  # type: ignore[attr-defined]
    os.environ["OMP_NUM_THREADS"] = "1"  # LibRaw looks when it is loaded, with the first raw photo


def lost(order: Order, reason: str) -> Outcome:
    """A file that does not come cannot be reached now: another time it is tried again."""
    if is_of_waiting(reason):
        return None
    return [_failed(order, name, f"the decoder {reason}") for name in order.versions]


def _look_at(order: Order) -> Outcome:
    try:
        info = os.stat(order.path)
        if (info.st_size, info.st_mtime_ns) != (order.size, order.mtime_ns):
            return None
        picture = open_picture(order.path, order.mime_type, order.orientation, LARGEST, order.memory)
    except OSError:
        return None
    except Undecodable as error:
        return [_failed(order, name, str(error)) for name in order.versions]
    preview = picture._replace(image=shrink(picture.image, LARGEST))
    return [_enriched(order, name, preview) for name in order.versions]


def _enriched(order: Order, name: str, preview: Picture) -> Enrichment:
    try:
        if preview.is_cut_off and name != VARIANTS:
            raise Undecodable("the picture is cut off")
        result = _work_out(order, name, preview)
    except UsageError as error:  # it would be the same with every picture
        raise CannotRun(name, str(error)) from error
    except Exception as error:  # one that fails must not take the others along
        text = str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"
        return _failed(order, name, text)
    return Enrichment(order.asset_id, name, order.versions[name], order.basis, result)


def _work_out(order: Order, name: str, preview: Picture) -> Result:
    if name == VARIANTS:
        return make_ahead(preview.image)
    if name == QUALITY:
        return quality.measure(shrink(preview.image, quality.LONG_SIDE))
    if name == FACES:
        assert order.faces is not None
        if order.mime_type.startswith("video/"):
            return find.in_video(order.faces, video_frames(order.path, find.FRAMES, find.EVERY, LARGEST, order.memory))
        return find.in_picture(order.faces, preview.image, (preview.width, preview.height), order.orientation)
    if name == MEANING:
        assert order.meaning is not None
        vector = meaning.load(order.meaning).of_picture(preview.image)
        return Meaning(order.meaning.name, vector.astype("<f2").tobytes())
    if name == TEXT:
        from .text import read_text  # only now: few want it, and its library is large

        return read_text(preview.image, (preview.width, preview.height), order.orientation)
    return appearance.look_at(preview.image)


def _failed(order: Order, name: str, error: str) -> Enrichment:
    return Enrichment(order.asset_id, name, order.versions[name], order.basis, error=error)
