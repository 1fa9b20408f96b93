"""How far photos are from a picture, or from words: 0 is the same, 1 something else."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from PIL import Image

from indexer.store import duplicates
from indexer.store import image_embeddings as stored_embeddings

from .enrichers import image_embeddings, perceptual_hashes

# Hashes of pictures that have nothing to do with each other differ in about half of their 64 bits.
_UNRELATED_BITS = 32


def alike(connection: sqlite3.Connection, picture: Image.Image) -> Sequence[tuple[str, float]]:
    """All live photos that were looked at, the nearest first. By meaning, where a model can tell and has seen them."""
    model = image_embeddings.find_model() if image_embeddings.is_available() else None
    if model is not None and stored_embeddings.has_embeddings(connection, model.name):
        found = _near(connection, model, image_embeddings.load(model).of_picture(picture))
    else:
        looks = duplicates.select_hashes(connection)
        if not looks:
            return []
        ours = np.frombuffer(perceptual_hashes.hashes(picture)[:8], np.uint8)
        theirs = np.frombuffer(b"".join(one.hashes[:8] for one in looks), np.uint8).reshape(-1, 8)
        bits = np.unpackbits(theirs ^ ours, axis=1).sum(axis=1)
        found = {one.asset_id: min(1.0, int(count) / _UNRELATED_BITS) for one, count in zip(looks, bits, strict=True)}
    return sorted(found.items(), key=lambda pair: (pair[1], pair[0]))


def distances(connection: sqlite3.Connection, words: str) -> dict[str, float]:
    """From what words say, of the photos that a model has looked at; none where there is no such model."""
    model = image_embeddings.find_model() if words and image_embeddings.is_available() else None
    if model is None or not stored_embeddings.has_embeddings(connection, model.name):
        return {}
    return _near(connection, model, image_embeddings.load(model).of_words(words))


def _near(
    connection: sqlite3.Connection, model: image_embeddings.ModelInfo, vector: image_embeddings.Vector
) -> dict[str, float]:
    ids, cosines = stored_embeddings.cosines(connection, model.name, vector)
    far = np.clip(1 - cosines, 0, 1)
    return dict(zip(ids, far.tolist(), strict=True))
