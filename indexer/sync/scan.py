"""scan: bring the index up to what is on disk, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from indexer.store.activities import at_work
from indexer.store.database import IndexConnection
from indexer.store.files import count_present
from indexer.store.roots import Root, mark_root_scanned, select_roots
from indexer.store.transaction import begin

from .missing import held_words
from .presence import find_root, note_root
from .readers import Job, Readers
from .reconcile import Part, Reconciler
from .roots import Target
from .summary import Summary
from .walk import Walker

# At the end of a scan, so long is waited for files that are being written, and for missing ones to turn up elsewhere.
REST_SECONDS = 2.0


class _Pass(NamedTuple):
    """One target, looked through; unstable: what was not at rest, and why."""

    root: Root
    reconciler: Reconciler
    unstable: list[tuple[Job, str]]


class Scan:
    """One scan of some targets. summary is live while `run` is at work."""

    def __init__(
        self,
        connection: IndexConnection,
        readers: Readers,
        targets: Sequence[Target],
        on_progress: Callable[[Summary], None] | None = None,
        *,
        accept_loss: int = 0,
        rest_seconds: float | None = None,
    ) -> None:
        self.summary = Summary()
        self._connection = connection
        self._readers = readers
        self._targets = targets
        self._listener = on_progress
        self._accepted = accept_loss
        self._rest = REST_SECONDS if rest_seconds is None else rest_seconds
        self._counted = threading.Event()

    def run(self) -> Summary:
        started = time.monotonic()
        try:
            with at_work(self._connection, "scan", [target.root.path for target in self._targets]):
                self._run()
        finally:
            self._counted.set()
            self.summary.seconds = time.monotonic() - started
        return self.summary

    def _run(self) -> None:
        reachable = [target for target in self._targets if self._is_there(target.root)]
        roots = {root.id: root for root in select_roots(self._connection)}
        passes = [self._reconcile(target, roots) for target in reachable]
        self._settle(passes)
        with begin(self._connection) as tx:
            for target in reachable:
                if not target.folder and target.name is None:
                    mark_root_scanned(tx, target.root.id)

    def _is_there(self, root: Root) -> bool:
        found = find_root(self._connection, root, may_be_empty=self._accepted > 0)
        note_root(self._connection, root, found)
        if found.problem is None:
            return True
        self.summary.offline.append(f"{root.path}: {found.problem}")
        return False

    def _reconcile(self, target: Target, roots: dict[int, Root]) -> _Pass:
        root = roots[target.root.id]
        reconciler = Reconciler(
            self._connection, self._readers, root, roots, self.summary, self._progress, accept_loss=self._accepted
        )
        part = Part(target.folder, None if target.name is None else [target.name])
        return _Pass(root, reconciler, reconciler.run([part]))

    def _settle(self, passes: list[_Pass]) -> None:
        """What was not at rest is read once more, and what is missing let go: after all roots were looked through, for
        a file may have moved from one to another."""
        outcomes = [one.reconciler.let_go(self._rest) for one in passes]
        if any(one.unstable for one in passes) or any(outcome.due is not None for outcome in outcomes):
            time.sleep(self._rest)
            for one in passes:
                one.reconciler.give_up(one.reconciler.again(job for job, _ in one.unstable))
            outcomes = [one.reconciler.let_go(self._rest) for one in passes]
        for one, outcome in zip(passes, outcomes, strict=True):
            self.summary.missing += outcome.waiting
            if outcome.held:
                known = count_present(self._connection, one.root.id)
                self.summary.held.append(held_words(one.root, outcome.waiting, known))

    def _progress(self) -> None:
        if self._listener is not None:
            self.summary.bytes_ahead = self._readers.bytes_ahead()
            self._listener(self.summary)

    def count_ahead(self) -> None:
        """Count what lies in the targets, in a thread beside the scan: for showing how much is left."""

        def count() -> None:
            files = size = 0
            roots = [target.root for target in self._targets]
            for target in self._targets:
                walker = Walker(target.root, roots)
                for listing in walker.walk(target.folder):
                    files += len(listing.files)
                    size += sum(info.st_size for info in listing.files.values())
                    if self._counted.is_set():
                        return
            self.summary.expected_files, self.summary.expected_bytes = files, size

        threading.Thread(target=count, name="indexer-count", daemon=True).start()
