"""Tiles of the timeline."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Timeline(BaseModel):
    cursor: int = Field(description="The cursor of the event that last changed this view; see /api/events.")
    total: int = Field(description="The number of tiles: single assets and stacks.")
    undated: int = Field(description="Tiles whose only date is the file's. They come last.")
    assets: int = Field(description="The number of assets, including the hidden ones of stacks.")
    days: list[str] = Field(description="Local dates, in the order of the view; empty if the best come first.")
    counts: list[int] = Field(description="The number of tiles of each day.")


class Places(BaseModel):
    names: list[str]
    of: list[tuple[int, int | None]] = Field(description="Runs: the number of tiles, and the index of their name.")


class Tiles(BaseModel):
    """Columns with one entry per tile. Objects have positions relative to start as keys, and omit most tiles."""

    cursor: int = Field(description="As in /api/timeline: if it differs, ordinals may have changed.")
    start: int
    ids: str = Field(description="Ids without asset_, 22 characters each, concatenated.")
    times: list[int] = Field(
        description="Local times read as UTC, in seconds since 1970: the first as such, each other one as how much"
        " earlier it is than the one before."
    )
    offsets: list[tuple[int, int | None]] = Field(
        description="Runs: the number of tiles, and their offset from UTC in quarter hours."
    )
    ratios: list[int] = Field(description="As in /api/timeline/geometry.")
    kinds: list[int] = Field(
        description="The sum of 1 video, 2 live photo, 4 motion photo, 8 panorama of 360°, 16 raw, 32 stack, 64 no file"
        " can be reached now, 128 dated by its file alone."
    )
    versions: str = Field(description="The values for ?v= in URLs, 8 characters each, concatenated.")
    thumbhashes: list[str | None] = Field(description="Base64, without padding.")
    places: Places
    durations: dict[str, float] = Field(description="Of videos, in seconds.")
    ratings: dict[str, int]
    favorites: list[int]
    stacks: dict[str, int] = Field(description="The number of assets of each stack, without videos of live photos.")
    descriptions: dict[str, str] = Field(description="The first 200 characters.")


class Position(BaseModel):
    ordinal: int | None
    cursor: int


class AssetIdList(BaseModel):
    ids: list[str]
