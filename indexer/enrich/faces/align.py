"""Face alignment: rotate, scale and move a face so that its landmarks lie where a network expects them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Five points (x, y) as fractions of the chip's side.
Template = NDArray[np.float64]


def aligned(picture: Image.Image, points: NDArray[np.float64], template: Template, side: int) -> Image.Image:
    """The aligned face, a square of `side` pixels. points: 5 × 2, in pixels of the picture."""
    into = similarity(template * side, points)  # from the chip to the picture, as Pillow needs it
    return picture.transform((side, side), Image.Transform.AFFINE, tuple(into.ravel()), Image.Resampling.BICUBIC)


def similarity(of: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 2 × 3 matrix of the similarity transform that maps the points `of` (n × 2) to `to` with least squares
    (Umeyama 1991)."""
    middle_of, middle_to = of.mean(axis=0), to.mean(axis=0)
    a, b = of - middle_of, to - middle_to
    left, sizes, right = np.linalg.svd(b.T @ a / len(of))
    mirror = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    scale = (sizes * mirror).sum() / ((a**2).sum() / len(of))
    matrix = scale * (left * mirror) @ right
    return np.hstack([matrix, (middle_to - matrix @ middle_of)[:, None]])
