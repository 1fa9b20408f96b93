"""Result types of the enrichers, and how each is stored and merged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .faces import FoundFace, put_faces


class Place(NamedTuple):
    """The place of coordinates. timezone is an IANA name."""

    city: str | None = None
    state: str | None = None
    country: str | None = None
    country_code: str | None = None
    sublocation: str | None = None
    place_name: str | None = None
    timezone: str | None = None


class Rendition(NamedTuple):
    """A rendition of an asset; file is relative to the cache folder. width and height in pixels, size in bytes."""

    name: str
    file: str
    mime_type: str
    width: int
    height: int
    size: int


class PerceptualHashes(NamedTuple):
    """thumbhash in base64; hashes: see indexer.enrich.enrichers.perceptual_hashes."""

    thumbhash: str
    hashes: bytes


class TextLine(NamedTuple):
    """Text in a picture; x, y, w, h in pixels of the stored one. confidence 0..1."""

    text: str
    x: int
    y: int
    w: int
    h: int
    confidence: float


class ImageEmbedding(NamedTuple):
    """An image embedding: see image_embedding in schema.sql."""

    model: str
    vector: bytes


Result = (
    Place
    | Sequence[Rendition]
    | Mapping[str, float]
    | PerceptualHashes
    | Sequence[FoundFace]
    | Sequence[TextLine]
    | ImageEmbedding
    | str
)


class Storage(NamedTuple):
    """How the results of an enricher are stored. table: of the results. rows: converts a result to rows of it, without
    the asset's number. merge: stores a result that is merged with other sources' values. where: selects the enricher's
    rows if it shares the table. is_portable: results are also valid in another index; renditions, which are files next
    to the index, are not. is_metadata: results are searched, or shown, as metadata."""

    table: str
    rows: Callable[[Any, str], Sequence[Sequence[object]]] = lambda result, now: [result]
    merge: Callable[[sqlite3.Connection, str, Any, str], None] | None = None
    where: str = "true"
    is_portable: bool = True
    is_metadata: bool = False


def _renditions(renditions: Sequence[Rendition], now: str) -> Sequence[Sequence[object]]:
    return [(*rendition, now) for rendition in renditions]


RESULTS = {
    "places": Storage("place", is_metadata=True),
    "renditions": Storage("rendition", _renditions, where="name NOT GLOB 'face_*'", is_portable=False),
    "portraits": Storage("rendition", _renditions, where="name GLOB 'face_*'", is_portable=False),
    "quality": Storage("metric", lambda metrics, now: list(metrics.items())),
    "perceptual_hashes": Storage("perceptual_hash"),
    "faces": Storage("face", merge=put_faces),
    "image_embeddings": Storage("image_embedding"),
    "captions": Storage("caption", lambda text, now: [(text,)]),
    "text": Storage(
        "text_line",
        lambda lines, now: [(number, *line) for number, line in enumerate(lines)],
        is_metadata=True,
    ),
}
