"""What pictures are about, as vectors."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 20_000
# As much like the words as the best, and unlike most: then a picture is found.
_SHARE_OF_BEST = 0.9
_DEVIATIONS = 2.0


def has_meanings(connection: sqlite3.Connection, model: str) -> bool:
    return connection.execute("SELECT 1 FROM meaning WHERE model = ? LIMIT 1", (model,)).fetchone() is not None


def nearest(connection: sqlite3.Connection, model: str, vector: NDArray[np.float32], most: int) -> Sequence[str]:
    """Assets whose pictures are about this, the nearest first; at least one where any was looked at by this model."""
    import numpy as np

    ids, likeness = likenesses(connection, model, vector)
    if not ids:
        return []
    best = float(likeness.max())
    least = min(max(float(likeness.mean() + _DEVIATIONS * likeness.std()), best * _SHARE_OF_BEST), best)
    near = np.flatnonzero(likeness >= least)
    return [ids[one] for one in near[np.argsort(-likeness[near], kind="stable")][:most]]


def likenesses(
    connection: sqlite3.Connection, model: str, vector: NDArray[np.float32]
) -> tuple[Sequence[str], NDArray[np.float32]]:
    """Assets that this model has looked at, and the cosines between what it saw and the vector. Exact: all vectors are
    compared."""
    import numpy as np

    ids: list[str] = []
    parts: list[NDArray[np.float32]] = []
    cursor = connection.execute(
        "SELECT id, vector FROM meaning JOIN asset ON number = asset_number WHERE meaning.model = ?", (model,)
    )
    while rows := cursor.fetchmany(_AT_ONCE):
        ids += [row[0] for row in rows]
        vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2").reshape(len(rows), -1)
        parts.append(vectors.astype(np.float32) @ vector)
    return ids, np.concatenate(parts) if parts else np.zeros(0, np.float32)
