"""Read sidecars: XMP, Google Takeout's JSON, Picasa's files. `sync.sidecars` decides which belong to a photo."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any

from indexer.files import read_small

from ..dates import from_unix
from ..extraction import Extraction
from ..strings import clean
from .picasa import read_picasa
from .xmp import MAX_PACKET, read_xmp

# Bytes. Picasa's file covers all photos of a folder, and is read for each of them; Takeout's covers one. As objects
# they take thirty times as much.
_LARGEST_PICASA = 4 << 20
_LARGEST_TAKEOUT = 1 << 20
_HIGHEST = 1e12  # metres, as in XMP


def read_sidecars(paths: Sequence[str], name: str, extraction: Extraction) -> None:
    """Add the metadata of sidecars for the file `name`. An unreadable one is a problem of the photo, not an error."""
    for path in paths:
        try:
            if path[-4:].lower() == ".ini":
                read_picasa(read_small(path, _LARGEST_PICASA), name, extraction)
            elif path[-5:].lower() == ".json":
                read_takeout(read_small(path, _LARGEST_TAKEOUT), extraction)
            else:
                read_xmp(read_small(path, MAX_PACKET), extraction, source="sidecar")
        except (OSError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or " ".join(str(error).split())
            extraction.problems.append(f"its sidecar {os.path.basename(path)} cannot be read: {reason}")


def read_takeout(content: bytes, extraction: Extraction) -> None:
    """Add the metadata of a Google Takeout JSON; JSON of any other kind is ignored."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return
    if not isinstance(data, dict) or "photoTakenTime" not in data:
        return
    taken = data["photoTakenTime"]
    seconds = str(taken.get("timestamp", "")) if isinstance(taken, dict) else ""
    place = next((spot for key in ("geoData", "geoDataExif") if (spot := _place(data.get(key)))), {})
    description = data.get("description")
    time = from_unix(int(seconds)) if re.fullmatch(r"-?\d{1,12}", seconds) else None
    extraction.add(
        "Takeout",
        takeout_datetime=time and time + "+00:00",
        description=clean(description) if isinstance(description, str) else None,
        **place,
    )


def _place(geo: Any) -> dict[str, float]:
    try:
        latitude, longitude, altitude = (float(geo[key]) for key in ("latitude", "longitude", "altitude"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return {}
    if latitude == longitude == 0 or not (abs(latitude) <= 90 and abs(longitude) <= 180):  # JSON may hold NaN
        return {}
    has_altitude = altitude and abs(altitude) < _HIGHEST
    return {"latitude": latitude, "longitude": longitude, **({"altitude": altitude} if has_altitude else {})}
