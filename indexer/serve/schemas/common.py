"""Schemas shared by several domains."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ..examples import ALBUM, ASSET, FACE, PERSON

_ID = "[2-9A-HJ-NP-Za-km-z]{22}"
AssetId = Annotated[str, StringConstraints(pattern=f"^asset_{_ID}$"), Field(examples=[ASSET["id"]])]
AlbumId = Annotated[str, StringConstraints(pattern=f"^album_{_ID}$"), Field(examples=[ALBUM["id"]])]
LinkId = Annotated[str, StringConstraints(pattern=f"^album_asset_{_ID}$")]
PersonId = Annotated[str, StringConstraints(pattern=f"^person_{_ID}$"), Field(examples=[PERSON["id"]])]
FaceId = Annotated[str, StringConstraints(pattern=f"^face_{_ID}$"), Field(examples=[FACE["id"]])]
LibraryId = Annotated[str, StringConstraints(pattern=f"^lib_{_ID}$")]
LIBRARY_ID, PERSON_ID = re.compile(f"lib_{_ID}"), re.compile(f"person_{_ID}")
KeyId = Annotated[str, StringConstraints(pattern=f"^apikey_{_ID}$")]
Limit = Annotated[int, Query(ge=1, le=200, description="The maximum number of results.")]
InLibrary = Annotated[LibraryId | None, Query(description="Default: all libraries.")]
Include = Annotated[str | None, Query(description="Additional parts, separated by commas.")]
MOST_IDS = 100
T = TypeVar("T")


class Body(BaseModel):
    """A request body. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if not can_be_encoded(json.dumps(value, ensure_ascii=False, default=str)):
            raise ValueError("a lone surrogate is not valid text")
        return value


def can_be_encoded(text: str) -> bool:
    """Whether UTF-8 can encode the text: JSON can contain lone surrogates, which it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Detail(BaseModel):
    """An error. detail: the reason."""

    detail: str


class Page(BaseModel, Generic[T]):
    data: list[T]
    has_more: bool


class Rendition(BaseModel):
    url: str
    mimetype: str
    width: int | None = Field(description="In pixels; null if unknown.")


Urls = dict[str, Rendition]
