"""Real pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def pictures(astronaut: Image.Image) -> list[Image.Image]:
    """Photos that scikit-image carries: of a person, a cat, coffee."""
    from skimage import data

    return [astronaut, Image.fromarray(data.chelsea()), Image.fromarray(data.coffee())]


@pytest.fixture
def saved(tmp_path: Path, astronaut: Image.Image) -> Path:
    path = tmp_path / "astronaut.jpg"
    astronaut.save(path, quality=90)
    return path
