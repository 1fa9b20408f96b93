"""ThumbHashes as their inventor's code makes them; hashes that tell resized and re-encoded copies from others."""

from __future__ import annotations

import io

import numpy as np
import pytest
import thumbhash
from PIL import Image, ImageEnhance

from indexer.enrich.appearance import PARTS, hashes, look_at
from indexer.enrich.appearance import thumbhash as ours


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
    found = np.frombuffer(look_at(astronaut).hashes, dtype=">u8")
    assert len(found) == len(PARTS)
    distances = [int(one ^ np.uint64(whole(crop))).bit_count() for one in found.astype(np.uint64)]
    assert min(distances) <= 4 < distances[0]


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (8, 8)])
def test_any_size_has_hashes(size: tuple[int, int]) -> None:
    found = look_at(Image.new("RGB", size, (9, 99, 199)))
    assert len(found.hashes) == 8 * len(PARTS)
    assert found.thumbhash
