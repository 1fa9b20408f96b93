"""Load image embeddings and search them by cosine similarity."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS_AT_ONCE = 20_000
# An image matches if its cosine is this share of the best one, or this many standard deviations above the mean,
# whichever is more.
_SHARE_OF_BEST = 0.9
_DEVIATIONS = 2.0


def has_embeddings(connection: sqlite3.Connection, model: str) -> bool:
    return connection.execute("SELECT 1 FROM image_embedding WHERE model = ? LIMIT 1", (model,)).fetchone() is not None


def nearest(connection: sqlite3.Connection, model: str, vector: NDArray[np.float32], most: int) -> Sequence[str]:
    """Up to `most` assets whose images match, the nearest first; at least one if the model has any embedding."""
    import numpy as np

    ids, similarity = cosines(connection, model, vector)
    if not ids:
        return []
    best = float(similarity.max())
    threshold = min(max(float(similarity.mean() + _DEVIATIONS * similarity.std()), best * _SHARE_OF_BEST), best)
    near = np.flatnonzero(similarity >= threshold)
    return [ids[position] for position in near[np.argsort(-similarity[near], kind="stable")][:most]]


def cosines(
    connection: sqlite3.Connection, model: str, vector: NDArray[np.float32]
) -> tuple[Sequence[str], NDArray[np.float32]]:
    """Assets with an embedding of this model, and the cosines between it and the vector. Exact: compares all."""
    import numpy as np

    ids: list[str] = []
    parts: list[NDArray[np.float32]] = []
    cursor = connection.execute(
        "SELECT id, vector FROM image_embedding JOIN asset ON number = asset_number WHERE image_embedding.model = ?",
        (model,),
    )
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        ids += [row[0] for row in rows]
        vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2").reshape(len(rows), -1)
        parts.append(vectors.astype(np.float32) @ vector)
    return ids, np.concatenate(parts) if parts else np.zeros(0, np.float32)
