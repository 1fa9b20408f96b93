"""What routes are given: the server's state, its address, its keys, and what the path names.

All of them are coroutines: FastAPI runs plain functions in threads, where the reader may not be used. `Known…` answers
404 before FastAPI has looked at the body, whose mistakes come first: routes with a body call `find_…` instead."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from indexer.store.albums import Album, select_album
from indexer.store.faces import Face, select_faces
from indexer.store.libraries import LibraryInfo, has_library, select_libraries
from indexer.store.people import Person, select_people_page
from indexer.store.records import Record

from .answers import not_found
from .keys import Keys
from .schemas.common import LIBRARY_ID, AlbumId, AssetId, FaceId, LibraryId, PersonId
from .state import State


async def get_state(request: Request) -> State:
    """Raises IndexUnusable if the index was deleted or replaced since the server began."""
    state: State = request.app.state.indexer
    state.reader.ensure_in_place()
    return state


async def get_base_url(request: Request) -> str:
    """The address by which the client reached this server."""
    return f"{request.url.scheme}://{request.headers['host']}"


async def get_keys(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


StateDep = Annotated[State, Depends(get_state)]
BaseUrl = Annotated[str, Depends(get_base_url)]
KeysDep = Annotated[Keys, Depends(get_keys)]


async def check_query_library(request: Request) -> None:
    """For every route. A route declares `library_id` itself, at its place among the parameters, and answers a malformed
    one."""
    library_id = request.query_params.get("library_id")
    if library_id is not None and LIBRARY_ID.fullmatch(library_id):
        check_library(await get_state(request), library_id)


def check_library(state: State, library_id: str | None) -> None:
    """For a library that the body names."""
    if library_id is not None and not has_library(state.reader, library_id):
        raise not_found("library", library_id)


async def get_asset(asset_id: AssetId, state: StateDep) -> Record:
    return state.record(asset_id)


async def get_album(album_id: AlbumId, state: StateDep) -> Album:
    return find_album(state, album_id)


async def get_person(person_id: PersonId, state: StateDep) -> Person:
    return find_person(state, person_id)


async def get_face(face_id: FaceId, state: StateDep) -> Face:
    return find_face(state, face_id)


async def get_library(library_id: LibraryId, state: StateDep) -> LibraryInfo:
    return find_library(state, library_id)


KnownAsset = Annotated[Record, Depends(get_asset)]
KnownAlbum = Annotated[Album, Depends(get_album)]
KnownPerson = Annotated[Person, Depends(get_person)]
KnownFace = Annotated[Face, Depends(get_face)]
KnownLibrary = Annotated[LibraryInfo, Depends(get_library)]


def find_album(state: State, album_id: str) -> Album:
    album = select_album(state.reader, album_id)
    if album is None:
        raise not_found("album", album_id)
    return album


def find_person(state: State, person_id: str) -> Person:
    people = select_people_page(state.reader, [person_id])
    if not people:
        raise not_found("person", person_id)
    return people[0]


def find_face(state: State, face_id: str) -> Face:
    faces = select_faces(state.reader, [face_id])
    if not faces:
        raise not_found("face", face_id)
    return faces[0]


def find_library(state: State, library_id: str) -> LibraryInfo:
    library = next((known for known in select_libraries(state.reader) if known.id == library_id), None)
    if library is None:
        raise not_found("library", library_id)
    return library
