"""Files beside a photo that speak of it: XMP (`x.jpg.xmp`, `x.xmp`) and Google Takeout's JSON, with all the ways in
which Takeout names it. Which files those are is decided from the names in the folder alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from .dates import from_unix
from .found import Found
from .text import clean
from .xmp import MAX_PACKET, read_xmp

# Takeout cuts names of JSON files, without their ending, to so many characters.
_CUT = 46
_SUPPLEMENT = ".supplemental-metadata"
_NUMBER = re.compile(r"^(?P<stem>.*)(?P<number>\(\d+\))(?P<ending>\.[^.]*)?$", re.DOTALL)
# Google's word for "edited", in the languages people have reported; an edited photo has its original's JSON.
_EDITED = re.compile(
    r"-(edited|effects|smile|mix|COLLAGE|bearbeitet|editado|editada|modifié|modificato|bewerkt|edytowane|redigerad|編集済み)$"
)


def sidecar_names(folder: Iterable[str]) -> list[str]:
    """The names in a folder that may be sidecars."""
    return [name for name in folder if name[-4:].lower() == ".xmp" or name[-5:].lower() == ".json"]


def sidecars_of(name: str, candidates: Collection[str], others: Collection[str] = ()) -> tuple[str, ...]:
    """Of the candidates those that speak of the file `name`: its XMP, then its Takeout JSON.

    others: the media of the folder; `x.xmp` is the raw photo's where one of that stem is there with it.
    """
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    stem = name.rpartition(".")[0] or name
    found = [by_lower[key] for key in (f"{name}.xmp".lower(), f"{stem}.xmp".lower()) if key in by_lower]
    takeout = _takeout(name, by_lower)
    return (*dict.fromkeys(found[:1]), *([takeout] if takeout else []))


def _takeout(name: str, by_lower: dict[str, str]) -> str | None:
    for key in _takeout_names(name):
        if key.lower() in by_lower:
            return by_lower[key.lower()]
    return None


def _takeout_names(name: str) -> Iterable[str]:
    """`IMG_1.jpg` → `IMG_1.jpg.json`, `IMG_1.jpg.supplemental-metadata.json` and every cut of it; `IMG_1(2).jpg` has
    its number behind: `IMG_1.jpg(2).json`; `IMG_1-edited.jpg` has its original's; the film of a motion photo its
    still's."""
    number = ""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    if numbered := _NUMBER.match(stem):
        stem, number = numbered["stem"], numbered["number"]
    stems = [stem, _EDITED.sub("", stem)]
    endings = [f".{ending}"] if ending else [""]
    if ending.lower() in ("mp", "mp4", "mov"):
        endings += [".heic", ".jpg", ".jpeg", ".mp.jpg", ".dng", ""]
    for one in dict.fromkeys(stems):
        for tail in endings:
            full = one + tail + _SUPPLEMENT
            if len(one + tail) < _CUT:
                for end in range(min(len(full), _CUT), len(one + tail) - 1, -1):
                    yield f"{full[:end]}{number}.json"
            else:
                yield f"{(one + tail)[:_CUT]}{number}.json"
            yield f"{one}{tail}{number}.json"
            yield f"{one}{number}.json"


def read_sidecars(paths: Sequence[str], found: Found) -> None:
    """Add what sidecars say. One that cannot be read is a problem of the photo, not an error."""
    for path in paths:
        try:
            with open(path, "rb") as file:
                content = file.read(MAX_PACKET + 1)
        except OSError as error:
            found.problems.append(f"its sidecar {os.path.basename(path)} cannot be read: {error.strerror or error}")
            continue
        if path[-5:].lower() == ".json":
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
