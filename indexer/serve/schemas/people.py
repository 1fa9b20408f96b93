"""People."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from .common import MOST_IDS, Body, FaceId, LibraryId, PersonId, Urls


class ClusterMetrics(BaseModel):
    """Cosine distances between the faces of a person. pairwise_p90: the 90th percentile."""

    face_count: int
    pairwise_mean: float
    pairwise_p90: float


class Person(BaseModel):
    id: str
    is_hidden: bool
    is_favorite: bool
    created_at: datetime
    updated_at: datetime
    name: str | None
    birth_date: date | None
    asset_count: int
    thumbnail_face_id: str | None
    asset_urls: Urls
    cluster_metrics: ClusterMetrics | None = Field(None, description="With include=cluster_metrics.")


class PersonValues(Body):
    name: str | None = None
    birth_date: date | None = None
    is_favorite: bool | None = None
    is_hidden: bool | None = None
    thumbnail_face_id: FaceId | None = None


class NewPerson(PersonValues):
    library_id: LibraryId | None = None


class MergePeople(Body):
    source_person_ids: list[PersonId] = Field(min_length=1, max_length=MOST_IDS)
