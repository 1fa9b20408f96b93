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
    """The cursor of the feed (see /api/events), at once and whenever it has moved, half a second later at most. What
    has changed is asked for elsewhere."""
    state.changes.ensure_room()
    return Stream(state.changes, partial(_is_allowed, request, state, keys))


def _is_allowed(request: Request, state: State, keys: Keys) -> bool:
    """Whether the key, or the session, with which somebody began to listen is still good for it."""
    try:
        state.ensure_in_place()
        authorization = request.headers.getlist("authorization")
        token = None if authorization else request.cookies.get(cookie_name(state.settings.port))
        actions = keys.actions_of(authorization, token and keys.sessions.key_of(token))
    except (IndexUnusable, sqlite3.Error):  # no change can be read any more
        return False
    return actions is not None and "read" in actions
