"""/api/changes: live notifications of changes."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from fastapi import Request, Response

from indexer.errors import IndexUnusable

from ..answers import errors
from ..dependencies import KeysDep, StateDep
from ..keys import Keys, cookie_name
from ..live import Stream
from ..routing import make_router
from ..state import State

router = make_router(prefix="/api/changes", tags=["events"])

_STREAM: dict[int | str, dict[str, Any]] = {
    **errors(),
    200: {
        "description": "Server-sent events, without end.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: change\ndata: {"cursor": 1240}\n\n',
            }
        },
    },
}


@router.get("", responses=_STREAM)
async def listen_to_changes(request: Request, state: StateDep, keys: KeysDep) -> Response:
    """Stream the cursor of the event feed: once at the start, and within half a second of each change. Get the changes
    themselves from /api/events."""
    state.changes.ensure_room()
    return Stream(state.changes, partial(_is_allowed, request, state, keys))


def _is_allowed(request: Request, state: State, keys: Keys) -> bool:
    """Whether the key or session of the request is still valid."""
    try:
        state.ensure_in_place()
        authorization = request.headers.getlist("authorization")
        token = None if authorization else request.cookies.get(cookie_name(state.settings.port))
        actions = keys.actions_of(authorization, token and keys.sessions.key_of(token))
    except (IndexUnusable, sqlite3.Error):  # changes can no longer be read
        return False
    return actions is not None and "read" in actions
