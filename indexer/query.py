"""The language of searches: words, and filters like `taken:2023-05..2023-08 camera:"iPhone 12" rating:>=4`.

Pure: text in, what is wanted out. indexer.store.search asks the index for it.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Literal, NamedTuple

from .errors import UsageError

# filter -> the column of the word index that it looks in
TEXTS = {
    "name": "name",
    "folder": "folder",
    "description": "description",
    "keyword": "keywords",
    "place": "place",
    "person": "people",
    "camera": "camera",
    "lens": "camera",
    "album": "albums",
    "text": "text",
}
RANGES = ("rating", "iso", "aperture", "focal", "quality")
_OTHERS = ("taken", "type", "near", "is")
FILTERS = (*TEXTS, *RANGES, *_OTHERS)

# Of what one search may have: words and filters, and characters.
MOST_TERMS, MOST_CHARACTERS = 100, 10_000

_PIECE = re.compile(r'\s*(-?)(?:([A-Za-z]+):)?("(?:[^"]*)"|[^\s"]+|")')
_MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?")
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_KILOMETRES = {"m": 0.001, "km": 1.0, "mi": 1.609344}


class Term(NamedTuple):
    """Words that are to be found side by side; column: only there; is_whole: not as the beginning of longer ones."""

    text: str
    column: str | None = None
    is_whole: bool = False


class Range(NamedTuple):
    """Numbers from low to high; None: no end. is_open: without low, without high."""

    name: str
    low: float | None
    high: float | None
    is_open: tuple[bool, bool] = (False, False)


class Near(NamedTuple):
    latitude: float
    longitude: float
    kilometres: float


class Query(NamedTuple):
    """What is searched for; all of it has to hold. after and before are wall clocks or their beginnings, both
    inclusive."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    ranges: tuple[Range, ...] = ()
    after: str | None = None
    before: str | None = None
    kind: Literal["image", "video"] | None = None
    near: Near | None = None
    is_trashed: bool = False
    is_favorite: bool = False


def parse(text: str) -> Query:
    """Raises UsageError, which says what is wrong and what may be written instead."""
    terms: list[Term] = []
    without: list[Term] = []
    ranges: list[Range] = []
    wanted = Query()
    at = 0
    text = text.replace("\0", " ").rstrip()  # SQLite's texts end there
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"a search of more than {MOST_CHARACTERS:,} characters: write fewer words")
    pieces = 0
    while at < len(text):
        pieces += 1
        if pieces > MOST_TERMS:
            raise UsageError(f"a search of more than {MOST_TERMS} words and filters: write fewer")
        found = _PIECE.match(text, at)
        assert found is not None
        at = found.end()
        minus, name, value = found[1], found[2], found[3]
        if value == '"':
            raise UsageError(f"a quotation mark is not closed: {text[found.start(3) :]}")
        plain = value.strip('"')
        if name is None or (name.lower() not in FILTERS and plain.startswith("//")):  # an address is no filter
            term = Term(plain if name is None else f"{name}:{plain}", None, value != plain)
        elif name.lower() in TEXTS:
            term = Term(plain, TEXTS[name.lower()], value != plain)
        else:
            if minus:
                raise UsageError(f"'-{name}:' cannot be left out: only words and {', '.join(TEXTS)} can")
            if name.lower() in RANGES:
                ranges.append(_range(name.lower(), plain))
            else:
                wanted = _other(wanted, name, plain)
            continue
        if any(letter.isalnum() for letter in term.text):
            (without if minus else terms).append(term)
    return wanted._replace(terms=tuple(terms), without=tuple(without), ranges=tuple(ranges))


def _other(wanted: Query, name: str, value: str) -> Query:
    if name.lower() == "taken":
        after, before = _moments(value)
        return wanted._replace(after=after or wanted.after, before=before or wanted.before)
    if name.lower() == "type":
        kinds: dict[str, Literal["image", "video"]] = {
            "photo": "image", "image": "image", "picture": "image", "video": "video", "film": "video", "movie": "video"
        }  # fmt: skip
        if value.lower() not in kinds:
            raise UsageError(f"unknown type '{value}'; use photo or video")
        return wanted._replace(kind=kinds[value.lower()])
    if name.lower() == "near":
        return wanted._replace(near=_near(value))
    if name.lower() == "is":
        if value.lower() == "favorite":
            return wanted._replace(is_favorite=True)
        if value.lower() != "trashed":
            raise UsageError(f"unknown 'is:{value}'; use is:favorite or is:trashed")
        return wanted._replace(is_trashed=True)
    close = get_close_matches(name.lower(), FILTERS, 1)
    hint = f"Did you mean '{close[0]}:'?" if close else f"There are {', '.join(FILTERS)}."
    raise UsageError(f"there is no filter '{name}:'. {hint} To search for the words, put them in quotes")


def moment(text: str) -> str:
    """A wall clock or its beginning, as it is stored: '2023', '2023-11', … '2023-11-07T18:30:00'. Raises UsageError for
    what is not in the calendar."""
    from datetime import datetime

    stored = text.upper().replace(" ", "T")
    try:
        if not _MOMENT.fullmatch(stored):
            raise ValueError
        datetime.fromisoformat(stored + "0001-01-01T00:00:00"[len(stored) :])
    except ValueError:
        raise UsageError(f"'{text}' is not a date; use 2023, 2023-05, 2023-05-17 or 2023-05-17T18:30") from None
    return stored


def span(after: str | None, before: str | None) -> tuple[str | None, str | None]:
    """Two moments, either of which may be missing, both inclusive; the second one as far as it goes: 2023 to its last
    second. Raises UsageError where nothing lies between them."""
    first, last = (moment(one) if one else None for one in (after, before))
    if first and last and first[: len(last)] > last:
        raise UsageError(f"{after} comes after {before}: nothing was taken in between")
    return first, last


def _moments(value: str) -> tuple[str | None, str | None]:
    ends = value.split("..")
    if len(ends) > 2 or not any(ends):
        raise UsageError(f"taken:{value}: write taken:2023, taken:2023-05..2023-08, taken:2023-05-17.. or taken:..2020")
    try:
        return span(ends[0], ends[-1])
    except UsageError as error:
        raise UsageError(f"taken:{value}: {error}") from error


def _range(name: str, value: str) -> Range:
    if found := re.fullmatch(f"(>=|<=|>|<){_NUMBER}", value):
        sign, number = found[1], float(found[2])
        if sign.startswith(">"):
            return Range(name, number, None, (sign == ">", False))
        return Range(name, None, number, (False, sign == "<"))
    if found := re.fullmatch(rf"{_NUMBER}?\.\.{_NUMBER}?", value):
        low, high = (float(end) if end else None for end in found.groups())
        if low is not None or high is not None:
            return Range(name, low, high)
    if re.fullmatch(_NUMBER, value):
        return Range(name, float(value), float(value))
    raise UsageError(f"{name}:{value}: write {name}:4, {name}:>=4, {name}:<4 or {name}:2..4")


def _near(value: str) -> Near:
    found = re.fullmatch(rf"{_NUMBER},{_NUMBER}(?:,(\d+(?:\.\d+)?)(m|km|mi)?)?", value.replace(" ", ""))
    if found is not None:
        latitude, longitude = float(found[1]), float(found[2])
        kilometres = float(found[3] or 1) * _KILOMETRES[found[4] or "km"]
        if abs(latitude) <= 90 and abs(longitude) <= 180 and kilometres > 0:
            return Near(latitude, longitude, kilometres)
    raise UsageError(f"near:{value}: write near:48.86,2.29,5km (latitude, longitude, how far)")
