"""Dependencies of the routes: the server's state, its address, its keys, and the objects named in the path.

All of them are coroutines: FastAPI runs plain functions in threads, where the reader may not be used. `Known…` answers
404 before FastAPI validates the body, whose errors come first: routes with a body call `by_id` themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from indexer.index.albums import Album
from indexer.index.assets import Record
from indexer.index.faces import Face
from indexer.index.libraries import LibraryInfo
from indexer.index.people import Person

from .keys import Keys
from .schemas.common import AlbumId, AssetId, FaceId, LibraryId, PersonId
from .state import State


async def get_state(request: Request) -> State:
    """Raises IndexUnusable if the index was deleted or replaced since the server began."""
    state: State = request.app.state.indexer
    state.ensure_in_place()
    return state


async def get_base_url(request: Request) -> str:
    """The address by which the client reached this server."""
    return f"{request.scope['scheme']}://{request.headers['host']}"


async def get_keys(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


StateDep = Annotated[State, Depends(get_state)]
BaseUrl = Annotated[str, Depends(get_base_url)]
KeysDep = Annotated[Keys, Depends(get_keys)]


async def get_asset(asset_id: AssetId, state: StateDep) -> Record:
    return state.reader.assets.record(asset_id)


async def get_album(album_id: AlbumId, state: StateDep) -> Album:
    return state.reader.albums.by_id(album_id)


async def get_person(person_id: PersonId, state: StateDep) -> Person:
    return state.reader.people.by_id(person_id)


async def get_face(face_id: FaceId, state: StateDep) -> Face:
    return state.reader.faces.get(face_id)


async def get_library(library_id: LibraryId, state: StateDep) -> LibraryInfo:
    return state.reader.libraries.by_id(library_id)


KnownAsset = Annotated[Record, Depends(get_asset)]
KnownAlbum = Annotated[Album, Depends(get_album)]
KnownPerson = Annotated[Person, Depends(get_person)]
KnownFace = Annotated[Face, Depends(get_face)]
KnownLibrary = Annotated[LibraryInfo, Depends(get_library)]
