"""Walk a root and list its folders and files."""

from __future__ import annotations

import operator
import os
import stat as stat_flags
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from indexer import paths
from indexer.media.formats import is_media_name
from indexer.store.files import FileStat, Skipped
from indexer.store.roots import Root

from .rules import Decision, Rules, real_folder
from .sidecars import Sidecars, is_picasas, is_sidecar_name
from .volumes import root_of

_name = operator.attrgetter("name")
# A failed attribute look-up takes a microsecond a file.
_HAS_BIRTH_TIME = hasattr(os.stat_result, "st_birthtime")


class Part(NamedTuple):
    """A part of a root: a folder with its subfolders, or only some names in it (folders among them are not entered)."""

    folder: str
    names: Collection[str] | None = None


WHOLE = Part("")


@dataclass(slots=True)
class Listing:
    """The current contents of one folder.

    files: media by name (as stored), in no order. skipped: entries that get a status and no asset. folders: those to
    enter; mounts: those of them where another file system is mounted. sidecars: possible ones, by real name. error: the
    folder could not be read; then the rest is empty and meaningless. device: the file system's number, None if not
    needed."""

    folder: str
    device: int | None = None
    files: dict[str, os.stat_result] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    sidecars: dict[str, os.stat_result] = field(default_factory=dict)
    error: OSError | None = None


