"""Tiles of the timeline."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Timeline(BaseModel):
    cursor: int = Field(description="Of the event at which this view last changed: see /api/events.")
    total: int = Field(description="Tiles: single assets, and stacks.")
    undated: int = Field(description="Of them, those whose date is only that of the file. They come last.")
    assets: int = Field(description="Also those that lie under another one of their stack.")
    days: list[str] = Field(description="By wall clock, in the order of the view; none where the best come first.")
    counts: list[int] = Field(description="Tiles of each of these days.")


class Places(BaseModel):
    names: list[str]
    of: list[tuple[int, int | None]] = Field(description="How many tiles in a row, and the number of the name.")


class Tiles(BaseModel):
    """Columns, a row a tile. Where the keys are positions, they are relative to start, and most tiles have none."""

    cursor: int = Field(description="As of /api/timeline: another one, and ordinals may have changed.")
    start: int
    ids: str = Field(description="22 characters of each, without asset_, joined.")
    times: list[int] = Field(
        description="Seconds since 1970 of the wall clock, read as UTC: of the first; of each other, how much earlier"
        " than the one before."
    )
    offsets: list[tuple[int, int | None]] = Field(
        description="How many tiles in a row, and the quarter hours of their clocks from UTC."
    )
    ratios: list[int] = Field(description="As of /api/timeline/geometry.")
    kinds: list[int] = Field(
        description="The sum of 1 video, 2 live photo, 4 motion photo, 8 panorama of 360°, 16 raw, 32 stack, 64 no file"
        " can be reached now, 128 dated by its file alone."
    )
    versions: str = Field(description="8 characters of each, joined: v of its files.")
    thumbhashes: list[str | None] = Field(description="Base64, without padding.")
    places: Places
    durations: dict[str, float] = Field(description="Seconds, of videos.")
    ratings: dict[str, int]
    favorites: list[int]
    stacks: dict[str, int] = Field(description="How many assets each stack has, without the videos of live photos.")
    descriptions: dict[str, str] = Field(description="The first 200 characters.")


class Position(BaseModel):
    ordinal: int | None
    cursor: int


class AssetIdList(BaseModel):
    ids: list[str]
