"""/api/assets/{asset_id}/details"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from fastapi import Request, Response

from indexer.errors import NotFound
from indexer.index.details import Details, ranks

from ..answers import answer_text, errors
from ..dependencies import BaseUrl, KnownAsset, StateDep
from ..renditions import LEFT, Left
from ..routing import make_router
from ..schemas.details import Details as DetailsModel
from ..urls import version_of, with_urls

router = make_router(prefix="/api/assets", tags=["assets"])


@router.get("/{asset_id}/details", response_model=DetailsModel, responses=errors(404))
async def get_details(request: Request, state: StateDep, base: BaseUrl, asset: KnownAsset) -> Response:
    """Get a photo or video with its details: provenance of its values, files, albums, problems. Metadata is read again
    from the file, if it can be reached."""
    # Not shared between requests: one that began before an edit would show the old values.
    try:
        details = await state.inspect(request, lambda index: index.assets.details(asset.id))
    except Left:
        return Response(status_code=LEFT)
    stack = await state.browse(lambda index: state.timeline.stack_of(index, asset.id))
    video = None
    with suppress(NotFound):  # the video was purged meanwhile
        video = details.motion and state.reader.assets.served(details.motion.asset_id)
    url = video and f"{base}/files/{asset.id}/motion?v={version_of(video)}"
    shown = {"version": version_of(asset), **_as_dict(details, url), "stack": stack}
    rest = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return answer_text(f'{{"asset":{with_urls(state.reader, asset, base)},{rest[1:]}')


def _as_dict(details: Details, motion_url: str | None) -> dict[str, Any]:
    return {
        "is_favorite": details.is_favorite,
        "date": details.date._asdict(),
        "provenance": [
            {**entry._asdict(), "rank": rank}
            for entry, rank in zip(details.provenance, ranks(details.provenance), strict=True)
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
            for file in details.files
        ],
        "keywords": details.keywords,
        "albums": [album._asdict() for album in details.albums],
        "problems": details.problems,
        "failures": details.failures,
        "motion": details.motion and motion_url and {"url": motion_url, "mimetype": details.motion.mime_type},
        "panorama": details.panorama and details.panorama._asdict(),
    }
