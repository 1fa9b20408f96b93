"""What detectors and embedders of faces take and give, and where their packages lie."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from indexer.errors import UsageError

# Decoders and numbers are only imported where there are faces: a scan that finds nothing new asks `models.kind` too.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Vector = NDArray[np.float32]

Detector: TypeAlias = "Callable[[Image.Image], list[Landmarks]]"
Embedder: TypeAlias = "Callable[[Image.Image, Landmarks], Vector]"

HINT = "pip install 'photo-indexer[faces]'"
# The network that dlib's package runs. dlib takes two photos for one person below 0.6 (dlib.net, face_recognition.py);
# this is of many with many, and unsure.
DLIB = "dlib_face_recognition_resnet_model_v1"


class Seen(NamedTuple):
    """A face in a picture: its box in pixels (left, top, width, height), the detector's confidence (0..1), and the
    numbers that tell whose it is; None for one that is too small to tell."""

    x: float
    y: float
    w: float
    h: float
    confidence: float
    vector: Vector | None


class Landmarks(NamedTuple):
    """As `Seen`, before anybody has looked whose it is: points are five landmarks (5 × 2, in pixels: the eyes, the
    nose, the corners of the mouth, each the left one in the picture first)."""

    x: float
    y: float
    w: float
    h: float
    confidence: float
    points: NDArray[np.float64]


def package_folder(name: str) -> str:
    """Where a package lies, which is not imported: of some only the weights are wanted."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"face detection needs {name}: {HINT}")
    return os.fspath(spec.submodule_search_locations[0])
