"""Reconcile what is on disk with what is stored: the one pipeline of scan and watch.

Listings come in. Each file in them is unchanged, recognized by its inode, or read; what was read is decided upon when
its batch is written. What a pass did not find is checked once more at its end and only then marked missing, so that a
file that moved is never missing in between. Missing files expire later (see `missing`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from indexer import paths
from indexer.store.assets import has_assets
from indexer.store.changes import Change
from indexer.store.files import (
    Inode,
    Skipped,
    StoredFile,
    forget_paths,
    iterate_folders_below,
    mark_gone,
    mark_missing,
    select_files_in,
    select_known_in,
    select_same_inodes,
)
from indexer.store.transaction import begin
from indexer.store.trash import trash_orphans

from .batch import Batch, ReadFile
from .compare import AWAY, compare, unchanged_size
from .context import Context
from .decide import MOST_COPIES
from .missing import losses
from .mounts import note_mounts
from .presence import Presence, note_root
from .readers import Job
from .rules import IGNORE_FILE, UnreadableRules, real_folder
from .sidecars import Sidecars
from .volumes import has_inodes, volume_of
from .walk import WHOLE, Listing, Part, Walker, file_stat, is_fresh, message_of, storable


class _Folder(NamedTuple):
    """State for comparing the files of one folder. real: its path as the operating system knows it. candidates: by
    `_inode`, rows of files that may have moved here from another place or name."""

    name: str
    real: str
    sidecars: Sidecars
    candidates: Mapping[tuple[int | None, ...], Sequence[StoredFile]]


class Reconciler:
    """Brings the index of the walker's root up to date with the disk."""

    def __init__(self, context: Context, walker: Walker) -> None:
        self._db, self._readers, self._roots, self._summary, self._options, self._listener, self._tick = context
        self._walker = walker
        self._root = walker.root
        self._presence = self._new_presence()
        self._batch = Batch(context, self._root, self._presence)
        self._has_assets = has_assets(self._db)
        self._inodes: dict[int, bool] = {}
        self._start_pass()

    def _start_pass(self) -> None:
        self._visited: set[str] = set()
        self._mounts: set[str] = set()
        self._unreadable_folders: list[str] = []
        self._missing: list[StoredFile] = []
        self._stale: list[int] = []
        self._entered: dict[str, int] = {}
        self._batch.unstable = []

    def run(self, parts: Sequence[Part]) -> list[tuple[Job, str]]:
        """Reconcile these parts of the root in one pass. Returns the files that were still changing, and why."""
        self._read(self._jobs(parts))
        for part in parts:
            if part.names is None:
                self._check_unvisited(part.folder)
        return self._finish(whole=WHOLE in parts)

    def read_again(self, jobs: Iterable[Job]) -> list[tuple[Job, str]]:
        self._read(jobs)
        return self._finish(whole=False)

    def record_unstable(self, unstable: Iterable[tuple[Job, str]]) -> None:
        """Record the files that never stopped changing."""
        for job, why in unstable:
            self._summary.unstable += 1
            self._batch.items.append(Skipped(*job.stat[:3], "unstable", why))
        self._batch.write()

    def _read(self, jobs: Iterable[Job]) -> None:
        batch = self._batch
        try:
            for job, result in self._readers.read(jobs, self._tick):
                batch.items.append(ReadFile(job, result))
                batch.write_if_due()
        finally:
            batch.write()  # also when stopped: what was read is worth keeping

    # Listings to jobs

    def _jobs(self, parts: Iterable[Part]) -> Iterator[Job]:
        for listing, names in self._walker.list_parts(parts):
            if names is None:
                self._visited.add(listing.folder)
                self._mounts.update(paths.join(listing.folder, name) for name in listing.mounts)
            if listing.error is not None:
                self._note_unreadable(listing.folder, listing.error)
                continue
            if names is not None or listing.sidecars or not self._is_unchanged(listing):
                yield from self._compare_all(listing, names)
            self._summary.current = listing.folder
            self._batch.write_if_due()
            self._tick()

    def _is_unchanged(self, listing: Listing) -> bool:
        if listing.skipped:
            return False
        size = unchanged_size(listing.files, select_known_in(self._db, self._root.id, listing.folder))
        if size is None:
            return False
        self._summary.unchanged += len(listing.files)
        self._summary.bytes_done += size
        return True

    def _compare_all(self, listing: Listing, names: Collection[str] | None) -> Iterator[Job]:
        stored = select_files_in(self._db, self._root.id, listing.folder, names)
        folder = _Folder(
            listing.folder,
            real_folder(self._walker.real_root, listing.folder),
            Sidecars(listing.sidecars, listing.files),
            self._move_candidates(listing, stored),
        )
        for name in sorted(listing.files):  # the order of names decides
            job = self._compare(folder, name, listing.files[name], stored.pop(name, None))
            if job is not None:
                yield job
        for skipped in listing.skipped:
            self._note_skipped(skipped, stored.pop(skipped.name, None))
        self._note_missing(listing, stored.values())

    def _move_candidates(
        self, listing: Listing, stored: Mapping[str, StoredFile]
    ) -> Mapping[tuple[int | None, ...], list[StoredFile]]:
        """None for an index that was empty when the pass began: files that move meanwhile are read again and recognized
        by their content."""
        if not self._has_assets:
            return {}
        unfamiliar = []
        for name, info in listing.files.items():
            inode = _inode(storable(info))
            row = stored.get(name)
            if row is None or row.asset_id is None or (row.inode, row.size, row.mtime_ns) != inode[1:]:
                unfamiliar.append(inode)
        return select_same_inodes(self._db, unfamiliar) if unfamiliar else {}

    def _compare(self, folder: _Folder, name: str, info: os.stat_result, row: StoredFile | None) -> Job | None:
        """The job to read the file; None if that is not needed."""
        info = storable(info)
        real_name = paths.from_text(name)
        sidecars = folder.sidecars.of(real_name)
        version = folder.sidecars.reader_version(real_name, sidecars)
        by_inode = self._inodes.get(info.st_dev)
        if by_inode is None:
            by_inode = self._has_inodes(info.st_dev, folder.real)
        action = compare(info, version, row, by_inode=by_inode)
        if action == "unchanged":
            self._summary.unchanged += 1
            self._summary.bytes_done += info.st_size
            return None
        if action == "excluded":
            self._summary.skipped += 1
            return None
        stat = file_stat(self._root.id, folder.name, name, info, version)
        if action == "returned":
            assert row is not None
            self._add_change(Change("returned", stat, asset_id=row.asset_id))
            return None
        if action == "identify" and by_inode and folder.candidates:
            source = self._moved_from(folder, info, row)
            if source is not None:
                replaced = row.asset_id if row is not None and row.asset_id != source.asset_id else None
                # It keeps the metadata read at its old place; if its sidecars are others here, the next scan reads it.
                stat = stat._replace(reader_version=source.reader_version or "")
                self._add_change(Change("moved", stat, asset_id=source.asset_id, source=source, replaced=replaced))
                return None
        prefix = folder.real if folder.real.endswith(os.sep) else folder.real + os.sep
        job = Job(prefix + real_name, stat, tuple([prefix + sidecar for sidecar in sidecars]), action != "refresh")
        if self._options.rest_seconds and is_fresh(info, self._options.rest_seconds):
            self._batch.unstable.append((job, "written moments ago"))
            return None
        return job

    def _moved_from(self, folder: _Folder, info: os.stat_result, row: StoredFile | None) -> StoredFile | None:
        for candidate in folder.candidates.get(_inode(info), ())[:MOST_COPIES]:
            is_other = row is None or candidate.id != row.id
            is_known_root = candidate.root_id in self._roots
            if is_known_root and is_other and self._presence.has_left(candidate, info.st_nlink):
                return candidate
        return None

    def _has_inodes(self, device: int, folder: str) -> bool:
        """Whether inodes identify files on a file system; if not, size and time have to do."""
        if device not in self._inodes:
            try:
                self._inodes[device] = has_inodes(volume_of(folder).filesystem)
            except OSError:  # it has gone since it was listed
                return True
        return self._inodes[device]

    def _add_change(self, change: Change) -> None:
        self._summary.count(change)
        self._batch.items.append(change)

    def _note_skipped(self, skipped: Skipped, row: StoredFile | None) -> None:
        self._summary.skipped += 1
        if skipped.status == "unreadable":
            self._summary.unreadable += 1
        status = (skipped.status, skipped.reason, int(skipped.is_folder))
        if row is None or (row.status, row.reason, row.is_folder) != status:
            self._batch.items.append(skipped)

    def _note_unreadable(self, path: str, error: OSError) -> None:
        """An unreadable folder proves nothing about its files: none of them is missing."""
        self._unreadable_folders.append(path)
        self._summary.unreadable += 1
        folder, name = paths.split(path)
        reason = f"the folder cannot be read: {message_of(error)}"
        if name:
            self._batch.items.append(Skipped(self._root.id, folder, name, "unreadable", reason, is_folder=True))
        elif isinstance(error, UnreadableRules):  # of the root, which has no row of its own
            self._batch.items.append(Skipped(self._root.id, "", IGNORE_FILE, "unreadable", reason))

    # What was not found

    def _note_missing(self, listing: Listing, rows: Iterable[StoredFile]) -> None:
        entered = set(listing.folders)
        for row in rows:
            if row.asset_id is not None:
                if row.status not in ("missing", "gone"):
                    self._missing.append(row)
            elif row.is_folder and row.name in entered:
                # It was skipped and is entered now: its own listing will show whether it can be read.
                self._entered[paths.join(row.folder, row.name)] = row.id
            else:
                self._stale.append(row.id)

    def _check_unvisited(self, folder: str) -> None:
        for known in iterate_folders_below(self._db, self._root.id, folder):
            if known in self._visited or any(paths.is_below(known, shut) for shut in self._unreadable_folders):
                continue
            for row in select_files_in(self._db, self._root.id, known).values():
                if row.asset_id is None:
                    self._stale.append(row.id)
                elif row.status not in AWAY:
                    self._missing.append(row)

    # The end of a pass

    def _finish(self, *, whole: bool) -> list[tuple[Job, str]]:
        """whole: the pass covered the whole root; then also clean up after killed passes."""
        self._batch.write_last()
        presence = self._new_presence()  # the drive may have gone in the middle of the pass
        missing = [row for row in self._missing if presence.is_absent(row)]
        self._note_roots(presence)
        self._write_missing(missing, whole=whole)
        if missing:
            for loss in losses("missing", self._root, [row for row in missing if row.status != "ignored"]):
                self._listener.lost(self._root, loss)
        if whole or self._mounts:
            for mount in note_mounts(self._db, self._root, self._mounts):
                self._summary.offline.append(f"{self._root.path}/{mount.folder}: its drive is disconnected")
        unstable = self._batch.unstable
        self._start_pass()
        return unstable

    def _write_missing(self, missing: Sequence[StoredFile], *, whole: bool) -> None:
        unreadable = set(self._unreadable_folders)
        stale = self._stale + [row_id for folder, row_id in self._entered.items() if folder not in unreadable]
        touched = self._batch.touched
        if not (missing or stale or whole or touched):
            return
        with begin(self._db) as tx:
            for row in missing:
                if row.status == "ignored":  # its asset is in the trash already, or lies elsewhere
                    mark_gone(tx, row.id)
                else:
                    mark_missing(tx, row.id)
            forget_paths(tx, stale)
            touched.update(tx.touched)
            trash_orphans(tx, touched, everything=whole)
        touched.clear()

    def _note_roots(self, presence: Presence) -> None:
        """Record the state of other roots that this pass checked: if one is offline, its photos are represented by
        their files here."""
        for root_id, status in {**self._presence.statuses, **presence.statuses}.items():
            if root_id != self._root.id:
                note_root(self._db, self._roots[root_id], status)

    def _new_presence(self) -> Presence:
        return Presence(self._db, self._roots, may_be_empty=self._options.accept_loss > 0)


def _inode(info: os.stat_result) -> Inode:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns
