"""Search results."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .assets import Asset


class SearchResult(BaseModel):
    asset: Asset
    distance: float | None = Field(description="0: the same; 1: another thing. null: words alone found it.")


class SearchResults(BaseModel):
    data: list[SearchResult]
