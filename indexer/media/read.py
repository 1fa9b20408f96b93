"""read_media: a file's bytes to MediaFacts. Pure: it knows no index and no roots, and runs in any process."""

from __future__ import annotations

import os
from typing import Any

from .dates import capture_time
from .embedded import Embedded
from .exif import read_exif
from .facts import MediaFacts, Metadata
from .formats import EXTENSIONS, extension, sniff
from .icc import profile_description
from .integrity import cut_off
from .jpeg import read_jpeg
from .raw import maker_note_claims, read_raw, stored_size
from .source import Source
from .still import HEIF, read_still
from .video import read_video

_FIELDS = Metadata._fields
Claims = dict[str, Any]


def read_media(path: str | bytes | os.PathLike[str]) -> MediaFacts:
    """Read a media file once: its hashes and what it says of itself.

    Raises OSError where the file cannot be opened or read. A damaged file does not raise: its `problems` say what is
    wrong, and what could be read is there.
    """
    with open(path, "rb", buffering=0) as file:
        name = os.path.basename(os.fsdecode(path))
        modified_ns = os.fstat(file.fileno()).st_mtime_ns
        return read_source(Source(file), name, modified_ns)


def read_source(source: Source, name: str, modified_ns: int) -> MediaFacts:
    """As read_media, for a source already read. `name` and `modified_ns` are the last resorts for its date."""
    seen = sniff(source.head[:1024], name)
    assumed = EXTENSIONS.get(extension(name), "application/octet-stream")
    mime_type = seen or assumed
    problems: list[str] = []
    width = height = 0
    duration = None
    if not source.size:
        problems.append("the file is empty")
        claims: Claims = {}
    elif seen is None:
        problems.append(f"named like {assumed}, but its content is not")
        claims = {}
    elif mime_type.startswith("video/"):
        film = read_video(source)
        width, height, duration = film.width, film.height, film.duration
        claims, problems = film.claims, film.problems
    else:
        embedded = _read_picture(mime_type, source)
        width, height = embedded.width, embedded.height
        claims, problems = _claims(embedded), embedded.problems
        if mime_type in HEIF and (claims.get("orientation") or 1) > 4:
            width, height = height, width  # libheif turns the picture upright; the record wants it as stored
        if mime_type.startswith("image/x-") and not claims.get("lens_model"):
            claims.update(maker_note_claims(source))
    cut = cut_off(mime_type, source) if seen else None
    return MediaFacts(
        mime_type=mime_type,
        size=source.size,
        sha256=source.sha256,
        sha1=source.sha1,
        width=width,
        height=height,
        duration=duration,
        local_datetime=capture_time(claims, name, modified_ns),
        metadata=Metadata(**{key: claims.get(key) for key in _FIELDS}),
        problems=(*problems, *([cut] if cut else [])),
    )


def _read_picture(mime_type: str, source: Source) -> Embedded:
    if mime_type == "image/jpeg":
        return read_jpeg(source.head, whole=source.whole)
    if mime_type == "image/tiff":
        width, height = stored_size(source.head)
        return Embedded(exif=memoryview(source.head), width=width, height=height)
    if mime_type.startswith("image/x-"):
        return read_raw(mime_type, source)
    return read_still(mime_type, source) or Embedded()


def _claims(embedded: Embedded) -> Claims:
    claims: Claims = {}
    if embedded.exif:
        claims, problems = read_exif(embedded.exif)
        embedded.problems.extend(problems)
    if embedded.icc:
        claims["profile_description"] = profile_description(embedded.icc)
    return claims
