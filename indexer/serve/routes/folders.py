"""/api/folders: the tree of folders on disk."""

from __future__ import annotations

from fastapi import Response

from ..answers import answer, errors
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.folders import Folders

router = make_router(prefix="/api/folders", tags=["timeline"])


@router.get("", response_model=Folders, responses=errors())
async def list_folders(state: StateDep) -> Response:
    """List the folders that contain photos, and their parents; parents come first."""
    folders = await state.single_flight("folders", lambda index: index.folders.tree())
    return answer({"folders": [folder._asdict() for folder in folders]})
