"""Faces and their cluster assignments."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from .common import Body, PersonId, Urls


class BoundingBox(BaseModel):
    """In pixels of the stored picture, before orientation."""

    x: int
    y: int
    w: int
    h: int


class Candidate(BaseModel):
    person_id: str
    name: str | None
    distance: float


class ClusterAssignment(BaseModel):
    """Cosine distances of a face to the mean embeddings of people."""

    distance_to_person: float | None
    candidates: list[Candidate]


class Face(BaseModel):
    id: str
    asset_id: str
    bounding_box: BoundingBox
    created_at: datetime
    updated_at: datetime
    person_id: str | None
    timestamp_ms: int | None = Field(description="The time in a video; else null.")
    asset_urls: Urls
    cluster_assignment: ClusterAssignment | None = Field(None, description="With include=cluster_assignment.")


class FaceValues(Body):
    person_id: PersonId | None = None
