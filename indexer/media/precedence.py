"""Whom to believe: the one place where a field's sources are put in order (docs/metadata.md says why).

The order is the Metadata Working Group's (Guidelines 2.0, chapter 3): Exif, then IPTC-IIM and XMP, the camera's words
before those of containers. What people edit in sidecars (dates, place, description, rating) wins over the file; what
they cannot have meant to edit there (the camera's settings) does not. Google's Takeout only fills what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .dates import is_placeholder
from .facts import Metadata, Origin
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
# Dates and places: their origins are kept in the index.
KEPT = frozenset(_ORDER) - {"rating", "description"}
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


def claims_on(found: Found, field: str) -> Iterator[tuple[str, Any]]:
    """Each source's word on a field, the most believed first."""
    order = _ORDER.get(field, _CAMERA)
    for source in (*order, *(source for source in found.claims if source not in order)):
        value = found.claims.get(source, {}).get(field)
        if value is not None:
            yield source, value


def settle(found: Found) -> Metadata:
    """The record's words: of each field the first that is to be believed."""
    values = {}
    for field in Metadata._fields:
        for _, value in claims_on(found, field):
            if not doubt(field, value):
                values[field] = value
                break
    if values.get("latitude") is None or values.get("longitude") is None:
        values["latitude"] = values["longitude"] = None
    return Metadata(**values)


def doubt(field: str, value: Any) -> str | None:
    """Why a word is not believed, if it is not."""
    return PLACEHOLDER if field in _DOUBTED and is_placeholder(value) else None


def origins(found: Found, fields: Iterable[str]) -> list[Origin]:
    """Every source's word on these fields, winners first."""
    listed = []
    for field in fields:
        words = [
            Origin(field, tag(source, field), str(value), doubt(field, value))
            for source, value in claims_on(found, field)
        ]
        listed += sorted(words, key=lambda word: word.note is not None)
    return listed
