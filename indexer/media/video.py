"""Films, through FFmpeg's demuxers (PyAV): size, rate, length, and what the camera wrote beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .dates import rfc3339
from .source import Source
from .text import clean

_QT = "com.apple.quicktime."
# ISO 6709 annex H: +48.8577+002.295+035.000/
_PLACE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")


@dataclass(slots=True)
class Film:
    width: int = 0
    height: int = 0
    duration: float | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_video(source: Source) -> Film:
    """What FFmpeg can tell; a film that it refuses is a problem, not an error."""
    import av
    from av.error import FFmpegError

    film = Film()
    try:
        with av.open(source.stream(), "r", metadata_errors="replace") as container:
            if container.duration:
                film.duration = round(container.duration / 1_000_000, 3)
            pictures = container.streams.video
            if not pictures:
                film.problems.append("holds no picture stream")
            else:
                stream = pictures[0]
                film.width, film.height = stream.codec_context.width, stream.codec_context.height
                rate = stream.average_rate
                film.claims["fps"] = round(float(rate), 3) if rate else None
            film.claims.update(_claims(dict(container.metadata)))
    except (FFmpegError, ValueError, OSError, EOFError) as error:
        film.problems.append(f"cannot be opened as a film: {' '.join(str(error).split())}")
    return film


def _claims(tags: dict[str, str]) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "make": clean(tags.get(_QT + "make") or tags.get("make")),
        "model": clean(tags.get(_QT + "model") or tags.get("model")),
        "description": clean(tags.get(_QT + "description") or tags.get("description")),
        "live_photo_cid": clean(tags.get(_QT + "content.identifier")),
        "original_datetime": rfc3339(tags.get(_QT + "creationdate")),
        "container_datetime": _container_time(tags.get("creation_time")),
    }
    claims.update(_place(tags.get(_QT + "location.ISO6709") or tags.get("location") or ""))
    return claims


def _container_time(text: str | None) -> str | None:
    """QuickTime's and MP4's header time is UTC, and 0 (1904, or 1970 from careless writers) is unknown."""
    moment = rfc3339(text)
    return None if moment is None or moment.startswith(("1904-01-01T00:00:00", "1970-01-01T00:00:00")) else moment


def _place(iso6709: str) -> dict[str, Any]:
    found = _PLACE.match(iso6709)
    if not found:
        return {}
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return {}
    return {"latitude": latitude, "longitude": longitude, "altitude": float(found[3]) if found[3] else None}
