"""Edits and undo."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, model_validator

from .common import AssetId, Body

MOST_EDITED = 5000
# Characters of a description, summed over the assets: it is stored with each record and in the undo log.
MOST_CHARACTERS = 2_000_000


class Edit(Body):
    """Values that are not given stay. null: the file's value applies again."""

    ids: list[AssetId] = Field(min_length=1, max_length=MOST_EDITED)
    rating: int | None = Field(None, ge=0, le=5, strict=True)
    is_favorite: bool = Field(False, strict=True)
    description: str | None = Field(None, max_length=20_000, pattern="^[^\\x00]*$")
    is_trashed: bool = Field(
        False, strict=True, description="true: move to the trash, for which the key must allow delete; false: restore."
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
    change: ChangeName | None = Field(description="The change, to undo it; null: nothing changed.")


class LastChange(ChangeName):
    created_at: datetime


class Undoable(BaseModel):
    change: LastChange | None = Field(description="null: there is no change, or it cannot be undone.")


class UndoRequest(Body):
    id: int = Field(ge=1, lt=2**63, strict=True)


class UndoneChange(LastChange):
    kept: int = Field(description="The number of values that stay because they were changed again.")
    asset_ids: list[str] = Field(description="The assets that it concerns.")


class Undone(BaseModel):
    undone: UndoneChange
