"""Re-read files and compare checksums to detect corruption, the longest unverified first."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from indexer import paths
from indexer.store.assets import checksum_text
from indexer.store.database import IndexConnection
from indexer.store.roots import Root, select_roots
from indexer.store.transaction import begin
from indexer.store.verification import (
    ToVerify,
    begin_round,
    end_round,
    iterate_verifiable,
    mark_corrupted,
    mark_verified,
    select_unverified,
)

from .presence import check_root
from .readers import Job, Readers
from .requests import ReadResult
from .rules import real_folder
from .walk import file_stat

_BATCH = 200
_BATCH_SECONDS = 1.0
ROT = "bit rot: its bytes changed but its time did not; restore it from a backup"


@dataclass(slots=True)
class Report:
    """Result of a verification, by path. rotten: corrupted, other bytes with the same modification time. edited:
    another time and other bytes, but the same picture. replaced: another picture, or unknown fingerprints. The next
    scan indexes edited and replaced ones. left: files of this round that are still to be verified."""

    checked: int = 0
    sound: int = 0
    bytes: int = 0
    seconds: float = 0.0
    left: int = 0
    rotten: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class _TimeIsUp(Exception):
    """The time limit of the run has passed."""


class Verify:
    """One run. share: of a random part of the files (0..1). seconds: of the longest unverified, at least one, for this
    long. Without either, of all files, in a round that a later run resumes if this one is stopped."""

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        *,
        share: float | None = None,
        seconds: float | None = None,
        on_progress: Callable[[Report, int], None] = lambda report, total: None,
    ) -> None:
        self.report = Report()
        self._connection = connection
        self._readers = readers
        self._share = share
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        self._in_round = share is None and seconds is None
        self._on_progress = on_progress
        self._pending: list[tuple[ToVerify, bool, str | None]] = []  # is it sound, its fingerprint
        self._written_at = time.monotonic()
        self._waiting: dict[str, ToVerify] = {}

    def run(self) -> Report:
        started = time.monotonic()
        roots = {root.id: root for root in self._reachable()}
        with begin(self._connection) as tx:
            since = begin_round(tx) if self._in_round else None
        files = select_unverified(self._connection, list(roots), since)
        if self._share is not None:
            files = _sample(files, self._share)
        try:
            for job, result in self._readers.read(self._jobs(files, roots), self._check_time):
                self._check(self._waiting.pop(job.path), job, result)
                self._on_progress(self.report, len(files))
                if len(self._pending) >= _BATCH or time.monotonic() - self._written_at > _BATCH_SECONDS:
                    self._write()
                self._check_time()
        except _TimeIsUp:
            pass  # the rest is left for another run
        finally:
            self._write()
            self.report.seconds = time.monotonic() - started
            self.report.left = len(files) - self.report.checked
        if self._in_round and not self.report.left and not self.report.offline:
            with begin(self._connection) as tx:
                end_round(tx)
        return self.report

    def _check_time(self) -> None:
        """Also called while a large file is read. One file is always checked, or no run would ever get past it."""
        if self.report.checked and time.monotonic() >= self._until:
            raise _TimeIsUp

    def _reachable(self) -> Iterator[Root]:
        for root in select_roots(self._connection):
            problem = check_root(self._connection, root).problem
            if problem is None:
                yield root
            else:
                self.report.offline.append(f"{root.path}: {problem}")

    def _jobs(self, files: list[int], roots: dict[int, Root]) -> Iterator[Job]:
        for candidate in iterate_verifiable(self._connection, files):
            self._check_time()
            root, file = roots[candidate.file.root_id], candidate.file
            path = os.path.join(real_folder(paths.from_text(root.path), file.folder), paths.from_text(file.name))
            try:
                info = os.lstat(path)
            except OSError as error:
                self.report.checked += 1
                gone = isinstance(error, FileNotFoundError)
                (self.report.absent if gone else self.report.unreadable).append(paths.to_text(path))
                continue
            self._waiting[path] = candidate
            yield Job(path, file_stat(root.id, file.folder, file.name, info, file.reader_version or ""))

    def _check(self, expected: ToVerify, job: Job, result: ReadResult) -> None:
        report, shown = self.report, paths.to_text(job.path)
        report.checked += 1
        if result.facts is None:
            (report.unreadable if os.path.lexists(job.path) else report.absent).append(shown)
            return
        facts = result.facts
        report.bytes += facts.size
        if checksum_text(facts.sha256) == expected.checksum:
            report.sound += 1
            self._pending.append((expected, True, facts.fingerprint))
        elif job.stat.mtime_ns == expected.file.mtime_ns:
            report.rotten.append(shown)
            self._pending.append((expected, False, None))
        elif facts.fingerprint is not None and facts.fingerprint == expected.fingerprint:
            report.edited.append(shown)
        else:
            report.replaced.append(shown)

    def _write(self) -> None:
        if self._pending:
            with begin(self._connection) as tx:
                for checked, is_sound, fingerprint in self._pending:
                    if is_sound:
                        mark_verified(tx, checked.file.id, fingerprint)
                    else:
                        mark_corrupted(tx, checked.file.id, ROT)
            self._pending.clear()
        self._written_at = time.monotonic()


def _sample(files: list[int], share: float) -> list[int]:
    import random

    return random.sample(files, min(len(files), math.ceil(len(files) * share)))
