"""Whom to believe: the one place where a field's sources are put in order (docs/metadata.md says why).

The order is the Metadata Working Group's (Guidelines 2.0, chapter 3): Exif, then IPTC-IIM and XMP, the camera's words
before those of containers. What people edit in sidecars (dates, place, description, rating) wins over the file; what
they cannot have meant to edit there (the camera's settings) does not. Google's Takeout only fills what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .dates import is_placeholder
from .facts import Beside, Metadata, Origin
from .found import Found

_CAMERA = ("Exif", "CIFF", "X3F", "QuickTime", "maker note", "HEIF", "XMP", "IPTC", "RIFF", "film", "PNG", "sidecar")
_EDITED = ("sidecar", "Exif", "CIFF", "X3F", "XMP", "IPTC", "QuickTime", "RIFF", "film", "PNG", "Takeout")
_WORDS = ("sidecar", "Exif", "IPTC", "XMP", "QuickTime", "RIFF", "film", "PNG", "Takeout")
_TOWN = ("sidecar", "IPTC", "XMP", "QuickTime")
_ORDER = {
    "rating": ("sidecar", "XMP", "Exif"),
    "description": _WORDS,
    **dict.fromkeys(("city", "state", "country", "country_code", "sublocation"), _TOWN),
    **dict.fromkeys(
        ("original_datetime", "digitized_datetime", "modified_datetime", "latitude", "longitude", "altitude"), _EDITED
    ),
}
_RANKS = {field: {source: rank for rank, source in enumerate(order)} for field, order in _ORDER.items()}
_CAMERA_RANKS = {source: rank for rank, source in enumerate(_CAMERA)}
_RECORD = frozenset(Metadata._fields)
# Dates and places: their origins are kept in the index.
KEPT = tuple(field for field in _ORDER if field not in ("rating", "description"))
# What write-back writes.
_WRITTEN = ("rating", "description", "city", "state", "country", "country_code", "sublocation")
_DOUBTED = frozenset(("original_datetime", "digitized_datetime"))
PLACEHOLDER = "a placeholder for no date"

# How a source's word on a field is called there
_TAGS = {
    "Exif": {
        "make": "Make",
        "model": "Model",
        "orientation": "Orientation",
        "description": "ImageDescription",
        "rating": "Rating",
        "modified_datetime": "DateTime",
        "original_datetime": "DateTimeOriginal",
        "digitized_datetime": "DateTimeDigitized",
        "lens_model": "LensModel",
        "f_number": "FNumber",
        "focal_length": "FocalLength",
        "iso": "PhotographicSensitivity",
        "exposure_time": "ExposureTime",
        "exposure_bias": "ExposureBiasValue",
        "latitude": "GPSLatitude",
        "longitude": "GPSLongitude",
        "altitude": "GPSAltitude",
        "gps_datetime": "GPSDateStamp and GPSTimeStamp",
    },
    "XMP": {
        "make": "tiff:Make",
        "model": "tiff:Model",
        "orientation": "tiff:Orientation",
        "description": "dc:description",
        "rating": "xmp:Rating",
        "modified_datetime": "xmp:ModifyDate",
        "original_datetime": "exif:DateTimeOriginal or photoshop:DateCreated",
        "digitized_datetime": "xmp:CreateDate",
        "lens_model": "exifEX:LensModel or aux:Lens",
        "f_number": "exif:FNumber",
        "focal_length": "exif:FocalLength",
        "iso": "exif:ISOSpeedRatings",
        "exposure_time": "exif:ExposureTime",
        "exposure_bias": "exif:ExposureBiasValue",
        "latitude": "exif:GPSLatitude",
        "longitude": "exif:GPSLongitude",
        "altitude": "exif:GPSAltitude",
        "gps_datetime": "exif:GPSTimeStamp",
        "projection_type": "GPano:ProjectionType",
        "auto_stack_id": "GCamera:BurstID",
        "city": "photoshop:City",
        "state": "photoshop:State",
        "country": "photoshop:Country",
        "country_code": "Iptc4xmpCore:CountryCode",
        "sublocation": "Iptc4xmpCore:Location",
    },
    "IPTC": {
        "description": "Caption-Abstract",
        "original_datetime": "DateCreated and TimeCreated",
        "digitized_datetime": "DigitalCreationDate and Time",
        "city": "City",
        "state": "Province-State",
        "country": "Country-PrimaryLocationName",
        "country_code": "Country-PrimaryLocationCode",
        "sublocation": "Sub-location",
    },
    "QuickTime": {
        "original_datetime": "CreationDate",
        "container_datetime": "CreateDate (UTC)",
        "live_photo_cid": "ContentIdentifier",
        "latitude": "Location",
        "longitude": "Location",
        "altitude": "Location",
    },
    "maker note": {"live_photo_cid": "ContentIdentifier", "auto_stack_id": "BurstUUID", "lens_model": "lens"},
    "PNG": {"container_datetime": "Creation Time"},
    "RIFF": {"original_datetime": "IDIT", "digitized_datetime": "ICRD"},
    "ICC": {"profile_description": "profile description"},
    "HEIF": {"orientation": "irot and imir"},
}
_TAGS["sidecar"] = _TAGS["XMP"]


def tag(source: str, field: str) -> str:
    """'Exif DateTimeOriginal': a source and what it calls the field."""
    return f"{source} {_TAGS.get(source, {}).get(field, field.replace('_', ' '))}"


# field -> each source's word on it, the most believed first
Words = dict[str, list[tuple[str, Any]]]


def ranked(found: Found) -> Words:
    words: Words = {}
    for source, claims in found.claims.items():
        for field, value in claims.items():
            words.setdefault(field, []).append((source, value))
    for field, said in words.items():
        if len(said) > 1:
            order = _RANKS.get(field, _CAMERA_RANKS)
            said.sort(key=lambda word, order=order: order.get(word[0], len(order)))  # type: ignore[misc]
    return words


def settle(words: Words) -> Metadata:
    """The record's words: of each field the first that is to be believed."""
    values = {}
    for field, said in words.items():
        if field in _RECORD:
            for _, value in said:
                if not doubt(field, value):
                    values[field] = value
                    break
    if "latitude" not in values or "longitude" not in values:
        values["latitude"] = values["longitude"] = None
    return Metadata(**values)


