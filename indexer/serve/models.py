"""The shapes of requests and responses, for their checking and for the API's description."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from indexer.index.api_keys import ACTIONS

from .examples import ALBUM, ASSET, FACE, PERSON

_ID = "[2-9A-HJ-NP-Za-km-z]{22}"
AssetId = Annotated[str, StringConstraints(pattern=f"^asset_{_ID}$"), Field(examples=[ASSET["id"]])]
AlbumId = Annotated[str, StringConstraints(pattern=f"^album_{_ID}$"), Field(examples=[ALBUM["id"]])]
LinkId = Annotated[str, StringConstraints(pattern=f"^album_asset_{_ID}$")]
PersonId = Annotated[str, StringConstraints(pattern=f"^person_{_ID}$"), Field(examples=[PERSON["id"]])]
FaceId = Annotated[str, StringConstraints(pattern=f"^face_{_ID}$"), Field(examples=[FACE["id"]])]
LibraryId = Annotated[str, StringConstraints(pattern=f"^lib_{_ID}$")]
LIBRARY_ID, PERSON_ID = re.compile(f"lib_{_ID}"), re.compile(f"person_{_ID}")
KeyId = Annotated[str, StringConstraints(pattern=f"^apikey_{_ID}$")]

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[datetime | None, Query(description="Taken after this: a wall clock, or with an offset an instant.")]
Before = Annotated[datetime | None, Query(description="Taken before this: a wall clock, or with an offset an instant.")]
InLibrary = Annotated[LibraryId | None, Query(description="All libraries, where none is named.")]
Include = Annotated[str | None, Query(description="What else to tell, with commas between.")]
MOST_IDS = 100
T = TypeVar("T")


class Body(BaseModel):
    """What a client sends: a field that is not known is a mistake, not a decoration."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if not can_be_encoded(json.dumps(value, ensure_ascii=False, default=str)):
            raise ValueError("half of a surrogate pair is no text")
        return value


