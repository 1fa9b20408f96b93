"""Small real ONNX models, and people to go with them.

A "face" is a mark, eight red pixels square, and right of it 4 × 4 grey blocks of 16 pixels: who it is. The detectors
have the inputs and outputs of YuNet and SCRFD, and find red marks; the embedder has those of ArcFace, and sees blocks."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from indexer.enrich.faces.user_models import _TEMPLATE

SIDE = 320
FACE = 64
STRIDES = (8, 16, 32)


def person(number: int) -> Image.Image:
    """The face of one of 30 people, who are as unlike as can be: rows of a Hadamard matrix, and their negatives."""
    row, is_negative = divmod(number, 2)
    shades = [255 * (((row + 1) & cell).bit_count() % 2 ^ is_negative) for cell in range(16)]
    image = Image.new("RGB", (4, 4))
    image.putdata([(shade,) * 3 for shade in shades])
    return image.resize((FACE, FACE), Image.Resampling.NEAREST)


def picture(people: dict[tuple[int, int], int], size: tuple[int, int] = (SIDE, SIDE), noise: int = 0) -> Image.Image:
    """(x, y) -> who is there, the corner of the face; the mark is left of it."""
    image = Image.new("RGB", size, (90, 90, 90))
    for at, who in people.items():
        image.paste((255, 0, 0), (at[0] - 8, at[1], at[0], at[1] + 8))
        image.paste(person(who), at)
    if noise:
        dice = random.Random(noise)
        image.putpixel((size[0] - 1, size[1] - 1), (dice.randrange(90), dice.randrange(90), dice.randrange(90)))
    return image


def save_detector(path: Path, kind: str, side: int | None = SIDE) -> Path:
    """kind: 'yunet' or 'scrfd'. side: pixels that it takes; None: it leaves the choice."""
    blue_first, anchors = kind == "yunet", 1 if kind == "yunet" else 2
    nodes, weights, outputs = _redness(blue_first), [], []
    parts: dict[str, list[tuple[str, int]]] = {}
    for stride in STRIDES:
        nodes.append(helper.make_node("AveragePool", ["red"], [f"pooled_{stride}"], kernel_shape=[stride] * 2,
                                      strides=[stride] * 2))  # fmt: skip
        # Only the finest cells find anything: the others are too large to be red all over.
        nodes.append(helper.make_node("Transpose", [f"pooled_{stride}"], [f"last_{stride}"], perm=[0, 2, 3, 1]))
        tile = np.ones((1, anchors), dtype=np.float32)
        weights.append(numpy_helper.from_array(tile, f"tile_{stride}"))
        nodes.append(helper.make_node("MatMul", [f"last_{stride}", f"tile_{stride}"], [f"tiled_{stride}"]))
        weights.append(numpy_helper.from_array(np.array([1, -1, 1], dtype=np.int64), f"column_{stride}"))
        nodes.append(helper.make_node("Reshape", [f"tiled_{stride}", f"column_{stride}"], [f"score_{stride}"]))
        if kind == "yunet":
            nodes.append(helper.make_node("Identity", [f"score_{stride}"], [f"object_{stride}"]))
        for what, values in _where(kind, stride).items():
            # score * 0 + values: as many rows as there are cells
            weights.append(numpy_helper.from_array(np.zeros((1, len(values)), np.float32), f"zero_{what}_{stride}"))
            weights.append(numpy_helper.from_array(np.array(values, np.float32), f"values_{what}_{stride}"))
            nodes.append(
                helper.make_node("MatMul", [f"score_{stride}", f"zero_{what}_{stride}"], [f"none_{what}_{stride}"])
            )
            nodes.append(
                helper.make_node("Add", [f"none_{what}_{stride}", f"values_{what}_{stride}"], [f"{what}_{stride}"])
            )
            parts.setdefault(what, []).append((f"{what}_{stride}", len(values)))
        parts.setdefault("score", []).append((f"score_{stride}", 1))
        if kind == "yunet":
            parts.setdefault("object", []).append((f"object_{stride}", 1))
    for what in ("score", *(["object"] if kind == "yunet" else []), "box", "points"):
        outputs += [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, width]) for name, width in parts[what]
        ]
    taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side or "h", side or "w"])
    return _save(path, nodes, [taken], outputs, [*weights, *_red_weights(blue_first)])


def _redness(blue_first: bool) -> list[onnx.NodeProto]:
    """1 where the picture is red, 0 where it is grey."""
    return [
        helper.make_node("Conv", ["input", "red_weight", "red_bias"], ["signed"]),
        helper.make_node("Clip", ["signed", "zero", "one"], ["red"]),
    ]


def _red_weights(blue_first: bool) -> list[onnx.TensorProto]:
    scale = 1 / 255 if blue_first else 128 / 255  # the other is given (pixel - 127.5) / 128
    colours = np.array([-1, -1, 1] if blue_first else [1, -1, -1], dtype=np.float32) * scale
    bias = 0.0 if blue_first else -127.5 / 255
    return [
        numpy_helper.from_array(colours.reshape(1, 3, 1, 1), "red_weight"),
        numpy_helper.from_array(np.array([bias], np.float32), "red_bias"),
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
    ]


def _where(kind: str, stride: int) -> dict[str, list[float]]:
    """Of a cell that is a mark, where the face right of it lies, in the words of the network."""
    cells = FACE / stride
    points = [value for x, y in _TEMPLATE for value in (1 + x * cells, y * cells)]
    if kind == "yunet":
        return {"box": [1 + cells / 2, cells / 2, float(np.log(cells)), float(np.log(cells))], "points": points}
    return {"box": [-1, 0, 1 + cells, cells], "points": points}


def save_embedder(path: Path, *, mirrored: bool = False, scales_itself: bool = False) -> Path:
    """A vector of 16 numbers, which are what the blocks look like. mirrored: another model, with other vectors."""
    order = list(range(15, -1, -1)) if mirrored else list(range(16))
    scale, shift = (1 / 127.5, -1.0) if scales_itself else (1.0, 0.0)
    nodes = [
        helper.make_node("Mul", ["data", "scalar_op1"], ["scaled"]),
        helper.make_node("Add", ["scaled", "scalar_op2"], ["shifted"]),
        helper.make_node("ReduceMean", ["shifted"], ["grey"], axes=[1], keepdims=0),
        helper.make_node("AveragePool", ["grey4"], ["blocks"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Reshape", ["blocks", "flat"], ["vector"]),
        helper.make_node("Gather", ["vector", "order"], ["fc1"], axis=1),
    ]
    nodes.insert(3, helper.make_node("Unsqueeze", ["grey", "axis"], ["grey4"]))
    weights = [
        numpy_helper.from_array(np.array(scale, np.float32), "scalar_op1"),
        numpy_helper.from_array(np.array(shift, np.float32), "scalar_op2"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
        numpy_helper.from_array(np.array([1, 16], np.int64), "flat"),
        numpy_helper.from_array(np.array(order, np.int64), "order"),
    ]
    taken = [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])]
    if scales_itself:  # as MXNet writes them: weights are inputs that may be replaced
        taken += [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in ("scalar_op1", "scalar_op2")]
    return _save(path, nodes, taken, [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 16])], weights)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: list[onnx.TensorProto],
) -> Path:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path
