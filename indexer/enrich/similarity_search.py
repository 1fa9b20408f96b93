"""Distances of photos from a picture or a text: 0 is the same, 1 unrelated."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from PIL import Image

from indexer.store import duplicates
from indexer.store import image_embeddings as stored_embeddings

from .enrichers import image_embeddings, perceptual_hashes

# Hashes of unrelated pictures differ in about half of their 64 bits.
_UNRELATED_BITS = 32


def nearest(connection: sqlite3.Connection, picture: Image.Image) -> Sequence[tuple[str, float]]:
    """Ids and distances of all live photos that were enriched, the nearest first. By image embeddings if there is a
    model and it has processed photos, else by perceptual hashes."""
    model = image_embeddings.find_model() if image_embeddings.is_available() else None
    if model is not None and stored_embeddings.has_embeddings(connection, model.name):
        by_id = _distances(connection, model, image_embeddings.load(model).of_picture(picture))
    else:
        photos = duplicates.select_hashes(connection)
        if not photos:
            return []
        query = np.frombuffer(perceptual_hashes.hashes(picture)[:8], np.uint8)
        stored = np.frombuffer(b"".join(photo.hashes[:8] for photo in photos), np.uint8).reshape(-1, 8)
        bits = np.unpackbits(stored ^ query, axis=1).sum(axis=1)
        by_id = {
            photo.asset_id: min(1.0, int(count) / _UNRELATED_BITS) for photo, count in zip(photos, bits, strict=True)
        }
    return sorted(by_id.items(), key=lambda pair: (pair[1], pair[0]))


def distances(connection: sqlite3.Connection, text: str) -> dict[str, float]:
    """Distances of photos from a text, by id, for those with an image embedding. Empty if there is no model."""
    model = image_embeddings.find_model() if text and image_embeddings.is_available() else None
    if model is None or not stored_embeddings.has_embeddings(connection, model.name):
        return {}
    return _distances(connection, model, image_embeddings.load(model).of_text(text))


def _distances(
    connection: sqlite3.Connection, model: image_embeddings.ModelInfo, vector: image_embeddings.Vector
) -> dict[str, float]:
    ids, cosines = stored_embeddings.cosines(connection, model.name, vector)
    return dict(zip(ids, np.clip(1 - cosines, 0, 1).tolist(), strict=True))
