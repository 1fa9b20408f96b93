"""Search autocompletion."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Suggestion(BaseModel):
    kind: Literal["person", "place", "camera", "lens", "month", "year", "keyword", "album", "folder"]
    text: str
    query: str = Field(description="As the language of searches has it.")
    count: int = Field(description="Of photos; about.")


class Suggestions(BaseModel):
    suggestions: list[Suggestion]
