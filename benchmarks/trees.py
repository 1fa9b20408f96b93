"""Create folders of photos to measure on: with the samples' metadata, different bytes in each file, of a given size."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

_SAMPLES = Path(__file__).parents[1] / "sample_media"
# A camera's, a telephone's, and a messenger's, which leaves no Exif.
_PHOTOS = ("Kyoto/DSC00123.JPG", "Paris/PXL_20240412_184115120.jpg", "Phone/IMG-20240416-WA0003.jpg")


def make_tree(folder: Path, count: int, size: int, per_folder: int = 100) -> list[Path]:
    """`count` JPEGs of about `size` bytes in folders of `per_folder`."""
    chance = random.Random(size)
    heads, tail = [_head(name) for name in _PHOTOS], b"\xff\xd9"
    paths = []
    for number in range(count):
        place = folder / f"{number // per_folder:04d}"
        place.mkdir(parents=True, exist_ok=True)
        head = heads[number % len(heads)]
        # Filling goes where the picture's data lies. No 0xFF, which would be a marker there.
        filling = chance.randbytes(max(size - len(head) - len(tail), 16)).replace(b"\xff", b"\xfe")
        path = place / f"IMG_{number:05d}.jpg"
        path.write_bytes(head + filling + tail)
        paths.append(path)
    return paths


def _head(name: str) -> bytes:
    """A small picture up to its end marker, with the metadata of a sample."""
    image = Image.new("RGB", (160, 120), (70, 110, 150))
    draw = ImageDraw.Draw(image)
    for step in range(10):
        draw.ellipse((step * 9, step * 5, 160 - step * 7, 120 - step * 3), outline=(step * 20, 200, 255 - step * 15))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    small, sample = buffer.getvalue(), (_SAMPLES / name).read_bytes()
    return small[:2] + b"".join(_metadata(sample)) + small[2:-2]


def _metadata(jpeg: bytes) -> Iterator[bytes]:
    """Its APP1 to APP15 segments."""
    at = 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if 0xE1 <= jpeg[at + 1] <= 0xEF:
            yield jpeg[at:end]
        at = end
