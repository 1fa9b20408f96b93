"""Assets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from .common import MOST_IDS, AssetId, Body, Urls
from .faces import Face
from .people import Person

After = Annotated[
    datetime | None, Query(description="Taken after this local time; with an offset, after this instant.")
]
Before = Annotated[
    datetime | None, Query(description="Taken before this local time; with an offset, before this instant.")
]


class _Values(BaseModel):
    asset_id: str
    created_at: datetime
    updated_at: datetime
    make: str | None
    model: str | None
    orientation: int | None
    modified_datetime: str | None
    original_datetime: str | None
    digitized_datetime: str | None
    lens_model: str | None
    f_number: float | None
    focal_length: float | None
    iso: int | None
    exposure_time: float | None = Field(description="Seconds.")
    exposure_bias: float | None
    latitude: float | None
    longitude: float | None
    altitude: float | None
    city: str | None
    state: str | None
    country: str | None
    description: str | None
    fps: float | None
    live_photo_cid: str | None
    projection_type: str | None
    auto_stack_id: str | None
    rating: int | None


class Exif(_Values):
    """Like metadata, for older clients."""

    profile_description: str | None


class Metadata(_Values):
    """Values from the file, from look-ups and from the user, whose values take precedence."""

    country_code: str | None
    sublocation: str | None
    place_name: str | None
    timezone: str | None
    display_label: str | None


class Asset(BaseModel):
    """A photo or video."""

    model_config = ConfigDict(extra="allow")
    id: str
    device_asset_id: str
    device_id: str
    mime_type: str
    original_file_name: str
    file_created_at: datetime
    file_modified_at: datetime
    local_datetime: str = Field(description="Capture time in local time; with an offset, if known.")
    checksum: str = Field(description="Base64 of the SHA-256.")
    checksum_sha1: str | None
    created_at: datetime
    updated_at: datetime
    exif: Exif
    metadata: Metadata
    metrics: dict[str, float | None]
    asset_urls: Urls
    description: str | None = Field(description="A caption by a model; '' if the model refused.")
    faces: list[Face]
    people: list[Person]
    width: int
    height: int
    file_size_bytes: int
    trashed_at: datetime | None


class Month(BaseModel):
    time_bucket: str = Field(description="The beginning of the month, in the local time of the photos.")
    count: int


class ExistQuery(Body):
    """Exactly one of checksums, checksum_sha1s, and deviceId with deviceAssetIds."""

    model_config = ConfigDict(populate_by_name=True)
    checksums: list[str] | None = Field(None, max_length=5000, description="Base64 of SHA-256.")
    checksum_sha1s: list[str] | None = Field(None, max_length=5000, description="Base64 of SHA-1.")
    device_id: str | None = Field(None, alias="deviceId")
    device_asset_ids: list[str] | None = Field(None, alias="deviceAssetIds", max_length=5000)


class AssetLite(BaseModel):
    id: str
    checksum: str
    checksum_sha1: str | None
    device_asset_id: str
    device_id: str


class Existing(BaseModel):
    assets: list[AssetLite]


class AssetIds(Body):
    ids: list[AssetId] = Field(max_length=MOST_IDS)
