"""`Index.faces`: look up faces and their cluster assignments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import NotFound
from ..store import faces as store
from ..store.faces import Face as Face
from .session import Session


class Faces:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, face_id: str) -> Face:
        faces = store.select_faces(self._session.connection, [face_id])
        if not faces:
            raise NotFound(f"there is no face {face_id}")
        return faces[0]

    def page(
        self,
        limit: int,
        *,
        ids: Sequence[str] | None = None,
        asset_id: str | None = None,
        person_id: str | None = None,
        after_id: str | None = None,
    ) -> Sequence[Face]:
        """Ordered by id, starting after `after_id`."""
        return store.select_faces(self._session.connection, ids, asset_id, person_id, after_id, limit)

    def cluster_assignments(self, face_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Face id -> cosine distances to its person and to other near people."""
        from .face_metrics import assignments

        return assignments(self._session.connection, face_ids)
