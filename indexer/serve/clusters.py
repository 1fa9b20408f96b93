"""How well faces fit whom they are taken for: cosine distances between what they look like to the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from indexer.store import faces

# So many others who it might be are told.
_CANDIDATES = 5
# Further than this nobody is taken for somebody.
_FURTHEST = 0.6


def metrics(connection: sqlite3.Connection, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of people of whom there are two faces at least, by id."""
    found: dict[str, dict[str, Any]] = {}
    for person_id in person_ids:
        vectors = faces.select_vectors(connection, person_id)
        if len(vectors) < 2:
            continue
        units = np.stack([_unit(one) for one in vectors])
        distances = 1 - (units @ units.T)[np.triu_indices(len(units), 1)]
        found[person_id] = {
            "face_count": len(vectors),
            "pairwise_mean": round(float(distances.mean()), 4),
            "pairwise_p90": round(float(np.percentile(distances, 90)), 4),
        }
    return found


def assignments(connection: sqlite3.Connection, face_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of faces that a model has seen, by id."""
    looks = faces.select_looks(connection, face_ids)
    if not looks:
        return {}
    ids, names, middles = [], {}, []
    for person_id, name, vectors in faces.select_all_vectors(connection, looks[0].model):
        ids.append(person_id)
        names[person_id] = name
        middles.append(_unit(np.mean([_unit(one) for one in vectors], axis=0)))
    found: dict[str, dict[str, Any]] = {}
    for look in looks:
        distances = dict(zip(ids, (1 - np.stack(middles) @ _unit(look.vector)).tolist(), strict=True)) if ids else {}
        own = distances.pop(look.person_id, None) if look.person_id else None
        near = sorted((far, one) for one, far in distances.items() if far <= _FURTHEST)[:_CANDIDATES]
        found[look.face_id] = {
            "distance_to_person": None if own is None else round(own, 4),
            "candidates": [{"person_id": one, "name": names[one], "distance": round(far, 4)} for far, one in near],
        }
    return found


def _unit(vector: Any) -> Any:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
