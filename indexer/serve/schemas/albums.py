"""Albums, and which assets are in them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from .common import MOST_IDS, AssetId, Body, LibraryId, Urls


class Album(BaseModel):
    id: str
    name: str
    description: str | None
    asset_count: int
    album_cover_asset_id: str | None
    asset_urls: Urls
    start_date: str | None
    end_date: str | None
    created_at: datetime
    updated_at: datetime


class AlbumValues(Body):
    name: str | None = None
    description: str | None = None


class NewAlbum(AlbumValues):
    library_id: LibraryId | None = None


class AlbumAssetIds(Body):
    asset_ids: list[AssetId] = Field(max_length=MOST_IDS)


class Added(BaseModel):
    added_assets: list[str]
    duplicate_assets: list[str]
    not_found_assets: list[str]


class Link(BaseModel):
    """A link between an album and an asset in it."""

    id: str
    album_id: str
    asset_id: str
    created_at: datetime
    updated_at: datetime
