"""How well faces fit their assigned people: cosine distances between face embeddings."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..store import faces

# The most candidates for a face besides its person, and their largest distance
_CANDIDATES = 5
_FURTHEST = 0.6


def metrics(connection: sqlite3.Connection, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Person id -> metrics, for people with at least two faces."""
    by_id: dict[str, dict[str, Any]] = {}
    for person_id in person_ids:
        vectors = faces.select_vectors(connection, person_id)
        if len(vectors) < 2:
            continue
        units = np.stack([_unit(vector) for vector in vectors])
        distances = 1 - (units @ units.T)[np.triu_indices(len(units), 1)]
        by_id[person_id] = {
            "face_count": len(vectors),
            "pairwise_mean": round(float(distances.mean()), 4),
            "pairwise_p90": round(float(np.percentile(distances, 90)), 4),
        }
    return by_id


def assignments(connection: sqlite3.Connection, face_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Face id -> its distance to its person and other candidates, for faces with an embedding."""
    embedded = faces.select_embeddings(connection, face_ids)
    if not embedded:
        return {}
    ids, names, means = [], {}, []
    for person_id, name, vectors in faces.select_all_vectors(connection, embedded[0].model):
        ids.append(person_id)
        names[person_id] = name
        means.append(_unit(np.mean([_unit(vector) for vector in vectors], axis=0)))
    by_id: dict[str, dict[str, Any]] = {}
    for face in embedded:
        distances = dict(zip(ids, (1 - np.stack(means) @ _unit(face.vector)).tolist(), strict=True)) if ids else {}
        own = distances.pop(face.person_id, None) if face.person_id else None
        near = sorted((distance, person_id) for person_id, distance in distances.items() if distance <= _FURTHEST)
        by_id[face.face_id] = {
            "distance_to_person": None if own is None else round(own, 4),
            "candidates": [
                {"person_id": person_id, "name": names[person_id], "distance": round(distance, 4)}
                for distance, person_id in near[:_CANDIDATES]
            ],
        }
    return by_id


def _unit(vector: Any) -> Any:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
