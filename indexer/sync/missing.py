"""Letting go of what is missing: deletions wait, and a loss too large to be meant waits for a word of the user."""

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
# More than both of these is no tidying up.
BRAKE_FILES = 100
BRAKE_SHARE = 0.2


class Outcome(NamedTuple):
    """gone: files whose time had come. waiting: files that are missing still; held: all of them, for the loss is too
    large. due: seconds until the next one's time comes, None where none waits for it. files: those that are gone."""

    gone: int = 0
    waiting: int = 0
    held: bool = False
    due: float | None = None
    files: Sequence[StoredFile] = ()


class Lost(NamedTuple):
    """A file, or a folder with all its files, that is not where it was. path: within the root, as stored."""

    kind: Loss
    path: str
    files: int = 1
    asset_id: str | None = None
    is_folder: bool = False


def lost(kind: Loss, root: Root, files: Iterable[StoredFile]) -> list[Lost]:
    """What to tell of these files of a root: a folder that is away with them stands for them."""
    away: dict[str, str | None] = {}
    found: dict[str, Lost] = {}
    for file in files:
        if file.folder not in away:
            away[file.folder] = _topmost_away(root, file.folder)
        folder = away[file.folder]
        if folder is None:
            path = paths.join(file.folder, file.name)
            found[path] = Lost(kind, path, asset_id=file.asset_id)
        else:
            found[folder] = Lost(kind, folder, found[folder].files + 1 if folder in found else 1, is_folder=True)
    return list(found.values())


def _topmost_away(root: Root, folder: str) -> str | None:
    parts = folder.split("/") if folder else []
    above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((one for one in above if not os.path.lexists(paths.from_text(paths.join(root.path, one)))), None)


class Ages:
    """How long files have been missing. In this run the monotonic clock tells, whatever the system's time is set to;
    what was noticed by another run is as old as the system's time says."""

    def __init__(self) -> None:
        self._since: dict[tuple[int, str], float] = {}

    def of(self, missing: Iterable[tuple[StoredFile, str]]) -> list[tuple[StoredFile, float]]:
        """missing: files, with the moment when it was noticed."""
        known, now, ages = self._since, time.monotonic(), []
        self._since = {}
        for file, noticed in missing:
            key = file.id, noticed
            self._since[key] = known[key] if key in known else now - age(noticed)
            ages.append((file, now - self._since[key]))
        return ages


def let_go(
    connection: IndexConnection, presence: Presence, root: Root, ages: Ages, wait_seconds: float, accepted: int = 0
) -> Outcome:
    """Take the files of a root that have been missing for wait_seconds for gone; their assets go to the trash.

    accepted: so many missing files the user knows of. Over that, a loss of more than BRAKE_FILES and BRAKE_SHARE of the
    root is held back.
    """
    missing = select_missing(connection, root.id)
    if not missing:
        return Outcome()
    if is_held(len(missing), count_present(connection, root.id), accepted):
        return Outcome(waiting=len(missing), held=True)
    waited = ages.of(missing)
    ripe = [file for file, seconds in waited if seconds >= wait_seconds and presence.is_absent(file)]
    if ripe:
        with begin(connection) as tx:
            for file in ripe:
                mark_gone(tx, file.id)
            trash_orphans(tx, tx.touched)
    due = [wait_seconds - seconds for _, seconds in waited if seconds < wait_seconds]
    return Outcome(len(ripe), len(missing) - len(ripe), due=min(due, default=None), files=ripe)


def is_held(missing: int, known: int, accepted: int) -> bool:
    """known: the root's files, the missing ones among them."""
    return missing > BRAKE_FILES and missing > known * BRAKE_SHARE and missing > accepted


def held_words(root: Root, missing: int, known: int) -> str:
    return (
        f"{root.path}: {missing:,} of {known:,} files are missing, too many to be let go unasked; nothing was trashed."
        f" If you deleted them: indexer scan '{root.path}' --accept-loss {missing}"
    )
