"""The types that reading a media file returns: the only output of this package."""

from __future__ import annotations

from typing import Any, NamedTuple


class Metadata(NamedTuple):
    """The metadata fields, and the only list of them (see tests/test_metadata_fields.py). Unknown is None.

    Times are RFC 3339 text, with the fraction the file gives and an offset only where the file knows it
    (`2023-11-07T05:31:56.12+01:00`, `2023-11-07T05:31:56`). exposure_time is in seconds, focal_length in millimetres,
    exposure_bias in EV, altitude in metres (negative below the sea), latitude and longitude in signed degrees,
    orientation is Exif's 1..8, rating 0..5.
    """

    make: str | None = None
    model: str | None = None
    orientation: int | None = None
    modified_datetime: str | None = None
    original_datetime: str | None = None
    digitized_datetime: str | None = None
    lens_model: str | None = None
    f_number: float | None = None
    focal_length: float | None = None
    iso: int | None = None
    exposure_time: float | None = None
    exposure_bias: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    country_code: str | None = None
    sublocation: str | None = None
    description: str | None = None
    fps: float | None = None
    live_photo_cid: str | None = None
    projection_type: str | None = None
    profile_description: str | None = None
    auto_stack_id: str | None = None
    rating: int | None = None


class NamedFace(NamedTuple):
    """A face that is named in the file. x, y (of its upper left corner), w and h are fractions of the picture; applied
    is the width and height of the picture they were measured on, (0, 0) if unknown."""

    name: str | None
    x: float
    y: float
    w: float
    h: float
    applied: tuple[int, int]


class Face(NamedTuple):
    """Like NamedFace, in pixels of the stored picture."""

    name: str | None
    x: int
    y: int
    w: int
    h: int


class Motion(NamedTuple):
    """The video inside a motion photo: the range of its bytes in the file."""

    offset: int
    size: int
    mime_type: str


class Provenance(NamedTuple):
    """One source's value of a field, in order of precedence: the first is in the record.

    source is the tag's familiar name ("Exif DateTimeOriginal"). note is the reason why a value is not used.
    """

    field: str
    source: str
    value: str
    note: str | None = None


class Beside(NamedTuple):
    """An XMP sidecar's value of a field that write-back may have written, and the file's own."""

    field: str
    value: Any
    otherwise: Any


class MediaFacts(NamedTuple):
    """One file, read once.

    width and height are the stored picture's, before orientation; 0 if unknown. duration is a video's,
    in seconds. fingerprint is the XXH3-128 of the coded picture alone (see `fingerprint`), None if it was not taken
    or the format has none. local_datetime is the capture time (see `capture`); timezone the IANA name of the zone of
    its coordinates. provenance lists the sources of dates and places. problems describes damage of the file for the
    user; it is empty for an intact one. beside has the values of sidecars that write-back may have written."""

    mime_type: str
    size: int
    sha256: bytes
    sha1: bytes
    width: int
    height: int
    duration: float | None
    local_datetime: str
    metadata: Metadata
    timezone: str | None = None
    keywords: tuple[str, ...] = ()
    faces: tuple[Face, ...] = ()
    motion: Motion | None = None
    fingerprint: str | None = None
    provenance: tuple[Provenance, ...] = ()
    problems: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()