class Walker:
    """Lists the folders of one root. Links are not followed, and a folder met twice (a bind mount) is entered once, so
    that every walk ends. others: roots that may lie in this one; they are not entered. on_enter is called with each
    folder just before it is listed.
    """

    def __init__(
        self, root: Root, others: Iterable[Root] = (), on_enter: Callable[[str], None] = lambda folder: None
    ) -> None:
        self.root = root
        self.real_root = paths.from_text(root.path)
        self._other_roots = [other for other in others if other.id != root.id]
        self._others = {paths.from_text(other.path) for other in self._other_roots}
        self._on_enter = on_enter
        self._met: dict[tuple[int, int], str] = {}

    def walk(self, folder: str = "") -> Iterator[Listing]:
        """The folder and all included ones below it, each before those inside it, in the order of names."""
        try:
            rules = self._rules_above(folder)
        except OSError as error:
            yield Listing(folder, error=error)
            return
        if rules is None:
            return
        self._met.clear()
        waiting: list[tuple[str, Rules, int | None]] = [(folder, rules, None)]
        while waiting:
            current, above, device = waiting.pop()
            listing, rules_within = self._list(current, above, device)
            if isinstance(listing.error, (FileNotFoundError, NotADirectoryError)):
                continue  # gone since its parent was listed: an absence, not an error
            yield listing
            for name in reversed(listing.folders):
                below = None if name in listing.mounts else listing.device
                waiting.append((paths.join(current, name), rules_within, below))

    def list_parts(self, parts: Iterable[Part]) -> Iterator[tuple[Listing, Collection[str] | None]]:
        """Listings, each with the names it is limited to. If a sidecar is named, its media are too."""
        for part in parts:
            if part.names is None:
                for listing in self.walk(part.folder):
                    yield listing, None
                continue
            names = set(part.names)
            if sidecars := [name for name in names if is_sidecar_name(name)]:
                names.update(self._media_of(part.folder, sidecars))
            if (limited := self.list_names(part.folder, names)) is not None:
                yield limited, names

    def list_names(self, folder: str, names: Collection[str]) -> Listing | None:
        """The listing of `folder`, limited to these names; None if the folder is not included."""
        listing = Listing(folder)
        real = real_folder(self.real_root, folder)
        try:
            rules = self._rules_above(folder)
            if rules is None:
                return None
            within = rules.entering(folder, real)
        except OSError as error:
            return Listing(folder, error=error)
        for name in names:
            try:
                entry = _Entry(real, paths.from_text(name))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                listing.skipped.append(Skipped(self.root.id, folder, name, "unreadable", message_of(error)))
                continue
            self._sort_in(listing, within, name, entry.path, entry)
        if listing.files:
            self._add_sidecars(listing, within, real)
        return listing

    def _media_of(self, folder: str, sidecars: Collection[str]) -> list[str]:
        """The media in a folder that these sidecars, which may be gone, belong to; as stored."""
        try:
            names = os.listdir(real_folder(self.real_root, folder))
        except OSError:
            return []
        nothing = os.stat_result((0,) * 10)
        known = Sidecars({paths.from_text(name): nothing for name in sidecars}, names)
        return [paths.to_text(name) for name in names if is_media_name(name) and known.of(name)]

    def _add_sidecars(self, listing: Listing, rules: Rules, real: str) -> None:
        """Those of the media in a listing that is limited to some names."""
        try:
            with os.scandir(real) as scan:
                for entry in scan:
                    if not is_sidecar_name(entry.name) or not entry.is_file(follow_symlinks=False):
                        continue
                    if _may_be_sidecar(entry.name, rules.decide(listing.folder, entry.name, is_folder=False)):
                        listing.sidecars[entry.name] = entry.stat(follow_symlinks=False)
        except OSError:
            return  # the folder has disappeared: its files will be found gone

    def _rules_above(self, folder: str) -> Rules | None:
        """The rules for `folder`, or None if it or a folder above it is excluded.

        Raises OSError if an ignore file on the way cannot be read."""
        rules, current = Rules(), ""
        for name in folder.split("/") if folder else ():
            real = real_folder(self.real_root, current)
            rules = rules.entering(current, real)
            real_name = paths.from_text(name)
            path = os.path.join(real, real_name)
            decision = rules.decide(current, real_name, is_folder=True, is_link=os.path.islink(path))
            if decision.status != "included" or path in self._others:
                return None
            current = paths.join(current, name)
        return rules

    def _list(self, folder: str, above: Rules, device: int | None) -> tuple[Listing, Rules]:
        """device: the number of the folder's file system, None if not known yet."""
        listing = Listing(folder)
        real = real_folder(self.real_root, folder)
        self._on_enter(folder)
        try:
            with _opened(real, follow=not folder) as opened, os.scandir(opened) as scan:
                rules = above.entering(folder, real)
                listing.device = os.stat(opened).st_dev if device is None else device
                others = _include_media(listing, rules, scan)
                for entry in sorted(others, key=_name):
                    self._sort_in(listing, rules, paths.to_text(entry.name), os.path.join(real, entry.name), entry)
        except OSError as error:
            return Listing(folder, error=error), above
        return listing, rules

    def _sort_in(self, listing: Listing, rules: Rules, name: str, path: str, entry: os.DirEntry[str] | _Entry) -> None:
        """Sort one entry into the listing. name: as stored; path: as the operating system knows it."""
        folder, is_folder = listing.folder, entry.is_dir(follow_symlinks=False)
        decision = rules.decide(
            folder,
            entry.name,
            is_folder=is_folder,
            is_link=entry.is_symlink(),
            is_file=is_folder or entry.is_file(follow_symlinks=False),
        )
        if decision.status != "included":
            if entry.is_file(follow_symlinks=False) and _may_be_sidecar(entry.name, decision):
                with suppress(OSError):
                    listing.sidecars[entry.name] = entry.stat(follow_symlinks=False)
            listing.skipped.append(Skipped(self.root.id, folder, name, decision.status, decision.reason, is_folder))
            return
        try:
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since it was listed
        except OSError as error:
            listing.skipped.append(Skipped(self.root.id, folder, name, "unreadable", message_of(error), is_folder))
            return
        if not is_folder and info.st_size:
            listing.files[name] = info
        elif not is_folder:
            listing.skipped.append(Skipped(self.root.id, folder, name, "damaged", "the file is empty"))
        elif reason := self._skip_reason(path, info):
            listing.skipped.append(Skipped(self.root.id, folder, name, "ignored", reason, is_folder=True))
        else:
            self._met[info.st_dev, info.st_ino] = path
            listing.folders.append(name)
            if listing.device not in (None, info.st_dev):
                listing.mounts.append(name)

    def _skip_reason(self, path: str, info: os.stat_result) -> str | None:
        # Also where it turns up under another name, as by a bind mount.
        if path in self._others or root_of(self._other_roots, path, info) is not None:
            return "a root of its own"
        before = self._met.get((info.st_dev, info.st_ino))
        if before is None or before == path or not _is_still(before, info):
            return None
        return f"the same folder as {paths.to_text(before)}"


