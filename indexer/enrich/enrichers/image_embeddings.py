"""Image and text embeddings in one space: a CLIP model that the user put into a folder, as Hugging Face's optimum and
transformers.js export it.

In the folder, or anywhere in it: a vision and a text model (`vision_model.onnx`, `text_model.onnx`, or
`visual/model.onnx`, `textual/model.onnx`), tokenizer.json, preprocessor_config.json, and tokenizer_config.json where
there is one. Of the keys of the latter two, those are followed that CLIP and SigLIP have.
"""

from __future__ import annotations

import json
import zlib
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.config import models_folder
from indexer.errors import UsageError
from indexer.store.results import ImageEmbedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from ..enricher import Photo

    Vector = NDArray[np.float32]

HINT = "pip install 'photo-indexer[semantic]'"
_PACKAGES = ("onnxruntime", "tokenizers")
# Longer texts are cut off, where the tokenizer does not say.
_MOST_TOKENS = 77


class ModelInfo(NamedTuple):
    """A model that is not loaded yet. name: embeddings of two models cannot be compared. fingerprint changes with the
    files."""

    folder: Path
    vision: Path
    text: Path
    name: str
    fingerprint: int


def find_model() -> ModelInfo | None:
    """None where the user has put no model into the folder. Raises UsageError where something is missing for it."""
    folder = models_folder() / "clip"
    vision, text = (_model(folder, *names) for names in (("vision", "visual"), ("text",)))
    if vision is None and text is None:
        return None
    if vision is None or text is None:
        raise UsageError(f"in {folder} a {'vision' if vision is None else 'text'} model is missing (*.onnx)")
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise UsageError(f"the model in {folder} needs {' and '.join(missing)}: {HINT}")
    files = [f"{one.relative_to(folder).as_posix()} {one.stat().st_size}" for one in (vision, text)]
    return ModelInfo(folder, vision, text, " ".join(files), zlib.crc32("\n".join(files).encode()))


def model_info() -> ModelInfo:
    """As `find_model`. Raises UsageError if there is none."""
    found = find_model()
    if found is None:
        raise UsageError(f"to find pictures by what they are about, put a CLIP model into {models_folder() / 'clip'}")
    return found


def is_available() -> bool:
    try:
        return find_model() is not None
    except UsageError:
        return False


def _model(folder: Path, *names: str) -> Path | None:
    """The file whose name, or whose folder's, begins so; of several the plain one, that has the shortest name."""
    found = [
        one
        for one in folder.rglob("*.onnx")
        if one.name.startswith(names) or (one.name.startswith("model") and one.parent.name.startswith(names))
    ]
    return min(found, key=lambda one: (len(one.name), one.as_posix()), default=None)


def compute(photo: Photo) -> ImageEmbedding:
    model = photo.model
    assert isinstance(model, ModelInfo)
    return ImageEmbedding(model.name, load(model).of_picture(photo.preview.image).astype("<f2").tobytes())


@cache
def load(info: ModelInfo) -> Model:
    return Model(info)


class Model:
    """Both halves; each is loaded at its first use."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = info

    def of_picture(self, picture: Image.Image) -> Vector:
        """Of an upright RGB picture; of unit length."""
        return self._run(self._vision, {"pixel_values": self._pixels(picture)}, "image_embeds")

    def of_words(self, text: str) -> Vector:
        """As of_picture, of what is said in words."""
        import numpy as np

        encoded = self._tokenizer.encode(text)
        given = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        }
        return self._run(self._text, given, "text_embeds")

    def _run(self, session: Any, given: dict[str, Any], wanted: str) -> Vector:
        import numpy as np

        taken = {one.name: one.type for one in session.get_inputs()}
        if len(taken) == 1:  # whatever it is called
            given = {next(iter(taken)): next(iter(given.values()))}
        given = {
            name: value.astype(np.int32) if taken[name] == "tensor(int32)" else value
            for name, value in given.items()
            if name in taken
        }
        names = [one.name for one in session.get_outputs()]
        choice = next((name for name in (wanted, "pooler_output") if name in names), names[0])
        vector = np.asarray(session.run([choice], given)[0], dtype=np.float32)[0]
        if vector.ndim != 1:
            raise UsageError(
                f"{self._info.folder}: the model's output {choice} is no vector: export it with projection"
            )
        return np.asarray(vector / (np.linalg.norm(vector) or 1.0), dtype=np.float32)

    @cached_property
    def _vision(self) -> Any:
        from ..onnx import open_model

        return open_model(self._info.vision)

    @cached_property
    def _text(self) -> Any:
        from ..onnx import open_model

        return open_model(self._info.text)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path, said = self._file("tokenizer.json"), self._said("tokenizer_config.json", required=False)
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # it raises that and nothing narrower
            raise UsageError(f"{path} is no tokenizer: {error}") from error
        length = said.get("model_max_length", 0)
        most = length if isinstance(length, int) and 0 < length < 10_000 else _MOST_TOKENS
        tokenizer.enable_truncation(most)
        pad = said.get("pad_token")
        pad = pad.get("content") if isinstance(pad, dict) else pad
        if pad and tokenizer.token_to_id(pad) is not None:
            tokenizer.enable_padding(length=most, pad_id=tokenizer.token_to_id(pad), pad_token=pad)
        else:
            tokenizer.no_padding()
        return tokenizer

    def _pixels(self, picture: Image.Image) -> Any:
        """1 × 3 × height × width, as preprocessor_config.json wants them."""
        import numpy as np
        from PIL import Image

        said = self._preprocessing
        wanted = said.get("size", 224)
        resample = Image.Resampling(said.get("resample", Image.Resampling.BICUBIC))
        if isinstance(wanted, dict) and "height" in wanted:
            size = wanted["width"], wanted["height"]
        else:
            edge = wanted["shortest_edge"] if isinstance(wanted, dict) else wanted
            share = edge / min(picture.size)
            size = max(edge, round(picture.width * share)), max(edge, round(picture.height * share))
        picture = picture.resize(size, resample, reducing_gap=3.0)
        if said.get("do_center_crop", "crop_size" in said):
            crop = said["crop_size"]
            wide, high = (crop["width"], crop["height"]) if isinstance(crop, dict) else (crop, crop)
            left, top = (picture.width - wide) // 2, (picture.height - high) // 2
            picture = picture.crop((left, top, left + wide, top + high))
        pixels = np.asarray(picture, dtype=np.float32) * np.float32(said.get("rescale_factor", 1 / 255))
        mean, spread = (np.array(said.get(name, (0.5, 0.5, 0.5)), np.float32) for name in ("image_mean", "image_std"))
        return np.ascontiguousarray(((pixels - mean) / spread).transpose(2, 0, 1)[None])

    @cached_property
    def _preprocessing(self) -> dict[str, Any]:
        return self._said("preprocessor_config.json")

    def _file(self, name: str) -> Path:
        path = next(iter(sorted(self._info.folder.rglob(name), key=lambda one: len(one.parts))), None)
        if path is None:
            raise UsageError(f"in {self._info.folder} {name} is missing")
        return path

    def _said(self, name: str, *, required: bool = True) -> dict[str, Any]:
        if not required and not any(self._info.folder.rglob(name)):
            return {}
        path = self._file(name)
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return said
        except ValueError as error:
            raise UsageError(f"{path} is no JSON: {error}") from error
