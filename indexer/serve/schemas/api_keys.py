"""Keys of clients."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from .common import Body


class KeyName(Body):
    name: str = Field(min_length=1)


Action = Literal["read", "write", "delete", "delete_permanently"]


class KeyWanted(KeyName):
    actions: list[Action] = Field(
        ["read", "write", "delete", "delete_permanently"],
        min_length=1,
        max_length=4,
        description="What the key may do; read goes with each.",
    )
    library_scope_mode: Literal["all_libraries"] = Field(
        "all_libraries", description="A key of this server is one for all libraries."
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
    api_key: str = Field(description="The key itself. It is shown here and never again.")