def _is_still(path: str, info: os.stat_result) -> bool:
    """Whether this file or folder is still at the path: it may have moved since it was met there."""
    try:
        return os.path.samestat(os.lstat(path), info)
    except OSError:
        return False


def _may_be_sidecar(name: str, decision: Decision) -> bool:
    """Whether a plain file of this name may be a sidecar, given the rules' decision on it."""
    return is_sidecar_name(name) and (decision.status == "not_media" or is_picasas(name))


@contextmanager
def _opened(folder: str, *, follow: bool) -> Iterator[int | str]:
    """The folder to list: opened, if the system can list an open folder. Each stat then starts from there, which saves
    resolving the path, and the folder stays the same even if its name is reused. follow: also through a
    link, as one may lead to a root; else a link is not a folder (NotADirectoryError)."""
    if sys.platform == "win32":
        yield folder
        return
    if os.scandir not in os.supports_fd:
        yield folder
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW))
    try:
        yield opened
    finally:
        os.close(opened)


def _include_media(listing: Listing, rules: Rules, entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    """Put plain media files, which most entries are, into the listing. Returns the others, for `Walker._sort_in`."""
    files, others, to_text, includes = listing.files, list[os.DirEntry[str]](), paths.to_text, rules.includes
    for entry in entries:
        name = entry.name
        if includes(name) and entry.is_file(follow_symlinks=False):
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                info = None
            if info is not None and info.st_size:
                files[to_text(name)] = info
                continue
        others.append(entry)
    return others


class _Entry:
    """Like os.DirEntry, for a known name. Raises OSError as os.lstat does."""

    def __init__(self, real: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(real, name)
        self._info = os.lstat(self.path)

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        return stat_flags.S_ISDIR(self._info.st_mode)

    def is_file(self, *, follow_symlinks: bool) -> bool:
        return stat_flags.S_ISREG(self._info.st_mode)

    def is_symlink(self) -> bool:
        return stat_flags.S_ISLNK(self._info.st_mode)

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        return self._info


def is_fresh(info: os.stat_result, seconds: float) -> bool:
    """Whether a file was written or changed within this number of seconds. A time in the future, from a wrong clock,
    does not count."""
    now = time.time()
    return 0 <= now - info.st_mtime < seconds or 0 <= now - info.st_ctime < seconds


def storable(info: os.stat_result) -> os.stat_result:
    """Clamp times to what SQLite can store: its integers of nanoseconds span 1677 to 2262, some file systems more."""
    times = (info.st_atime_ns, info.st_mtime_ns, info.st_ctime_ns)
    if min(times) >= -(2**63) and max(times) < 2**63:
        return info
    clamped = [min(max(time_ns, -(2**63)), 2**63 - 1) for time_ns in times]
    names = ("st_atime", "st_mtime", "st_ctime")
    exact = {f"{name}_ns": time_ns for name, time_ns in zip(names, clamped, strict=True)}
    seconds = {name: time_ns / 1e9 for name, time_ns in zip(names, clamped, strict=True)}
    return os.stat_result((*info[:7], *(time_ns // 10**9 for time_ns in clamped)), {**exact, **seconds})


def file_stat(root_id: int, folder: str, name: str, info: os.stat_result, reader_version: str) -> FileStat:
    modified, changed = info.st_mtime_ns, info.st_ctime_ns
    created = _born_ns(info) or min(modified, changed)
    return FileStat(
        root_id, folder, name, info.st_size, modified, changed, info.st_ino, info.st_dev, created, reader_version
    )


def _born_ns(info: os.stat_result) -> int:
    """Creation time in nanoseconds; 0 if unknown."""
    if not _HAS_BIRTH_TIME:
        return 0
    return getattr(info, "st_birthtime_ns", None) or round(getattr(info, "st_birthtime", 0) * 1_000_000_000)


def message_of(error: OSError) -> str:
    return error.strerror or str(error)
