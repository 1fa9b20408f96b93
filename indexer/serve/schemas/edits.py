"""Edits and undo."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, model_validator

from .common import AssetId, Body

MOST_EDITED = 5000
# Of a description, for it is kept once for each asset, in its record and in what can be undone.
MOST_CHARACTERS = 2_000_000


class Edit(Body):
    """What is not named stays. null: what the file says counts again."""

    ids: list[AssetId] = Field(min_length=1, max_length=MOST_EDITED)
    rating: int | None = Field(None, ge=0, le=5, strict=True)
    is_favorite: bool = Field(False, strict=True)
    description: str | None = Field(None, max_length=20_000, pattern="^[^\\x00]*$")
    is_trashed: bool = Field(
        False, strict=True, description="Into the trash, for which the key has to be for deleting, or out of it."
    )

    @model_validator(mode="after")
    def _is_kept_once_for_each(self) -> Edit:
        if len(self.ids) * len(self.description or "") > MOST_CHARACTERS:
            raise ValueError(
                f"a description of more than {MOST_CHARACTERS:,} characters in all its assets: give fewer ids"
            )
        return self


class ChangeName(BaseModel):
    id: int
    what: str = Field(examples=["rated 3 photos 4 stars"])


class Edited(BaseModel):
    change: ChangeName | None = Field(description="What can be undone; null: all were so already.")


class LastChange(ChangeName):
    created_at: datetime


class Undoable(BaseModel):
    change: LastChange | None = Field(description="null: there is nothing to undo, or it cannot be undone.")


class UndoRequest(Body):
    id: int = Field(ge=1, lt=2**63, strict=True)


class UndoneChange(LastChange):
    kept: int = Field(description="How many of its values stay, for they were changed again since.")
    asset_ids: list[str] = Field(description="The photos it was about.")


class Undone(BaseModel):
    undone: UndoneChange
