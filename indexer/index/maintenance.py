"""`Index.maintenance`: back up, restore, merge and repair the index file, and verify photos against it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from .. import private, scratch
from ..config import cache_folder, given
from ..errors import UsageError, writing_to
from ..store.backup import cannot_be_opened, copy_to, install, keep_copy, open_backup, unused_name
from .messages import FROM_A_BACKUP
from .session import PathLike, Session

if TYPE_CHECKING:
    from ..store.merge import Merged
    from ..sync.verify import Report
    from .repair import Repair


class Maintenance:
    def __init__(self, session: Session) -> None:
        self._session = session

    def backup(self, target: PathLike, *, overwrite: bool = False) -> Path:
        """Copy a snapshot of the index, even while others write, and check the copy."""
        path = given(target)
        copy_to(self._session.connection, path, overwrite=overwrite)
        return path

    def restore(self, source: PathLike, *, dry_run: bool = False) -> Path | None:
        """Replace the index, which may be damaged, with a backup. The previous index is kept next to it; returns its
        path.

        Raises UsageError while a scan or watch is running, IndexUnusable for an invalid backup."""
        from ..store.job_locks import refuse_while_written

        path, backup = self._session.path, given(source)
        open_backup(backup).close()
        kept, is_damaged = None, False
        if path.exists():
            is_damaged = cannot_be_opened(path)
            kept = unused_name(path, "before-restore")
        if path.parent.is_dir():  # a watch may not have noticed yet that its index was deleted
            refuse_while_written(path)
        if dry_run:
            return kept
        self._session.refuse_network()
        self._session.close()
        private.make_folder(path.parent)
        with writing_to(path.parent), scratch.folder(path.resolve().parent) as own:
            new = own / path.name
            _copy_backup(backup, new, kept if not is_damaged else None)
            if kept is not None:
                keep_copy(path, kept)
            install(new, path)
        return kept

    def merge(self, other: PathLike, *, dry_run: bool = False) -> Merged:
        """Merge another index into this one, e.g. that of another laptop, whose folders are offline here. The previous
        index is kept next to it.

        Raises UsageError for this index itself, IndexUnusable for an invalid index."""
        from ..enrich.cache import Cache
        from ..store import merge
        from ..store.connection import open_for_writing

        path, source = self._session.path, given(other)
        connection = self._session.writer()
        if source.exists() and source.samefile(path):
            raise UsageError(f"{source} is the index itself: name another one")
        with writing_to(path.parent), scratch.folder(path.parent) as own:
            copy = own / "other.db"  # a snapshot, migrated to this version
            with closing(open_backup(source)) as opened:
                copy_to(opened, copy)
            open_for_writing(copy).close()
            kept = unused_name(path, "before-merge")
            if not dry_run:
                copy_to(connection, kept)
            with merge.attached(connection, copy):
                done = f"merged {source}", f"'indexer restore {kept}' puts back the index as it was before."
                # SQLite attaches no database within a transaction, so the dry run begins here.
                with self._session.dry_run() if dry_run else nullcontext():
                    merged = merge.merge(connection, *done)
                if not dry_run:
                    Cache(connection, path).take_over(cache_folder(source))
        return merged

    def repair(self, *, workers: int | None = None, dry_run: bool = False) -> Repair:
        """Rebuild a damaged index from its readable rows and from the photos, which get the same ids again.

        A copy of the damaged index is kept next to it. An intact index is not changed. Raises UsageError while another
        program is using it."""
        from .repair import repair

        if not self._session.path.exists():
            _ = self._session.connection  # raises IndexUnusable
        self._session.close()
        return repair(self._session.path, workers=workers, dry_run=dry_run)

    def verify(
        self,
        *,
        share: float | None = None,
        seconds: float | None = None,
        workers: int | None = None,
        on_progress: Callable[[Report, int], None] = lambda report, total: None,
    ) -> Report:
        """Compare the files' bytes with the index: all of them, resuming an interrupted run; a random share (0..1); or,
        for this many seconds, the longest unverified ones. See indexer.sync.verify.Report."""
        from ..sync.readers import Readers
        from ..sync.verify import Verify

        connection = self._session.writer()
        readers = Readers(workers)
        try:
            return Verify(connection, readers, share=share, seconds=seconds, on_progress=on_progress).run()
        finally:
            readers.close()


def _copy_backup(backup: Path, new: Path, before: Path | None) -> None:
    """Copy a backup and migrate the copy to this version. before: the kept previous index, if it was intact."""
    from ..store.connection import open_for_writing
    from ..store.transaction import begin
    from ..store.undo import record_final

    with closing(open_backup(backup)) as opened:
        copy_to(opened, new)
    with closing(open_for_writing(new)) as connection:  # migrates an older one
        connection.execute("PRAGMA journal_mode = WAL")
        instead = f"'indexer restore {before}' puts back the index as it was before." if before else FROM_A_BACKUP
        with begin(connection) as tx:
            record_final(tx, f"restored {backup}", instead)
