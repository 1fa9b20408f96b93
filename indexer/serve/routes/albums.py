"""/api/albums, /api/album-assets"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response

from indexer.index import albums

from ..answers import answer, answer_page, errors, not_found
from ..dependencies import BaseUrl, KnownAlbum, StateDep
from ..routing import make_router
from ..schemas.albums import Added, Album, AlbumAssetIds, AlbumValues, Link, NewAlbum
from ..schemas.common import MOST_IDS, AlbumId, AssetId, InLibrary, Limit, LinkId, Page
from ..state import State
from ..urls import asset_urls

router = make_router(tags=["albums"])


def _as_dict(state: State, album: albums.Album, base: str) -> dict[str, Any]:
    # None if another process purged it since the album was read.
    cover = next(iter(state.reader.assets.records([album.cover])), None) if album.cover else None
    urls = asset_urls(cover, base) if cover else {}
    return {
        "id": album.id,
        "name": album.name,
        "description": album.description,
        "asset_count": album.assets,
        "album_cover_asset_id": album.cover,
        "asset_urls": {name: url for name, url in urls.items() if name == "thumbnail"},
        "start_date": album.start,
        "end_date": album.end,
        "created_at": album.created_at,
        "updated_at": album.updated_at,
    }


@router.get("/api/albums", response_model=Page[Album], responses=errors(404))
async def list_albums(
    state: StateDep,
    base: BaseUrl,
    asset_id: AssetId | None = None,
    ids: Annotated[list[AlbumId] | None, Query(max_length=MOST_IDS)] = None,
    library_id: InLibrary = None,
    starting_after_id: AlbumId | None = None,
    limit: Limit = 20,
) -> Response:
    """List albums, newest first."""
    page = state.reader.albums.page(limit + 1, ids=ids, asset_id=asset_id, after_id=starting_after_id)
    return answer_page([_as_dict(state, album, base) for album in page], limit)


@router.post("/api/albums", response_model=Album, status_code=201, responses=errors(403, 404))
async def create_album(state: StateDep, base: BaseUrl, body: NewAlbum) -> Response:
    """Create an empty album."""
    state.reader.libraries.ensure(body.library_id)
    album = await state.write(lambda index: index.albums.create(body.name or "", description=body.description))
    return answer(_as_dict(state, state.reader.albums.by_id(album.id), base), 201)


@router.get("/api/albums/{album_id}", response_model=Album, responses=errors(404))
async def get_album(state: StateDep, base: BaseUrl, album: KnownAlbum) -> Response:
    """Get an album."""
    return answer(_as_dict(state, album, base))


@router.patch("/api/albums/{album_id}", response_model=Album, responses=errors(403, 404))
async def update_album(state: StateDep, base: BaseUrl, album_id: AlbumId, body: AlbumValues) -> Response:
    """Change the given values; others stay."""
    state.reader.albums.by_id(album_id)
    values = body.model_dump(exclude_unset=True)
    if values.get("name", "") is None:
        values["name"] = ""
    if values:
        await state.write(lambda index: index.albums.set(album_id, **values))
    return answer(_as_dict(state, state.reader.albums.by_id(album_id), base))


@router.delete("/api/albums/{album_id}", status_code=204, responses=errors(403, 404))
async def delete_album(state: StateDep, album: KnownAlbum) -> Response:
    """Delete an album. Its photos stay."""
    await state.write(lambda index: index.albums.delete(album.id))
    return Response(status_code=204)


@router.get("/api/albums/{album_id}/assets", response_model=list[Link], responses=errors(404))
async def album_links(state: StateDep, album: KnownAlbum) -> Response:
    """List all links of an album: which assets are in it."""
    return answer([link._asdict() for link in state.reader.albums.links(album_id=album.id)])


@router.post("/api/albums/{album_id}/assets", response_model=Added, responses=errors(403, 404))
async def add_to_album(state: StateDep, album_id: AlbumId, body: AlbumAssetIds) -> Response:
    """Add assets to an album. Reports those that were in it already, and unknown ones."""
    state.reader.albums.by_id(album_id)
    asset_ids = list(dict.fromkeys(body.asset_ids))
    known = [record.id for record in state.reader.assets.records(asset_ids)]
    added = set(await state.write(lambda index: index.albums.add(album_id, known)) if known else ())
    return answer(
        {
            "added_assets": [asset_id for asset_id in known if asset_id in added],
            "duplicate_assets": [asset_id for asset_id in known if asset_id not in added],
            "not_found_assets": [asset_id for asset_id in asset_ids if asset_id not in known],
        }
    )


@router.delete("/api/albums/{album_id}/assets", status_code=204, responses=errors(403, 404))
async def remove_from_album(state: StateDep, album_id: AlbumId, body: AlbumAssetIds) -> Response:
    """Remove assets from an album. Those that are not in it are ignored."""
    state.reader.albums.by_id(album_id)
    known = [record.id for record in state.reader.assets.records(body.asset_ids)]
    if known:
        await state.write(lambda index: index.albums.remove(album_id, known))
    return Response(status_code=204)


@router.get("/api/album-assets", response_model=Page[Link], responses=errors(404))
async def list_links(
    state: StateDep,
    album_id: AlbumId | None = None,
    asset_id: AssetId | None = None,
    ids: Annotated[list[LinkId] | None, Query(max_length=MOST_IDS)] = None,
    library_id: InLibrary = None,
    starting_after_id: LinkId | None = None,
    limit: Limit = 20,
) -> Response:
    """List the links between albums and assets, by id."""
    links = state.reader.albums.links(
        limit + 1, ids=ids, album_id=album_id, asset_id=asset_id, after_id=starting_after_id
    )
    return answer_page([link._asdict() for link in links], limit)


@router.get("/api/album-assets/{album_asset_id}", response_model=Link, responses=errors(404))
async def get_link(state: StateDep, album_asset_id: LinkId) -> Response:
    """Get a link between an album and an asset."""
    links = state.reader.albums.links(ids=[album_asset_id])
    if not links:
        raise not_found("album-asset", album_asset_id)
    return answer(links[0]._asdict())
