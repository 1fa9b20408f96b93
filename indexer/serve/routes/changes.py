"""/api/changes: that something has changed, as it happens."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from fastapi import Request, Response

from indexer.errors import IndexUnusable

from ..answers import errors
from ..keys import Keys, cookie_name
from ..live import Stream
from ..routing import make_router
from ..state import state_of

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
async def listen_to_changes(request: Request) -> Response:
    """The cursor of the feed (see /api/events), at once and whenever it has moved, half a second later at most. What
    has changed is asked for elsewhere."""
    changes = state_of(request).changes
    changes.ensure_room()
    return Stream(changes, partial(_is_allowed, request))


def _is_allowed(request: Request) -> bool:
    """Whether the key, or the session, with which somebody began to listen is still good for it."""
    keys: Keys = request.app.state.keys
    try:
        given = request.headers.getlist("authorization")
        token = None if given else request.cookies.get(cookie_name(state_of(request).settings.port))
        actions = keys.actions_of(given, token and keys.sessions.key_of(token))
    except (IndexUnusable, sqlite3.Error):  # nobody can be told of anything
        return False
    return actions is not None and "read" in actions
