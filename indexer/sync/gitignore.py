"""Patterns of gitignore(5), one path at a time.

Our own, because a walk level by level needs to know whether a line matches the path itself, and the available library
(pathspec) also matches what lies below a match: right for whole lists of files, wrong for `!*.png` and `a/**`. A test
compares this with git itself.

Anybody who can write into a folder can write patterns, so matching never backtracks. The piece between two stars has a
fixed width: its first occurrence is as good as any, since what follows may begin anywhere after it. The same holds for
the folders between two `**/`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


class _Class(NamedTuple):
    """One character of a set, as a regular expression."""

    regex: str

    @classmethod
    def of(cls, negated: bool, ranges: Iterable[tuple[str, str]]) -> _Class:
        members = (re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges)
        return cls(f"[{'^' * negated}{''.join(members)}]")


_ANY = _Class(".")
_Unit = str | _Class


class _Units:
    """The piece between two stars, if it is not all literal. Nothing in it repeats, so the regular expression never
    backtracks; it is compiled once a name is long enough to need it."""

    def __init__(self, units: Sequence[_Unit]) -> None:
        self._units = units

    def __len__(self) -> int:
        return len(self._units)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        texts = (re.escape(unit) if isinstance(unit, str) else unit.regex for unit in self._units)
        return re.compile("".join(texts), re.DOTALL)


_Piece = str | _Units
# One name of a path: its pieces, with a star between each two of them.
_Name = tuple[_Piece, ...]


class Line(NamedTuple):
    """A line with a pattern. number counts from 1, text is as written. includes: it begins with '!'. blocks: the names
    between one `**/` and the next; the first block begins where the path does. ends_open: with `/**`."""

    number: int
    text: str
    includes: bool
    folders_only: bool
    blocks: tuple[tuple[_Name, ...], ...]
    ends_open: bool

    def matches(self, path: Sequence[str], is_folder: bool) -> bool:
        """path: its names, within the folder of the ignore file."""
        if self.folders_only and not is_folder:
            return False
        at = 0
        for number, block in enumerate(self.blocks, 1):
            last_start = len(path) - len(block)
            if number == len(self.blocks) and not self.ends_open:
                return last_start >= at and (number > 1 or last_start == 0) and _lies_at(block, path, last_start)
            starts = range(at, last_start + 1) if number > 1 else range(min(1, last_start + 1))
            position = next((start for start in starts if _lies_at(block, path, start)), None)
            if position is None:
                return False
            at = position + len(block)
        return at < len(path)

    @property
    def literal(self) -> str | None:
        """For a pattern without wildcards: the name that it matches anywhere, or '/' and the path. Else None."""
        *above, last = self.blocks
        names = [name[0] for name in last if len(name) == 1 and isinstance(name[0], str)]
        if self.ends_open or len(names) < len(last) or above not in ([], [()]):
            return None
        if not above:
            return "/" + "/".join(names)
        return names[0] if len(names) == 1 else None


class Lines:
    """The lines of an ignore file. Those without wildcards are looked up in a dict; the others are tried in turn."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.count = len(lines)
        self.with_wildcards = [line for line in reversed(lines) if line.literal is None]
        self._literal = {(line.literal, line.folders_only): line for line in lines if line.literal is not None}

    def last_match(self, path: Sequence[str], is_folder: bool) -> Line | None:
        """The last line that matches, as Line.matches does."""
        kinds = (False, True) if is_folder else (False,)
        keys = [(text, kind) for text in (path[-1], "/" + "/".join(path)) for kind in kinds]
        literal = [self._literal[key] for key in keys if key in self._literal]
        last = max(literal, key=lambda line: line.number, default=None)
        for line in self.with_wildcards:
            if last is not None and line.number < last.number:
                break
            if line.matches(path, is_folder):
                return line
        return last


def _lies_at(block: tuple[_Name, ...], path: Sequence[str], start: int) -> bool:
    return all(_is_name(pieces, path[at]) for at, pieces in enumerate(block, start))


def _is_name(pieces: _Name, name: str) -> bool:
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(first) == len(name) and _is_at(first, name, 0)
    at, end = len(first), len(name) - len(last)
    if at > end or not _is_at(first, name, 0) or not _is_at(last, name, end):
        return False
    for piece in pieces[1:-1]:
        position = _find(piece, name, at, end)
        if position < 0:
            return False
        at = position + len(piece)
    return True


def _is_at(piece: _Piece, name: str, at: int) -> bool:
    """Whether the piece is at this position; the name is long enough."""
    if isinstance(piece, str):
        return name.startswith(piece, at)
    return piece.regex.match(name, at) is not None


