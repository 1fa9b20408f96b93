"""Parse the search language: words, and filters like `taken:2023-05..2023-08 camera:"iPhone 12" rating:>=4`.

Pure: turns text into a `Query`, which indexer.store.search runs.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Literal, NamedTuple

from .errors import UsageError

# filter -> the column of the full-text index that it searches
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

# Limits of one search: number of words and filters, and of characters.
MOST_TERMS, MOST_CHARACTERS = 100, 10_000

_PIECE = re.compile(r'\s*(-?)(?:([A-Za-z]+):)?("(?:[^"]*)"|[^\s"]+|")')
_MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?")
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_COMPARISON = re.compile(r"([A-Za-z]+)([<>=]+.*)")
_KILOMETRES = {"m": 0.001, "km": 1.0, "mi": 1.609344}


class Term(NamedTuple):
    """Adjacent words. column: search only there; is_whole: match whole words, not prefixes."""

    text: str
    column: str | None = None
    is_whole: bool = False


class Range(NamedTuple):
    """Numbers from low to high; None: unbounded. is_open: whether low and high are themselves excluded."""

    name: str
    low: float | None
    high: float | None
    is_open: tuple[bool, bool] = (False, False)


class Near(NamedTuple):
    latitude: float
    longitude: float
    kilometres: float


class Query(NamedTuple):
    """A parsed search; all its conditions must hold. after and before are wall clocks or prefixes of them, both
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
    """Parse a search. Raises UsageError with the mistake and the valid forms."""
    terms: list[Term] = []
    without: list[Term] = []
    ranges: list[Range] = []
    query = Query()
    at = 0
    text = text.replace("\0", " ").rstrip()  # SQLite truncates text there
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"a search of more than {MOST_CHARACTERS:,} characters: write fewer words")
    pieces = 0
    while at < len(text):
        pieces += 1
        if pieces > MOST_TERMS:
            raise UsageError(f"a search of more than {MOST_TERMS} words and filters: write fewer")
        match = _PIECE.match(text, at)
        assert match is not None
        at = match.end()
        minus, name, value = match[1], match[2], match[3]
        if value == '"':
            raise UsageError(f"a quotation mark is not closed: {text[match.start(3) :]}")
        plain = value.strip('"')
        if name is None or (name.lower() not in FILTERS and plain.startswith("//")):  # a URL is not a filter
            if name is None and value == plain and (mistake := _misspelled(plain)):
                raise UsageError(mistake)
            term = Term(plain if name is None else f"{name}:{plain}", None, value != plain)
        elif name.lower() in TEXTS:
            term = Term(plain, TEXTS[name.lower()], value != plain)
        else:
            if minus:
                raise UsageError(f"'-{name}:' cannot be excluded: only words and {', '.join(TEXTS)} can")
            if name.lower() in RANGES:
                ranges.append(_range(name.lower(), plain))
            else:
                query = _with_filter(query, name, plain)
            continue
        if any(letter.isalnum() for letter in term.text):
            (without if minus else terms).append(term)
    return query._replace(terms=tuple(terms), without=tuple(without), ranges=tuple(ranges))


def _misspelled(word: str) -> str | None:
    """What is wrong with a word that is meant as a filter; None if it is a word."""
    name, sign, _ = word.partition(":")
    if sign and word == f"{name}:" and name.lower() in FILTERS:
        return (
            f"'{word}' needs a value right after the colon, without a blank. To search for the word, put it in quotes"
        )
    if (match := _COMPARISON.fullmatch(word)) and match[1].lower() in RANGES:
        name, value = match[1].lower(), match[2].removeprefix("=")
        try:
            _range(name, value)
        except UsageError:
            return f"'{word}' is not a filter: write {name}:4, {name}:>=4, {name}:<4 or {name}:2..4"
        return f"'{word}' is not a filter: write {name}:{value}"
    return None


def _with_filter(query: Query, name: str, value: str) -> Query:
    if name.lower() == "taken":
        after, before = _moments(value)
        return query._replace(after=after or query.after, before=before or query.before)
    if name.lower() == "type":
        kinds: dict[str, Literal["image", "video"]] = {
            "photo": "image", "image": "image", "picture": "image", "video": "video", "film": "video", "movie": "video"
        }  # fmt: skip
        if value.lower() not in kinds:
            raise UsageError(f"unknown type '{value}'; use photo or video")
        return query._replace(kind=kinds[value.lower()])
    if name.lower() == "near":
        return query._replace(near=_near(value))
    if name.lower() == "is":
        if value.lower() == "favorite":
            return query._replace(is_favorite=True)
        if value.lower() != "trashed":
            raise UsageError(f"unknown 'is:{value}'; use is:favorite or is:trashed")
        return query._replace(is_trashed=True)
    close = get_close_matches(name.lower(), FILTERS, 1)
    hint = f"Did you mean '{close[0]}:'?" if close else f"There are {', '.join(FILTERS)}."
    raise UsageError(f"there is no filter '{name}:'. {hint} To search for the words, put them in quotes")


def moment(text: str) -> str:
    """Normalize a wall clock or a prefix of one to its stored form: '2023', '2023-11', … '2023-11-07T18:30:00'. Raises
    UsageError if it is not in the calendar."""
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
    """Two moments, either of which may be missing, both inclusive; the second extends to the end of its unit (2023: its
    last second). Raises UsageError for an empty span."""
    first, last = (moment(end) if end else None for end in (after, before))
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
    if match := re.fullmatch(f"(>=|<=|>|<){_NUMBER}", value):
        sign, number = match[1], float(match[2])
        if sign.startswith(">"):
            return Range(name, number, None, (sign == ">", False))
        return Range(name, None, number, (False, sign == "<"))
    if match := re.fullmatch(rf"{_NUMBER}?\.\.{_NUMBER}?", value):
        low, high = (float(end) if end else None for end in match.groups())
        if low is not None or high is not None:
            return Range(name, low, high)
    if re.fullmatch(_NUMBER, value):
        return Range(name, float(value), float(value))
    raise UsageError(f"{name}:{value}: write {name}:4, {name}:>=4, {name}:<4 or {name}:2..4")


def _near(value: str) -> Near:
    match = re.fullmatch(rf"{_NUMBER},{_NUMBER}(?:,(\d+(?:\.\d+)?)(m|km|mi)?)?", value.replace(" ", ""))
    if match is not None:
        latitude, longitude = float(match[1]), float(match[2])
        kilometres = float(match[3] or 1) * _KILOMETRES[match[4] or "km"]
        if abs(latitude) <= 90 and abs(longitude) <= 180 and kilometres > 0:
            return Near(latitude, longitude, kilometres)
    raise UsageError(f"near:{value}: write near:48.86,2.29,5km (latitude, longitude, how far)")
