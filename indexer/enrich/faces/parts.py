"""Types of face detectors and embedders, and the folders of their packages."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from indexer.errors import UsageError

# Not imported at run time: a scan that finds nothing new also imports this module, through models.py.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Vector = NDArray[np.float32]

Detector: TypeAlias = "Callable[[Image.Image], list[Landmarks]]"
Embedder: TypeAlias = "Callable[[Image.Image, Landmarks], Vector]"

HINT = "pip install 'photo-indexer[faces]'"
# dlib's network. Its own threshold for one person in two photos is a distance of 0.6 (dlib.net, face_recognition.py);
# clusters are compared by mean distances, which needs a lower one (models.py).
DLIB = "dlib_face_recognition_resnet_model_v1"


class Detected(NamedTuple):
    """A face in a picture: its box in pixels (left, top, width, height), the detector's confidence (0..1), and its
    embedding; None if it is too small to identify."""

    x: float
    y: float
    w: float
    h: float
    confidence: float
    vector: Vector | None


class Landmarks(NamedTuple):
    """A face before its embedding is computed: as `Detected`, with five landmarks (5 × 2, in pixels): the eyes, the
    nose, the corners of the mouth; of each pair, the left one in the picture first."""

    x: float
    y: float
    w: float
    h: float
    confidence: float
    points: NDArray[np.float64]


def package_folder(name: str) -> str:
    """The folder of a package, without importing it: some are only needed for their weights. Raises UsageError if it is
    not installed."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"face detection needs {name}: {HINT}")
    return os.fspath(spec.submodule_search_locations[0])
