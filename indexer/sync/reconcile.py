"""What is on disk against what is stored: the one pipeline, for scan and watch alike.

Listings come in; each file in them is unchanged, or known by its inode, or to be read. Readings come back in order, and
become changes; changes are written in batches. What a pass did not find is looked for once more before it is called
missing, after everything else, so that a file that moved is never missing in between; only what stays missing is let go
(see `missing`).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from indexer import ids, paths
from indexer.media.facts import MediaFacts
from indexer.media.versions import reader_version
from indexer.store.assets import add_assets, apply_change, checksum_text, find_by_checksum, find_by_picture, has_assets
from indexer.store.changes import Change
from indexer.store.database import IndexConnection
from indexer.store.files import (
    FileStat,
    Inode,
    Skipped,
    StoredFile,
    forget_paths,
    ignore_below,
    iterate_folders_below,
    iterate_places,
    mark_gone,
    mark_missing,
    record_skipped,
    select_file_at,
    select_files_in,
    select_known_in,
    select_places,
    select_same_inodes,
    select_unknown,
)
from indexer.store.roots import Root
from indexer.store.transaction import Touched, Transaction, begin
from indexer.store.trash import EXCLUDED, is_excluded, record_excluded, trash_orphans

from .missing import Ages, Outcome, let_go
from .mounts import note_mounts
from .presence import Presence, note_root
from .readers import Job, Readers
from .requests import ReadResult
from .rules import IGNORE_FILE, UnreadableRules, real_folder
from .sidecars import Sidecars, is_sidecar_name
from .summary import Summary
from .volumes import has_inodes, volume_of
from .walk import Listing, Walker, file_stat, is_fresh, storable, words

# What is written at once: each batch writes anew the pages of those indexes whose order is another one than that of the
# photos. No more than others who want to write will wait for, and than may be read again after a crash.
_BATCH = 2000
_BATCH_SECONDS = 0.25
_SOUND = ("indexed", "damaged")
_AWAY = ("missing", "gone", "ignored")
# Of so many copies of one photo it is looked at which of them may have moved; with more it matters to nobody.
_MANY = 100


class _Read(NamedTuple):
    """A file that was read, or could not be."""

    job: Job
    reading: ReadResult


class _Folder(NamedTuple):
    """What is known of a folder before its files are compared. real: as the operating system knows it. elsewhere: by
    `_inode`, the rows of files that may have come here from another place, or under another name."""

    name: str
    real: str
    sidecars: Sidecars
    elsewhere: Mapping[tuple[int | None, ...], Sequence[StoredFile]]


class Part(NamedTuple):
    """What of a root to reconcile: a folder with all below it, or only some names in it (folders among them are not
    entered)."""

    folder: str
    names: Collection[str] | None = None


WHOLE = Part("")


class Reconciler:
    """Brings the index of one root up to what is on disk.

    roots: all of the index's, by id; a file may have come from any. summary is counted up as it goes.
    rest_seconds: a file touched within this time is not read yet, but returned as not at rest.
    accept_loss: so many missing files the user knows of. on_change is told of each change once it is written,
    on_missing of files found missing, on_enter of each folder before it is listed.
    """

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        root: Root,
        roots: dict[int, Root],
        summary: Summary,
        on_progress: Callable[[], None] = lambda: None,
        on_change: Callable[[Change, str], None] = lambda change, asset_id: None,
        on_missing: Callable[[Sequence[StoredFile]], None] = lambda files: None,
        on_enter: Callable[[str], None] = lambda folder: None,
        rest_seconds: float = 0.0,
        accept_loss: int = 0,
    ) -> None:
        self._db = connection
        self._touched = Touched()
        self._readers = readers
        self._root = root
        self._roots = roots
        self._summary = summary
        self._on_progress = on_progress
        self._on_change = on_change
        self._on_missing = on_missing
        self._rest = rest_seconds
        self._walker = Walker(root, roots.values(), on_enter)
        self._accepted = accept_loss
        self._presence = self._look_again()
        self._mounts: set[str] = set()
        self._inodes: dict[int, bool] = {}
        self._pending: list[Change | Skipped | _Read] = []
        self._new: list[Change] = []
        self._written: list[tuple[Change, str]] = []
        self._unheard: dict[bytes, str] = {}
        self._written_at = time.monotonic()
        self._missing: list[StoredFile] = []
        self._ages = Ages()
        self._leftover: list[int] = []
        self._reopened: dict[str, int] = {}
        self._unstable: list[tuple[Job, str]] = []
        self._postponed: list[_Read] = []
        self._is_last = False
        self._unreadable_folders: list[str] = []
        self._visited: set[str] = set()
        self._may_know = has_assets(self._db)
        self._leaves_out = is_excluded(self._db)

    def run(self, parts: Iterable[Part]) -> list[tuple[Job, str]]:
        """Reconcile these parts of the root in one pass. Returns the files that were not at rest, and why."""
        parts = list(parts)
        self._read(self._jobs(self._listings(parts)))
        for part in parts:
            if part.names is None:
                self._look_for_unvisited(part.folder)
        return self._finish(everything=WHOLE in parts)

    def again(self, jobs: Iterable[Job]) -> list[tuple[Job, str]]:
        """Read these files once more."""
        self._read(jobs)
        return self._finish()

    def give_up(self, unstable: Iterable[tuple[Job, str]]) -> None:
        """Write down which files never came to rest."""
        for job, why in unstable:
            self._summary.unstable += 1
            self._pending.append(Skipped(self._root.id, job.stat.folder, job.stat.name, "unstable", why))
        self._flush()

    def _listings(self, parts: Iterable[Part]) -> Iterator[tuple[Listing, Collection[str] | None]]:
        for part in parts:
            if part.names is None:
                for listing in self._walker.walk(part.folder):
                    yield listing, None
                continue
            names = set(part.names)
            if sidecars := [name for name in names if is_sidecar_name(name)]:
                names.update(self._walker.owners(part.folder, sidecars))
            if (found := self._walker.look_at(part.folder, names)) is not None:
                yield found, names

    def _read(self, jobs: Iterable[Job]) -> None:
        try:
            for job, reading in self._readers.read(jobs, self._on_progress):
                self._pending.append(_Read(job, reading))
                self._flush_if_due()
        finally:
            # Also when stopped in the middle: what was read is worth keeping.
            self._flush()

    # Listings to jobs

    def _jobs(self, listings: Iterable[tuple[Listing, Collection[str] | None]]) -> Iterator[Job]:
        for listing, names in listings:
            if names is None:
                self._visited.add(listing.folder)
                self._mounts.update(paths.join(listing.folder, name) for name in listing.mounts)
            if listing.error is not None:
                self._note_unreadable(listing)
                continue
            if names is not None or listing.sidecars or not self._is_as_it_was(listing):
                yield from self._compare_all(listing, names)
            self._summary.current = listing.folder
            self._flush_if_due()
            self._on_progress()

    def _is_as_it_was(self, listing: Listing) -> bool:
        """Is nothing in this folder, in which there are no sidecars, other than what is stored? `_compare_all` says the
        same, and what else is to be done: of most folders of a rescan no more than this is asked."""
        known = select_known_in(self._db, self._root.id, listing.folder)
        if listing.passed or len(known) != len(listing.files):
            return False
        size, readings = 0, dict[str, str]()
        for name, info in listing.files.items():
            ending = name[-4:]  # of which there are few: a look there is cheaper than a call
            reading = readings.get(ending) or readings.setdefault(ending, reader_version(name))
            now = (name, info.st_mtime_ns, info.st_size, info.st_ctime_ns, info.st_ino, reading, 1)
            if known.get(name) != now:
                return False
            size += info.st_size
        self._summary.unchanged += len(known)
        self._summary.bytes_done += size
        return True

    def _compare_all(self, listing: Listing, names: Collection[str] | None) -> Iterator[Job]:
        stored = select_files_in(self._db, self._root.id, listing.folder, names)
        folder = _Folder(
            listing.folder,
            real_folder(self._walker.real_root, listing.folder),
            Sidecars(listing.sidecars, listing.files),
            self._known_elsewhere(listing, stored),
        )
        for name in sorted(listing.files):  # the order of names decides
            job = self._compare(folder, name, listing.files[name], stored.pop(name, None))
            if job is not None:
                yield job
        for passed in listing.passed:
            self._pass_over(passed, stored.pop(passed.name, None))
        self._note_missing(listing, stored.values())

    def _known_elsewhere(
        self, listing: Listing, stored: Mapping[str, StoredFile]
    ) -> Mapping[tuple[int | None, ...], list[StoredFile]]:
        """Nothing is known of an index that was empty when the pass began: what moves meanwhile is read again, and
        known by its content."""
        if not self._may_know:
            return {}
        strange = []
        for name, info in listing.files.items():
            inode = _inode(storable(info))
            row = stored.get(name)
            if row is None or row.asset_id is None or (row.inode, row.size, row.mtime_ns) != inode[1:]:
                strange.append(inode)
        return select_same_inodes(self._db, strange) if strange else {}

    def _compare(self, folder: _Folder, name: str, info: os.stat_result, row: StoredFile | None) -> Job | None:
        """The job for a file that has to be read; None where it is known without."""
        info = storable(info)
        real_name = paths.from_text(name)
        beside = folder.sidecars.of(real_name)
        reading = folder.sidecars.reading(real_name, beside)
        hashed = True
        by_inode = self._has_inodes(info.st_dev, folder.real)
        same = (
            row is not None
            and row.asset_id is not None
            and (row.size, row.mtime_ns) == (info.st_size, info.st_mtime_ns)
            and (row.inode == info.st_ino or not by_inode)
        )
        if row is not None and row.reason == EXCLUDED:
            known = (row.size, row.mtime_ns, row.ctime_ns, row.inode)
            if known == (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino):
                self._summary.passed_over += 1
                return None
        if row is not None and same:
            if row.verdict in _SOUND and (row.ctime_ns == info.st_ctime_ns or not by_inode):
                if row.reading == reading:
                    self._summary.unchanged += 1
                    self._summary.bytes_done += info.st_size
                    return None
                hashed = False
            elif row.verdict in _AWAY and row.reading == reading:
                stat = file_stat(self._root.id, folder.name, name, info, reading)
                self._change(Change("back", stat, asset_id=row.asset_id))
                return None
        stat = file_stat(self._root.id, folder.name, name, info, reading)
        if folder.elsewhere and by_inode and not same:
            for other in folder.elsewhere.get(_inode(info), ())[:_MANY]:
                home = self._roots.get(other.root_id)
                is_other = row is None or other.id != row.id
                if home is not None and is_other and self._presence.has_left(other, info.st_nlink):
                    displaced = row.asset_id if row is not None and row.asset_id != other.asset_id else None
                    # It keeps the words that were read where it lay; with another sidecar it is read at the next look.
                    moved = stat._replace(reading=other.reading or "")
                    self._change(Change("moved", moved, asset_id=other.asset_id, left=other, displaced=displaced))
                    return None
        where = folder.real if folder.real.endswith(os.sep) else folder.real + os.sep
        job = Job(where + real_name, stat, tuple([where + one for one in beside]), hashed)
        if self._rest and is_fresh(info, self._rest):
            self._unstable.append((job, "written moments ago"))
            return None
        return job

    def _has_inodes(self, device: int, folder: str) -> bool:
        """Whether inodes tell files apart on a file system; where they do not, size and time have to do."""
        if device not in self._inodes:
            try:
                self._inodes[device] = has_inodes(volume_of(folder).filesystem)
            except OSError:  # it has gone since it was listed
                return True
        return self._inodes[device]

    def _change(self, change: Change) -> None:
        self._count(change)
        self._pending.append(change)

    def _pass_over(self, passed: Skipped, row: StoredFile | None) -> None:
        self._summary.passed_over += 1
        if passed.verdict == "unreadable":
            self._summary.unreadable += 1
        if row is None or (row.verdict, row.reason, row.is_folder) != (
            passed.verdict,
            passed.reason,
            int(passed.is_folder),
        ):
            self._pending.append(passed)

    def _note_unreadable(self, listing: Listing) -> None:
        """A folder that cannot be read says nothing of what is in it: nothing there is missing."""
        self._unreadable_folders.append(listing.folder)
        self._summary.unreadable += 1
        assert listing.error is not None
        folder, name = paths.split(listing.folder)
        reason = f"the folder cannot be read: {words(listing.error)}"
        if name:
            self._pending.append(Skipped(self._root.id, folder, name, "unreadable", reason, is_folder=True))
        elif isinstance(listing.error, UnreadableRules):  # of the root, which has no row of its own
            self._pending.append(Skipped(self._root.id, "", IGNORE_FILE, "unreadable", reason))

    def _note_missing(self, listing: Listing, rows: Iterable[StoredFile]) -> None:
        entered = set(listing.folders)
        for row in rows:
            if row.asset_id is not None:
                if row.verdict not in ("missing", "gone"):
                    self._missing.append(row)
            elif row.is_folder and row.name in entered:
                # It was passed over, and is entered now: whether it can be read, its own listing will say.
                self._reopened[paths.join(row.folder, row.name)] = row.id
            else:
                self._leftover.append(row.id)

    # Readings to changes

    def _flush_if_due(self) -> None:
        if len(self._pending) >= _BATCH or time.monotonic() - self._written_at > _BATCH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._presence.look_anew()
            self._new, self._written = [], []  # of a transaction that was broken off: its items are pending still
            with begin(self._db) as tx:
                self._unheard = self._find_unheard()
                for item in self._pending:
                    self._write(tx, item)
                self._add_new(tx)
            self._touched.update(tx.touched)
            self._pending.clear()
            for change, asset_id in self._written:
                self._on_change(change, asset_id)
            self._written = []
        self._written_at = time.monotonic()
        self._on_progress()

    def _find_unheard(self) -> dict[bytes, str]:
        """Of what was read and is about to be written, the SHA-256 of what is new beyond doubt, and the id it gets:
        neither the index nor the others have such content or such a picture, and nothing lay there. It is nearly all
        of a first scan, for which that is asked, and written, of many at once."""
        read = [
            (item.job.stat, item.reading.facts)
            for item in self._pending
            if isinstance(item, _Read) and item.reading.facts is not None and item.job.hashed
        ]
        seen = Counter[bytes | str](facts.sha256 for _, facts in read)
        seen.update(facts.fingerprint for _, facts in read if facts.fingerprint)
        alone = [
            (stat, facts)
            for stat, facts in read
            if seen[facts.sha256] == 1 and (facts.fingerprint is None or seen[facts.fingerprint] == 1)
        ]
        arrivals = [
            (*stat[:3], checksum_text(facts.sha256), facts.fingerprint, ids.asset_id(facts.sha256))
            for stat, facts in alone
        ]
        unheard = select_unknown(self._db, arrivals) if arrivals else ()
        return {alone[number][1].sha256: arrivals[number][-1] for number in unheard}

    def _add_new(self, tx: Transaction) -> None:
        """Write what is new beyond doubt: whatever is decided next has to see it."""
        if self._new:
            self._written += zip(self._new, add_assets(tx, self._new), strict=True)
            self._new = []

    def _write(self, tx: Transaction, item: Change | Skipped | _Read) -> None:
        if isinstance(item, _Read):
            self._write_reading(tx, item)
            return
        self._add_new(tx)
        if isinstance(item, Change):
            self._written.append((item, apply_change(tx, item)))
            return
        if item.is_folder and item.verdict == "ignored":
            ignore_below(tx, item.root_id, paths.join(item.folder, item.name), item.reason)
        record_skipped(tx, item)

    def _write_reading(self, tx: Transaction, read: _Read) -> None:
        job, reading = read
        seen = job.stat
        if not self._is_last:
            self._summary.bytes_done += seen.size
        if reading.facts is None:
            if reading.unstable:
                self._unstable.append((job, reading.unstable))
            elif os.path.lexists(job.path):  # else it is gone since it was listed
                self._add_new(tx)
                self._summary.unreadable += 1
                reason = reading.error or "unknown error"
                record_skipped(tx, Skipped(seen.root_id, seen.folder, seen.name, "unreadable", reason))
            return
        if job.hashed and not self._is_last:
            self._summary.bytes_read += reading.facts.size
        stat = seen
        if reading.stat is not None:
            stat = file_stat(seen.root_id, seen.folder, seen.name, storable(reading.stat), seen.reading)
        if self._leaves_out and job.hashed and self._is_left_out(stat, reading.facts):
            self._summary.passed_over += 1
            record_excluded(tx, stat)
            return
        if job.hashed and reading.facts.sha256 in self._unheard:
            self._new.append(Change("new", stat, reading.facts, self._unheard[reading.facts.sha256]))
            self._count(self._new[-1])
            return
        self._add_new(tx)
        change = self._decide(stat, reading) if job.hashed else self._reread(stat, reading)
        if change is None:
            if job.hashed:
                self._postponed.append(read)
            return
        self._count(change)
        self._written.append((change, apply_change(tx, change)))

    def _is_left_out(self, stat: FileStat, facts: MediaFacts) -> bool:
        """Did the user delete such a photo from the index? Not where a photo lies that became this one."""
        if not is_excluded(self._db, checksum_text(facts.sha256)):
            return False
        row = select_file_at(self._db, stat.root_id, stat.folder, stat.name)
        return row is None or row.asset_id is None

    def _reread(self, stat: FileStat, reading: ReadResult) -> Change | None:
        """The metadata of a file that was known; None where another process has seen it change since."""
        row = select_file_at(self._db, stat.root_id, stat.folder, stat.name)
        if row is None or row.asset_id is None or (row.size, row.mtime_ns) != (stat.size, stat.mtime_ns):
            return None
        return Change("reread", stat, reading.facts, row.asset_id)

    def _decide(self, stat: FileStat, reading: ReadResult) -> Change | None:
        """What a file that was read means for the index, from what is stored at this moment; None where that can only
        be told at the end of the pass."""
        assert reading.facts is not None
        facts = reading.facts
        row = select_file_at(self._db, stat.root_id, stat.folder, stat.name)
        asset_id = find_by_checksum(self._db, checksum_text(facts.sha256))
        if asset_id is None:
            if row is None or row.asset_id is None:
                return self._moved_and_edited(stat, facts) or Change("new", stat, facts)
            if row.verdict == "gone" and not self._is_picture_of(row.asset_id, facts):
                # Long after a photo was deleted another one got its name.
                return self._moved_and_edited(stat, facts) or Change("new", stat, facts, displaced=row.asset_id)
            has_copies = False
            for place in self._other_places(row.asset_id, row):
                if place.verdict not in _AWAY:
                    if not self._presence.is_absent(place):
                        return Change("new", stat, facts, displaced=row.asset_id)
                    has_copies = True
            if has_copies and not self._is_last:
                return None  # they may have moved, which the rest of the pass will show
            return Change("modified", stat, facts, row.asset_id)
        if row is not None and row.asset_id == asset_id:
            return Change("back" if row.verdict in _AWAY else "touched", stat, facts, asset_id)
        others = list(islice(self._other_places(asset_id, row), _MANY))
        left = [place for place in others if self._presence.is_absent(place)]
        left.sort(key=lambda place: place.verdict == "gone")
        displaced = row.asset_id if row is not None else None
        if left:
            return Change("moved", stat, facts, asset_id, left[0], displaced)
        return Change("copy" if others else "back", stat, facts, asset_id, displaced=displaced)

    def _is_picture_of(self, asset_id: str, facts: MediaFacts) -> bool:
        return facts.fingerprint is not None and asset_id in find_by_picture(self._db, facts.fingerprint)

    def _moved_and_edited(self, stat: FileStat, facts: MediaFacts) -> Change | None:
        """A file that was given another place and other metadata at once is known by its picture, where just one photo
        of that picture has lost all its places."""
        if facts.fingerprint is None:
            return None
        lost = []
        alike = find_by_picture(self._db, facts.fingerprint, _MANY + 1)
        if len(alike) > _MANY:
            return None
        for asset_id in alike:
            places = select_places(self._db, asset_id)
            if places and all(self._presence.is_absent(place) for place in places):
                lost.append((asset_id, places))
        if len(lost) != 1:
            return None
        asset_id, places = lost[0]
        return Change("modified", stat, facts, asset_id, places[0])

    def _other_places(self, asset_id: str, row: StoredFile | None) -> Iterator[StoredFile]:
        return (place for place in iterate_places(self._db, asset_id) if row is None or place.id != row.id)

    def _count(self, change: Change) -> None:
        counter = {"copy": "copies"}.get(change.kind, change.kind)
        setattr(self._summary, counter, getattr(self._summary, counter) + 1)
        if change.facts and change.facts.problems:
            self._summary.damaged += 1

    # What was not found

    def _look_for_unvisited(self, folder: str) -> None:
        for known in iterate_folders_below(self._db, self._root.id, folder):
            if known in self._visited or any(paths.is_below(known, shut) for shut in self._unreadable_folders):
                continue
            for row in select_files_in(self._db, self._root.id, known).values():
                if row.asset_id is None:
                    self._leftover.append(row.id)
                elif row.verdict not in _AWAY:
                    self._missing.append(row)

    def _finish(self, *, everything: bool = False) -> list[tuple[Job, str]]:
        """Write what is missing, and settle: the end of a pass. `everything` also settles what a killed one left."""
        self._is_last = True
        self._pending += self._postponed
        self._postponed = []
        self._flush()
        self._is_last = False
        presence = self._look_again()  # the drive may have gone in the middle of the pass
        missing = [row for row in self._missing if presence.is_absent(row)]
        self._note_roots(presence)
        shut = set(self._unreadable_folders)
        self._leftover += [row for folder, row in self._reopened.items() if folder not in shut]
        if missing or self._leftover or everything or self._touched:
            with begin(self._db) as tx:
                for row in missing:
                    if row.verdict == "ignored":  # its asset is out of sight already
                        mark_gone(tx, row.id)
                    else:
                        mark_missing(tx, row.id)
                forget_paths(tx, self._leftover)
                self._touched.update(tx.touched)
                trash_orphans(tx, self._touched, everything=everything)
            self._touched.clear()
        if missing:
            self._on_missing([row for row in missing if row.verdict != "ignored"])
        unstable = self._unstable
        self._missing, self._leftover, self._unstable = [], [], []
        self._reopened.clear()
        self._visited.clear()
        self._unreadable_folders.clear()
        if everything or self._mounts:
            for mount in note_mounts(self._db, self._root, self._mounts):
                self._summary.offline.append(f"{self._root.path}/{mount.folder}: the drive mounted there is away")
            self._mounts.clear()
        return unstable

    def _note_roots(self, presence: Presence) -> None:
        """What was found out of other roots, in which photos of this one lie too: where such a root is away, the places
        here stand for them."""
        for root_id, found in {**self._presence.found, **presence.found}.items():
            if root_id != self._root.id:
                note_root(self._db, self._roots[root_id], found)

    def _look_again(self) -> Presence:
        return Presence(self._db, self._roots, may_be_empty=self._accepted > 0)

    def let_go(self, wait_seconds: float) -> Outcome:
        """Let go of what has been missing for wait_seconds; see `missing.let_go`."""
        outcome = let_go(self._db, self._look_again(), self._root, self._ages, wait_seconds, self._accepted)
        self._summary.gone += outcome.gone
        return outcome


def _inode(info: os.stat_result) -> Inode:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns
