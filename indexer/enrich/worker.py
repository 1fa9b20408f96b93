"""Tasks of worker processes: decode a picture once, and run every due enricher on it."""

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

# Added to the niceness of all workers.
_NICENESS = 12


# None: the file cannot be read now. Renditions are Encoded: workers write no files.
Outcome = list[Enrichment] | None


def enrich_pictures(requests: Sequence[EnrichRequest]) -> list[Outcome]:
    _lift_bound_of_pillow()  # another machine's worker was not warmed up
    outcomes = []
    for number, request in enumerate(requests):
        at_task(number)
        outcomes.append(_enrich(request))
    return outcomes


def allowed(request: EnrichRequest) -> Allowance:
    """Processor time and memory for a task. Memory is unlimited with the user's own models, whose needs are unknown;
    decoding stays limited."""
    due = [ENRICHERS[name] for name in request.versions]
    models = sum(row.model is not None for row in due)
    memory = sum(row.memory for row in due) * MEGABYTE
    allowance = picture_allowance(SECONDS * (1 + models), request.size, request.memory + memory)
    is_of_the_user = any(model.folder for model in request.models.values())
    return allowance._replace(memory=sys.maxsize) if is_of_the_user else allowance


def needs_local(outcome: Outcome) -> bool:
    """Whether to retry on this machine, which may reach a file that the worker could not."""
    return outcome is None


def warm_up() -> None:
    """Prepare a process that runs only these tasks. Closes stderr: decoders write every oddity there, some of them past
    Python, and the results carry the errors."""
    _lift_bound_of_pillow()
    _decode_in_one_thread()
    warnings.simplefilter("ignore")
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def warm_up_in_background() -> None:
    """As `warm_up`, at low priority: on a busy machine, requested pictures come first."""
    warm_up()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _lift_bound_of_pillow() -> None:
    """Pillow's limit ignores that JPEGs are decoded at a smaller scale; decode_memory.py accounts for it. Results must
    not depend on whether a process was warmed up."""
    Image.MAX_IMAGE_PIXELS = None


def _decode_in_one_thread() -> None:
    """Each core has a worker already, and each thread uses address space."""
    pillow_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if (jxl := sys.modules.get("pillow_jxl.JpegXLImagePlugin")) is not None:
        jxl.DECODE_THREADS = 0  # type: ignore[attr-defined]
    os.environ["OMP_NUM_THREADS"] = "1"  # read by LibRaw when the first raw photo loads it


def lost(request: EnrichRequest, reason: str) -> Outcome:
    """The outcome of a task that ended its worker. None, to be retried by a later run, if the file could not be
    read."""
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
    except UsageError as error:  # every picture would fail alike
        raise CannotRun(name, str(error)) from error
    except Exception as error:  # a failing enricher must not stop the others
        text = str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"
        return _failed(request, name, text)
    return Enrichment(request.asset_id, name, request.versions[name], request.input_key, result)


def _failed(request: EnrichRequest, name: str, error: str) -> Enrichment:
    return Enrichment(request.asset_id, name, request.versions[name], request.input_key, error=error)
