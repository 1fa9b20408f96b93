"""Replace the file:// URLs in `asset_urls` of records with URLs of this server."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from indexer.index import Index
from indexer.index.assets import Record
from indexer.index.renditions import SIZES, is_fullsize


def with_urls(index: Index, record: Record, base: str) -> str:
    """The record's text, with URLs of this server."""
    values: dict[str, Any] = {"$.asset_urls": asset_urls(record, base)}
    if record.has_faces:
        shown = json.loads(record.json)
        for key, face_id in (("faces", "id"), ("people", "thumbnail_face_id")):
            for face in shown[key]:
                if face["asset_urls"]:  # its portrait is in the cache
                    face["asset_urls"]["thumbnail"]["url"] = portrait_url(face[face_id], base)
            values[f"$.{key}"] = shown[key]  # as a whole: a function of SQLite takes 127 arguments at most
    return index.assets.with_values(record, values)


def asset_urls(record: Record, base: str) -> dict[str, dict[str, str | int | None]]:
    """The URLs of an asset: for a video the original; for a photo all renditions, which are made on demand."""
    version = version_of(record)
    width, height = (record.width, record.height) if record.orientation < 5 else (record.height, record.width)
    urls = {"original": (record.mime_type, record.width or None)}
    if not record.mime_type.startswith("video/"):
        for name in ("thumbnail", "preview", "fullsize"):
            size = SIZES[name] or max(width, height)
            urls[name] = ("image/jpeg", round(width * min(1, size / max(width, height))) if width and height else None)
        if is_fullsize(record.mime_type, record.orientation):
            urls["fullsize"] = urls["original"]
    return {
        name: {"url": f"{base}/files/{record.id}/{name}?v={version}", "mimetype": mime_type, "width": width}
        for name, (mime_type, width) in urls.items()
    }


# Pixels of a portrait that is made on demand.
PORTRAIT_SIDE = 256


def portrait_url(face_id: str, base: str) -> str:
    return f"{base}/files/faces/{face_id}"


def portrait_urls(face_id: str | None, base: str) -> dict[str, dict[str, str | int]]:
    """The asset_urls of a face, or of the person it represents."""
    if face_id is None:
        return {}
    return {"thumbnail": {"url": portrait_url(face_id, base), "mimetype": "image/jpeg", "width": PORTRAIT_SIDE}}


class Versioned(Protocol):
    @property
    def checksum(self) -> str: ...

    @property
    def orientation(self) -> int: ...


def version_of(asset: Versioned) -> str:
    """Eight characters that identify the content of an asset's files."""
    return re.sub(r"[^A-Za-z0-9]", "", asset.checksum)[:7] + str(asset.orientation)
