"""`Index.suggestions`: search autocompletion. Suggests people, places, months and more that match the typed text."""

from __future__ import annotations

import heapq
import re
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from indexer.store import suggestions as store
from indexer.store.suggestions import Kind, Term

from .folders import Folders
from .session import Session

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
# Kind -> the filter that finds it.
_FILTERS: dict[Kind, str] = {
    "person": "person", "place": "place", "camera": "camera", "lens": "lens", "month": "taken", "year": "taken",
    "keyword": "keyword", "album": "album", "folder": "folder",
}  # fmt: skip
# Filters without a value to complete -> what they find.
_FOUND = {"type:video": "Videos", "is:favorite": "Favorites"}
# Only this many of the most frequent terms are suggested.
_MOST_TERMS = 50_000
_WORD = re.compile(r"[^\W_]+")
# Between the levels of a keyword, as digiKam and Lightroom write them.
_LEVELS = re.compile(r"[/|]")
# Suggestions of each kind for an empty query.
_INITIAL: dict[Kind, int] = {"person": 3, "place": 3, "month": 1, "camera": 1}


class Suggestion(NamedTuple):
    """text: to show; query: the search it stands for. photos: their approximate number."""

    kind: Kind
    text: str
    query: str
    photos: int


class Suggestions:
    def __init__(self, session: Session) -> None:
        self._session = session

    def vocabulary(self) -> Vocabulary:
        """The suggestions for the current state of the index."""
        return Vocabulary((*store.terms(self._session.connection), *self._folders()))

    def _folders(self) -> list[Term]:
        """One term per folder name: folders of the same name are added up."""
        counts = Counter[str]()
        for folder in Folders(self._session).tree():
            if folder.parent is not None and folder.total:
                counts[folder.path.rpartition("/")[2]] += folder.total
        return [Term("folder", name, count) for name, count in counts.items()]


class Vocabulary:
    """All suggestions, with a word index over them."""

    def __init__(self, terms: Iterable[Term]) -> None:
        terms = _distinct([term for term in terms if any(letter.isalnum() for letter in term.text)])
        towns = Counter(term.text for term in terms if term.kind == "place" and term.within is not None)
        frequent = heapq.nlargest(_MOST_TERMS, terms, key=lambda term: term.photos)
        entries = [_suggestion(term, is_common=towns[term.text] > 1) for term in frequent]
        entries += _years(terms)
        entries.sort(key=lambda entry: (-entry.photos, entry.text))
        self._entries = [(entry, _folded(entry.text), _words(f"{entry.text} {entry.query}")) for entry in entries]
        places: dict[str, array[int]] = {}
        for at, (_, _, words) in enumerate(self._entries):
            for word in set(words.split()):
                places.setdefault(word, array("I")).append(at)
        # All words, and for each the positions of the entries that contain it.
        self._words = sorted(places)
        self._places = [places[word] for word in self._words]

    def matching(self, typed: str, limit: int) -> Sequence[Suggestion]:
        """The most frequent first; those that begin with the typed text come before those with another word that does.
        typed: a word, or a filter's name with the beginning of a value, as in person:"Ada L."""
        name, colon, value = typed.partition(":")
        kinds = [kind for kind, known in _FILTERS.items() if colon and known == name.lower()]
        if not kinds:
            value = typed
        value = _folded(value.strip('" '))
        if not value and not kinds:
            return self._initial()[:limit]
        first: list[Suggestion] = []
        others: list[Suggestion] = []
        for at in self._candidates(value):
            entry, text, words = self._entries[at]
            if kinds and entry.kind not in kinds:
                continue
            rank = _rank(value, text, words)
            if rank == 0:
                first.append(entry)
                if len(first) == limit:
                    break
            elif rank == 1 and len(others) < limit:
                others.append(entry)
        return [*first, *others][:limit]

    def _candidates(self, value: str) -> Sequence[int]:
        """All entries that may match, the most frequent first."""
        words = _words(value).split()
        if not words:
            return range(len(self._entries))
        begin = bisect_left(self._words, words[0])
        if len(words) > 1:  # then the first one is whole
            return self._places[begin] if self._words[begin : begin + 1] == words[:1] else ()
        end = bisect_left(self._words, words[0] + chr(sys.maxunicode))
        return sorted(set().union(*self._places[begin:end]))

    def _initial(self) -> list[Suggestion]:
        suggestions: list[Suggestion] = []
        for kind, many in _INITIAL.items():
            of_kind = (entry for entry, _, _ in self._entries if entry.kind == kind)
            suggestions += [entry for entry, _ in zip(of_kind, range(many), strict=False)]
        return suggestions


def _distinct(terms: Sequence[Term]) -> list[Term]:
    """Without keywords that repeat a person or another keyword: programs that name people in photos also store "Ada",
    "People/Ada" and "People|Ada" as keywords."""
    people = Counter[str]()
    plain: dict[str, int] = {}  # keywords of one level
    for term in terms:
        if term.kind == "person":
            people[_folded(term.text)] += term.photos
        elif term.kind == "keyword" and len(levels := _levels(term.text)) == 1:
            plain[levels[0]] = term.photos
    shown: dict[tuple[str, ...], Term] = {}
    for term in terms:
        if term.kind == "keyword":
            *above, last = levels = _levels(term.text)
            names_person = term.photos <= people[last] and above in ([], ["people"])
            repeats_plain = above and plain.get(last) == term.photos
            if not names_person and not repeats_plain:
                shown.setdefault(tuple(levels), term)
    return [*(term for term in terms if term.kind != "keyword"), *shown.values()]


def _levels(keyword: str) -> list[str]:
    return [_folded(level.strip()) for level in _LEVELS.split(keyword)]


def _rank(value: str, text: str, words: str) -> int | None:
    if text.startswith(value):
        return 0
    return 1 if _words(value) in words else None


def _suggestion(term: Term, *, is_common: bool) -> Suggestion:
    if term.kind == "filter":
        return Suggestion(term.kind, _FOUND[term.text], term.text, term.photos)
    text, query = term.text, f"{_FILTERS[term.kind]}:{_quoted(term.text)}"
    if term.kind == "month":
        year, _, month = text.partition("-")
        if month.isdecimal() and 1 <= int(month) <= 12:
            text = f"{_MONTHS[int(month) - 1]} {year}"
        query = f"taken:{term.text}"
    elif term.within is not None and term.within != text:
        if is_common:
            query += f" place:{_quoted(term.within)}"
        text = f"{text}, {term.within}"
    return Suggestion(term.kind, text, query, term.photos)


def _years(terms: Iterable[Term]) -> list[Suggestion]:
    years = Counter[str]()
    for term in terms:
        if term.kind == "month":
            years[term.text[:4]] += term.photos
    return [Suggestion("year", year, f"taken:{year}", count) for year, count in years.items()]


def _quoted(text: str) -> str:
    plain = text.replace('"', " ").strip()
    return plain if re.fullmatch(r"[^\W_]+", plain) else f'"{plain}"'


def _words(text: str) -> str:
    """The words of a text, each preceded by a space; '2019-04' is two words."""
    return "".join(f" {word}" for word in _WORD.findall(_folded(text)))


def _folded(text: str) -> str:
    """Without case and accents."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))
