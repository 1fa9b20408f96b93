"""/api/people, /api/faces"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from indexer.store import faces, people
from indexer.store.faces import select_faces
from indexer.store.people import select_people_page

from ..answers import answer, errors, included, page
from ..clusters import assignments, metrics
from ..models import (
    MOST_IDS,
    AlbumId,
    AssetId,
    Face,
    FaceId,
    FaceValues,
    Limit,
    MergePeople,
    NewPerson,
    Page,
    Person,
    PersonId,
    PersonValues,
)
from ..routing import make_router
from ..state import State, base_of, not_found, state_of
from ..urls import PORTRAIT_SIDE, portrait_url
from .assets import OfLibrary, check_library

router = make_router(tags=["people"])

Include = Annotated[str | None, Query(description="What else to tell, with commas between.")]
_METRICS, _ASSIGNMENT = "cluster_metrics", "cluster_assignment"


def _portrait(face_id: str | None, base: str) -> dict[str, Any]:
    if face_id is None:
        return {}
    return {"thumbnail": {"url": portrait_url(face_id, base), "mimetype": "image/jpeg", "width": PORTRAIT_SIDE}}


def _shown(one: people.Person, base: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "is_hidden": bool(one.is_hidden),
        "is_favorite": bool(one.is_favorite),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "name": one.name,
        "birth_date": one.birth_date,
        "asset_count": one.assets,
        "thumbnail_face_id": one.thumbnail_face_id,
        "asset_urls": _portrait(one.thumbnail_face_id, base),
    }


async def _people(state: State, found: list[people.Person], base: str, also: set[str]) -> list[dict[str, Any]]:
    shown = [_shown(one, base) for one in found]
    if _METRICS in also:
        ids = [one.id for one in found]
        known = await state.look(lambda index: metrics(index.session.connection, ids))
        for one in shown:
            one[_METRICS] = known.get(one["id"])
    return shown


def _person(state: State, person_id: str) -> people.Person:
    found = select_people_page(state.looks, [person_id])
    if not found:
        raise not_found("person", person_id)
    return found[0]


@router.get("/api/people", response_model=Page[Person], responses=errors(404))
async def list_people(
    request: Request,
    album_id: AlbumId | None = None,
    asset_id: AssetId | None = None,
    ids: Annotated[list[PersonId] | None, Query(max_length=MOST_IDS)] = None,
    include: Include = None,
    library_id: OfLibrary = None,
    name: Annotated[str | None, Query(description="A part of the name, whatever its case.")] = None,
    name_filter: Annotated[
        Literal["named", "unnamed", "all"] | None, Query(description="named, unless ids are given.")
    ] = None,
    starting_after_id: PersonId | None = None,
    limit: Limit = 20,
) -> Response:
    """Favourites first, then those of whom there are most photos."""
    here = state_of(request)
    also = included(include, (_METRICS,))
    check_library(here, library_id)
    which = name_filter or ("named" if ids is None else "all")
    named = {"named": True, "unnamed": False, "all": None}[which]
    found = select_people_page(here.looks, ids, asset_id, album_id, name, named)
    if starting_after_id is not None:
        number = next((number for number, one in enumerate(found) if one.id == starting_after_id), None)
        if number is None:
            raise not_found("person", starting_after_id)
        found = found[number + 1 :]
    return page(await _people(here, found[: limit + 1], base_of(request), also), limit)


@router.post("/api/people", response_model=Person, status_code=201, responses=errors(403, 404))
async def create_person(request: Request, asked: NewPerson) -> Response:
    """Somebody of whom no photo is known yet."""
    here = state_of(request)
    check_library(here, asked.library_id)
    values = _values(asked.model_dump(exclude={"library_id"}, exclude_none=True))
    made = await here.write(lambda index: index.people.create(**values))
    return answer(_shown(_person(here, made.id), base_of(request)), 201)


@router.get("/api/people/{person_id}", response_model=Person, responses=errors(404))
async def get_person(request: Request, person_id: PersonId, include: Include = None) -> Response:
    here, also = state_of(request), included(include, (_METRICS,))
    (shown,) = await _people(here, [_person(here, person_id)], base_of(request), also)
    return answer(shown)


@router.patch("/api/people/{person_id}", response_model=Person, responses=errors(403, 404))
async def update_person(request: Request, person_id: PersonId, asked: PersonValues) -> Response:
    """What is not named stays."""
    here = state_of(request)
    _person(here, person_id)
    values = _values(asked.model_dump(exclude_unset=True))
    if values:
        await here.write(lambda index: index.people.set(person_id, **values))
    return answer(_shown(_person(here, person_id), base_of(request)))


@router.delete("/api/people/{person_id}", status_code=204, responses=errors(403, 404))
async def delete_person(request: Request, person_id: PersonId) -> Response:
    """The photos stay, and the faces in them, of nobody known."""
    _person(state_of(request), person_id)
    await state_of(request).write(lambda index: index.people.delete(person_id))
    return Response(status_code=204)


@router.post("/api/people/{person_id}/merge", response_model=Person, responses=errors(403, 404))
async def merge_people(request: Request, person_id: PersonId, asked: MergePeople) -> Response:
    """The others are this one: their faces become this one's."""
    here = state_of(request)
    for one in (person_id, *asked.source_person_ids):
        _person(here, one)
    await here.write(lambda index: index.people.merge(asked.source_person_ids, person_id))
    return answer(_shown(_person(here, person_id), base_of(request)))


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """As the index takes them: days as text; what cannot be unknown stays as it is where it is null."""
    values = {name: value for name, value in given.items() if value is not None or not name.startswith("is_")}
    if values.get("birth_date") is not None:
        values["birth_date"] = values["birth_date"].isoformat()
    return values


