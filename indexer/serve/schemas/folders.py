"""The tree of folders."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Folder(BaseModel):
    path: str = Field(description="Absolute. Bytes that are not UTF-8 are written as \\xNN.")
    name: str
    parent: int | None = Field(description="The position of the folder that holds it; null: an indexed folder.")
    assets: int = Field(description="Live ones that lie in it, each once.")
    total: int = Field(description="Also those below it.")
    offline: bool = Field(description="It cannot be reached now.")


class Folders(BaseModel):
    folders: list[Folder]
