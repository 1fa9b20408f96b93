"""Decide whether a path is included. The only place that does, wherever the path comes from.

A path is ignored by a rule of an `.indexerignore` (gitignore syntax; the nearest folder's file and the last matching
line win, `!` includes a path again), else by the built-in rules for hidden files and other programs' files, else for
being a link. What remains is media by its name, or not media.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from typing import Literal, NamedTuple

from indexer import paths
from indexer.config import CACHE_SUFFIX
from indexer.files import read_small
from indexer.media.formats import extension, is_media_name

from .gitignore import Lines, parse

IGNORE_FILE = ".indexerignore"
# Limits of an ignore file: bytes, and rules.
_LARGEST = 1 << 20
_MOST_RULES = 10_000
# Limits of the rules with wildcards that apply to a folder, and of their characters: each name there is matched against
# each of them, which takes milliseconds in all.
_MOST_WILD, _MOST_CHARACTERS = 1_000, 30_000
_SHOWN = 100  # characters of a rule in a message

_LITTER_FOLDERS = {
    "@eaDir": "Synology's index",
    "#recycle": "a Synology recycle bin",
    "#snapshot": "Synology snapshots",
    "@Recycle": "a QNAP recycle bin",
    "@Recently-Snapshot": "QNAP snapshots",
    "$RECYCLE.BIN": "a Windows recycle bin",
    "System Volume Information": "Windows' own folder",
    "lost+found": "a file system's own folder",
    "__MACOSX": "leavings of a Mac archive",
}
_LITTER_FILES = frozenset(("Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r"))
_HALF_WRITTEN = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart", ".opdownload")


class Decision(NamedTuple):
    """included: enter the folder, or index the file. Otherwise the reason."""

    status: Literal["included", "ignored", "not_media"]
    reason: str = ""


INCLUDED = Decision("included")


class UnreadableRules(OSError):
    """An ignore file exists and cannot be read; strerror has its name and the reason."""


class _IgnoreFile(NamedTuple):
    """One .indexerignore. folder: the one that contains it, within the root."""

    folder: str
    lines: Lines

    def decide(self, path: str, is_folder: bool) -> Decision | None:
        """The decision of the last line that matches the path; None if none does."""
        inside = (path[len(self.folder) + 1 :] if self.folder else path).split("/")
        line = self.lines.last_match(inside, is_folder)
        if line is None:
            return None
        if line.includes:
            return INCLUDED
        where = paths.join(self.folder, IGNORE_FILE)
        text = line.text.strip()
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        return Decision("ignored", f"rule {shown!r} in line {line.number} of {where}")


class Rules(NamedTuple):
    """The rules that apply to one folder of a root: the ignore files from there up to the root, nearest first."""

    files: tuple[_IgnoreFile, ...] = ()

    def entering(self, folder: str, real_path: str) -> Rules:
        """The rules inside `folder`, given those of its parent. Raises UnreadableRules if its ignore file cannot be
        read: what an unreadable rule hides must not be indexed."""
        try:
            lines = _parsed(read_small(os.path.join(real_path, IGNORE_FILE), _LARGEST))
            files = (_IgnoreFile(folder, lines), *self.files)
            if excess := _excess(files):
                raise OSError(errno.EFBIG, excess)
        except (FileNotFoundError, NotADirectoryError):
            return self
        except OSError as error:
            where = paths.join(folder, IGNORE_FILE)
            reason = f"the rules in {where}: {error.strerror or error}"
            raise UnreadableRules(error.errno, reason, error.filename) from error
        return Rules(files)

    def includes(self, name: str) -> bool:
        """Fast path of `decide`: a visible media file in a folder without ignore files. Whatever else
        `decide` excludes has no media file's ending."""
        return not self.files and is_media_name(name) and name[0] not in ".~"

    def decide(
        self, folder: str, name: str, *, is_folder: bool, is_link: bool = False, is_file: bool = True
    ) -> Decision:
        """The decision on folder/name. Assumes that the folders above it are included."""
        path = paths.join(folder, name)
        by_rule = None
        for file in self.files:
            by_rule = file.decide(path, is_folder)
            if by_rule is not None:
                break
        if by_rule is not None and by_rule is not INCLUDED:
            return by_rule
        if by_rule is None and (litter := _litter(name, is_folder)):
            return Decision("ignored", litter)
        if is_link:
            return Decision("ignored", "a link: its target is indexed at its own place")
        if is_folder:
            return INCLUDED
        if not is_file:
            return Decision("ignored", "neither a file nor a folder")
        if not is_media_name(name):
            return Decision("not_media", _not_media(name))
        return INCLUDED


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> Lines:
    return Lines(parse(content.decode("utf-8-sig", "surrogateescape")))


def _excess(files: tuple[_IgnoreFile, ...]) -> str | None:
    """The limit that the rules of the nearest file, with those above it, exceed; None if none."""
    if files[0].lines.count > _MOST_RULES:
        return f"there are more than {_MOST_RULES:,}"
    wild = [line for file in files for line in file.lines.with_wildcards]
    if len(wild) > _MOST_WILD:
        return f"more than {_MOST_WILD:,} have wildcards, with those of the folders above"
    if sum(len(line.text) for line in wild) > _MOST_CHARACTERS:
        return f"those with wildcards, and those of the folders above, have more than {_MOST_CHARACTERS:,} characters"
    return None


def _litter(name: str, is_folder: bool) -> str | None:
    if name == IGNORE_FILE:
        return "the rules for its folder"
    if name[0] == ".":
        if name.startswith("._"):
            return "macOS's companion of another file"
        return f"hidden: the name begins with a dot; '!{name}' in {IGNORE_FILE} includes it"
    if is_folder:
        what = "this program's own cache" if name.endswith(CACHE_SUFFIX) else _LITTER_FOLDERS.get(name)
        return f"{what}, not the user's photos" if what else None
    if name in _LITTER_FILES:
        return "a file manager's own file"
    if name.endswith(_HALF_WRITTEN) or name.startswith("~"):
        return "a file another program is still writing"
    return None


def _not_media(name: str) -> str:
    ending = extension(name)
    if ending == "xmp":
        return "a sidecar: it is read with the photo that it belongs to"
    return f"not a photo or video: .{ending}" if ending else "not a photo or video: the name has no ending"


def real_folder(root: str, folder: str) -> str:
    """The folder as the operating system knows it."""
    return os.path.join(root, *paths.from_text(folder).split("/")) if folder else root
