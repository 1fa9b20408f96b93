"""/api/events: the event feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Response

from ..answers import answer_page, errors, unprocessable
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.common import InLibrary, Limit, Page
from ..schemas.events import Event

router = make_router(prefix="/api/events", tags=["events"])

_TYPES = ("asset", "album", "person", "face", "album_asset", "exif", "metadata")


@router.get("", response_model=Page[Event], responses=errors(404))
async def get_events(
    state: StateDep,
    after_cursor: Annotated[str | None, Query(description="The cursor of the last known event.")] = None,
    created_at_gte: Annotated[datetime | None, Query()] = None,
    created_at_lt: Annotated[datetime | None, Query()] = None,
    entity_types: Annotated[str | None, Query(description=f"Separated by commas: {', '.join(_TYPES)}.")] = None,
    library_id: InLibrary = None,
    limit: Limit = 20,
) -> Response:
    """List events in order."""
    names = list(dict.fromkeys(name.strip() for name in (entity_types or "").split(",") if name.strip()))
    if unknown := set(names) - set(_TYPES):
        raise unprocessable("entity_types", f"there is no '{min(unknown)}': there are {', '.join(_TYPES)}")
    events = state.reader.history.events_between(
        _cursor(after_cursor), limit + 1, names or _TYPES, _utc(created_at_gte), _utc(created_at_lt)
    )
    return answer_page(
        [
            {
                "created_at": event.created_at,
                "cursor": str(event.id),
                "entity_id": event.entity_id,
                "entity_type": event.entity_type,
                "event_type": event.event_type,
                "payload": json.loads(event.payload) if event.payload else None,
            }
            for event in events
        ],
        limit,
    )


def _cursor(text: str | None) -> int:
    """The id of an event; 0 before the first one."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise unprocessable("after_cursor", "it is not the cursor of an event")
    return int(text)


def _utc(moment: datetime | None) -> str | None:
    """A time in the index's format. Without an offset it is taken as UTC."""
    if moment is None:
        return None
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        utc = moment.replace(tzinfo=UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
