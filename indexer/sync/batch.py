"""Collect the changes of a pass and write them in batches. What the content of a file means is decided when its batch
is written.

Each batch rewrites pages of every database index that is not ordered as the photos are, so batches are large; but small
enough that other writers can wait, and that little has to be read again after a crash.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from indexer import ids, paths
from indexer.media.facts import MediaFacts
from indexer.store.assets import add_assets, apply_change, checksum_text, find_by_checksum, find_by_picture
from indexer.store.changes import Change
from indexer.store.database import IndexConnection
from indexer.store.files import (
    FileStat,
    Skipped,
    StoredFile,
    ignore_below,
    iterate_places,
    record_skipped,
    select_file_at,
    select_unknown,
)
from indexer.store.roots import Root
from indexer.store.transaction import Touched, Transaction, begin
from indexer.store.trash import is_excluded, record_excluded

from .context import Context
from .decide import decide
from .presence import Presence
from .readers import Job
from .requests import ReadResult
from .walk import file_stat, storable

_MOST_ITEMS = 2000
_SECONDS = 0.25


class ReadFile(NamedTuple):
    """A file that was read, or could not be."""

    job: Job
    result: ReadResult


class Batch:
    """The results of one pass over a root that are not written yet.

    items: to be written, in order. unstable: files that kept changing, and why. touched: to be checked at the end of
    the pass.
    """

    def __init__(self, context: Context, root: Root, presence: Presence) -> None:
        self.items: list[Change | Skipped | ReadFile] = []
        self.unstable: list[tuple[Job, str]] = []
        self.touched = Touched()
        self._db = context.connection
        self._root = root
        self._places = _Places(context.connection, presence)
        self._presence = presence
        self._summary = context.summary
        self._listener = context.listener
        self._tick = context.tick  # after each write
        self._has_excluded = is_excluded(context.connection)
        self._written_at = time.monotonic()
        self._is_last = False
        self._postponed: list[ReadFile] = []
        # Of the present transaction
        self._unknown: dict[bytes, str] = {}
        self._new: list[Change] = []
        self._written: list[tuple[Change, str]] = []

    def write_if_due(self) -> None:
        if len(self.items) >= _MOST_ITEMS or time.monotonic() - self._written_at > _SECONDS:
            self.write()

    def write(self) -> None:
        if self.items:
            self._presence.clear_cache()
            self._new, self._written = [], []  # also what a transaction left that was broken off
            with begin(self._db) as tx:
                self._unknown = self._find_unknown()
                for item in self.items:
                    self._write(tx, item)
                self._add_new(tx)
            self.touched.update(tx.touched)
            self.items.clear()
            for change, asset_id in self._written:
                self._listener.changed(self._root, change, asset_id)
            self._written = []
        self._written_at = time.monotonic()
        self._tick()

    def write_last(self) -> None:
        """Write the last batch of the pass, including postponed items, which can only be decided now."""
        self._is_last = True
        self.items += self._postponed
        self._postponed = []
        self.write()
        self._is_last = False

    def _find_unknown(self) -> dict[bytes, str]:
        """SHA-256 → id of files that are certainly new: path, content and picture are unknown to the index and to the
        rest of the batch. Nearly all files of a first scan: looked up and written in bulk."""
        read = [
            (item.job.stat, item.result.facts)
            for item in self.items
            if isinstance(item, ReadFile) and item.result.facts is not None and item.job.hashed
        ]
        counts = Counter[bytes | str](facts.sha256 for _, facts in read)
        counts.update(facts.fingerprint for _, facts in read if facts.fingerprint)
        unique = [
            (stat, facts)
            for stat, facts in read
            if counts[facts.sha256] == 1 and (facts.fingerprint is None or counts[facts.fingerprint] == 1)
        ]
        arrivals = [
            (*stat[:3], checksum_text(facts.sha256), facts.fingerprint, ids.asset_id(facts.sha256))
            for stat, facts in unique
        ]
        unknown = select_unknown(self._db, arrivals) if arrivals else ()
        return {unique[number][1].sha256: arrivals[number][-1] for number in unknown}

    def _add_new(self, tx: Transaction) -> None:
        """Write the certainly new files, so that the next decision takes them into account."""
        if self._new:
            self._written += zip(self._new, add_assets(tx, self._new), strict=True)
            self._new = []

    def _write(self, tx: Transaction, item: Change | Skipped | ReadFile) -> None:
        if isinstance(item, ReadFile):
            self._write_read(tx, item)
            return
        self._add_new(tx)
        if isinstance(item, Change):
            self._written.append((item, apply_change(tx, item)))
            return
        if item.is_folder and item.status == "ignored":
            ignore_below(tx, item.root_id, paths.join(item.folder, item.name), item.reason)
        record_skipped(tx, item)

    def _write_read(self, tx: Transaction, read: ReadFile) -> None:
        job, result = read
        facts, stat = result.facts, job.stat
        if not self._is_last:
            self._summary.bytes_done += stat.size
        if facts is None:
            self._write_unread(tx, job, result)
            return
        if job.hashed and not self._is_last:
            self._summary.bytes_read += facts.size
        if result.stat is not None:
            stat = file_stat(stat.root_id, stat.folder, stat.name, storable(result.stat), stat.reader_version)
        if self._has_excluded and job.hashed and self._is_excluded(stat, facts):
            self._summary.skipped += 1
            record_excluded(tx, stat)
            return
        if job.hashed and facts.sha256 in self._unknown:
            self._new.append(Change("new", stat, facts, self._unknown[facts.sha256]))
            self._summary.count(self._new[-1])
            return
        self._add_new(tx)
        change = self._decide(stat, facts) if job.hashed else self._refresh(stat, facts)
        if change is not None:
            self._summary.count(change)
            self._written.append((change, apply_change(tx, change)))
        elif job.hashed:
            self._postponed.append(read)

    def _write_unread(self, tx: Transaction, job: Job, result: ReadResult) -> None:
        if result.unstable:
            self.unstable.append((job, result.unstable))
        elif os.path.lexists(job.path):  # else it is gone since it was listed
            self._add_new(tx)
            self._summary.unreadable += 1
            reason = result.error or "unknown error"
            record_skipped(tx, Skipped(*job.stat[:3], "unreadable", reason))

    def _is_excluded(self, stat: FileStat, facts: MediaFacts) -> bool:
        """Whether the user deleted this photo from the index. False if an existing photo was edited into it."""
        if not is_excluded(self._db, checksum_text(facts.sha256)):
            return False
        row = self._row_at(stat)
        return row is None or row.asset_id is None

    def _refresh(self, stat: FileStat, facts: MediaFacts) -> Change | None:
        """None if another process has recorded a change of the file since."""
        row = self._row_at(stat)
        if row is None or row.asset_id is None or (row.size, row.mtime_ns) != (stat.size, stat.mtime_ns):
            return None
        return Change("refreshed", stat, facts, row.asset_id)

    def _decide(self, stat: FileStat, facts: MediaFacts) -> Change | None:
        owner = find_by_checksum(self._db, checksum_text(facts.sha256))
        return decide(stat, facts, self._row_at(stat), owner, self._places, is_last=self._is_last)

    def _row_at(self, stat: FileStat) -> StoredFile | None:
        return select_file_at(self._db, stat.root_id, stat.folder, stat.name)


class _Places(NamedTuple):
    """`decide.Places` by the current state of index and disk."""

    connection: IndexConnection
    presence: Presence

    def assets_with_picture(self, fingerprint: str, limit: int = -1) -> list[str]:
        return find_by_picture(self.connection, fingerprint, limit)

    def of(self, asset_id: str) -> Iterator[StoredFile]:
        return iterate_places(self.connection, asset_id)

    def is_absent(self, place: StoredFile) -> bool:
        return self.presence.is_absent(place)
