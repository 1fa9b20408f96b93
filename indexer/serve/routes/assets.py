"""/api/assets"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Response

from indexer.index.assets import AssetFilter
from indexer.index.assets import State as AssetState

from ..answers import answer, answer_page, answer_text, answer_texts, errors, unprocessable
from ..dependencies import BaseUrl, KnownAsset, StateDep
from ..routing import make_router
from ..schemas.assets import After, Asset, AssetIds, Before, Existing, ExistQuery, Month
from ..schemas.common import MOST_IDS, AlbumId, AssetId, InLibrary, Limit, Page, PersonId
from ..urls import with_urls

router = make_router(prefix="/api/assets", tags=["assets"])

Ids = Annotated[list[AssetId] | None, Query(max_length=MOST_IDS, description="Only these assets.")]
WhichState = Annotated[AssetState, Query(alias="state", description="trashed: the most recently trashed first.")]


async def get_filter(
    state: StateDep,
    album_id: AlbumId | None = None,
    library_id: InLibrary = None,
    person_id: PersonId | None = None,
    local_datetime_after: After = None,
    local_datetime_before: Before = None,
    which: WhichState = "live",
) -> AssetFilter:
    """The filter in the query string. Raises NotFound for an unknown album or person."""
    if album_id is not None:
        state.reader.albums.by_id(album_id)
    if person_id is not None:
        state.reader.people.by_id(person_id)
    return AssetFilter(
        state=which,
        album_id=album_id,
        person_ids=() if person_id is None else (person_id,),
        library_id=library_id,
        after=local_datetime_after,
        before=local_datetime_before,
    )


Filter = Annotated[AssetFilter, Depends(get_filter)]


@router.get("", response_model=Page[Asset], responses=errors(404))
async def list_assets(
    state: StateDep,
    base: BaseUrl,
    which: Filter,
    ids: Ids = None,
    starting_after_id: AssetId | None = None,
    limit: Limit = 20,
) -> Response:
    """List photos and videos, newest first; ties are ordered by id."""
    asset_ids = state.reader.assets.page(which._replace(ids=ids), limit + 1, after_id=starting_after_id)
    texts = [with_urls(state.reader, record, base) for record in state.reader.assets.records(asset_ids[:limit])]
    return answer_texts(texts, has_more=len(asset_ids) > limit)


@router.get("/counts", response_model=Page[Month], responses=errors(404))
async def count_assets(
    state: StateDep,
    which: Filter,
    group_by: Annotated[str, Query(pattern="^month$")] = "month",
    limit: Limit = 20,
) -> Response:
    """Count assets by month, newest first. For the next page, pass the last time_bucket as local_datetime_before."""
    months = state.reader.assets.count_by_month(which, limit + 1)
    return answer_page([{"time_bucket": f"{month}-01T00:00:00", "count": count} for month, count in months], limit)


@router.post("/exist", response_model=Existing, responses=errors(404))
async def check_existence(state: StateDep, body: ExistQuery, library_id: InLibrary = None) -> Response:
    """Find existing assets, also in the trash, that have or once had some content; or by a device's own ids."""
    by_device = body.device_id is not None or body.device_asset_ids is not None
    ways = [body.checksums is not None, body.checksum_sha1s is not None, by_device]
    if sum(ways) != 1:
        raise unprocessable("body", "exactly one of checksums, checksum_sha1s, deviceId with deviceAssetIds", "body")
    if by_device and (body.device_id is None or body.device_asset_ids is None):
        raise unprocessable("deviceAssetIds", "deviceId and deviceAssetIds go together", "body")
    if by_device:
        existing = state.reader.uploads.existing(body.device_id or "", body.device_asset_ids or [])
    else:
        existing = state.reader.assets.existing(body.checksums or [], body.checksum_sha1s or [])
    if library_id is not None:
        query = AssetFilter("all", [asset.id for asset in existing], library_id=library_id)
        inside = set(state.reader.assets.page(query))
        existing = [asset for asset in existing if asset.id in inside]
    return answer({"assets": [asset._asdict() for asset in existing]})


@router.get("/{asset_id}", response_model=Asset, responses=errors(404))
async def get_asset(state: StateDep, asset: KnownAsset, base: BaseUrl) -> Response:
    """Get a photo or video."""
    return answer_text(with_urls(state.reader, asset, base))


@router.post("/trash", status_code=204, responses=errors(403, 404))
async def trash_assets(state: StateDep, body: AssetIds, library_id: InLibrary = None) -> Response:
    """Move assets to the trash, from which they can be restored. Files are not touched."""
    await state.write(lambda index: index.trash.put(body.ids))
    return Response(status_code=204)


@router.post("/restore", status_code=204, responses=errors(403, 404))
async def restore_assets(state: StateDep, body: AssetIds, library_id: InLibrary = None) -> Response:
    """Restore assets from the trash. Assets that are not in it are unchanged."""
    await state.write(lambda index: index.trash.restore(body.ids))
    return Response(status_code=204)


@router.post("/empty-trash", status_code=204, responses=errors(403, 404))
async def empty_trash(state: StateDep, library_id: InLibrary = None) -> Response:
    """Permanently delete all assets in the trash, like DELETE."""
    asset_ids = state.reader.assets.page(AssetFilter("trashed", library_id=library_id))
    await state.write(lambda index: index.trash.delete(asset_ids))
    return Response(status_code=204)


@router.delete("/{asset_id}", status_code=204, responses=errors(403, 404))
async def delete_asset(state: StateDep, asset_id: AssetId) -> Response:
    """Delete an asset from the index, and exclude it from later scans; a file in your own folders is not touched. An
    uploaded asset goes to the trash; deleting it from there also deletes its file."""
    await state.write(lambda index: index.trash.delete([asset_id]))
    return Response(status_code=204)


@router.delete("", status_code=204, responses=errors(403, 404))
async def delete_assets(state: StateDep, body: AssetIds, library_id: InLibrary = None) -> Response:
    """Delete several assets; see DELETE of one."""
    await state.write(lambda index: index.trash.delete(body.ids))
    return Response(status_code=204)
