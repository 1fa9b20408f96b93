"""Signing in with a key."""

from __future__ import annotations

from pydantic import BaseModel, Field

from indexer.index.api_keys import ACTIONS

from .common import Body


class Session(BaseModel):
    needs_key: bool = Field(description="Whether this server requires a key.")
    signed_in: bool = Field(description="Whether this request has a valid key or session cookie.")
    read_only: bool = Field(description="Whether the server rejects all changes.")
    actions: list[str] = Field(description="What this request may do.", examples=[list(ACTIONS)])


class SessionKey(Body):
    key: str = Field(min_length=1, max_length=1000, description="The key, as in Authorization: Bearer.")
