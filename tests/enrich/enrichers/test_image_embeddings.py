"""Pictures found by their content: a small real pair of models whose only content is color."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from indexer import Index
from indexer.enrich.enrichers import image_embeddings
from indexer.errors import UsageError

from ...conftest import run

COLOURS = {"red": (1, -1, -1), "green": (-1, 1, -1), "blue": (-1, -1, 1)}
WORDS = ["[UNK]", "[PAD]", *COLOURS]


def _save(
    path: Path, nodes: list[onnx.NodeProto], taken: list[onnx.ValueInfoProto], output: str, *weights: object
) -> None:
    given = [numpy_helper.from_array(value, name) for name, value in weights]  # type: ignore[misc]
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, 3])
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", taken, [made], given),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def save_clip(folder: Path, *, layout: str = "onnx/{}_model.onnx", vision: str = "vision", text: str = "text") -> None:
    """vision: the mean colour. text: the mean of the words' colours, those that are masked left out."""
    _save(
        folder / layout.format(vision),
        [
            helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["image_embeds"]),
        ],
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["b", 3, "h", "w"])],
        "image_embeds",
    )
    table = np.array([(0, 0, 0), (50, 50, 50), *COLOURS.values()], dtype=np.float32)
    _save(
        folder / layout.format(text),
        [
            helper.make_node("Gather", ["table", "input_ids"], ["words"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
            helper.make_node("Mul", ["words", "column"], ["masked"]),
            helper.make_node("ReduceSum", ["masked", "first"], ["text_embeds"], keepdims=0),
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "n"])
            for name in ("input_ids", "attention_mask")
        ],
        "text_embeds",
        ("table", table),
        ("last", np.array([2], np.int64)),
        ("first", np.array([1], np.int64)),
    )
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True,
            "rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 8, "pad_token": "[PAD]"}))


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INDEXER_MODELS", str(tmp_path / "models"))
    save_clip(folder := tmp_path / "models" / "clip")
    return folder


@pytest.fixture
def album(photos: Path) -> Path:
    """One picture of each colour, whose names say nothing, and 30 grey ones."""
    for number, colour in enumerate(((220, 20, 20), (30, 200, 10), (20, 30, 230))):
        Image.new("RGB", (300, 200), colour).save(photos / f"img_{number}.png")
    for number in range(30):
        Image.new("RGB", (300, 200), (120 + number, 118 + number, 122 + number)).save(photos / f"grey_{number}.png")
    return photos


def names(index: Index, query: str) -> list[str]:
    return [Path(one.path or "").name for one in index.search(query)]


def test_words_find_pictures_that_nobody_described(index: Index, clip: Path, album: Path) -> None:
    index.scan([album])
    assert names(index, "red") == []
    index.enrich()
    assert index.enrichments.counts()["image_embeddings"] == (33, 0)
    assert names(index, "red") == ["img_0.png"]
    assert names(index, "green type:photo") == ["img_1.png"]
    assert names(index, "blue type:video") == []
    assert names(index, '"red"') == []  # in quotes: the very word
    assert index.enrich().total == 0
    found = json.loads(run("search", "blue", "--json", database=index.path).stdout)
    assert [one["original_file_name"] for one in found] == ["img_2.png"]


def test_words_and_meaning_make_one_ranking(index: Index, clip: Path, album: Path) -> None:
    Image.new("RGB", (300, 200), (210, 25, 25)).save(album / "red barn.png")  # by both
    Image.new("RGB", (300, 200), (99, 100, 101)).save(album / "red tape.png")  # by its name alone
    index.scan([album])
    index.enrich()
    found = names(index, "red")
    assert found[0] == "red barn.png" and set(found) == {"red barn.png", "red tape.png", "img_0.png"}
    assert names(index, "red name:tape") == ["red tape.png"]
    assert set(names(index, "red -barn")) == {"red tape.png", "img_0.png"}


def test_another_model_looks_again(index: Index, clip: Path, album: Path) -> None:
    index.scan([album])
    index.enrich()
    for path in clip.rglob("*.onnx"):
        path.unlink()
    save_clip(clip, layout="{}/model.onnx", vision="visual", text="textual")  # another layout, the same networks
    assert names(index, "red") == []  # what the other one saw cannot be compared
    assert index.enrich().pictures == 33
    assert names(index, "red") == ["img_0.png"]


def test_pictures_are_prepared_as_the_model_wants_them(clip: Path) -> None:
    def about(picture: Image.Image) -> list[float]:
        image_embeddings.load.cache_clear()
        kind = image_embeddings.model_info()
        return [round(float(value), 1) for value in image_embeddings.load(kind).of_picture(picture)]

    wide = Image.new("RGB", (960, 320), (0, 0, 255))
    wide.paste((255, 0, 0), (320, 0, 640, 320))
    assert about(wide) == [0.6, -0.6, -0.6]  # the square in the middle
    path = clip / "preprocessor_config.json"
    path.write_text(json.dumps({"size": {"height": 64, "width": 64}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}))
    assert about(wide) == pytest.approx([-0.3, -0.9, 0.3], abs=0.05)  # all of it, a third red
    path.write_text(json.dumps({"size": 32, "crop_size": 32, "image_mean": [1.0] * 3, "image_std": [0.5] * 3}))
    assert about(wide) == pytest.approx([0.0, -0.7, -0.7], abs=0.05)


def test_the_doctor_tells_of_the_model(index: Index, clip: Path, album: Path) -> None:
    def finding() -> tuple[str, str, str | None]:
        (one,) = [one for one in index.doctor.examine() if one.subject == "semantic search"]
        return one.state, one.words, one.advice

    index.scan([album])
    assert finding()[0] == "ok" and str(clip) in finding()[1]
    (clip / "tokenizer.json").write_text("{}")
    image_embeddings.load.cache_clear()
    assert finding()[0] == "warning" and "tokenizer.json is not a tokenizer" in finding()[1]
    for path in clip.rglob("*.onnx"):
        path.unlink()
    assert finding()[0] == "ok" and "put a CLIP model into" in (finding()[2] or "")


def test_what_is_missing_is_said(index: Index, clip: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.scan([album])
    with monkeypatch.context() as context:
        context.setattr(image_embeddings, "_PACKAGES", ("a_package_that_is_not_there",))
        with pytest.raises(UsageError, match=r"pip install 'photo-indexer\[semantic\]'"):
            index.enrich(["image_embeddings"])
    (clip / "preprocessor_config.json").rename(clip / "elsewhere.json")
    with pytest.raises(UsageError, match=r"preprocessor_config\.json is missing"):
        index.enrich(["image_embeddings"])
    (clip / "onnx" / "text_model.onnx").unlink()
    with pytest.raises(UsageError, match="a text model is missing"):
        index.enrich(["image_embeddings"])
    (clip / "onnx" / "vision_model.onnx").unlink()
    with pytest.raises(UsageError, match="put a CLIP model into"):
        index.enrich(["image_embeddings"])
    assert "image_embeddings" not in index.enrichments.counts()
