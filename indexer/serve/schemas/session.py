"""Signing in with a key."""

from __future__ import annotations

from pydantic import BaseModel, Field

from indexer.index.api_keys import ACTIONS

from .common import Body


class Session(BaseModel):
    needs_key: bool = Field(description="Whether this server asks for a key at all.")
    signed_in: bool = Field(description="Whether this request came with a valid key, or the cookie of a session.")
    read_only: bool = Field(description="Whether the server refuses every change.")
    actions: list[str] = Field(description="What the key, or without one anybody, may do.", examples=[list(ACTIONS)])


class SessionKey(Body):
    key: str = Field(min_length=1, max_length=1000, description="As for Authorization: Bearer.")
