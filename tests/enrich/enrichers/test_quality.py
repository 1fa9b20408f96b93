"""A blurred, darkened or noisy copy of a picture scores below the original."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from indexer.enrich.enrichers.quality import LONG_SIDE, measure
from indexer.enrich.renditions import shrink

from ...conftest import sized


def noised(image: Image.Image, deviation: float) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, deviation, (*image.size[::-1], 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def figures(image: Image.Image) -> dict[str, float]:
    return measure(shrink(image, LONG_SIDE))


WORSE = {
    "a little blurred": lambda image: image.filter(ImageFilter.GaussianBlur(max(image.size) / 900)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(max(image.size) / 400)),
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "very dark": lambda image: ImageEnhance.Brightness(image).enhance(0.25),
    "bleached": lambda image: ImageEnhance.Brightness(image).enhance(2.5),
    "noisy": lambda image: noised(image, 18),
    "very noisy": lambda image: noised(image, 35),
}


@pytest.mark.parametrize("how", WORSE)
def test_worse_copies_score_lower(pictures: list[Image.Image], how: str) -> None:
    for picture in pictures:
        assert figures(WORSE[how](picture))["quality"] < figures(picture)["quality"]


def real(corpus: Path) -> Iterator[Image.Image]:
    for path in sorted(corpus.rglob("*.jpg")):
        try:
            image = Image.open(path)
            image.draft("RGB", (1440, 1440))
            image = image.convert("RGB")
        except OSError:
            continue
        if max(image.size) >= 700 and len(set(image.resize((16, 16)).tobytes())) > 20:  # not one colour alone
            yield shrink(image, 1440)


def test_worse_copies_of_real_photos_score_lower(corpus: Path) -> None:
    photos = list(real(corpus))[:: sized(6, 1)]
    assert len(photos) >= 5
    for how in ("a little blurred", "blurred", "dark", "very dark", "noisy", "very noisy"):
        worse = [figures(WORSE[how](photo))["quality"] < figures(photo)["quality"] for photo in photos]
        assert sum(worse) / len(worse) >= 0.97, how


def test_what_each_figure_tells(astronaut: Image.Image) -> None:
    plain = figures(astronaut)
    assert set(plain) == {"sharpness", "exposure", "contrast", "colourfulness", "noise", "quality"}
    assert all(0 <= value <= 1 for value in plain.values())
    assert figures(WORSE["blurred"](astronaut))["sharpness"] < plain["sharpness"] * 0.7
    assert figures(WORSE["very dark"](astronaut))["exposure"] < plain["exposure"] * 0.7
    assert figures(WORSE["very noisy"](astronaut))["noise"] > plain["noise"] + 0.3
    assert figures(astronaut.convert("L").convert("RGB"))["colourfulness"] == 0
    assert figures(ImageEnhance.Contrast(astronaut).enhance(0.3))["contrast"] < plain["contrast"] * 0.5


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 700), (30, 30), (720, 5)])
def test_tiny_and_narrow_ones_have_figures_too(size: tuple[int, int]) -> None:
    found = measure(Image.new("RGB", size, (90, 120, 150)))
    assert all(0 <= value <= 1 for value in found.values())
