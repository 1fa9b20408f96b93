"""The enricher of faces: from a picture, or a few frames of a video, to faces in pixels of what is stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from indexer.store.faces import FoundFace

from .. import geometry
from ..picture import Frame
from .models import ModelInfo, find_faces
from .parts import Seen

# Frames of a video that are looked at, and the seconds between them at least.
FRAMES = 8
EVERY = 2.0


def in_picture(model: ModelInfo, preview: Image.Image, size: tuple[int, int], orientation: int) -> list[FoundFace]:
    """preview is upright; size (of the whole picture, upright) and Exif's orientation tell of the stored one."""
    return [_found(one, preview, size, orientation, None, model.name) for one in find_faces(model)(preview)]


def in_video(model: ModelInfo, frames: Sequence[Frame]) -> list[FoundFace]:
    """Each person once, where they are seen best; nobody who is too small to be told apart."""
    best: list[tuple[Seen, Frame]] = []
    seen = [(one, frame) for frame in frames for one in find_faces(model)(frame.image) if one.vector is not None]
    for one, frame in sorted(seen, key=lambda pair: -pair[0].confidence * min(pair[0].w, pair[0].h)):
        if all(_apart(one, other) > model.same for other, _ in best):
            best.append((one, frame))
    return [
        _found(one, frame.image, (frame.width, frame.height), frame.orientation, frame.milliseconds, model.name)
        for one, frame in best
    ]


def _apart(one: Seen, other: Seen) -> float:
    assert one.vector is not None and other.vector is not None
    return float(np.linalg.norm(one.vector - other.vector))


def _found(
    one: Seen, image: Image.Image, size: tuple[int, int], orientation: int, milliseconds: int | None, model: str
) -> FoundFace:
    box = geometry.stored(one.x, one.y, one.w, one.h, image.size, size, orientation)
    vector = one.vector.astype("<f4").tobytes() if one.vector is not None else None
    return FoundFace(*box, milliseconds, round(one.confidence, 4), model, vector)
