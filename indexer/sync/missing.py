"""Expire missing files after a grace period; a mass deletion waits for the user's confirmation (--accept-loss)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from indexer import paths
from indexer.media.dates import age
from indexer.store.database import IndexConnection
from indexer.store.files import StoredFile, count_present, mark_gone, select_missing
from indexer.store.roots import Root
from indexer.store.transaction import begin
from indexer.store.trash import trash_orphans

from .presence import Presence

Loss = Literal["missing", "gone"]
# A mass deletion exceeds both of these.
GUARD_FILES = 100
GUARD_SHARE = 0.2


class Expiry(NamedTuple):
    """expired: files that are now gone. waiting: number of files still missing. is_guarded: they are an unconfirmed
    mass deletion. next_in: seconds until the next one expires; None if none will."""

    expired: Sequence[StoredFile] = ()
    waiting: int = 0
    is_guarded: bool = False
    next_in: float | None = None


class Lost(NamedTuple):
    """A missing file, or a missing folder with all its files. path: within the root, as stored."""

    kind: Loss
    path: str
    files: int = 1
    asset_id: str | None = None
    is_folder: bool = False


def losses(kind: Loss, root: Root, files: Iterable[StoredFile]) -> list[Lost]:
    """The losses to report for these files of a root: a folder that is gone stands for all its files."""
    gone_folders: dict[str, str | None] = {}
    by_path: dict[str, Lost] = {}
    for file in files:
        if file.folder not in gone_folders:
            gone_folders[file.folder] = _topmost_gone(root, file.folder)
        folder = gone_folders[file.folder]
        if folder is None:
            path = paths.join(file.folder, file.name)
            by_path[path] = Lost(kind, path, asset_id=file.asset_id)
        else:
            by_path[folder] = Lost(kind, folder, by_path[folder].files + 1 if folder in by_path else 1, is_folder=True)
    return list(by_path.values())


def _topmost_gone(root: Root, folder: str) -> str | None:
    parts = folder.split("/") if folder else []
    above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((path for path in above if not os.path.lexists(paths.from_text(paths.join(root.path, path)))), None)


class Ages:
    """How long files have been missing. Those that this run noticed are timed by the monotonic clock, so changes of the
    system's time do not matter; those of other runs by the system's time."""

    def __init__(self) -> None:
        self._since: dict[tuple[int, str], float] | None = None
        self._look_began = float("-inf")

    def begin_look(self) -> None:
        """Files found missing from now on, and not known to be missing before, are no older than this: the system's
        time may be set before their age is computed."""
        self._look_began = time.monotonic()

    def of(self, missing: Sequence[tuple[StoredFile, str]]) -> list[tuple[StoredFile, float]]:
        """missing: files, with the moment when it was noticed."""
        now, known, earliest = time.monotonic(), self._since or {}, self._look_began
        if self._since is None:  # what other runs noticed
            earliest = float("-inf")
        since = {(file.id, noticed): max(now - age(noticed), earliest) for file, noticed in missing}
        self._since = {key: known.get(key, moment) for key, moment in since.items()}
        return [(file, now - self._since[file.id, noticed]) for file, noticed in missing]


def expire_missing(
    connection: IndexConnection, presence: Presence, root: Root, ages: Ages, grace_seconds: float, accepted: int = 0
) -> Expiry:
    """Mark files of a root gone that have been missing for grace_seconds; assets left without a file go to the trash.

    accepted: how many missing files the user confirmed.
    """
    missing = select_missing(connection, root.id)
    waited = ages.of(missing)
    if not missing:
        return Expiry()
    if is_mass_deletion(len(missing), count_present(connection, root.id), accepted):
        return Expiry(waiting=len(missing), is_guarded=True)
    expired = [file for file, seconds in waited if seconds >= grace_seconds and presence.is_absent(file)]
    if expired:
        with begin(connection) as tx:
            for file in expired:
                mark_gone(tx, file.id)
            trash_orphans(tx, tx.touched)
    remaining = [grace_seconds - seconds for _, seconds in waited if seconds < grace_seconds]
    return Expiry(expired, len(missing) - len(expired), next_in=min(remaining, default=None))


def is_mass_deletion(missing: int, known: int, accepted: int = 0) -> bool:
    """Whether this number of missing files needs a confirmation. known: the number of files of the root, including the
    missing ones."""
    return missing > GUARD_FILES and missing > known * GUARD_SHARE and missing > accepted


def mass_deletion_message(root: Root, missing: int, known: int) -> str:
    return (
        f"{root.path}: {missing:,} of {known:,} files are missing. That is too many to trash without confirmation, so"
        f" nothing was changed. If you deleted them: indexer scan '{root.path}' --accept-loss {missing}"
    )
