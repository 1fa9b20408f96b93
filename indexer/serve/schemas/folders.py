"""The tree of folders."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Folder(BaseModel):
    path: str = Field(description="Absolute. Bytes that are not UTF-8 are written as \\xNN.")
    name: str
    parent: int | None = Field(description="The position of the parent folder in the list; null for an indexed folder.")
    assets: int = Field(description="Live assets directly in it, each counted once.")
    total: int = Field(description="Live assets in it and below it.")
    offline: bool = Field(description="It cannot be reached now.")


class Folders(BaseModel):
    folders: list[Folder]
