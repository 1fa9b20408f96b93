"""The event feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Event(BaseModel):
    created_at: datetime
    cursor: str
    entity_id: str
    entity_type: str
    event_type: str
    payload: dict[str, Any] | None
