"""Patterns of gitignore(5), one path at a time.

Written here because what walks a tree level by level asks of each path itself whether a line matches it, and the
library at hand (pathspec) also matches what lies below a match: right for whole lists of files, wrong for `!*.png`
and `a/**`. The test holds this against git itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "a-fA-F0-9",
}


class Line(NamedTuple):
    """A line that says something: number counts from 1, text is as written. takes_in: it began with '!'."""

    number: int
    text: str
    takes_in: bool
    folders_only: bool
    regex: re.Pattern[str]

    def matches(self, path: str, is_folder: bool) -> bool:
        """path: within the folder of the ignore file, without a final slash."""
        return (is_folder or not self.folders_only) and self.regex.fullmatch(path) is not None


def parse(content: str) -> tuple[Line, ...]:
    """The lines of an ignore file, in their order; blank ones, comments and broken ones left out."""
    lines = []
    for number, text in enumerate(content.split("\n"), 1):
        if (line := _parse(number, text.removesuffix("\r"))) is not None:
            lines.append(line)
    return tuple(lines)


def _parse(number: int, text: str) -> Line | None:
    pattern = text
    while pattern.endswith(" ") and not pattern.endswith("\\ "):
        pattern = pattern[:-1]
    if not pattern or pattern.startswith("#"):
        return None
    takes_in = pattern.startswith("!")
    pattern = pattern[takes_in:]
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anchored = "/" in pattern
    regex = _regex(pattern.removeprefix("/"))
    if regex is None or not pattern:
        return None
    if not anchored:
        regex = "(?:.*/)?" + regex
    return Line(number, text, takes_in, folders_only, re.compile(regex, re.DOTALL))


def _regex(pattern: str) -> str | None:
    """None for a pattern that can match nothing: an open bracket, a lone backslash at its end."""
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            end = at
            while end < len(pattern) and pattern[end] == "*":
                end += 1
            opens = end - at == 2 and (at == 0 or pattern[at - 1] == "/")
            if opens and pattern[end : end + 1] == "/":
                out += "(?:.*/)?"
                end += 1
            elif opens and end == len(pattern):
                out += ".*" if at == 0 else ".+"
            else:
                out += "[^/]*"
            at = end
        elif char == "?":
            out += "[^/]"
            at += 1
        elif char == "[":
            found = _bracket(pattern, at)
            if found is None:
                return None
            expression, at = found
            out += expression
        elif char == "\\":
            if at + 1 == len(pattern):
                return None
            out += re.escape(pattern[at + 1])
            at += 2
        else:
            out += re.escape(char)
            at += 1
    return out


def _bracket(pattern: str, start: int) -> tuple[str, int] | None:
    """The bracket expression at `start` as a regular expression, and where it ends. None for one that is not closed."""
    at = start + 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    members, first = "", True
    while at < len(pattern) and (first or pattern[at] != "]"):
        first = False
        if pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            name = pattern[at + 2 : end]
            if name not in _CLASSES:
                return None
            members += _CLASSES[name]
            at = end + 2
            continue
        low, at = _member(pattern, at)
        if low is None:
            return None
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
            high, at = _member(pattern, at + 1)
            if high is None:
                return None
            members += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
        else:
            members += re.escape(low)
    if at >= len(pattern):
        return None
    expression = (
        f"[^{members}]" if negated and members else f"[{members}]" if members else "[^/]" if negated else "(?!)"
    )
    return "(?!/)" + expression, at + 1


def _member(pattern: str, at: int) -> tuple[str | None, int]:
    if pattern[at] == "\\":
        at += 1
    return (pattern[at], at + 1) if at < len(pattern) else (None, at)
