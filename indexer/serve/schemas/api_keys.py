"""API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from .common import Body


class KeyName(Body):
    name: str = Field(min_length=1)


Action = Literal["read", "write", "delete", "delete_permanently"]


class KeyRequest(KeyName):
    actions: list[Action] = Field(
        ["read", "write", "delete", "delete_permanently"],
        min_length=1,
        max_length=4,
        description="What the key may do. Must include read.",
    )
    library_scope_mode: Literal["all_libraries"] = Field(
        "all_libraries", description="Keys always apply to all libraries."
    )


class Key(BaseModel):
    id: str
    name: str | None
    created_at: datetime
    last_used_at: datetime | None
    is_active: bool
    actions: list[Action]
    library_scope_mode: Literal["all_libraries"]


class NewKey(Key):
    api_key: str = Field(description="The key itself, shown only this once.")
