"""/api/assets/{asset_id}/details"""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request, Response

from indexer.index.details import Details, ranks
from indexer.store.enrichments import served

from ..answers import answer_text, errors
from ..models import AssetId
from ..models import Details as DetailsModel
from ..pictures import LEFT, Left
from ..routing import make_router
from ..state import base_of, state_of
from ..urls import version_of, with_urls

router = make_router(prefix="/api/assets", tags=["assets"])


@router.get("/{asset_id}/details", response_model=DetailsModel, responses=errors(404))
async def get_details(request: Request, asset_id: AssetId) -> Response:
    """One photo or video with all that is known of it: where its values come from, where its files lie, its albums,
    what is wrong with it. Its metadata is read again from its file, where that can be reached."""
    here, base = state_of(request), base_of(request)
    one = here.record(asset_id)
    # Each one anew: what was begun before an edit would show what was before it.
    try:
        found = await here.inspect(request, lambda index: index.assets.details(asset_id))
    except Left:
        return Response(status_code=LEFT)
    stack = await here.browse(lambda index: here.timeline.stack_of(index, asset_id))
    moving = found.motion and served(here.looks, found.motion.asset_id)
    url = moving and f"{base}/files/{asset_id}/motion?v={version_of(moving)}"
    shown = {"version": version_of(one), **_shown(found, url), "stack": stack}
    rest = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return answer_text(f'{{"asset":{with_urls(one, base)},{rest[1:]}')


def _shown(found: Details, motion_url: str | None) -> dict[str, Any]:
    return {
        "is_favorite": found.is_favorite,
        "date": found.date._asdict(),
        "origins": [
            {**origin._asdict(), "rank": rank} for origin, rank in zip(found.origins, ranks(found.origins), strict=True)
        ],
        "files": [
            {
                "path": file.path,
                "root": file.root,
                "folder": file.folder,
                "name": file.name,
                "size": file.size,
                "state": file.state,
                "checksum": file.checksum,
            }
            for file in found.files
        ],
        "keywords": found.keywords,
        "albums": [album._asdict() for album in found.albums],
        "problems": found.problems,
        "motion": found.motion and motion_url and {"url": motion_url, "mimetype": found.motion.mime_type},
        "panorama": found.panorama and found.panorama._asdict(),
    }
