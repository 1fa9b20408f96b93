"""Detect faces in a picture or in frames of a video, with boxes in pixels of the stored picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from indexer.store.faces import FoundFace

from .. import geometry
from ..picture import Frame
from .models import ModelInfo, find_faces
from .parts import Detected

# The most frames of a video that are examined, and the least seconds between them
FRAMES = 8
EVERY = 2.0


def in_picture(model: ModelInfo, preview: Image.Image, size: tuple[int, int], orientation: int) -> list[FoundFace]:
    """preview: upright. size: width and height of the whole picture, upright. orientation: Exif's."""
    return [_record(face, preview, size, orientation, None, model.name) for face in find_faces(model)(preview)]


def in_video(model: ModelInfo, frames: Sequence[Frame]) -> list[FoundFace]:
    """Each person once, from the frame with the best face. Faces too small to identify are ignored."""
    best: list[tuple[Detected, Frame]] = []
    faces = [(face, frame) for frame in frames for face in find_faces(model)(frame.image) if face.vector is not None]
    for face, frame in sorted(faces, key=lambda pair: -pair[0].confidence * min(pair[0].w, pair[0].h)):
        if all(_distance(face, other) > model.same for other, _ in best):
            best.append((face, frame))
    return [
        _record(face, frame.image, (frame.width, frame.height), frame.orientation, frame.milliseconds, model.name)
        for face, frame in best
    ]


def _distance(first: Detected, second: Detected) -> float:
    assert first.vector is not None and second.vector is not None
    return float(np.linalg.norm(first.vector - second.vector))


def _record(
    face: Detected, image: Image.Image, size: tuple[int, int], orientation: int, milliseconds: int | None, model: str
) -> FoundFace:
    box = geometry.stored(face.x, face.y, face.w, face.h, image.size, size, orientation)
    vector = face.vector.astype("<f4").tobytes() if face.vector is not None else None
    return FoundFace(*box, milliseconds, round(face.confidence, 4), model, vector)
