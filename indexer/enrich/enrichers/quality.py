"""Technical quality of a picture: metrics from 0 to 1, computed from its preview.

sharpness, exposure, contrast, colourfulness and noise are measured; `quality` combines them. The subject is ignored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..enricher import Photo
from ..renditions import shrink

# Measured at this long side in pixels, so that large and small photos can be compared.
LONG_SIDE = 720
_Plane = NDArray[np.float32]


def compute(photo: Photo) -> dict[str, float]:
    return measure(shrink(photo.preview.image, LONG_SIDE))


def measure(preview: Image.Image) -> dict[str, float]:
    """The metrics of an RGB picture, by name. More is better, except for noise."""
    colours = np.asarray(preview, dtype=np.float32)
    grey = colours @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    noise, tones = _noise(grey), _tones(grey)
    metrics = {
        "sharpness": _sharpness(grey, noise),
        "exposure": _exposure(tones),
        "contrast": _contrast(tones),
        "colourfulness": _colourfulness(colours),
        "noise": min(noise / 15, 1.0),
    }
    metrics["quality"] = _quality(metrics)
    return {name: round(float(value), 4) for name, value in metrics.items()}


def _quality(metrics: dict[str, float]) -> float:
    """The weighted geometric mean of the metrics: a good one cannot make up for a bad one."""
    parts = (
        (metrics["sharpness"], 3.0), (metrics["exposure"], 2.0), (metrics["contrast"], 1.0),
        (1 - metrics["noise"], 3.0), (0.5 + metrics["colourfulness"] / 2, 0.5),
    )  # fmt: skip
    total = sum(weight for _, weight in parts)
    return float(np.exp(sum(weight * np.log(max(value, 0.01)) for value, weight in parts) / total))


def _tones(grey: _Plane) -> _Plane:
    """Means of four by four pixels, in which noise neither causes clipping nor hides it."""
    height, width = (side // 4 * 4 for side in grey.shape)
    if not height or not width:
        return grey
    tones: _Plane = grey[:height, :width].reshape(height // 4, 4, width // 4, 4).mean(axis=(1, 3))
    return tones


def _noise(grey: _Plane) -> float:
    """Standard deviation of the noise, of 255 levels (Immerkær, 1996), in the flattest third of the picture."""
    if min(grey.shape) < 24:
        return 0.0
    lines = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    mask = np.abs(lines[:, :-2] - 2 * lines[:, 1:-1] + lines[:, 2:])
    height, width = (side // 12 * 12 for side in mask.shape)
    blocks = mask[:height, :width].reshape(height // 12, 12, width // 12, 12).mean(axis=(1, 3)).ravel()
    flat = np.partition(blocks, len(blocks) // 3)[: len(blocks) // 3 + 1]
    return float(flat.mean() * np.sqrt(np.pi / 2) / 6)


def _sharpness(grey: _Plane, noise: float) -> float:
    """The steepness of the steepest edges relative to the contrast, corrected for noise."""
    across, down = grey[:-1, 1:] - grey[:-1, :-1], grey[1:, :-1] - grey[:-1, :-1]
    steps = np.sqrt(across * across + down * down)
    if not steps.size:
        return 0.0
    count = max(1, steps.size // 100)
    steepest = float(np.partition(steps.ravel(), -count)[-count:].mean())
    span = float(np.percentile(grey, 99) - np.percentile(grey, 1))
    edge = float(np.sqrt(max(steepest**2 - (4 * noise) ** 2, 0.0)))
    return min(edge / max(span, 32.0) / 0.6, 1.0)


def _exposure(tones: _Plane) -> float:
    """1 if the tones are centered and none is clipped."""
    mean = float(tones.mean()) / 255
    # Black areas are often intended, as at night; in white ones the detail is lost.
    clipped = 0.3 * float((tones < 3).mean()) + float((tones > 252).mean())
    return float(max(0.0, 1 - (abs(mean - 0.46) / 0.54) ** 1.5) * (1 - min(clipped, 0.8)))


def _contrast(tones: _Plane) -> float:
    low, high = np.percentile(tones, (5, 95))
    return min(float(high - low) / 200, 1.0)


def _colourfulness(colours: NDArray[np.float32]) -> float:
    """Colorfulness by Hasler and Süsstrunk, 2003, who call 110 extremely colorful."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    a, b = red - green, (red + green) / 2 - blue
    spread = np.hypot(a.std(), b.std()) + 0.3 * np.hypot(a.mean(), b.mean())
    return min(float(spread) / 110, 1.0)
