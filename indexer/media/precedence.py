"""Precedence: the one place where a field's sources are ordered (docs/metadata.md says why), except for the capture
time, whose sources are ordered in capture.py.

The order is the Metadata Working Group's (Guidelines 2.0, chapter 3): Exif, then IPTC-IIM and XMP, the camera's values
before the container's. What people edit in sidecars (dates, place, description, rating) wins over the file; what they
cannot have meant to edit there (the camera's settings) does not. Google's Takeout only fills what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .dates import is_placeholder
from .extraction import Extraction
from .facts import Beside, Metadata, Provenance

_CAMERA = ("Exif", "CIFF", "X3F", "QuickTime", "maker note", "HEIF", "XMP", "IPTC", "RIFF", "video", "PNG", "sidecar")
_EDITED = ("sidecar", "Exif", "CIFF", "X3F", "XMP", "IPTC", "QuickTime", "RIFF", "video", "PNG", "Takeout")
_TEXT = ("sidecar", "Exif", "IPTC", "XMP", "QuickTime", "RIFF", "video", "PNG", "Takeout")
_TOWN = ("sidecar", "IPTC", "XMP", "QuickTime")
_ORDER = {
    "rating": ("sidecar", "XMP", "Exif"),
    "description": _TEXT,
    **dict.fromkeys(("city", "state", "country", "country_code", "sublocation"), _TOWN),
    **dict.fromkeys(
        ("original_datetime", "digitized_datetime", "modified_datetime", "latitude", "longitude", "altitude"), _EDITED
    ),
}
_RANKS = {field: {source: rank for rank, source in enumerate(order)} for field, order in _ORDER.items()}
_CAMERA_RANKS = {source: rank for rank, source in enumerate(_CAMERA)}
_RECORD = frozenset(Metadata._fields)
# Dates and places: the index stores their provenance.
KEPT = tuple(field for field in _ORDER if field not in ("rating", "description"))
# What write-back writes.
_WRITTEN = ("rating", "description", "city", "state", "country", "country_code", "sublocation")
_REJECTED = frozenset(("original_datetime", "digitized_datetime"))
PLACEHOLDER = "a placeholder for no date"

# What a source calls a field
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
    """The tag of a field in a source, as 'Exif DateTimeOriginal'."""
    return f"{source} {_TAGS.get(source, {}).get(field, field.replace('_', ' '))}"


# field -> each source with its value, the most trusted first
Ranked = dict[str, list[tuple[str, Any]]]


def rank(extraction: Extraction) -> Ranked:
    ranked: Ranked = {}
    for source, values in extraction.values.items():
        for field, value in values.items():
            ranked.setdefault(field, []).append((source, value))
    for field, sourced in ranked.items():
        if len(sourced) > 1:
            order = _RANKS.get(field, _CAMERA_RANKS)
            sourced.sort(key=lambda pair, order=order: order.get(pair[0], len(order)))  # type: ignore[misc]
    return ranked


def resolve(ranked: Ranked) -> Metadata:
    """The record's values: for each field the first that is not rejected."""
    values = {}
    for field, sourced in ranked.items():
        if field in _RECORD:
            for _, value in sourced:
                if not rejection_reason(field, value):
                    values[field] = value
                    break
    if "latitude" not in values or "longitude" not in values:
        values["latitude"] = values["longitude"] = None
    return Metadata(**values)


def beside(ranked: Ranked) -> tuple[Beside, ...]:
    """The values from sidecars of the fields that write-back writes, where they come first, and the runner-up."""
    return tuple(
        Beside(field, sourced[0][1], sourced[1][1] if len(sourced) > 1 else None)
        for field in _WRITTEN
        if (sourced := ranked.get(field)) and sourced[0][0] == "sidecar"
    )


def rejection_reason(field: str, value: Any) -> str | None:
    """Why a value is not used; None if it may be."""
    return PLACEHOLDER if field in _REJECTED and is_placeholder(value) else None


def provenance_of(ranked: Ranked, fields: Iterable[str]) -> list[Provenance]:
    """Every source's value of these fields, the used one first."""
    provenance = []
    for field in fields:
        if sourced := ranked.get(field):
            provenance += _used_first(
                [
                    Provenance(field, tag(source, field), str(value), rejection_reason(field, value))
                    for source, value in sourced
                ]
            )
    return provenance


def provenance_to_keep(ranked: Ranked) -> list[Provenance]:
    """The provenance that the index stores: of dates and places. If Exif is the only source and its value is used,
    nothing is stored, which is the case for most photos."""
    fields = [field for field in KEPT if (sourced := ranked.get(field)) and not _is_exif_alone(field, sourced)]
    return provenance_of(ranked, fields) if fields else []


def _is_exif_alone(field: str, sourced: list[tuple[str, Any]]) -> bool:
    return len(sourced) == 1 and sourced[0][0] == "Exif" and not rejection_reason(field, sourced[0][1])


def _used_first(provenance: list[Provenance]) -> list[Provenance]:
    return provenance if len(provenance) == 1 else sorted(provenance, key=lambda entry: entry.note is not None)
