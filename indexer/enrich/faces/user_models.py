"""The user's own models in ONNX: a face detector and an embedder, or only the latter.

Files are recognized by their inputs and outputs. Detectors: YuNet (OpenCV zoo; twelve outputs) and SCRFD with landmarks
(InsightFace's det_*.onnx; nine outputs). Embedders: take faces of 112 × 112 pixels, aligned as for ArcFace (OpenCV
zoo's SFace, InsightFace's w600k_*.onnx and others)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import UsageError

from ..onnx import open_model
from .align import Template, aligned
from .parts import Landmarks

if TYPE_CHECKING:
    from .parts import Detector, Embedder, Vector

_LEAST_CONFIDENCE = {"yunet": 0.8, "scrfd": 0.5}
_OVERLAP = 0.4  # the least IoU of two boxes of the same face
_STRIDES = (8, 16, 32)
_SIDE = 640  # pixels of a detector's input, if the model does not fix them
# ArcFace's five points in a chip of 112 by 112 (Deng et al. 2019, and InsightFace's face_align).
_TEMPLATE: Template = (
    np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]) / 112
)

Array = NDArray[np.float32]


def load(files: Sequence[Path]) -> tuple[Detector | None, Embedder]:
    """The detector, if there is one, and the embedder. Raises UsageError for a file that is neither, and if there is no
    embedder."""
    detector: Detector | None = None
    embedder: Embedder | None = None
    for file in files:
        session = open_model(file)
        outputs = len(session.get_outputs())
        if outputs in (9, 12):
            detector = _detector(session, "scrfd" if outputs == 9 else "yunet")
        elif outputs == 1 and list(session.get_inputs()[0].shape[2:]) == [112, 112]:
            embedder = _embedder(session)
        else:
            raise UsageError(
                f"{file} neither finds faces (9 or 12 outputs) nor tells them apart (112 × 112 pixels in, one output)"
            )
    if embedder is None:
        raise UsageError(f"no model in {files[0].parent} tells faces apart: put one there, such as OpenCV zoo's SFace")
    return detector, embedder


def _detector(session: Any, kind: str) -> Detector:
    model_input = session.get_inputs()[0]
    high, wide = (side if isinstance(side, int) else _SIDE for side in model_input.shape[2:])
    decode = _yunet if kind == "yunet" else _scrfd

    def detect(picture: Image.Image) -> list[Landmarks]:
        scale = min(wide / picture.width, high / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        pixels = np.zeros((high, wide, 3), dtype=np.float32)
        pixels[: size[1], : size[0]] = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
        # YuNet takes BGR.
        prepared = pixels[:, :, ::-1] if kind == "yunet" else (pixels - 127.5) / np.float32(128)
        outputs = session.run(None, {model_input.name: np.ascontiguousarray(prepared.transpose(2, 0, 1)[None])})
        rows = [output.reshape(-1, output.shape[-1]) for output in outputs]
        scores, boxes, points = decode(rows, (high, wide))
        keep = np.flatnonzero(scores >= _LEAST_CONFIDENCE[kind])
        return [
            _landmarks(boxes[number] / scale, float(scores[number]), points[number] / scale)
            for number in _best(boxes, scores, keep)
        ]

    return detect


def _landmarks(box: Array, confidence: float, points: Array) -> Landmarks:
    x, y, w, h = (float(side) for side in box)
    return Landmarks(x, y, w, h, confidence, points.reshape(5, 2).astype(np.float64))


def _yunet(outputs: Sequence[Array], size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Scores (n), boxes (n × 4: left, top, width, height) and points (n × 10), decoded as by OpenCV's
    FaceDetectorYN."""
    scores, boxes, points = [], [], []
    for number, stride in enumerate(_STRIDES):
        of_class, of_object, box, marks = outputs[number::3]
        corner = _corners(size, stride, 1)
        scores.append(np.sqrt(np.clip(of_class, 0, 1) * np.clip(of_object, 0, 1))[:, 0])
        extent = np.exp(box[:, 2:]) * stride
        boxes.append(np.hstack([corner + box[:, :2] * stride - extent / 2, extent]))
        points.append(np.tile(corner, 5) + marks * stride)
    return np.concatenate(scores), np.concatenate(boxes), np.concatenate(points)


def _scrfd(outputs: Sequence[Array], size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """As `_yunet`, for SCRFD (Guo et al. 2021): boxes are distances from the center of an anchor to the four sides."""
    boxes, points = [], []
    for number, stride in enumerate(_STRIDES):
        score, sides, marks = outputs[number::3]
        anchors = len(score) // ((size[0] // stride) * (size[1] // stride))
        middle = _corners(size, stride, anchors)
        corner = middle - sides[:, :2] * stride
        boxes.append(np.hstack([corner, middle + sides[:, 2:] * stride - corner]))
        points.append(np.tile(middle, 5) + marks * stride)
    return np.concatenate(outputs[:3])[:, 0], np.concatenate(boxes), np.concatenate(points)


def _corners(size: tuple[int, int], stride: int, anchors: int) -> Array:
    """x and y in pixels of every cell, row by row."""
    y, x = np.mgrid[: size[0] // stride, : size[1] // stride] * stride
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), anchors, axis=0).astype(np.float32)


def _best(boxes: Array, scores: Array, among: NDArray[np.intp]) -> list[int]:
    """Non-maximum suppression: of overlapping boxes, the indices of those with the best scores."""
    best: list[int] = []
    for number in sorted((int(index) for index in among), key=lambda index: -scores[index]):
        if all(_overlap(boxes[number], boxes[other]) < _OVERLAP for other in best):
            best.append(number)
    return best


def _overlap(first: Array, second: Array) -> float:
    """The intersection over union (IoU) of two boxes."""
    size = np.minimum(first[:2] + first[2:], second[:2] + second[2:]) - np.maximum(first[:2], second[:2])
    shared = float(np.prod(np.maximum(size, 0)))
    return shared / (float(first[2] * first[3] + second[2] * second[3]) - shared or 1.0)


def _embedder(session: Any) -> Embedder:
    model_input = session.get_inputs()[0]
    # Networks exported from MXNet scale the pixels themselves first, with constants of this name.
    constants = session.get_overridable_initializers()
    scales_itself = any(constant.name.startswith("scalar_op") for constant in constants)

    def embed(picture: Image.Image, face: Landmarks) -> Vector:
        pixels = np.asarray(aligned(picture, face.points, _TEMPLATE, 112), dtype=np.float32)
        if not scales_itself:
            pixels = (pixels - 127.5) / 127.5
        vector = session.run(None, {model_input.name: np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})[0].ravel()
        return np.asarray(vector / (np.linalg.norm(vector) or 1.0), dtype=np.float32)

    return embed
