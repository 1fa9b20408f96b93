"""The URLs in a record point to this server."""

from __future__ import annotations

import json
from pathlib import Path

from indexer import Index, ids
from indexer.serve.urls import with_urls

from ..conftest import put

BASE = "http://127.0.0.1:8765"


def test_of_a_photo_of_many_people_too(index: Index, photos: Path) -> None:
    """SQLite's functions take a limited number of arguments."""
    put(photos / "class.jpg", 1)
    index.scan([photos])
    asset_id = index.session.resolve(photos / "class.jpg")
    made = [(ids.named_id("face", str(n)), ids.named_id("person", str(n))) for n in range(100)]
    with index.session.transaction() as tx:
        for number, (face, person) in enumerate(made):
            tx.connection.execute(
                "INSERT INTO person (id, name, is_hidden, is_favorite, created_at, updated_at) VALUES (?, ?, 0, 0, ?, ?)",
                (person, f"Pupil {number}", tx.now, tx.now),
            )
            tx.connection.execute(
                "INSERT INTO face (id, asset_id, person_id, x, y, w, h, created_at, updated_at)"
                " VALUES (?, ?, ?, 1, 2, 3, 4, ?, ?)",
                (face, asset_id, person, tx.now, tx.now),
            )
            tx.connection.execute("UPDATE person SET thumbnail_face_id = ? WHERE id = ?", (face, person))
            tx.connection.execute(
                "INSERT INTO rendition SELECT number, ?, ?, 'image/jpeg', 80, 80, 9, ? FROM asset WHERE id = ?",
                (face, f"ab/{face}.jpg", tx.now, asset_id),
            )
    before = index.get(asset_id)
    shown = json.loads(with_urls(index, index.assets.record(asset_id), BASE))
    assert "file:" not in json.dumps(shown)
    for key, face_id in (("faces", "id"), ("people", "thumbnail_face_id")):
        assert len(shown[key]) == 100
        for now, then in zip(shown[key], before[key], strict=True):  # type: ignore[literal-required]
            url = f"{BASE}/files/faces/{now[face_id]}"
            assert now["asset_urls"] == {"thumbnail": {"url": url, "mimetype": "image/jpeg", "width": 80}}
            assert {**now, "asset_urls": None} == {**then, "asset_urls": None}
    assert list(shown) == list(before)
