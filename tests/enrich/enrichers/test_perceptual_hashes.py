"""ThumbHashes equal the reference implementation's; hashes distinguish copies, resized and re-encoded, from others."""

from __future__ import annotations

import io

import numpy as np
import pytest
import thumbhash
from PIL import Image, ImageEnhance

from indexer.enrich.enrichers.perceptual_hashes import PARTS, hashes, perceptual_hashes
from indexer.enrich.enrichers.perceptual_hashes import thumbhash as ours


@pytest.mark.parametrize("size", [(100, 75), (75, 100), (100, 100), (100, 20), (13, 100), (1, 1)])
def test_thumbhash_as_the_reference_makes_it(pictures: list[Image.Image], size: tuple[int, int]) -> None:
    for picture in pictures:
        small = picture.resize(size)
        pixels = small.convert("RGBA").tobytes()
        assert ours(small) == bytes(thumbhash.rgba_to_thumb_hash(*size, list(pixels)))


def whole(image: Image.Image) -> int:
    return int.from_bytes(hashes(image)[:8], "big")


def apart(one: Image.Image, other: Image.Image) -> int:
    return (whole(one) ^ whole(other)).bit_count()


def test_copies_are_near_and_others_far(pictures: list[Image.Image]) -> None:
    for picture in pictures:
        packed = io.BytesIO()
        picture.save(packed, "JPEG", quality=25)
        for copy in (
            picture.resize((picture.width // 2, picture.height // 2)),
            picture.resize((160, 160 * picture.height // picture.width)),
            Image.open(packed),
            ImageEnhance.Brightness(picture).enhance(1.2),
            picture.convert("L"),
        ):
            assert apart(picture, copy) <= 6
    for number, one in enumerate(pictures):
        for other in pictures[:number]:
            assert apart(one, other) >= 16


def test_a_crop_is_near_a_part(astronaut: Image.Image) -> None:
    crop = astronaut.crop((51, 51, 461, 461))  # a tenth off at each side
    found = np.frombuffer(perceptual_hashes(astronaut).hashes, dtype=">u8")
    assert len(found) == len(PARTS)
    distances = [int(one ^ np.uint64(whole(crop))).bit_count() for one in found.astype(np.uint64)]
    assert min(distances) <= 4 < distances[0]


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (8, 8)])
def test_any_size_has_hashes(size: tuple[int, int]) -> None:
    found = perceptual_hashes(Image.new("RGB", size, (9, 99, 199)))
    assert len(found.hashes) == 8 * len(PARTS)
    assert found.thumbhash


def plain(kind: str, size: tuple[int, int]) -> Image.Image:
    width, height = size
    ramp = np.linspace(0, 255, width)
    values = {
        "stripes": np.tile(np.where(np.arange(width) * 3 // width == 1, 255, 40), (height, 1)),
        "gradient": np.tile(ramp, (height, 1)),
        "slanting gradient": ramp[None, :] / 2 + np.linspace(0, 127, height)[:, None],
        "almost one color": np.random.default_rng(1).integers(100, 104, (height, width)),
        "noise": np.random.default_rng(1).integers(0, 256, (height, width)),
    }
    return Image.fromarray(values[kind].round().astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("stripes", (3, 1)),
        ("stripes", (100, 50)),
        ("gradient", (300, 200)),
        ("slanting gradient", (300, 200)),
        ("almost one color", (300, 200)),
        ("noise", (4, 4)),
        ("noise", (7, 300)),
    ],
)
def test_what_is_plain_or_tiny_is_told_by_nothing(kind: str, size: tuple[int, int]) -> None:
    assert perceptual_hashes(plain(kind, size)).hashes == bytes(8 * len(PARTS))


def test_parts_too_small_for_a_hash_have_none() -> None:
    found = np.frombuffer(perceptual_hashes(plain("noise", (9, 9))).hashes, dtype=">u8")
    assert [bool(one) for one in found] == [9 * min(right - left, low - top) >= 8 for left, top, right, low in PARTS]
