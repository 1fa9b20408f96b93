"""Search autocompletion."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Suggestion(BaseModel):
    kind: Literal["person", "place", "camera", "lens", "month", "year", "keyword", "album", "folder", "filter"]
    text: str
    query: str = Field(description="The suggestion in the search language.")
    count: int = Field(description="The approximate number of photos.")


class Suggestions(BaseModel):
    suggestions: list[Suggestion]
