"""Search results."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .assets import Asset


class SearchResult(BaseModel):
    asset: Asset
    distance: float | None = Field(description="0: the same, 1: unrelated; null: found by words only.")


class SearchResults(BaseModel):
    data: list[SearchResult]