def can_be_encoded(text: str) -> bool:
    """JSON, and some character sets, can name what UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Detail(BaseModel):
    """Why not."""

    detail: str


class Variant(BaseModel):
    url: str
    mimetype: str
    width: int | None = Field(description="In pixels; null where it is not known.")


Urls = dict[str, Variant]


class BoundingBox(BaseModel):
    """Pixels of the stored picture, before it is turned upright."""

    x: int
    y: int
    w: int
    h: int


class Candidate(BaseModel):
    person_id: str
    name: str | None
    distance: float


class ClusterAssignment(BaseModel):
    """Cosine distances of a face to the middles of people."""

    distance_to_person: float | None
    candidates: list[Candidate]


class ClusterMetrics(BaseModel):
    """Cosine distances between the faces of a person."""

    face_count: int
    pairwise_mean: float
    pairwise_p90: float


class Face(BaseModel):
    id: str
    asset_id: str
    bounding_box: BoundingBox
    created_at: datetime
    updated_at: datetime
    person_id: str | None
    timestamp_ms: int | None = Field(description="In a film: when.")
    asset_urls: Urls
    cluster_assignment: ClusterAssignment | None = Field(None, description="With include=cluster_assignment.")


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


class _Words(BaseModel):
    asset_id: str
    created_at: datetime
    updated_at: datetime
    make: str | None
    model: str | None
    orientation: int | None
    modified_datetime: str | None
    original_datetime: str | None
    digitized_datetime: str | None
    lens_model: str | None
    f_number: float | None
    focal_length: float | None
    iso: int | None
    exposure_time: float | None = Field(description="Seconds.")
    exposure_bias: float | None
    latitude: float | None
    longitude: float | None
    altitude: float | None
    city: str | None
    state: str | None
    country: str | None
    description: str | None
    fps: float | None
    live_photo_cid: str | None
    projection_type: str | None
    auto_stack_id: str | None
    rating: int | None


class Exif(_Words):
    """As metadata; what earlier clients look at."""

    profile_description: str | None


class Metadata(_Words):
    """What the file says, what was looked up, and what the user says, which wins."""

    country_code: str | None
    sublocation: str | None
    place_name: str | None
    timezone: str | None
    display_label: str | None


class Asset(BaseModel):
    """A photo or film."""

    model_config = ConfigDict(extra="allow")
    id: str
    device_asset_id: str
    device_id: str
    mime_type: str
    original_file_name: str
    file_created_at: datetime
    file_modified_at: datetime
    local_datetime: str = Field(description="When it was taken, by the clocks there; with an offset, if known.")
    checksum: str = Field(description="Base64 of the SHA-256.")
    checksum_sha1: str | None
    created_at: datetime
    updated_at: datetime
    exif: Exif
    metadata: Metadata
    metrics: dict[str, float | None]
    asset_urls: Urls
    description: str | None = Field(description="What a model wrote of the picture; '' where it refused to.")
    faces: list[Face]
    people: list[Person]
    width: int
    height: int
    file_size_bytes: int
    trashed_at: datetime | None


class Page(BaseModel, Generic[T]):
    data: list[T]
    has_more: bool


class Month(BaseModel):
    time_bucket: str = Field(description="The beginning of the month, by the clocks where photos were taken.")
    count: int


class ExistQuery(Body):
    """Just one of the three ways."""

    model_config = ConfigDict(populate_by_name=True)
    checksums: list[str] | None = Field(None, max_length=5000, description="Base64 of SHA-256.")
    checksum_sha1s: list[str] | None = Field(None, max_length=5000, description="Base64 of SHA-1.")
    device_id: str | None = Field(None, alias="deviceId")
    device_asset_ids: list[str] | None = Field(None, alias="deviceAssetIds", max_length=5000)


class AssetLite(BaseModel):
    id: str
    checksum: str
    checksum_sha1: str | None
    device_asset_id: str
    device_id: str


class Existing(BaseModel):
    assets: list[AssetLite]


class AssetIds(Body):
    ids: list[AssetId] = Field(max_length=MOST_IDS)


MOST_EDITED = 5000
# Of a description, for it is kept once for each asset, in its record and in what can be undone.
MOST_CHARACTERS = 2_000_000


class Edit(Body):
    """What is not named stays. null: what the file says counts again."""

    ids: list[AssetId] = Field(min_length=1, max_length=MOST_EDITED)
    rating: int | None = Field(None, ge=0, le=5, strict=True)
    is_favorite: bool = Field(False, strict=True)
    description: str | None = Field(None, max_length=20_000, pattern="^[^\\x00]*$")
    is_trashed: bool = Field(
        False, strict=True, description="Into the trash, for which the key has to be for deleting, or out of it."
    )

    @model_validator(mode="after")
    def _is_kept_once_for_each(self) -> Edit:
        if len(self.ids) * len(self.description or "") > MOST_CHARACTERS:
            raise ValueError(
                f"a description of more than {MOST_CHARACTERS:,} characters in all its assets: give fewer ids"
            )
        return self


class ChangeName(BaseModel):
    id: int
    what: str = Field(examples=["rated 3 photos 4 stars"])


class Edited(BaseModel):
    change: ChangeName | None = Field(description="What can be undone; null: all were so already.")


class LastChange(ChangeName):
    created_at: datetime


class Undoable(BaseModel):
    change: LastChange | None = Field(description="null: there is nothing to undo, or it cannot be undone.")


class UndoRequest(Body):
    id: int = Field(ge=1, lt=2**63, strict=True)


class UndoneChange(LastChange):
    kept: int = Field(description="How many of its values stay, for they were changed again since.")
    asset_ids: list[str] = Field(description="The photos it was about.")


class Undone(BaseModel):
    undone: UndoneChange


class DateSource(BaseModel):
    source: str = Field(examples=["Exif DateTimeOriginal"])
    text: str = Field(examples=["from the camera"])


class Origin(BaseModel):
    field: str
    source: str
    value: str
    note: str | None = Field(description="Why it is not believed.")
    rank: int = Field(description="0: this is the value of the record.")


class AssetFile(BaseModel):
    path: str
    root: str
    folder: str = Field(description="Within the root.")
    name: str
    size: int | None
    state: Literal["present", "offline", "missing", "gone"]
    checksum: str | None = Field(description="Base64 of the SHA-256.")


class AlbumName(BaseModel):
    id: str
    name: str


class MotionVideo(BaseModel):
    url: str
    mimetype: str


class Panorama(BaseModel):
    """Which part of the sphere an equirectangular panorama shows, as its file says (GPano): pixels and degrees."""

    full_width: float
    full_height: float
    cropped_width: float
    cropped_height: float
    cropped_left: float
    cropped_top: float
    pose_heading: float | None
    pose_pitch: float | None
    pose_roll: float | None
    initial_heading: float | None
    initial_pitch: float | None
    initial_fov: float | None


class Details(BaseModel):
    asset: Asset
    is_favorite: bool
    version: str = Field(description="For ?v= of its files.")
    date: DateSource
    origins: list[Origin]
    files: list[AssetFile]
    keywords: list[str]
    albums: list[AlbumName]
    problems: list[str]
    motion: MotionVideo | None = Field(description="The video of a motion photo or live photo.")
    panorama: Panorama | None
    stack: list[str] = Field(description="All assets of its stack, the one that is shown for them first; else none.")


class SearchResult(BaseModel):
    asset: Asset
    distance: float | None = Field(description="0: the same; 1: another thing. null: words alone found it.")


class SearchResults(BaseModel):
    data: list[SearchResult]


class Album(BaseModel):
    id: str
    name: str
    description: str | None
    asset_count: int
    album_cover_asset_id: str | None
    asset_urls: Urls
    start_date: str | None
    end_date: str | None
    created_at: datetime
    updated_at: datetime


class AlbumValues(Body):
    name: str | None = None
    description: str | None = None


class NewAlbum(AlbumValues):
    library_id: LibraryId | None = None


class AlbumAssetIds(Body):
    asset_ids: list[AssetId] = Field(max_length=MOST_IDS)


class Added(BaseModel):
    added_assets: list[str]
    duplicate_assets: list[str]
    not_found_assets: list[str]


class Link(BaseModel):
    """That an asset is in an album."""

    id: str
    album_id: str
    asset_id: str
    created_at: datetime
    updated_at: datetime


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


class FaceValues(Body):
    person_id: PersonId | None = None


class Library(BaseModel):
    id: str
    name: str
    description: str | None
    asset_count: int
    user_id: str
    created_at: datetime
    updated_at: datetime


class LibraryValues(Body):
    name: str | None = Field(None, min_length=1)
    description: str | None = None


class NewLibrary(Body):
    name: str = Field(min_length=1)
    description: str | None = None


class Event(BaseModel):
    created_at: datetime
    cursor: str
    entity_id: str
    entity_type: str
    event_type: str
    payload: dict[str, Any] | None


class User(BaseModel):
    id: str
    created_at: datetime
    updated_at: datetime
    email: str | None
    first_name: str | None
    last_name: str | None
    is_active: bool
    is_superuser: bool
    is_verified: bool


class SignIn(Body):
    """What a client of the cloud sends there."""

    code: str | None = None
    code_verifier: str | None = None
    error: str | None = None
    state: str | None = None


class KeyName(Body):
    name: str = Field(min_length=1)


Action = Literal["read", "write", "delete", "delete_permanently"]


class KeyWanted(KeyName):
    actions: list[Action] = Field(
        ["read", "write", "delete", "delete_permanently"],
        min_length=1,
        max_length=4,
        description="What the key may do; read goes with each.",
    )
    library_scope_mode: Literal["all_libraries"] = Field(
        "all_libraries", description="A key of this server is one for all libraries."
    )


class Key(BaseModel):
    id: str
    name: str | None
    created_at: datetime
    last_used_at: datetime | None
    is_active: bool
    actions: list[Action]
    library_scope_mode: Literal["all_libraries"]


class NewKey(Key):
    api_key: str = Field(description="The key itself. It is shown here and never again.")


class Timeline(BaseModel):
    cursor: int = Field(description="Of the event at which this view last changed: see /api/events.")
    total: int = Field(description="Tiles: single assets, and stacks.")
    undated: int = Field(description="Of them, those whose date is only that of the file. They come last.")
    assets: int = Field(description="Also those that lie under another one of their stack.")
    days: list[str] = Field(description="By wall clock, in the order of the view; none where the best come first.")
    counts: list[int] = Field(description="Tiles of each of these days.")


class Places(BaseModel):
    names: list[str]
    of: list[tuple[int, int | None]] = Field(description="How many tiles in a row, and the number of the name.")


class Tiles(BaseModel):
    """Columns, a row a tile. Where the keys are positions, they are relative to start, and most tiles have none."""

    cursor: int = Field(description="As of /api/timeline: another one, and ordinals may have changed.")
    start: int
    ids: str = Field(description="22 characters of each, without asset_, joined.")
    times: list[int] = Field(
        description="Seconds since 1970 of the wall clock, read as UTC: of the first; of each other, how much earlier"
        " than the one before."
    )
    offsets: list[tuple[int, int | None]] = Field(
        description="How many tiles in a row, and the quarter hours of their clocks from UTC."
    )
    ratios: list[int] = Field(description="As of /api/timeline/geometry.")
    kinds: list[int] = Field(
        description="The sum of 1 video, 2 live photo, 4 motion photo, 8 panorama of 360°, 16 raw, 32 stack, 64 no file"
        " can be reached now, 128 dated by its file alone."
    )
    versions: str = Field(description="8 characters of each, joined: v of its files.")
    thumbhashes: list[str | None] = Field(description="Base64, without padding.")
    places: Places
    durations: dict[str, float] = Field(description="Seconds, of videos.")
    ratings: dict[str, int]
    favorites: list[int]
    stacks: dict[str, int] = Field(description="How many assets each stack has, without the videos of live photos.")
    descriptions: dict[str, str] = Field(description="The first 200 characters.")


class Position(BaseModel):
    ordinal: int | None
    cursor: int


class AssetIdList(BaseModel):
    ids: list[str]


class Folder(BaseModel):
    path: str = Field(description="Absolute. Bytes that are not UTF-8 are written as \\xNN.")
    name: str
    parent: int | None = Field(description="The position of the folder that holds it; null: an indexed folder.")
    assets: int = Field(description="Live ones that lie in it, each once.")
    total: int = Field(description="Also those below it.")
    offline: bool = Field(description="It cannot be reached now.")


class Folders(BaseModel):
    folders: list[Folder]


class Suggestion(BaseModel):
    kind: Literal["person", "place", "camera", "lens", "month", "year", "keyword", "album", "folder"]
    text: str
    query: str = Field(description="As the language of searches has it.")
    count: int = Field(description="Of photos; about.")


class Suggestions(BaseModel):
    suggestions: list[Suggestion]


class Session(BaseModel):
    needs_key: bool = Field(description="Whether this server asks for a key at all.")
    signed_in: bool = Field(description="Whether this request came with a valid key, or the cookie of a session.")
    read_only: bool = Field(description="Whether the server refuses every change.")
    actions: list[str] = Field(description="What the key, or without one anybody, may do.", examples=[list(ACTIONS)])


class SessionKey(Body):
    key: str = Field(min_length=1, max_length=1000, description="As for Authorization: Bearer.")
