"""/api/api-keys: the API keys of clients."""

from __future__ import annotations

from fastapi import Response

from ..answers import answer, errors, not_found, unprocessable
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.api_keys import Key, KeyName, KeyRequest, NewKey
from ..schemas.common import KeyId

router = make_router(prefix="/api/api-keys", tags=["account"])


@router.get("/", response_model=list[Key], responses=errors())
async def list_keys(state: StateDep) -> Response:
    """List the keys. Only their hashes are stored, so the keys themselves cannot be shown."""
    return answer([key.as_dict() for key in state.reader.api_keys.list()])


@router.post("/", response_model=NewKey, status_code=201, responses=errors(403))
async def create_key(state: StateDep, body: KeyRequest) -> Response:
    """Create a key for all actions, or for some. Only a key with all actions can create others."""
    if "read" not in body.actions:
        raise unprocessable("actions", "read is required", "body")
    info, key = await state.write(lambda index: index.api_keys.create(body.name, body.actions))
    return answer({**info.as_dict(), "api_key": key}, 201)


@router.patch("/{key_id}", response_model=Key, responses=errors(403, 404))
async def rename_key(state: StateDep, key_id: KeyId, body: KeyName) -> Response:
    """Rename a key."""
    key = await state.write(lambda index: index.api_keys.rename(key_id, body.name))
    if key is None:
        raise not_found("key", key_id)
    return answer(key.as_dict())


@router.delete("/{key_id}", status_code=204, responses=errors(403, 404))
async def delete_key(state: StateDep, key_id: KeyId) -> Response:
    """Delete a key. Its sessions end."""
    if not await state.write(lambda index: index.api_keys.delete(key_id)):
        raise not_found("key", key_id)
    return Response(status_code=204)
