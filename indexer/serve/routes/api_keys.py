"""/api/api-keys: the keys of clients."""

from __future__ import annotations

from fastapi import Response

from ..answers import answer, errors, not_found, unprocessable
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.api_keys import Key, KeyName, KeyWanted, NewKey
from ..schemas.common import KeyId

router = make_router(prefix="/api/api-keys", tags=["account"])


@router.get("/", response_model=list[Key], responses=errors())
async def list_keys(state: StateDep) -> Response:
    """What is known of them; the keys themselves are not kept."""
    return answer([key.as_dict() for key in state.reader.api_keys.list()])


@router.post("/", response_model=NewKey, status_code=201, responses=errors(403))
async def create_key(state: StateDep, body: KeyWanted) -> Response:
    """A key for all that clients may do, or for less. Only a key for everything makes others."""
    if "read" not in body.actions:
        raise unprocessable("actions", "read is needed, alone or with others", "body")
    info, key = await state.write(lambda index: index.api_keys.create(body.name, body.actions))
    return answer({**info.as_dict(), "api_key": key}, 201)


@router.patch("/{key_id}", response_model=Key, responses=errors(403, 404))
async def rename_key(state: StateDep, key_id: KeyId, body: KeyName) -> Response:
    key = await state.write(lambda index: index.api_keys.rename(key_id, body.name))
    if key is None:
        raise not_found("key", key_id)
    return answer(key.as_dict())


@router.delete("/{key_id}", status_code=204, responses=errors(403, 404))
async def delete_key(state: StateDep, key_id: KeyId) -> Response:
    if not await state.write(lambda index: index.api_keys.delete(key_id)):
        raise not_found("key", key_id)
    return Response(status_code=204)
