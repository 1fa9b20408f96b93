"""/api/people"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from indexer.index import people

from ..answers import answer, answer_page, errors, included
from ..dependencies import BaseUrl, KnownPerson, StateDep
from ..routing import make_router
from ..schemas.common import MOST_IDS, AlbumId, AssetId, Include, InLibrary, Limit, Page, PersonId
from ..schemas.people import MergePeople, NewPerson, Person, PersonValues
from ..state import State
from ..urls import portrait_urls

router = make_router(prefix="/api/people", tags=["people"])

_METRICS = "cluster_metrics"


def _as_dict(person: people.Person, base: str) -> dict[str, Any]:
    return {
        "id": person.id,
        "is_hidden": bool(person.is_hidden),
        "is_favorite": bool(person.is_favorite),
        "created_at": person.created_at,
        "updated_at": person.updated_at,
        "name": person.name,
        "birth_date": person.birth_date,
        "asset_count": person.assets,
        "thumbnail_face_id": person.thumbnail_face_id,
        "asset_urls": portrait_urls(person.thumbnail_face_id, base),
    }


async def _with_included(
    state: State, page: Sequence[people.Person], base: str, parts: set[str]
) -> list[dict[str, Any]]:
    dicts = [_as_dict(person, base) for person in page]
    if _METRICS in parts:
        ids = [person.id for person in page]
        by_id = await state.run(lambda index: index.people.cluster_metrics(ids))
        for person in dicts:
            person[_METRICS] = by_id.get(person["id"])
    return dicts


@router.get("", response_model=Page[Person], responses=errors(404))
async def list_people(
    state: StateDep,
    base: BaseUrl,
    album_id: AlbumId | None = None,
    asset_id: AssetId | None = None,
    ids: Annotated[list[PersonId] | None, Query(max_length=MOST_IDS)] = None,
    include: Include = None,
    library_id: InLibrary = None,
    name: Annotated[str | None, Query(description="A part of the name, ignoring case.")] = None,
    name_filter: Annotated[
        Literal["named", "unnamed", "all"] | None, Query(description="Default: named; all if ids are given.")
    ] = None,
    starting_after_id: PersonId | None = None,
    limit: Limit = 20,
) -> Response:
    """List people: favorites first, then those in most photos."""
    parts = included(include, (_METRICS,))
    which = name_filter or ("named" if ids is None else "all")
    named = {"named": True, "unnamed": False, "all": None}[which]
    page = state.reader.people.page(
        limit + 1,
        ids=ids,
        asset_id=asset_id,
        album_id=album_id,
        name=name,
        named=named,
        after_id=starting_after_id,
    )
    return answer_page(await _with_included(state, page, base, parts), limit)


@router.post("", response_model=Person, status_code=201, responses=errors(403, 404))
async def create_person(state: StateDep, base: BaseUrl, body: NewPerson) -> Response:
    """Create a person without photos."""
    state.reader.libraries.ensure(body.library_id)
    values = _values(body.model_dump(exclude={"library_id"}, exclude_none=True))
    person = await state.write(lambda index: index.people.create(**values))
    return answer(_as_dict(state.reader.people.by_id(person.id), base), 201)


@router.get("/{person_id}", response_model=Person, responses=errors(404))
async def get_person(state: StateDep, base: BaseUrl, person: KnownPerson, include: Include = None) -> Response:
    """Get a person."""
    (shown,) = await _with_included(state, [person], base, included(include, (_METRICS,)))
    return answer(shown)


@router.patch("/{person_id}", response_model=Person, responses=errors(403, 404))
async def update_person(state: StateDep, base: BaseUrl, person_id: PersonId, body: PersonValues) -> Response:
    """Change the given values; others stay."""
    state.reader.people.by_id(person_id)
    values = _values(body.model_dump(exclude_unset=True))
    if values:
        await state.write(lambda index: index.people.set(person_id, **values))
    return answer(_as_dict(state.reader.people.by_id(person_id), base))


@router.delete("/{person_id}", status_code=204, responses=errors(403, 404))
async def delete_person(state: StateDep, person: KnownPerson) -> Response:
    """Delete a person. Photos and faces stay; the faces become unassigned."""
    await state.write(lambda index: index.people.delete(person.id))
    return Response(status_code=204)


@router.post("/{person_id}/merge", response_model=Person, responses=errors(403, 404))
async def merge_people(state: StateDep, base: BaseUrl, person_id: PersonId, body: MergePeople) -> Response:
    """Merge other people into this one, which gets their faces."""
    for known_id in (person_id, *body.source_person_ids):
        state.reader.people.by_id(known_id)
    await state.write(lambda index: index.people.merge(body.source_person_ids, person_id))
    return answer(_as_dict(state.reader.people.by_id(person_id), base))


def _values(body: dict[str, Any]) -> dict[str, Any]:
    """Values for the index: dates as text, and without flags that are null, which stay unchanged."""
    values = {name: value for name, value in body.items() if value is not None or not name.startswith("is_")}
    if values.get("birth_date") is not None:
        values["birth_date"] = values["birth_date"].isoformat()
    return values
