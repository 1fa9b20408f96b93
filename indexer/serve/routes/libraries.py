"""/api/libraries: groups of indexed folders, as clients see them."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Response

from indexer.index.libraries import LibraryInfo

from ..answers import answer, errors
from ..dependencies import KnownLibrary, StateDep
from ..routing import make_router
from ..schemas.common import LibraryId
from ..schemas.libraries import Library, LibraryValues, NewLibrary
from ..state import State

router = make_router(prefix="/api/libraries", tags=["libraries"])


def _as_dict(state: State, library: LibraryInfo) -> dict[str, Any]:
    return {
        "id": library.id,
        "name": library.name,
        "description": library.description,
        "asset_count": library.assets,
        "user_id": state.reader.libraries.user_id(),
        "created_at": library.created_at,
        "updated_at": library.updated_at,
    }


@router.get("", response_model=list[Library], responses=errors())
async def list_libraries(state: StateDep) -> Response:
    """List the libraries, the default one first."""
    return answer([_as_dict(state, library) for library in state.reader.libraries.list()])


@router.post("", response_model=Library, status_code=201, responses=errors(403))
async def create_library(state: StateDep, body: NewLibrary) -> Response:
    """Create an empty library. `indexer roots --library` adds folders to it."""
    library_id = await state.write(lambda index: index.libraries.create(body.name, body.description))
    return answer(_as_dict(state, state.reader.libraries.by_id(library_id)), 201)


@router.get("/{library_id}", response_model=Library, responses=errors(404))
async def get_library(state: StateDep, library: KnownLibrary) -> Response:
    """Get a library."""
    return answer(_as_dict(state, library))


@router.patch("/{library_id}", response_model=Library, responses=errors(403, 404))
async def update_library(state: StateDep, library_id: LibraryId, body: LibraryValues) -> Response:
    """Change the given values; others stay."""
    before = state.reader.libraries.by_id(library_id)
    values = body.model_dump(exclude_unset=True)
    name, description = values.get("name") or before.name, values.get("description", before.description)
    await state.write(lambda index: index.libraries.describe(library_id, name, description))
    return answer(_as_dict(state, state.reader.libraries.by_id(library_id)))


@router.delete("/{library_id}", status_code=204, responses=errors(403, 404, 409))
async def delete_library(state: StateDep, library: KnownLibrary) -> Response:
    """Delete a library. Its folders move to the default library."""
    if library.id == state.reader.libraries.default_id():
        raise HTTPException(409, "the default library cannot be deleted")
    await state.write(lambda index: index.libraries.delete(library.id))
    return Response(status_code=204)
