"""What runs in a worker process: a picture in, decoded once, and every enricher's result out."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

import pillow_heif
from PIL import AvifImagePlugin, Image

from indexer.errors import CannotRun, Undecodable, UsageError
from indexer.store.enrichments import Enrichment
from indexer.work.limits import MEGABYTE, Allowance, is_of_waiting
from indexer.work.workers import at_task

from .enricher import ENRICHERS, RENDITIONS, EnrichRequest, Photo
from .picture import open_picture
from .renditions import LARGEST, shrink
from .task_limits import SECONDS, picture_allowance

# Added to the niceness that all workers have.
_NICENESS = 12


# None: the picture cannot be reached now. Renditions are Encoded: nothing is written here.
Outcome = list[Enrichment] | None


def enrich_pictures(requests: Sequence[EnrichRequest]) -> list[Outcome]:
    _lift_bound_of_pillow()  # another machine's worker was not warmed up
    outcomes = []
    for number, request in enumerate(requests):
        at_task(number)
        outcomes.append(_enrich(request))
    return outcomes


def allowed(request: EnrichRequest) -> Allowance:
    """The user's own models take the memory that they take: only decoding is bounded beside them."""
    due = [ENRICHERS[name] for name in request.versions]
    models = sum(row.model is not None for row in due)
    memory = sum(row.memory for row in due) * MEGABYTE
    allowance = picture_allowance(SECONDS * (1 + models), request.size, request.memory + memory)
    is_of_the_user = any(model.folder for model in request.models.values())
    return allowance._replace(memory=sys.maxsize) if is_of_the_user else allowance


def needs_local(outcome: Outcome) -> bool:
    """Whether this machine may be able to reach the file, though the worker could not."""
    return outcome is None


def warm_up() -> None:
    """For a process that does nothing else. Decoders write every oddity to stderr, some of them past Python; the result
    tells what is wrong."""
    _lift_bound_of_pillow()
    _decode_in_one_thread()
    warnings.simplefilter("ignore")
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def warm_up_in_background() -> None:
    """As `warm_up`, for work that nobody waits for: on a busy machine, requested pictures come first."""
    warm_up()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


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


def lost(request: EnrichRequest, reason: str) -> Outcome:
    """A file that does not come cannot be reached now: it is tried again another time."""
    if is_of_waiting(reason):
        return None
    return [_failed(request, name, f"the decoder {reason}") for name in request.versions]


def _enrich(request: EnrichRequest) -> Outcome:
    try:
        info = os.stat(request.path)
        if (info.st_size, info.st_mtime_ns) != (request.size, request.mtime_ns):
            return None
        picture = open_picture(request.path, request.mime_type, request.orientation, LARGEST, request.memory)
    except OSError:
        return None
    except Undecodable as error:
        return [_failed(request, name, str(error)) for name in request.versions]
    preview = picture._replace(image=shrink(picture.image, LARGEST))
    return [_enriched(name, Photo(request, preview, request.models.get(name))) for name in request.versions]


def _enriched(name: str, photo: Photo) -> Enrichment:
    request = photo.request
    try:
        if photo.preview.is_cut_off and name != RENDITIONS:
            raise Undecodable("the picture is cut off")
        result = ENRICHERS[name].compute(photo)
    except UsageError as error:  # it would be the same with every picture
        raise CannotRun(name, str(error)) from error
    except Exception as error:  # one that fails must not take the others along
        text = str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"
        return _failed(request, name, text)
    return Enrichment(request.asset_id, name, request.versions[name], request.input_key, result)


def _failed(request: EnrichRequest, name: str, error: str) -> Enrichment:
    return Enrichment(request.asset_id, name, request.versions[name], request.input_key, error=error)
