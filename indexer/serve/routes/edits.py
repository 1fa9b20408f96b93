"""Edit photos, and undo edits: PATCH /api/assets, /api/undo"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException, Request, Response

from indexer.errors import CannotUndo
from indexer.index import Index
from indexer.index.edits import UserChange

from ..answers import answer, errors, unprocessable
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.edits import Edit, Edited, Undoable, Undone, UndoRequest

router = make_router(tags=["edits"])


def _as_dict(change: UserChange) -> dict[str, Any]:
    return {"id": change.id, "what": change.what, "created_at": change.created_at}


@router.patch("/api/assets", response_model=Edited, responses=errors(403, 404))
async def edit_assets(request: Request, state: StateDep, body: Edit) -> Response:
    """Set the rating, favorite or description of assets, or move them to or from the trash, as one change that can be
    undone. Files are not touched."""
    values = body.model_dump(exclude_unset=True)
    ids, is_trashed = values.pop("ids"), values.pop("is_trashed", None)
    if not values and is_trashed is None:
        raise unprocessable("body", "name what to change: rating, is_favorite, description, is_trashed", "body")
    if is_trashed and "delete" not in request.scope["actions"]:
        raise HTTPException(403, "this key may not delete")
    _, change = await state.write(lambda index: index.assets.edit(ids, values, is_trashed=is_trashed))
    return answer({"change": {"id": change.id, "what": change.what} if change else None})


@router.get("/api/undo", response_model=Undoable, responses=errors())
async def last_change(state: StateDep) -> Response:
    """Get the last change, if it can be undone."""
    change = await state.run(lambda index: index.history.last_change())
    return answer({"change": _as_dict(change) if change is not None and change.instead is None else None})


@router.post("/api/undo", response_model=Undone, responses=errors(403, 409))
async def undo_change(request: Request, state: StateDep, body: UndoRequest) -> Response:
    """Undo the last change, if it has this id. If that removes an album or a person, or moves a photo to the trash, the
    key must also allow delete."""
    may_delete = "delete" in request.scope["actions"]

    def undo(index: Index) -> tuple[UserChange | None, Sequence[str]]:
        if not may_delete and index.history.is_destructive(body.id):
            raise HTTPException(403, "this key may not delete")
        return index.history.undo(body.id), index.history.changed_assets(body.id)

    try:
        undone, asset_ids = await state.write(undo)
    except CannotUndo as error:
        raise HTTPException(409, str(error)) from error
    assert undone is not None
    return answer({"undone": {**_as_dict(undone), "kept": undone.kept, "asset_ids": asset_ids}})
