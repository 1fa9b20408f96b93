"""Faces: boxes in photos."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple


class FaceInfo(NamedTuple):
    id: str
    asset_id: str
    person_id: str | None
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    created_at: str
    updated_at: str


def select_faces(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    person_id: str | None = None,
    after_id: str | None = None,
    limit: int = -1,
) -> list[FaceInfo]:
    """By id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in (("asset_id = ?", asset_id), ("person_id = ?", person_id), ("id > ?", after_id)):
        if value is not None:
            terms.append(column)
            values.append(value)
    rows = connection.execute(
        "SELECT id, asset_id, person_id, x, y, w, h, timestamp_ms, created_at, updated_at FROM face"
        f" WHERE {' AND '.join(terms)} ORDER BY id LIMIT ?",
        (*values, limit),
    )
    return [FaceInfo(*row) for row in rows]
