"""scan: bring the index up to what is on disk, once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from indexer import paths
from indexer.store import queries
from indexer.store.writer import Writer

from .presence import root_problem
from .readers import Readers
from .reconcile import WHOLE, Part, Reconciler
from .roots import Target
from .summary import Summary
from .walk import Walker

# How long a file that is being written is waited for, at the end of a scan.
REST_SECONDS = 2.0


class Scan:
    """One scan of some targets. summary is live while `run` is at work."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        targets: Sequence[Target],
        on_progress: Callable[[Summary], None] | None = None,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self.summary = Summary()
        self._writer = writer
        self._readers = readers
        self._targets = targets
        self._listener = on_progress
        self._rest = rest_seconds
        self._counted = threading.Event()

    def run(self) -> Summary:
        started = time.monotonic()
        activity = self._writer.begin_activity("scan", [target.root.path for target in self._targets])
        try:
            roots = {root.id: root for root in queries.roots(self._writer.connection)}
            for target in self._targets:
                self._scan(target, Reconciler(
                    self._writer, self._readers, target.root, roots, self.summary, self._progress
                ))  # fmt: skip
        finally:
            self._counted.set()
            self._writer.end_activity([activity])
            self.summary.seconds = time.monotonic() - started
        return self.summary

    def _scan(self, target: Target, reconciler: Reconciler) -> None:
        root = target.root
        problem = root_problem(self._writer.connection, root)
        if problem is not None:
            self.summary.offline.append(f"{root.path}: {problem}")
            with self._writer.transaction():
                self._writer.root_offline(root.id, problem)
            return
        part = Part(target.folder, None if target.name is None else [target.name])
        unstable = reconciler.run([part])
        if unstable:
            time.sleep(self._rest)
            reconciler.give_up(reconciler.again(job for job, _ in unstable))
        if part == WHOLE:
            with self._writer.transaction():
                self._writer.root_scanned(root.id, os.stat(paths.from_text(root.path)))

    def _progress(self) -> None:
        if self._listener is not None:
            self._listener(self.summary)

    def count_ahead(self) -> None:
        """Count what lies in the targets, in a thread beside the scan: for showing how much is left."""

        def count() -> None:
            files = size = 0
            stop_at = {paths.from_text(target.root.path) for target in self._targets}
            for target in self._targets:
                walker = Walker(target.root, stop_at - {paths.from_text(target.root.path)})
                for listing in walker.walk(target.folder):
                    files += len(listing.files)
                    size += sum(info.st_size for info in listing.files.values())
                    if self._counted.is_set():
                        return
            self.summary.expected_files, self.summary.expected_bytes = files, size

        threading.Thread(target=count, name="indexer-count", daemon=True).start()
