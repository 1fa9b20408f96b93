"""Libraries."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from .common import Body


class Library(BaseModel):
    id: str
    name: str
    description: str | None
    asset_count: int
    user_id: str
    created_at: datetime
    updated_at: datetime


class LibraryValues(Body):
    name: str | None = Field(None, min_length=1)
    description: str | None = None


class NewLibrary(Body):
    name: str = Field(min_length=1)
    description: str | None = None
