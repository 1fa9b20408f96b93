"""/api/albums, /api/album-assets"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from indexer.store import albums
from indexer.store.albums import select_album, select_album_page, select_links
from indexer.store.records import select_record, select_records

from ..answers import answer, errors, page
from ..models import (
    MOST_IDS,
    Added,
    Album,
    AlbumAssetIds,
    AlbumId,
    AlbumValues,
    AssetId,
    Limit,
    Link,
    LinkId,
    NewAlbum,
    Page,
)
from ..routing import make_router
from ..state import State, base_of, not_found, state_of
from ..urls import asset_urls
from .assets import OfLibrary, check_library

router = make_router(tags=["albums"])


def _shown(state: State, one: albums.Album, base: str) -> dict[str, Any]:
    cover = select_record(state.looks, one.cover) if one.cover else None
    urls = asset_urls(cover, base) if cover else {}
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "asset_count": one.assets,
        "album_cover_asset_id": one.cover,
        "asset_urls": {name: url for name, url in urls.items() if name == "thumbnail"},
        "start_date": one.start,
        "end_date": one.end,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _album(state: State, album_id: str) -> albums.Album:
    found = select_album(state.looks, album_id)
    if found is None:
        raise not_found("album", album_id)
    return found


@router.get("/api/albums", response_model=Page[Album], responses=errors(404))
async def list_albums(
    request: Request,
    asset_id: AssetId | None = None,
    ids: Annotated[list[AlbumId] | None, Query(max_length=MOST_IDS)] = None,
    library_id: OfLibrary = None,
    starting_after_id: AlbumId | None = None,
    limit: Limit = 20,
) -> Response:
    """Albums, the newest first."""
    here = state_of(request)
    check_library(here, library_id)
    found = select_album_page(here.looks, ids, asset_id, starting_after_id, limit + 1)
    if found is None:
        raise not_found("album", str(starting_after_id))
    return page([_shown(here, one, base_of(request)) for one in found], limit)


@router.post("/api/albums", response_model=Album, status_code=201, responses=errors(403, 404))
async def create_album(request: Request, asked: NewAlbum) -> Response:
    here = state_of(request)
    check_library(here, asked.library_id)
    made = await here.write(lambda index: index.albums.create(asked.name or "", description=asked.description))
    return answer(_shown(here, _album(here, made.id), base_of(request)), 201)


@router.get("/api/albums/{album_id}", response_model=Album, responses=errors(404))
async def get_album(request: Request, album_id: AlbumId) -> Response:
    here = state_of(request)
    return answer(_shown(here, _album(here, album_id), base_of(request)))


@router.patch("/api/albums/{album_id}", response_model=Album, responses=errors(403, 404))
async def update_album(request: Request, album_id: AlbumId, asked: AlbumValues) -> Response:
    """What is not named stays."""
    here = state_of(request)
    _album(here, album_id)
    values = asked.model_dump(exclude_unset=True)
    if values.get("name", "") is None:
        values["name"] = ""
    if values:
        await here.write(lambda index: index.albums.set(album_id, **values))
    return answer(_shown(here, _album(here, album_id), base_of(request)))


@router.delete("/api/albums/{album_id}", status_code=204, responses=errors(403, 404))
async def delete_album(request: Request, album_id: AlbumId) -> Response:
    """The photos in it stay."""
    _album(state_of(request), album_id)
    await state_of(request).write(lambda index: index.albums.delete(album_id))
    return Response(status_code=204)


@router.get("/api/albums/{album_id}/assets", response_model=list[Link], responses=errors(404))
async def album_links(request: Request, album_id: AlbumId) -> Response:
    """All that an album holds."""
    here = state_of(request)
    _album(here, album_id)
    return answer([one._asdict() for one in select_links(here.looks, None, album_id, None, None, -1)])


@router.post("/api/albums/{album_id}/assets", response_model=Added, responses=errors(403, 404))
async def add_to_album(request: Request, album_id: AlbumId, asked: AlbumAssetIds) -> Response:
    here = state_of(request)
    _album(here, album_id)
    wanted = list(dict.fromkeys(asked.asset_ids))
    there = {one.id for one in select_records(here.looks, wanted)}
    known = [one for one in wanted if one in there]
    added = set(await here.write(lambda index: index.albums.add(album_id, known)) if known else ())
    return answer(
        {
            "added_assets": [one for one in known if one in added],
            "duplicate_assets": [one for one in known if one not in added],
            "not_found_assets": [one for one in wanted if one not in there],
        }
    )


@router.delete("/api/albums/{album_id}/assets", status_code=204, responses=errors(403, 404))
async def remove_from_album(request: Request, album_id: AlbumId, asked: AlbumAssetIds) -> Response:
    here = state_of(request)
    _album(here, album_id)
    known = [one.id for one in select_records(here.looks, asked.asset_ids)]
    if known:
        await here.write(lambda index: index.albums.remove(album_id, known))
    return Response(status_code=204)


@router.get("/api/album-assets", response_model=Page[Link], responses=errors(404))
async def list_links(
    request: Request,
    album_id: AlbumId | None = None,
    asset_id: AssetId | None = None,
    ids: Annotated[list[LinkId] | None, Query(max_length=MOST_IDS)] = None,
    library_id: OfLibrary = None,
    starting_after_id: LinkId | None = None,
    limit: Limit = 20,
) -> Response:
    """What is in which album, by id."""
    here = state_of(request)
    check_library(here, library_id)
    found = select_links(here.looks, ids, album_id, asset_id, starting_after_id, limit + 1)
    return page([one._asdict() for one in found], limit)


@router.get("/api/album-assets/{album_asset_id}", response_model=Link, responses=errors(404))
async def get_link(request: Request, album_asset_id: LinkId) -> Response:
    found = select_links(state_of(request).looks, [album_asset_id], None, None, None, 1)
    if not found:
        raise not_found("album-asset", album_asset_id)
    return answer(found[0]._asdict())
