"""The user's own models, run for real: small networks with the shapes of well-known ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.enrich.faces import user_models
from indexer.errors import UsageError

from .tiny import FACE, person, picture, save_detector, save_embedder


@pytest.mark.parametrize(("kind", "side"), [("yunet", 320), ("yunet", 640), ("scrfd", 320), ("scrfd", None)])
def test_faces_are_found_where_they_are(tmp_path: Path, kind: str, side: int | None) -> None:
    image = picture({(40, 64): 1, (200, 160): 2}, size=(side or 640,) * 2)
    detect, embed = user_models.load(
        [save_detector(tmp_path / "a.onnx", kind, side), save_embedder(tmp_path / "b.onnx")]
    )
    assert detect is not None
    found = sorted(detect(image))
    assert [tuple(round(value) for value in one[:4]) for one in found] == [(40, 64, FACE, FACE), (200, 160, FACE, FACE)]
    assert all(one.confidence > 0.95 for one in found)
    vectors = [embed(image, one) for one in found]
    assert all(np.linalg.norm(one) == pytest.approx(1) for one in vectors)
    # Who is who: the blocks, black and white, of either.
    for number, vector in zip((1, 2), vectors, strict=True):
        blocks = np.asarray(person(number).convert("L"))[8::16, 8::16].ravel()
        assert ((vector > 0) == (blocks > 127)).all()


def test_a_large_picture_is_made_smaller_and_boxes_are_in_its_own_pixels(tmp_path: Path) -> None:
    detect, _ = user_models.load([save_detector(tmp_path / "a.onnx", "yunet"), save_embedder(tmp_path / "b.onnx")])
    assert detect is not None
    large = picture({(40, 64): 1}).resize((1280, 1280), Image.Resampling.NEAREST)
    wide = Image.new("RGB", (1280, 640))  # seen half as large again, in the upper half of what the network takes
    wide.paste(picture({(40, 64): 1}).resize((1280, 1280), Image.Resampling.NEAREST).crop((0, 0, 1280, 640)))
    for image in (large, wide):
        (one,) = detect(image)
        assert [round(value) for value in one[:4]] == [160, 256, 256, 256]


def test_boxes_that_overlap_are_one_face(tmp_path: Path) -> None:
    detect, _ = user_models.load([save_detector(tmp_path / "a.onnx", "scrfd"), save_embedder(tmp_path / "b.onnx")])
    image = picture({(40, 64): 1})
    image.paste((255, 20, 20), (32, 72, 40, 80))  # a second mark below the first one, less red
    assert detect is not None
    (one,) = detect(image)
    assert [round(value) for value in one[:2]] == [40, 64]


def test_a_network_that_scales_pixels_itself_is_given_them_as_they_are(tmp_path: Path) -> None:
    image = picture({(40, 64): 1})
    detect, plain = user_models.load([save_detector(tmp_path / "a.onnx", "yunet"), save_embedder(tmp_path / "b.onnx")])
    _, scaling = user_models.load([save_embedder(tmp_path / "c.onnx", scales_itself=True)])
    assert detect is not None
    (face,) = detect(image)
    assert scaling(image, face) == pytest.approx(plain(image, face), abs=0.02)


def test_what_is_no_model_is_told_by_name(tmp_path: Path) -> None:
    detector = save_detector(tmp_path / "a.onnx", "yunet")
    with pytest.raises(UsageError, match=r"no model in .* tells faces apart"):
        user_models.load([detector])
    (broken := tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(UsageError, match=r"broken\.onnx is not a usable model"):
        user_models.load([broken])
