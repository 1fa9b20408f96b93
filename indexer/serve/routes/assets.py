"""/api/assets"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from indexer.store.albums import select_album
from indexer.store.assets import count_by_month, select_existing, select_page
from indexer.store.filters import AssetFilter
from indexer.store.filters import State as AssetState
from indexer.store.libraries import has_library
from indexer.store.people import select_people_page
from indexer.store.records import select_records
from indexer.store.uploads import select_of_device

from ..answers import answer, answer_text, errors, page, page_of, unprocessable
from ..models import (
    MOST_IDS,
    After,
    AlbumId,
    Asset,
    AssetId,
    AssetIds,
    Before,
    Existing,
    ExistQuery,
    LibraryId,
    Limit,
    Month,
    Page,
    PersonId,
)
from ..routing import make_router
from ..state import State, base_of, not_found, state_of
from ..urls import with_urls

router = make_router(prefix="/api/assets", tags=["assets"])

Ids = Annotated[list[AssetId] | None, Query(max_length=MOST_IDS, description="Only these.")]
Which = Annotated[AssetState, Query(description="trashed: the last to go there first.")]
OfLibrary = Annotated[LibraryId | None, Query(description="All libraries, where none is named.")]


def check_library(state: State, library_id: str | None) -> None:
    if library_id is not None and not has_library(state.looks, library_id):
        raise not_found("library", library_id)


def check_filters(state: State, album_id: str | None, person_id: str | None, library_id: str | None) -> None:
    """Raises for what is not there."""
    if album_id is not None and select_album(state.looks, album_id) is None:
        raise not_found("album", album_id)
    if person_id is not None and not select_people_page(state.looks, [person_id]):
        raise not_found("person", person_id)
    check_library(state, library_id)


@router.get("", response_model=Page[Asset], responses=errors(404))
async def list_assets(
    request: Request,
    album_id: AlbumId | None = None,
    ids: Ids = None,
    library_id: OfLibrary = None,
    person_id: PersonId | None = None,
    local_datetime_after: After = None,
    local_datetime_before: Before = None,
    state: Which = "live",
    starting_after_id: AssetId | None = None,
    limit: Limit = 20,
) -> Response:
    """Photos and films, the newest first; ties by id."""
    here = state_of(request)
    check_filters(here, album_id, person_id, library_id)
    people = [] if person_id is None else [person_id]
    wanted = AssetFilter(state, ids, album_id, people, library_id, local_datetime_after, local_datetime_before)
    found = select_page(here.looks, wanted, starting_after_id, limit + 1)
    if found is None:
        raise not_found("asset", str(starting_after_id))
    base = base_of(request)
    texts = [with_urls(one, base) for one in select_records(here.looks, found[:limit])]
    return page_of([*texts, ""] if len(found) > limit else texts, limit)


@router.get("/counts", response_model=Page[Month], responses=errors(404))
async def count_assets(
    request: Request,
    group_by: Annotated[str, Query(pattern="^month$")] = "month",
    album_id: AlbumId | None = None,
    library_id: OfLibrary = None,
    person_id: PersonId | None = None,
    local_datetime_after: After = None,
    local_datetime_before: Before = None,
    state: Which = "live",
    limit: Limit = 20,
) -> Response:
    """How many there are of each month, the newest first. The last time_bucket as local_datetime_before goes on."""
    here = state_of(request)
    check_filters(here, album_id, person_id, library_id)
    people = [] if person_id is None else [person_id]
    wanted = AssetFilter(state, None, album_id, people, library_id, local_datetime_after, local_datetime_before)
    found = count_by_month(here.looks, wanted, limit + 1)
    return page([{"time_bucket": f"{month}-01T00:00:00", "count": count} for month, count in found], limit)


@router.post("/exist", response_model=Existing, responses=errors(404))
async def check_existence(request: Request, asked: ExistQuery, library_id: OfLibrary = None) -> Response:
    """Which assets are there, in the trash too, that have or once had such content; or that a device calls so."""
    here = state_of(request)
    check_library(here, library_id)
    by_device = asked.device_id is not None or asked.device_asset_ids is not None
    ways = [asked.checksums is not None, asked.checksum_sha1s is not None, by_device]
    if sum(ways) != 1:
        raise unprocessable("body", "just one of checksums, checksum_sha1s, deviceId with deviceAssetIds", "body")
    if by_device and (asked.device_id is None or asked.device_asset_ids is None):
        raise unprocessable("deviceAssetIds", "deviceId and deviceAssetIds go together", "body")
    if by_device:
        found = select_of_device(here.looks, asked.device_id or "", asked.device_asset_ids or [])
    else:
        found = select_existing(here.looks, asked.checksums or [], asked.checksum_sha1s or [], [])
    if library_id is not None:
        inside = set(
            select_page(here.looks, AssetFilter("all", [one.id for one in found], library_id=library_id), None, -1)
            or ()
        )
        found = [one for one in found if one.id in inside]
    return answer({"assets": [one._asdict() for one in found]})


@router.get("/{asset_id}", response_model=Asset, responses=errors(404))
async def get_asset(request: Request, asset_id: AssetId) -> Response:
    """One photo or film."""
    return answer_text(with_urls(state_of(request).record(asset_id), base_of(request)))


@router.post("/trash", status_code=204, responses=errors(403, 404))
async def trash_assets(request: Request, asked: AssetIds, library_id: OfLibrary = None) -> Response:
    """Put into the trash, from where they can be restored. Files are not touched."""
    check_library(state_of(request), library_id)
    await state_of(request).write(lambda index: index.trash.put(asked.ids))
    return Response(status_code=204)


@router.post("/restore", status_code=204, responses=errors(403, 404))
async def restore_assets(request: Request, asked: AssetIds, library_id: OfLibrary = None) -> Response:
    """Take out of the trash; what is not in it stays as it is."""
    check_library(state_of(request), library_id)
    await state_of(request).write(lambda index: index.trash.restore(asked.ids))
    return Response(status_code=204)


@router.post("/empty-trash", status_code=204, responses=errors(403, 404))
async def empty_trash(request: Request, library_id: OfLibrary = None) -> Response:
    """Delete for good what is in the trash, as DELETE does."""
    here = state_of(request)
    check_library(here, library_id)
    found = select_page(here.looks, AssetFilter("trashed", library_id=library_id), None, -1) or []
    await here.write(lambda index: index.trash.delete(found))
    return Response(status_code=204)


@router.delete("/{asset_id}", status_code=204, responses=errors(403, 404))
async def delete_asset(request: Request, asset_id: AssetId) -> Response:
    """Forget a photo, and leave it out from now on: the file in your folder is not touched. One that was uploaded goes
    to the trash; deleted from there, its file goes too."""
    await state_of(request).write(lambda index: index.trash.delete([asset_id]))
    return Response(status_code=204)


@router.delete("", status_code=204, responses=errors(403, 404))
async def delete_assets(request: Request, asked: AssetIds, library_id: OfLibrary = None) -> Response:
    """As DELETE of each."""
    check_library(state_of(request), library_id)
    await state_of(request).write(lambda index: index.trash.delete(asked.ids))
    return Response(status_code=204)
