"""/api/faces"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Response

from indexer.index import faces

from ..answers import answer, answer_page, errors, included
from ..dependencies import BaseUrl, KnownFace, StateDep
from ..routing import make_router
from ..schemas.common import MOST_IDS, AssetId, FaceId, Include, InLibrary, Limit, Page, PersonId
from ..schemas.faces import Face, FaceValues
from ..state import State
from ..urls import portrait_urls

router = make_router(prefix="/api/faces", tags=["people"])

_ASSIGNMENT = "cluster_assignment"


def _as_dict(face: faces.Face, base: str) -> dict[str, Any]:
    return {
        "id": face.id,
        "asset_id": face.asset_id,
        "bounding_box": {"x": face.x, "y": face.y, "w": face.w, "h": face.h},
        "created_at": face.created_at,
        "updated_at": face.updated_at,
        "person_id": face.person_id,
        "timestamp_ms": face.timestamp_ms,
        "asset_urls": portrait_urls(face.id, base),
    }


async def _with_included(state: State, page: Sequence[faces.Face], base: str, parts: set[str]) -> list[dict[str, Any]]:
    dicts = [_as_dict(face, base) for face in page]
    if _ASSIGNMENT in parts:
        ids = [face.id for face in page]
        by_id = await state.run(lambda index: index.faces.cluster_assignments(ids))
        for face in dicts:
            face[_ASSIGNMENT] = by_id.get(face["id"], {"distance_to_person": None, "candidates": []})
    return dicts


@router.get("", response_model=Page[Face], responses=errors(404))
async def list_faces(
    state: StateDep,
    base: BaseUrl,
    asset_id: AssetId | None = None,
    ids: Annotated[list[FaceId] | None, Query(max_length=MOST_IDS)] = None,
    include: Include = None,
    library_id: InLibrary = None,
    person_id: PersonId | None = None,
    starting_after_id: FaceId | None = None,
    limit: Limit = 20,
) -> Response:
    """List faces by id."""
    parts = included(include, (_ASSIGNMENT,))
    page = state.reader.faces.page(
        limit + 1, ids=ids, asset_id=asset_id, person_id=person_id, after_id=starting_after_id
    )
    return answer_page(await _with_included(state, page, base, parts), limit)


@router.get("/{face_id}", response_model=Face, responses=errors(404))
async def get_face(
    state: StateDep, base: BaseUrl, face: KnownFace, include: Include = None, library_id: InLibrary = None
) -> Response:
    """Get a face."""
    (shown,) = await _with_included(state, [face], base, included(include, (_ASSIGNMENT,)))
    return answer(shown)


@router.patch("/{face_id}", response_model=Face, responses=errors(403, 404))
async def update_face(
    state: StateDep, base: BaseUrl, face_id: FaceId, body: FaceValues, library_id: InLibrary = None
) -> Response:
    """Assign a face to a person; null: to nobody."""
    state.reader.faces.get(face_id)
    if "person_id" in body.model_fields_set:
        if body.person_id is not None:
            state.reader.people.by_id(body.person_id)
        await state.write(lambda index: index.people.give(face_id, body.person_id))
    return answer(_as_dict(state.reader.faces.get(face_id), base))


@router.delete("/{face_id}", status_code=204, responses=errors(403, 404))
async def delete_face(state: StateDep, face: KnownFace, library_id: InLibrary = None) -> Response:
    """Delete a face: it is not one, or should not be recognized."""
    await state.write(lambda index: index.people.delete_face(face.id))
    return Response(status_code=204)
