"""People that small models detect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .tiny import picture, save_detector, save_embedder


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("INDEXER_MODELS", str(folder))
    save_detector(folder / "faces" / "detector.onnx", "yunet")
    save_embedder(folder / "faces" / "embedder.onnx")
    return folder / "faces"


@pytest.fixture
def take(photos: Path) -> Callable[..., Path]:
    """Take a photo of some people, side by side."""

    def taken(name: str, *people: int, noise: int = 0) -> Path:
        at = {(16 + 104 * number, 64): who for number, who in enumerate(people)}
        picture(at, noise=noise).save(photos / name)
        return photos / name

    return taken