def _face(one: faces.Face, base: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "asset_id": one.asset_id,
        "bounding_box": {"x": one.x, "y": one.y, "w": one.w, "h": one.h},
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "person_id": one.person_id,
        "timestamp_ms": one.timestamp_ms,
        "asset_urls": _portrait(one.id, base),
    }


async def _faces(state: State, found: list[faces.Face], base: str, also: set[str]) -> list[dict[str, Any]]:
    shown = [_face(one, base) for one in found]
    if _ASSIGNMENT in also:
        ids = [one.id for one in found]
        known = await state.look(lambda index: assignments(index.session.connection, ids))
        for one in shown:
            one[_ASSIGNMENT] = known.get(one["id"], {"distance_to_person": None, "candidates": []})
    return shown


def _one_face(state: State, face_id: str) -> faces.Face:
    found = select_faces(state.looks, [face_id])
    if not found:
        raise not_found("face", face_id)
    return found[0]


@router.get("/api/faces", response_model=Page[Face], responses=errors(404))
async def list_faces(
    request: Request,
    asset_id: AssetId | None = None,
    ids: Annotated[list[FaceId] | None, Query(max_length=MOST_IDS)] = None,
    include: Include = None,
    library_id: OfLibrary = None,
    person_id: PersonId | None = None,
    starting_after_id: FaceId | None = None,
    limit: Limit = 20,
) -> Response:
    """By id."""
    here, also = state_of(request), included(include, (_ASSIGNMENT,))
    check_library(here, library_id)
    found = select_faces(here.looks, ids, asset_id, person_id, starting_after_id, limit + 1)
    return page(await _faces(here, found, base_of(request), also), limit)


@router.get("/api/faces/{face_id}", response_model=Face, responses=errors(404))
async def get_face(
    request: Request, face_id: FaceId, include: Include = None, library_id: OfLibrary = None
) -> Response:
    here, also = state_of(request), included(include, (_ASSIGNMENT,))
    check_library(here, library_id)
    (shown,) = await _faces(here, [_one_face(here, face_id)], base_of(request), also)
    return answer(shown)


@router.patch("/api/faces/{face_id}", response_model=Face, responses=errors(403, 404))
async def update_face(request: Request, face_id: FaceId, asked: FaceValues, library_id: OfLibrary = None) -> Response:
    """Whose it is; null: nobody's that is known."""
    here = state_of(request)
    check_library(here, library_id)
    _one_face(here, face_id)
    if "person_id" in asked.model_fields_set:
        if asked.person_id is not None:
            _person(here, asked.person_id)
        await here.write(lambda index: index.people.give(face_id, asked.person_id))
    return answer(_face(_one_face(here, face_id), base_of(request)))


@router.delete("/api/faces/{face_id}", status_code=204, responses=errors(403, 404))
async def delete_face(request: Request, face_id: FaceId, library_id: OfLibrary = None) -> Response:
    """It is no face, or nobody's business."""
    here = state_of(request)
    check_library(here, library_id)
    _one_face(here, face_id)
    await here.write(lambda index: index.people.delete_face(face_id))
    return Response(status_code=204)
