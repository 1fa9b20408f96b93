"""Image and text embeddings in one space, by the user's CLIP model as exported by Hugging Face's optimum or
transformers.js.

The folder contains, at any depth: a vision and a text model (`vision_model.onnx`, `text_model.onnx`, or
`visual/model.onnx`, `textual/model.onnx`), tokenizer.json, preprocessor_config.json, and optionally
tokenizer_config.json. The keys that CLIP and SigLIP use in the latter two are supported.
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
# Longer texts are truncated, unless tokenizer_config.json has another length.
_MOST_TOKENS = 77


class ModelInfo(NamedTuple):
    """A model, not loaded yet. name: only embeddings of the same model can be compared. fingerprint changes with the
    files."""

    folder: Path
    vision: Path
    text: Path
    name: str
    fingerprint: int


def find_model() -> ModelInfo | None:
    """The user's model; None if there is none. Raises UsageError if a file or a package is missing."""
    folder = models_folder() / "clip"
    vision, text = (_model(folder, *names) for names in (("vision", "visual"), ("text",)))
    if vision is None and text is None:
        return None
    if vision is None or text is None:
        raise UsageError(f"in {folder} a {'vision' if vision is None else 'text'} model is missing (*.onnx)")
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise UsageError(f"the model in {folder} needs {' and '.join(missing)}: {HINT}")
    files = [f"{file.relative_to(folder).as_posix()} {file.stat().st_size}" for file in (vision, text)]
    return ModelInfo(folder, vision, text, " ".join(files), zlib.crc32("\n".join(files).encode()))


def model_info() -> ModelInfo:
    """As `find_model`, but raises UsageError if there is none."""
    model = find_model()
    if model is None:
        raise UsageError(f"to find pictures by their content, put a CLIP model into {models_folder() / 'clip'}")
    return model


def is_available() -> bool:
    try:
        return find_model() is not None
    except UsageError:
        return False


def _model(folder: Path, *names: str) -> Path | None:
    """The file whose name, or whose folder's name, begins with one of the names. Of several, the one with the shortest
    name, which is the plain variant."""
    files = [
        file
        for file in folder.rglob("*.onnx")
        if file.name.startswith(names) or (file.name.startswith("model") and file.parent.name.startswith(names))
    ]
    return min(files, key=lambda file: (len(file.name), file.as_posix()), default=None)


def compute(photo: Photo) -> ImageEmbedding:
    model = photo.model
    assert isinstance(model, ModelInfo)
    return ImageEmbedding(model.name, load(model).of_picture(photo.preview.image).astype("<f2").tobytes())


@cache
def load(info: ModelInfo) -> Model:
    return Model(info)


class Model:
    """The vision and the text model, each loaded at first use."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = info

    def of_picture(self, picture: Image.Image) -> Vector:
        """The embedding of an upright RGB picture, of unit length."""
        return self._run(self._vision, {"pixel_values": self._pixels(picture)}, "image_embeds")

    def of_text(self, text: str) -> Vector:
        """The embedding of a text, of unit length."""
        import numpy as np

        encoded = self._tokenizer.encode(text)
        inputs = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        }
        return self._run(self._text, inputs, "text_embeds")

    def _run(self, session: Any, inputs: dict[str, Any], output: str) -> Vector:
        """inputs: by name. output: the preferred one. Raises UsageError if the model has no vector as output."""
        import numpy as np

        types = {model_input.name: model_input.type for model_input in session.get_inputs()}
        if len(types) == 1:  # it may have any name
            inputs = {next(iter(types)): next(iter(inputs.values()))}
        inputs = {
            name: value.astype(np.int32) if types[name] == "tensor(int32)" else value
            for name, value in inputs.items()
            if name in types
        }
        names = [model_output.name for model_output in session.get_outputs()]
        chosen = next((name for name in (output, "pooler_output") if name in names), names[0])
        vector = np.asarray(session.run([chosen], inputs)[0], dtype=np.float32)[0]
        if vector.ndim != 1:
            raise UsageError(
                f"{self._info.folder}: the model's output {chosen} is not a vector: export it with projection"
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

        path, config = self._file("tokenizer.json"), self._config("tokenizer_config.json", required=False)
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # it raises plain Exceptions
            raise UsageError(f"{path} is not a tokenizer: {error}") from error
        length = config.get("model_max_length", 0)
        most = length if isinstance(length, int) and 0 < length < 10_000 else _MOST_TOKENS
        tokenizer.enable_truncation(most)
        pad = config.get("pad_token")
        pad = pad.get("content") if isinstance(pad, dict) else pad
        if pad and tokenizer.token_to_id(pad) is not None:
            tokenizer.enable_padding(length=most, pad_id=tokenizer.token_to_id(pad), pad_token=pad)
        else:
            tokenizer.no_padding()
        return tokenizer

    def _pixels(self, picture: Image.Image) -> Any:
        """The vision model's input (1 × 3 × height × width), prepared as in preprocessor_config.json."""
        import numpy as np
        from PIL import Image

        config = self._preprocessing
        target = config.get("size", 224)
        resample = Image.Resampling(config.get("resample", Image.Resampling.BICUBIC))
        if isinstance(target, dict) and "height" in target:
            size = target["width"], target["height"]
        else:
            edge = target["shortest_edge"] if isinstance(target, dict) else target
            share = edge / min(picture.size)
            size = max(edge, round(picture.width * share)), max(edge, round(picture.height * share))
        picture = picture.resize(size, resample, reducing_gap=3.0)
        if config.get("do_center_crop", "crop_size" in config):
            crop = config["crop_size"]
            wide, high = (crop["width"], crop["height"]) if isinstance(crop, dict) else (crop, crop)
            left, top = (picture.width - wide) // 2, (picture.height - high) // 2
            picture = picture.crop((left, top, left + wide, top + high))
        pixels = np.asarray(picture, dtype=np.float32) * np.float32(config.get("rescale_factor", 1 / 255))
        mean, spread = (np.array(config.get(name, (0.5, 0.5, 0.5)), np.float32) for name in ("image_mean", "image_std"))
        return np.ascontiguousarray(((pixels - mean) / spread).transpose(2, 0, 1)[None])

    @cached_property
    def _preprocessing(self) -> dict[str, Any]:
        return self._config("preprocessor_config.json")

    def _file(self, name: str) -> Path:
        path = next(iter(sorted(self._info.folder.rglob(name), key=lambda path: len(path.parts))), None)
        if path is None:
            raise UsageError(f"in {self._info.folder} {name} is missing")
        return path

    def _config(self, name: str, *, required: bool = True) -> dict[str, Any]:
        """The content of a JSON file; empty if it does not exist and is not required."""
        if not required and not any(self._info.folder.rglob(name)):
            return {}
        path = self._file(name)
        try:
            config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return config
        except ValueError as error:
            raise UsageError(f"{path} is not JSON: {error}") from error
