"""/api/changes: that something has changed, as it happens."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from ..answers import errors
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
    return Stream(changes)
