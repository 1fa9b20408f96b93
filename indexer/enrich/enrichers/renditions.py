"""Encode the preview and the thumbnail before they are requested."""

from __future__ import annotations

from ..enricher import Photo
from ..renditions import SIZES, Encoded, encode, shrink


def compute(photo: Photo) -> tuple[Encoded, ...]:
    preview = photo.preview.image
    return encode("preview", preview), encode("thumbnail", shrink(preview, SIZES["thumbnail"] or 0))
