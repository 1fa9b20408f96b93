"""/api/libraries, /api/users, /api/api-keys, /api/server, /api/oauth, /api/events"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse

from indexer.store.api_keys import select_keys
from indexer.store.events import select_events_between
from indexer.store.libraries import LibraryInfo, default_library, indexed_since, select_libraries, user_id

from ..answers import answer, errors, page, unprocessable
from ..models import (
    Event,
    Key,
    KeyId,
    KeyName,
    KeyWanted,
    Library,
    LibraryId,
    LibraryValues,
    Limit,
    NewKey,
    NewLibrary,
    Page,
    SignIn,
    User,
)
from ..routing import make_router
from ..state import State, not_found, state_of
from .assets import OfLibrary, check_library

libraries = make_router(prefix="/api/libraries", tags=["libraries"])
account = make_router(prefix="/api", tags=["account"])
events = make_router(prefix="/api/events", tags=["events"])


# Libraries: folders, as clients see them


def _library(state: State, one: LibraryInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "asset_count": one.assets,
        "user_id": user_id(state.looks),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _known(state: State, library_id: str) -> LibraryInfo:
    found = next((one for one in select_libraries(state.looks) if one.id == library_id), None)
    if found is None:
        raise not_found("library", library_id)
    return found


@libraries.get("", response_model=list[Library], responses=errors())
async def list_libraries(request: Request) -> Response:
    """The default one first."""
    here = state_of(request)
    return answer([_library(here, one) for one in select_libraries(here.looks)])


@libraries.post("", response_model=Library, status_code=201, responses=errors(403))
async def create_library(request: Request, asked: NewLibrary) -> Response:
    """An empty one; `indexer roots --library` says which folders are in it."""
    here = state_of(request)
    made = await here.write(lambda index: index.libraries.create(asked.name, asked.description))
    return answer(_library(here, _known(here, made)), 201)


@libraries.get("/{library_id}", response_model=Library, responses=errors(404))
async def get_library(request: Request, library_id: LibraryId) -> Response:
    here = state_of(request)
    return answer(_library(here, _known(here, library_id)))


@libraries.patch("/{library_id}", response_model=Library, responses=errors(403, 404))
async def update_library(request: Request, library_id: LibraryId, asked: LibraryValues) -> Response:
    """What is not named stays."""
    here = state_of(request)
    before = _known(here, library_id)
    values = asked.model_dump(exclude_unset=True)
    name, description = values.get("name") or before.name, values.get("description", before.description)
    await here.write(lambda index: index.libraries.describe(library_id, name, description))
    return answer(_library(here, _known(here, library_id)))


@libraries.delete("/{library_id}", status_code=204, responses=errors(403, 404, 409))
async def delete_library(request: Request, library_id: LibraryId) -> Response:
    """Its folders and all that is in them are the default library's from then on."""
    here = state_of(request)
    _known(here, library_id)
    if library_id == default_library(here.looks):
        raise HTTPException(409, "the default library cannot be deleted")
    await here.write(lambda index: index.libraries.delete(library_id))
    return Response(status_code=204)


# Who may use the server


@account.get("/users/me", response_model=User, responses=errors())
async def get_me(request: Request) -> Response:
    """There is one user: whoever uses this index."""
    here = state_of(request)
    since = indexed_since(here.looks)
    return answer(
        {
            "id": user_id(here.looks),
            "created_at": since,
            "updated_at": since,
            "email": None,
            "first_name": None,
            "last_name": None,
            "is_active": True,
            "is_superuser": True,
            "is_verified": True,
        }
    )


@account.get("/server/ping", response_class=PlainTextResponse, responses=errors())
async def ping() -> Response:
    """Whether the server is there."""
    return PlainTextResponse("pong")


@account.get("/api-keys/", response_model=list[Key], responses=errors())
async def list_keys(request: Request) -> Response:
    """What is known of them; the keys themselves are not kept."""
    return answer([one.as_dict() for one in select_keys(state_of(request).looks)])


@account.post("/api-keys/", response_model=NewKey, status_code=201, responses=errors(403))
async def create_key(request: Request, asked: KeyWanted) -> Response:
    """A key for all that clients may do, or for less. Only a key for everything makes others."""
    if "read" not in asked.actions:
        raise unprocessable("actions", "read is needed, alone or with others", "body")
    made, key = await state_of(request).write(lambda index: index.api_keys.create(asked.name, asked.actions))
    return answer({**made.as_dict(), "api_key": key}, 201)


@account.patch("/api-keys/{key_id}", response_model=Key, responses=errors(403, 404))
async def rename_key(request: Request, key_id: KeyId, asked: KeyName) -> Response:
    found = await state_of(request).write(lambda index: index.api_keys.rename(key_id, asked.name))
    if found is None:
        raise not_found("key", key_id)
    return answer(found.as_dict())


@account.delete("/api-keys/{key_id}", status_code=204, responses=errors(403, 404))
async def delete_key(request: Request, key_id: KeyId) -> Response:
    if not await state_of(request).write(lambda index: index.api_keys.delete(key_id)):
        raise not_found("key", key_id)
    return Response(status_code=204)


_NO_ACCOUNTS = "there are no accounts to sign in to: this is a server of your own; with a key, where it asks for one"


@account.get("/oauth/auth-url", status_code=501, responses=errors(501))
async def auth_url(
    redirect_uri: str | None = None, code_challenge: str | None = None, code_challenge_method: str | None = None
) -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@account.post("/oauth/exchange", status_code=501, responses=errors(501))
async def exchange(asked: SignIn) -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@account.get("/oauth/logout-endpoint", status_code=501, responses=errors(501))
async def logout_endpoint() -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


# What happened

_TYPES = ("asset", "album", "person", "face", "album_asset", "exif", "metadata")


@events.get("", response_model=Page[Event], responses=errors(404))
async def get_events(
    request: Request,
    after_cursor: Annotated[str | None, Query(description="Of the last event that is known.")] = None,
    created_at_gte: Annotated[datetime | None, Query()] = None,
    created_at_lt: Annotated[datetime | None, Query()] = None,
    entity_types: Annotated[str | None, Query(description=f"With commas between: {', '.join(_TYPES)}.")] = None,
    library_id: OfLibrary = None,
    limit: Limit = 20,
) -> Response:
    """What happened, in its order."""
    here = state_of(request)
    check_library(here, library_id)
    names = list(dict.fromkeys(one.strip() for one in (entity_types or "").split(",") if one.strip())) or list(_TYPES)
    if unknown := set(names) - set(_TYPES):
        raise unprocessable("entity_types", f"there is no '{min(unknown)}': there are {', '.join(_TYPES)}")
    after = 0
    if after_cursor is not None:
        if not (after_cursor.isascii() and after_cursor.isdigit() and len(after_cursor) < 19):
            raise unprocessable("after_cursor", "it is no cursor of an event")
        after = int(after_cursor)
    found = select_events_between(here.looks, after, names, _utc(created_at_gte), _utc(created_at_lt), limit + 1)
    return page(
        [
            {
                "created_at": one.created_at,
                "cursor": str(one.id),
                "entity_id": one.entity_id,
                "entity_type": one.entity_type,
                "event_type": one.event_type,
                "payload": json.loads(one.payload) if one.payload else None,
            }
            for one in found
        ],
        limit,
    )


def _utc(moment: datetime | None) -> str | None:
    """As the index writes times; without an offset it is UTC already."""
    if moment is None:
        return None
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        utc = moment.replace(tzinfo=UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
