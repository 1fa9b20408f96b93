"""Perceptual hashes: a ThumbHash to show while a picture loads, and hashes that find near-duplicates."""

from __future__ import annotations

import base64
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.store.results import PerceptualHashes

from ..enricher import Photo

_Plane = NDArray[np.float64]

# Regions (left, top, right, bottom, as fractions) that are hashed besides the whole picture, so that crops are found.
# The whole comes first.
PARTS: tuple[tuple[float, float, float, float], ...] = (
    (0, 0, 1, 1),
    *((m, m, 1 - m, 1 - m) for m in (0.05, 0.1, 0.15, 0.2, 0.25)),
    *((x, y, x + 0.8, y + 0.8) for x in (0, 0.2) for y in (0, 0.2)),
    *((x, y, x + 0.65, y + 0.65) for x in (0, 0.35) for y in (0, 0.35)),
    *((x, 0, x + 0.75, 1) for x in (0, 0.125, 0.25)),
    *((0, y, 1, y + 0.75) for y in (0, 0.125, 0.25)),
)
_GRID, _KEPT = 32, 8
# The least median distance of the frequencies from their median; below it the bits are rounding errors. Rounding to 255
# levels, a standard error of 0.29 per pixel, moves each frequency by about 0.29 * sqrt(_GRID / 2 * _GRID / 2) = 4.6.
_NOISE = 16


def compute(photo: Photo) -> PerceptualHashes:
    return perceptual_hashes(photo.preview.image)


def perceptual_hashes(image: Image.Image) -> PerceptualHashes:
    """The ThumbHash and the hashes of an RGB picture of any size."""
    return PerceptualHashes(base64.b64encode(thumbhash(image)).decode(), hashes(image))


def hashes(image: Image.Image) -> bytes:
    """Eight bytes for each of PARTS: which of the lowest frequencies are above their median (pHash, Zauner 2010). All
    zero for a part with too few pixels, or a plain one (one color, stripes, a gradient): most of its bits would be
    rounding errors."""
    grey = image.convert("L")
    grey.thumbnail((256, 256), Image.Resampling.BOX)
    width, height = grey.size
    basis = _cosines(_GRID, _KEPT)
    packed = bytearray()
    for left, top, right, bottom in PARTS:
        box = (left * width, top * height, right * width, bottom * height)
        if min(box[2] - box[0], box[3] - box[1]) < _KEPT:
            packed += bytes(8)
            continue
        part = np.asarray(grey.resize((_GRID, _GRID), Image.Resampling.BOX, box=box), dtype=np.float64)
        low = (basis @ part @ basis.T).ravel()
        low -= np.median(low)
        packed += np.packbits(low > 0).tobytes() if np.median(np.abs(low)) > _NOISE else bytes(8)
    return bytes(packed)


def thumbhash(image: Image.Image) -> bytes:
    """The ThumbHash of an opaque picture (evanw.github.io/thumbhash): about 25 bytes."""
    small = image.convert("RGB")
    small.thumbnail((100, 100), Image.Resampling.BOX)
    width, height = small.size
    red, green, blue = np.moveaxis(np.asarray(small, dtype=np.float64) / 255, 2, 0)
    longest = max(width, height)
    across, down = max(1, round(7 * width / longest)), max(1, round(7 * height / longest))
    light = _channel((red + green + blue) / 3, max(3, across), max(3, down))
    yellow = _channel((red + green) / 2 - blue, 3, 3)
    rose = _channel(red - green, 3, 3)
    wide = width > height
    head = (
        round(63 * light[0]) | round(31.5 + 31.5 * yellow[0]) << 6 | round(31.5 + 31.5 * rose[0]) << 12
        | round(31 * light[2]) << 18
    )  # fmt: skip
    tail = (down if wide else across) | round(63 * yellow[2]) << 3 | round(63 * rose[2]) << 9 | wide << 15
    digits = [round(15 * value) for channel in (light, yellow, rose) for value in channel[1]]
    digits += [0] * (len(digits) % 2)
    packed = bytes(low | high << 4 for low, high in zip(digits[::2], digits[1::2], strict=True))
    return head.to_bytes(3, "little") + tail.to_bytes(2, "little") + packed


def _channel(values: _Plane, across: int, down: int) -> tuple[float, list[float], float]:
    """The mean of a channel; its other lowest frequencies (a triangle of the spectrum) scaled to 0..1; and the scale,
    their largest magnitude."""
    height, width = values.shape
    frequencies = _cosines(height, down) @ values @ _cosines(width, across).T / (width * height)
    kept = [
        float(frequencies[y, x])
        for y in range(down)
        for x in range(math.ceil(across * (down - y) / down))
    ]  # fmt: skip
    mean, others = kept[0], kept[1:]
    scale = max((abs(value) for value in others), default=0.0)
    return mean, [0.5 + 0.5 / scale * value for value in others] if scale else others, scale


@lru_cache(maxsize=256)
def _cosines(length: int, count: int) -> _Plane:
    """The first `count` rows of a cosine transform (DCT-II), not normalized."""
    places = (np.arange(length) + 0.5) * math.pi / length
    cosines: _Plane = np.cos(np.arange(count)[:, None] * places[None, :])
    return cosines