def beside(words: Words) -> tuple[Beside, ...]:
    """What sidecars say of the fields that write-back writes, where they come first, and the next word on each."""
    return tuple(
        Beside(field, said[0][1], said[1][1] if len(said) > 1 else None)
        for field in _WRITTEN
        if (said := words.get(field)) and said[0][0] == "sidecar"
    )


def doubt(field: str, value: Any) -> str | None:
    """Why a word is not believed, if it is not."""
    return PLACEHOLDER if field in _DOUBTED and is_placeholder(value) else None


def origins(words: Words, fields: Iterable[str]) -> list[Origin]:
    """Every source's word on these fields, winners first."""
    listed = []
    for field in fields:
        if said := words.get(field):
            listed += believed_first(
                [Origin(field, tag(source, field), str(value), doubt(field, value)) for source, value in said]
            )
    return listed


def notable(words: Words) -> list[Origin]:
    """The origins that the index keeps: of dates and places. Where Exif alone spoke and is believed there is nothing
    to note; most photos need no word."""
    fields = [field for field in KEPT if (said := words.get(field)) and not _plain(field, said)]
    return origins(words, fields) if fields else []


def _plain(field: str, said: list[tuple[str, Any]]) -> bool:
    return len(said) == 1 and said[0][0] == "Exif" and not doubt(field, said[0][1])


def believed_first(said: list[Origin]) -> list[Origin]:
    return said if len(said) == 1 else sorted(said, key=lambda word: word.note is not None)
