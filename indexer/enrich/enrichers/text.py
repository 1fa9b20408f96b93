"""Recognize text in pictures with RapidOCR (the extra [text], which includes its models)."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from indexer.errors import UsageError
from indexer.store.results import TextLine

from .. import geometry
from ..enricher import Photo

_HAS_RELEASE = sys.version_info < (3, 13)
HINT = "pip install 'photo-indexer[text]'" if _HAS_RELEASE else "use Python 3.12, for which it has a release"
_PACKAGE = "rapidocr_onnxruntime"
# Lines with less confidence are mostly noise.
_LEAST_CONFIDENCE = 0.6


def model_info() -> None:
    """None: the package includes its models. Raises UsageError if it is not installed."""
    if find_spec(_PACKAGE) is None:
        raise UsageError(f"reading text in photos needs rapidocr-onnxruntime: {HINT}")


@cache
def _reader() -> Any:
    model_info()
    from rapidocr_onnxruntime import RapidOCR

    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)  # each core has a worker


def compute(photo: Photo) -> list[TextLine]:
    preview = photo.preview
    return read_text(preview.image, (preview.width, preview.height), photo.request.orientation)


def read_text(preview: Image.Image, size: tuple[int, int], orientation: int) -> list[TextLine]:
    """The lines of text in an upright picture, in reading order. size: width and height of the whole picture, upright.
    orientation: Exif's."""
    results, _ = _reader()(np.ascontiguousarray(np.asarray(preview)[:, :, ::-1]))
    lines = []
    for corners, text, confidence in results or ():
        if float(confidence) < _LEAST_CONFIDENCE or sum(letter.isalnum() for letter in text) < 2:
            continue
        (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
        box = geometry.stored(left, top, right - left, bottom - top, preview.size, size, orientation)
        lines.append(TextLine(text, *box, round(float(confidence), 4)))
    return lines
