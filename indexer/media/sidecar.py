"""What files beside a photo say of it: XMP, Google Takeout's JSON, Picasa's. Which those are, `sync.sidecars`
decides."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any

from indexer.files import read_small

from .dates import from_unix
from .found import Found
from .picasa import read_picasa
from .text import clean
from .xmp import MAX_PACKET, read_xmp


def read_sidecars(paths: Sequence[str], name: str, found: Found) -> None:
    """Add what sidecars say of the file `name`. One that cannot be read is a problem of the photo, not an error."""
    for path in paths:
        try:
            content = read_small(path, MAX_PACKET)
        except OSError as error:
            found.problems.append(f"its sidecar {os.path.basename(path)} cannot be read: {error.strerror or error}")
            continue
        if path[-4:].lower() == ".ini":
            read_picasa(content, name, found)
        elif path[-5:].lower() == ".json":
            read_takeout(content, found)
        else:
            read_xmp(content, found, source="sidecar")


def read_takeout(content: bytes, found: Found) -> None:
    """Google Takeout's words on a photo; JSON of any other kind says nothing."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return
    if not isinstance(said, dict) or "photoTakenTime" not in said:
        return
    taken = said["photoTakenTime"]
    seconds = str(taken.get("timestamp", "")) if isinstance(taken, dict) else ""
    place = next((spot for key in ("geoData", "geoDataExif") if (spot := _place(said.get(key)))), {})
    description = said.get("description")
    time = from_unix(int(seconds)) if re.fullmatch(r"-?\d{1,12}", seconds) else None
    found.claim(
        "Takeout",
        takeout_datetime=time and time + "+00:00",
        description=clean(description) if isinstance(description, str) else None,
        **place,
    )


def _place(said: Any) -> dict[str, float]:
    try:
        latitude, longitude, altitude = (float(said[key]) for key in ("latitude", "longitude", "altitude"))
    except (KeyError, TypeError, ValueError):
        return {}
    if latitude == longitude == 0 or abs(latitude) > 90 or abs(longitude) > 180:
        return {}
    return {"latitude": latitude, "longitude": longitude, **({"altitude": altitude} if altitude else {})}
