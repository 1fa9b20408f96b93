"""Where a client of the API finds the files of a record: `asset_urls`, of this server instead of file://."""

from __future__ import annotations

import json
import re
from typing import Protocol

from indexer.index.assets import Record
from indexer.index.renditions import SIZES, is_fullsize

# Neither can be a part of a string of the record: there a quote has a backslash before it.
_BEGIN, _END = '"asset_urls":{', '},"description":'
# The file of a portrait in the cache is named after its face.
_PORTRAIT = re.compile(r'"asset_urls":\{"thumbnail":\{"url":"file:[^"]*-(face_[2-9A-HJ-NP-Za-km-z]{22})\.jpg"')


def with_urls(one: Record, base: str) -> str:
    """The record's text, of which only the URLs are others."""
    begin = one.json.index(_BEGIN)
    end = one.json.index(_END, begin) + 1
    head, tail = one.json[:begin], one.json[end:]
    if '"file:' in tail:
        tail = _PORTRAIT.sub(lambda found: f'"asset_urls":{{"thumbnail":{{"url":"{portrait_url(found[1], base)}"', tail)
    return f'{head}"asset_urls":{json.dumps(asset_urls(one, base), separators=(",", ":"))}{tail}'


def asset_urls(one: Record, base: str) -> dict[str, dict[str, str | int | None]]:
    """Of a film the original; of a picture all of its variants, which are made when they are asked for."""
    version = version_of(one)
    width, height = (one.width, one.height) if one.orientation < 5 else (one.height, one.width)
    urls = {"original": (one.mime_type, one.width or None)}
    if not one.mime_type.startswith("video/"):
        for name in ("thumbnail", "preview", "fullsize"):
            size = SIZES[name] or max(width, height)
            urls[name] = ("image/jpeg", round(width * min(1, size / max(width, height))) if width and height else None)
        if is_fullsize(one.mime_type, one.orientation):
            urls["fullsize"] = urls["original"]
    return {
        name: {"url": f"{base}/files/{one.id}/{name}?v={version}", "mimetype": mime_type, "width": wide}
        for name, (mime_type, wide) in urls.items()
    }


# Pixels, of one that is made when it is asked for.
PORTRAIT_SIDE = 256


def portrait_url(face_id: str, base: str) -> str:
    return f"{base}/files/faces/{face_id}"


def portrait_urls(face_id: str | None, base: str) -> dict[str, dict[str, str | int]]:
    """The asset_urls of a face, or of a person whom it stands for."""
    if face_id is None:
        return {}
    return {"thumbnail": {"url": portrait_url(face_id, base), "mimetype": "image/jpeg", "width": PORTRAIT_SIDE}}


class Versioned(Protocol):
    @property
    def checksum(self) -> str: ...

    @property
    def orientation(self) -> int: ...


def version_of(one: Versioned) -> str:
    """What a file's content depends on, in eight letters: as long as it is the same, so is the file."""
    return re.sub(r"[^A-Za-z0-9]", "", one.checksum)[:7] + str(one.orientation)
