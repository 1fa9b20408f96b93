"""Encode and store renditions: thumbnail, preview, and a full-size one that every browser shows upright."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import xxhash
from PIL import Image

from indexer import private
from indexer.errors import cannot_write
from indexer.store.results import Rendition

from .enricher import ENRICHERS, RENDITIONS

# Pixels of the long side; None: all
SIZES: dict[str, int | None] = {"thumbnail": 360, "preview": 1440, "fullsize": None}
# Rendered by the enricher, before they are requested
AHEAD = ("preview", "thumbnail")
LARGEST = 1440
_QUALITY = {"thumbnail": 80, "preview": 82, "fullsize": 90}
_QUALITY_OF_PORTRAITS = 85


class Encoded(NamedTuple):
    """A rendition that is not in the cache yet: its size in pixels and its JPEG bytes."""

    name: str
    width: int
    height: int
    data: bytes


class Stem(NamedTuple):
    """Names the files of a picture's renditions. name: their common beginning, relative to the cache folder; it depends
    on the input key, so a changed picture gets other files."""

    folder: str
    name: str

    @classmethod
    def of(cls, folder: Path, input_key: str) -> Stem:
        digest = xxhash.xxh3_128_hexdigest(f"{input_key} {ENRICHERS[RENDITIONS].version}".encode())
        return cls(os.fspath(folder), f"{digest[:2]}/{digest[2:]}")

    def file(self, name: str) -> str:
        """The file of a rendition, relative to the cache folder."""
        return f"{self.name}-{name}.jpg"


def shrink(image: Image.Image, long_side: int) -> Image.Image:
    """The picture with a long side of at most `long_side` pixels."""
    share = long_side / max(image.size)
    if share >= 1:
        return image
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=1.5)


def encode(name: str, image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY.get(name, _QUALITY_OF_PORTRAITS))
    return Encoded(name, image.width, image.height, buffer.getvalue())


def keep(stem: Stem, encoded: Encoded) -> Rendition:
    """Write a rendition into the cache, atomically. Raises DiskFull or IndexUnusable if that fails."""
    path = Path(stem.folder, stem.file(encoded.name))
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        private.make_folder(path.parent)
        private.write(partial, encoded.data)
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(stem.folder, error) from error
        raise
    return Rendition(
        encoded.name, stem.file(encoded.name), "image/jpeg", encoded.width, encoded.height, len(encoded.data)
    )


def make(stem: Stem, name: str, image: Image.Image) -> Rendition:
    return keep(stem, encode(name, image))
