"""/api/folders: the tree as it is on the disk."""

from __future__ import annotations

from fastapi import Request, Response

from indexer.index.folders import tree

from ..answers import answer, errors
from ..models import Folders
from ..routing import make_router
from ..state import state_of

router = make_router(prefix="/api/folders", tags=["timeline"])


@router.get("", response_model=Folders, responses=errors())
async def list_folders(request: Request) -> Response:
    """All indexed folders that hold photos, and those that hold these: each before what lies in it."""
    found = await state_of(request).browse_once("folders", lambda index: tree(index.session.connection))
    return answer({"folders": [one._asdict() for one in found]})
