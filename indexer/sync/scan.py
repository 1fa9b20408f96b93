"""Bring the index up to date with the disk, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from indexer.store.database import IndexConnection
from indexer.store.files import count_present
from indexer.store.job_locks import at_work
from indexer.store.roots import Root, mark_root_scanned, select_roots
from indexer.store.transaction import begin

from .context import Context
from .missing import Ages, Expiry, expire_missing, mass_deletion_message
from .options import Listener, SyncOptions
from .presence import Presence, check_root, note_root
from .readers import Job, Readers
from .reconcile import Reconciler
from .roots import Target
from .summary import Summary
from .walk import Part, Walker

# The wait at the end of a scan for files that are being written, and for missing ones to turn up elsewhere.
REST_SECONDS = 2.0


class _Pass(NamedTuple):
    """One reconciled target. unstable: files that were still changing, and why."""

    root: Root
    reconciler: Reconciler
    unstable: list[tuple[Job, str]]
    ages: Ages


class Scan:
    """One scan of some targets. summary is updated while `run` is running."""

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        targets: Sequence[Target],
        options: SyncOptions,
        listener: Listener,
    ) -> None:
        self.summary = Summary()
        self._connection = connection
        self._readers = readers
        self._targets = targets
        # Every file is read at once; those that change meanwhile are read again at the end.
        self._options = replace(options, rest_seconds=0.0)
        self._listener = listener
        self._is_done = threading.Event()

    def run(self) -> Summary:
        started = time.monotonic()
        try:
            with at_work(self._connection, "scan", [target.root.path for target in self._targets]):
                self._run()
        finally:
            self._is_done.set()
            self.summary.seconds = time.monotonic() - started
        return self.summary

    def _run(self) -> None:
        reachable = [target for target in self._targets if self._is_reachable(target.root)]
        roots = {root.id: root for root in select_roots(self._connection)}
        self._finish([self._reconcile(target, roots) for target in reachable], roots)
        with begin(self._connection) as tx:
            for target in reachable:
                if not target.folder and target.name is None:
                    mark_root_scanned(tx, target.root.id)

    def _is_reachable(self, root: Root) -> bool:
        status = check_root(self._connection, root, may_be_empty=self._options.accept_loss > 0)
        note_root(self._connection, root, status)
        if status.problem is None:
            return True
        self.summary.offline.append(f"{root.path}: {status.problem}")
        return False

    def _reconcile(self, target: Target, roots: dict[int, Root]) -> _Pass:
        root = roots[target.root.id]
        walker = Walker(root, roots.values())
        context = Context(
            self._connection, self._readers, roots, self.summary, self._options, self._listener, self._tick
        )
        reconciler = Reconciler(context, walker)
        part = Part(target.folder, None if target.name is None else [target.name])
        return _Pass(root, reconciler, reconciler.run([part]), Ages())

    def _finish(self, passes: Sequence[_Pass], roots: dict[int, Root]) -> None:
        """Reread files that were still changing, and expire missing ones: after all roots are reconciled, because a
        file may have moved from one to another."""
        expiries = [self._expire(each, roots) for each in passes]
        if any(each.unstable for each in passes) or any(expiry.next_in is not None for expiry in expiries):
            time.sleep(REST_SECONDS)
            for each in passes:
                each.reconciler.record_unstable(each.reconciler.read_again(job for job, _ in each.unstable))
            expiries = [self._expire(each, roots) for each in passes]
        for each, expiry in zip(passes, expiries, strict=True):
            self.summary.missing += expiry.waiting
            if expiry.is_guarded:
                known = count_present(self._connection, each.root.id)
                self.summary.held.append(mass_deletion_message(each.root, expiry.waiting, known))

    def _expire(self, each: _Pass, roots: dict[int, Root]) -> Expiry:
        accepted = self._options.accept_loss
        presence = Presence(self._connection, roots, may_be_empty=accepted > 0)
        expiry = expire_missing(self._connection, presence, each.root, each.ages, REST_SECONDS, accepted)
        self.summary.gone += len(expiry.expired)
        return expiry

    def _tick(self) -> None:
        self.summary.bytes_ahead = self._readers.bytes_ahead()
        self._listener.progress(self.summary)

    def count_ahead(self) -> None:
        """Count the files of the targets in a separate thread, to show progress."""

        def count() -> None:
            files = size = 0
            roots = [target.root for target in self._targets]
            for target in self._targets:
                walker = Walker(target.root, roots)
                for listing in walker.walk(target.folder):
                    files += len(listing.files)
                    size += sum(info.st_size for info in listing.files.values())
                    if self._is_done.is_set():
                        return
            self.summary.expected_files, self.summary.expected_bytes = files, size

        threading.Thread(target=count, name="indexer-count", daemon=True).start()
