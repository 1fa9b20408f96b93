"""Types of the asset record. The view asset_json in schema.sql makes it; a test compares the two."""

from __future__ import annotations

from typing import TypedDict


class Url(TypedDict):
    url: str
    mimetype: str
    width: int | None


class BoundingBox(TypedDict):
    """Pixels of the upright picture."""

    x: int
    y: int
    w: int
    h: int


class FaceRecord(TypedDict):
    id: str
    asset_id: str
    bounding_box: BoundingBox
    created_at: str
    updated_at: str
    person_id: str | None
    timestamp_ms: int | None
    asset_urls: dict[str, Url]


class PersonRecord(TypedDict):
    id: str
    is_hidden: bool
    is_favorite: bool
    created_at: str
    updated_at: str
    name: str | None
    birth_date: str | None
    asset_count: int
    thumbnail_face_id: str | None
    asset_urls: dict[str, Url]


class _Common(TypedDict):
    """exposure_time: seconds. focal_length: mm. latitude, longitude: degrees. altitude: meters."""

    asset_id: str
    created_at: str
    updated_at: str
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
    exposure_time: float | None
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


class ExifRecord(_Common):
    """The same values for older clients."""

    profile_description: str | None


class MetadataRecord(_Common):
    """From the file, the look-up and the user, whose values take precedence."""

    country_code: str | None
    sublocation: str | None
    place_name: str | None
    timezone: str | None
    display_label: str | None


class AssetRecord(TypedDict):
    """local_datetime: the wall clock where it was taken, with an offset if known. checksum: SHA-256, checksum_sha1:
    SHA-1, both base64. description: a model's caption; '' if it refused."""

    id: str
    device_asset_id: str
    device_id: str
    mime_type: str
    original_file_name: str
    file_created_at: str
    file_modified_at: str
    local_datetime: str
    checksum: str
    created_at: str
    updated_at: str
    checksum_sha1: str | None
    exif: ExifRecord
    metadata: MetadataRecord
    metrics: dict[str, float | None]
    asset_urls: dict[str, Url]
    description: str | None
    faces: list[FaceRecord]
    people: list[PersonRecord]
    width: int
    height: int
    file_size_bytes: int
    trashed_at: str | None
