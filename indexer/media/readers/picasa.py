"""Picasa's `.picasa.ini`: one file a folder, a section a photo, and the people's names (the format was
reverse-engineered; Google never published it).

    [IMG_1.jpg]
    faces=rect64(3f845bcb59418507),8e62398ebda8c1a5;rect64(…),ffffffffffffffff
    keywords=cat,dog
    [Contacts2]
    8e62398ebda8c1a5=Marie Curie;;
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..extraction import Extraction
from ..facts import NamedFace
from ..strings import clean, decoded

_FACE = re.compile(r"rect64\(([0-9a-fA-F]{1,16})\),([0-9a-fA-F]+)")
_UNNAMED = "ffffffffffffffff"
Sections = dict[str, dict[str, str]]


def read_picasa(content: bytes, name: str, extraction: Extraction) -> None:
    """Add the values of the folder's file for the photo `name`. Its boxes refer to the upright picture."""
    sections = _sections(content)
    of = sections.get(name.lower(), {})
    wide, high = extraction.width, extraction.height
    if (extraction.get("orientation") or 1) > 4:
        wide, high = high, wide
    people = sections.get("contacts", {}) | sections.get("contacts2", {})
    for box, person in _FACE.findall(of.get("faces", "")):
        left, top, right, bottom = (int(box.zfill(16)[at : at + 4], 16) / 65535 for at in (0, 4, 8, 12))
        known = None if person.lower() == _UNNAMED else clean(people.get(person.lower(), "").partition(";")[0])
        if right > left and bottom > top:
            extraction.faces.append(NamedFace(known, left, top, right - left, bottom - top, (wide, high)))
    extraction.keywords += [word for word in map(clean, of.get("keywords", "").split(",")) if word]


@lru_cache(maxsize=2)
def _sections(content: bytes) -> Sections:
    """The sections of the file, cached because all photos of a folder share it. Names and keys in lower case."""
    sections: Sections = {}
    current: dict[str, str] = {}
    for line in decoded(content.removeprefix(b"\xef\xbb\xbf")).splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1].lower(), {})
        elif "=" in line:
            key, _, value = line.partition("=")
            current[key.strip().lower()] = value.strip()
    return sections