def _find(piece: _Piece, name: str, start: int, end: int) -> int:
    """The first position of the piece within this part of the name; -1 if none."""
    if isinstance(piece, str):
        return name.find(piece, start, end)
    match = piece.regex.search(name, start, end)
    return match.start() if match else -1


def parse(content: str) -> tuple[Line, ...]:
    """The lines of an ignore file, in order, without blank ones, comments and invalid ones."""
    lines = []
    for number, text in enumerate(content.split("\n"), 1):
        if (line := _parse(number, text.removesuffix("\r"))) is not None:
            lines.append(line)
    return tuple(lines)


def _parse(number: int, text: str) -> Line | None:
    pattern = text.rstrip(" ")
    if pattern.endswith("\\") and len(pattern) < len(text):
        pattern += " "
    if not pattern or pattern.startswith("#"):
        return None
    includes = pattern.startswith("!")
    pattern = pattern[includes:]
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anchored = "/" in pattern
    pattern = pattern.removeprefix("/")
    reader = _Reader(pattern, anchored)
    if not pattern or not reader.read():
        return None
    return Line(number, text, includes, folders_only, tuple(map(tuple, reader.blocks)), reader.ends_open)


class _Reader:
    """Parses one pattern."""

    def __init__(self, pattern: str, anchored: bool) -> None:
        self.blocks: list[list[_Name]] = [[]] if anchored else [[], []]
        self.ends_open = False
        self._pattern = pattern
        self._pieces: list[_Piece] = []
        self._units: list[_Unit] = []

    def read(self) -> bool:
        """False for a pattern that can match nothing: an open bracket, a lone backslash at its end."""
        pattern, at = self._pattern, 0
        while at < len(pattern):
            char = pattern[at]
            at += 1
            if char == "*":
                at = self._stars(at)
                if self.ends_open:
                    return True
            elif char == "/":
                self._end_name()
            elif char == "?":
                self._units.append(_ANY)
            elif char == "[":
                parsed = _bracket(pattern, at)
                if parsed is None:
                    return False
                bracket, at = parsed
                self._units.append(bracket)
            elif char == "\\":
                if at == len(pattern):
                    return False
                if pattern[at] == "/":
                    self._end_name()
                else:
                    self._units.append(pattern[at])
                at += 1
            else:
                self._units.append(char)
        self._end_name()
        return True

    def _stars(self, at: int) -> int:
        """The first star is before `at`; returns where to continue."""
        pattern, end = self._pattern, at
        while pattern[end : end + 1] == "*":
            end += 1
        if end > at and pattern[max(at - 2, 0) : at - 1] in ("", "/"):
            if end == len(pattern):
                self.ends_open = True
                return end
            if pattern[end] == "/":
                self.blocks.append([])
                return end + 1
            if pattern.startswith("\\/", end):  # one folder at least
                self.blocks.append([("", "")])
                return end + 2
        self._end_piece()
        return end

    def _end_piece(self) -> None:
        units = self._units
        literals = [unit for unit in units if isinstance(unit, str)]
        self._pieces.append("".join(literals) if len(literals) == len(units) else _Units(units))
        self._units = []

    def _end_name(self) -> None:
        self._end_piece()
        self.blocks[-1].append(tuple(self._pieces))
        self._pieces = []


def _bracket(pattern: str, at: int) -> tuple[_Class, int] | None:
    """The bracket expression opened before `at`, and where it ends. None if it is not closed."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    ranges, first, closing = set[tuple[str, str]](), True, -1
    while at < len(pattern) and (first or pattern[at] != "]"):
        first = False
        if pattern.startswith("[:", at):
            if closing < at + 2 and (closing := pattern.find("]", at + 2)) < 0:
                return None
            if pattern[closing - 1] == ":" and closing > at + 2:
                letters = _CLASSES.get(pattern[at + 2 : closing - 1])
                if letters is None:
                    return None
                ranges.update(zip(letters, letters, strict=True))
                at = closing + 1
                continue
        low, at = _member(pattern, at)
        if low is None:
            return None
        ranges.add((low, low))  # also where a range runs backwards
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
            high, at = _member(pattern, at + 1)
            if high is None:
                return None
            ranges.add((low, max(low, high)))
    return (_Class.of(negated, ranges), at + 1) if at < len(pattern) else None


def _member(pattern: str, at: int) -> tuple[str | None, int]:
    if pattern[at] == "\\":
        at += 1
    return (pattern[at], at + 1) if at < len(pattern) else (None, at)
