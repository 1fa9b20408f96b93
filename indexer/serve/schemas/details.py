"""The details of one asset."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from .assets import Asset


class DateSource(BaseModel):
    source: str = Field(examples=["Exif DateTimeOriginal"])
    text: str = Field(examples=["from the camera"])


class Provenance(BaseModel):
    field: str
    source: str
    value: str
    note: str | None = Field(description="Why the value was rejected.")
    rank: int = Field(description="0: the value in the record.")


class AssetFile(BaseModel):
    path: str
    root: str
    folder: str = Field(description="Relative to the root.")
    name: str
    size: int | None
    state: Literal["present", "offline", "missing", "gone"]
    checksum: str | None = Field(description="Base64 of the SHA-256.")


class AlbumName(BaseModel):
    id: str
    name: str


class MotionVideo(BaseModel):
    url: str
    mimetype: str


class Panorama(BaseModel):
    """The part of the sphere that an equirectangular panorama shows, from the file's GPano metadata: pixels and
    degrees."""

    full_width: float
    full_height: float
    cropped_width: float
    cropped_height: float
    cropped_left: float
    cropped_top: float
    pose_heading: float | None
    pose_pitch: float | None
    pose_roll: float | None
    initial_heading: float | None
    initial_pitch: float | None
    initial_fov: float | None


class Details(BaseModel):
    asset: Asset
    is_favorite: bool
    version: str = Field(description="The value for ?v= in the URLs of its files.")
    date: DateSource
    provenance: list[Provenance]
    files: list[AssetFile]
    keywords: list[str]
    albums: list[AlbumName]
    problems: list[str] = Field(description="What is wrong with its files or its picture.")
    failures: list[str] = Field(description="What else could not be computed.")
    motion: MotionVideo | None = Field(description="The video of a motion photo or live photo.")
    panorama: Panorama | None
    stack: list[str] = Field(description="All assets of its stack, the shown one first; empty if there is no stack.")
