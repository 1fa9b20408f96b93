"""IPTC-IIM 4.2: the press agencies' metadata, in datasets of a record and a number."""

from __future__ import annotations

from ..dates import rfc3339
from ..extraction import Extraction
from ..strings import clean, decoded

_UTF8 = b"\x1b%G"  # ISO 2022: from here on UTF-8
_MAX_DATASETS = 2000


def read_iptc(data: bytes, extraction: Extraction) -> None:
    sets: dict[tuple[int, int], list[bytes]] = {}
    position = data.find(b"\x1c")
    for _ in range(_MAX_DATASETS):
        if position < 0 or position + 5 > len(data) or data[position] != 0x1C:
            break
        key = data[position + 1], data[position + 2]
        size = int.from_bytes(data[position + 3 : position + 5], "big")
        position += 5
        if size & 0x8000:  # an extended dataset: the number of length bytes that follow
            wide = min(size & 0x7FFF, 4)
            size = int.from_bytes(data[position : position + wide], "big")
            position += wide
        sets.setdefault(key, []).append(data[position : position + size])
        position += size
    utf8 = sets.get((1, 90), [b""])[0].startswith(_UTF8)

    def text(number: int) -> str | None:
        values = sets.get((2, number))
        return clean(_decode(values[0], utf8)) if values else None

    extraction.add(
        "IPTC",
        original_datetime=_time(text(55), text(60)),
        digitized_datetime=_time(text(62), text(63)),
        description=text(120),
        city=text(90),
        sublocation=text(92),
        state=text(95),
        country_code=text(100),
        country=text(101),
    )
    extraction.keywords += [word for value in sets.get((2, 25), ()) if (word := clean(_decode(value, utf8)))]


def _decode(value: bytes, utf8: bool) -> str:
    return value.decode("utf-8", "replace") if utf8 else decoded(value)


def _time(date: str | None, clock: str | None) -> str | None:
    """CCYYMMDD and HHMMSS±HHMM; some write the date with dashes."""
    date = (date or "").replace("-", "").replace(":", "")
    if len(date) < 8:
        return None
    clock = (clock or "").replace(":", "")
    hour, minute, second = (clock[i : i + 2] or "00" for i in (0, 2, 4))
    return rfc3339(f"{date[:4]}:{date[4:6]}:{date[6:8]} {hour}:{minute}:{second}", offset=clock[6:])
