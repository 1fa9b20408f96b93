"""The enricher of faces: from a picture, or a few frames of a film, to faces in pixels of what is stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from indexer.enrich.picture import Frame
from indexer.media.regions import unturned
from indexer.store.people import FoundFace

from . import models
from .models import Seen

# Frames of a film that are looked at, and the seconds between them at least.
FRAMES = 8
EVERY = 2.0


def in_picture(preview: Image.Image, size: tuple[int, int], orientation: int) -> list[FoundFace]:
    """preview is upright; size (of the whole picture, upright) and Exif's orientation tell of the stored one."""
    name = models.kind().name
    return [_found(one, preview, size, orientation, None, name) for one in models.find_faces()(preview)]


def in_film(frames: Sequence[Frame]) -> list[FoundFace]:
    """Each person once, where they are seen best."""
    kind = models.kind()
    best: list[tuple[Seen, Frame]] = []
    seen = [(one, frame) for frame in frames for one in models.find_faces()(frame.image)]
    for one, frame in sorted(seen, key=lambda pair: -pair[0].confidence * min(pair[0].w, pair[0].h)):
        if all(float(np.linalg.norm(one.vector - other.vector)) > kind.same for other, _ in best):
            best.append((one, frame))
    return [
        _found(one, frame.image, frame.image.size, frame.orientation, frame.milliseconds, kind.name)
        for one, frame in best
    ]


def _found(
    one: Seen, image: Image.Image, size: tuple[int, int], orientation: int, milliseconds: int | None, model: str
) -> FoundFace:
    left, top = max(one.x / image.width, 0.0), max(one.y / image.height, 0.0)
    right, bottom = min((one.x + one.w) / image.width, 1.0), min((one.y + one.h) / image.height, 1.0)
    wide, high = size if orientation < 5 else size[::-1]
    x, y, w, h = unturned(left, top, right - left, bottom - top, orientation)
    box = round(x * wide), round(y * high), max(1, round(w * wide)), max(1, round(h * high))
    return FoundFace(*box, milliseconds, round(one.confidence, 4), model, one.vector.astype("<f4").tobytes())
