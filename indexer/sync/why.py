"""Explain in a sentence why a path is, or is not, in the index."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from indexer import paths
from indexer.config import given
from indexer.errors import NotFound
from indexer.files import is_regular, regular
from indexer.media.formats import is_media_name
from indexer.store.events import last_move
from indexer.store.files import (
    PathStatus,
    StoredFile,
    select_files_in,
    select_metadata_file,
    select_places,
    select_status_at,
)
from indexer.store.roots import Root, select_roots
from indexer.store.trash import trashed_at

from .roots import locate
from .rules import real_folder
from .sidecars import Sidecars, is_picasas, is_sidecar_name, sidecars_in
from .walk import Walker, message_of

_SHOWN_OWNERS = 3


class Answer(NamedTuple):
    """status: the status in the index, or 'outside' (in no root), 'folder' (entered), 'moved' (to another path),
    'unseen' (nothing known yet)."""

    path: str
    status: str
    sentence: str
    asset_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()


def why(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> Answer:
    """Raises NotFound if the path neither exists nor is known."""
    path = given(path)
    place = locate(path, select_roots(connection))
    shown = paths.to_text(os.path.abspath(path))
    if place is None:
        if not os.path.lexists(path):
            raise NotFound(f"{shown}: there is no such file, and no indexed folder holds it")
        return Answer(shown, "outside", f"{shown} is not in an indexed folder: 'indexer scan' its folder to add it.")
    root, within = place
    known = select_status_at(connection, root.id, *paths.split(within)) if within else None
    if within and is_sidecar_name(name := os.path.basename(path)) and is_regular(path):
        status = known.status if known is not None else "not_media"
        if status == "not_media" or is_picasas(name):
            try:
                return Answer(shown, status, f"{shown} is {_of_sidecar(connection, root, *paths.split(within))}.")
            except OSError as error:
                if not os.path.lexists(path):
                    raise NotFound(f"{shown}: there is no such file any more") from error
                return Answer(shown, status, f"{shown} is a sidecar, but its folder could not be read: {error}.")
    if known is not None and (known.status not in ("missing", "gone") or not os.path.lexists(path)):
        sentence = _sentence(connection, shown, known)
        if known.status in ("indexed", "damaged") and (trouble := _trouble(path)) is not None:
            sentence += f" It cannot be read now: {trouble}."
        return Answer(shown, known.status, sentence, known.asset_id)
    if not os.path.lexists(path):
        if (move := last_move(connection, shown)) is not None:
            to = json.loads(move.payload or "{}").get("path")
            return Answer(shown, "moved", f"{shown} moved to {to}, noticed on {move.created_at}.", move.entity_id)
        raise NotFound(f"{shown}: there is no such file, and none was seen there")
    return _preview(connection, root, within, shown, is_folder=os.path.isdir(path))


def _trouble(path: Path) -> str | None:
    """Why an indexed file cannot be read at this moment."""
    try:
        with FileIO(path, opener=regular):
            return None
    except OSError as error:
        return message_of(error)


def _sentence(connection: sqlite3.Connection, shown: str, known: PathStatus) -> str:
    reason, asset = known.reason or "", known.asset_id
    if known.status == "indexed":
        others = len(select_places(connection, asset)) - 1 if asset else 0
        copies = f"; the same photo is in {others} other place{'s' * (others > 1)}" if others else ""
        since = trashed_at(connection, asset) if asset else None
        return f"{shown} is indexed as {asset}{copies}{f'; it is in the trash since {since}' if since else ''}."
    if known.status == "damaged":
        return f"{shown} is indexed as {asset}, but damaged: {reason}." if asset else f"{shown} is damaged: {reason}."
    if known.status == "missing":
        return f"{shown} is missing since {known.seen_at}; its record {asset} goes to the trash if it does not return."
    if known.status == "gone":
        return f"{shown} is gone, noticed on {known.seen_at}; its record {asset} is kept."
    kept = f" Its record {asset} is kept." if asset else ""
    what = {
        "ignored": f"{shown} is ignored: {reason}.",
        "not_media": f"{shown} is {reason}.",
        "unreadable": f"{shown} could not be read: {reason}.",
        "unstable": f"{shown} did not settle: {reason}; the next scan tries again.",
    }
    return what[known.status] + kept


def _of_sidecar(connection: sqlite3.Connection, root: Root, folder: str, name: str) -> str:
    """Which photos the sidecar belongs to, and whether it is read with them. Raises OSError."""
    real, name = real_folder(paths.from_text(root.path), folder), paths.from_text(name)
    names = os.listdir(real)
    stats = sidecars_in(real, names)
    if name not in stats:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    this, sidecars = Sidecars({name: stats[name]}, names), Sidecars(stats, names)
    media = {paths.to_text(owner): owner for owner in sorted(names) if is_media_name(owner) and this.of(owner)}
    if not media:
        return "not read: no photo in its folder has a name that it goes with"
    rows = select_files_in(connection, root.id, folder, media)
    reasons: dict[str, list[str]] = {}
    for text, owner in media.items():
        reason = _reader_of(connection, rows.get(text), name, owner, sidecars)
        reasons.setdefault(reason, []).append(owner)
    return "; ".join(f"a sidecar of {_some(owners)}, {reason}" for reason, owners in reasons.items())


def _reader_of(
    connection: sqlite3.Connection, row: StoredFile | None, name: str, owner: str, sidecars: Sidecars
) -> str:
    """Whether a sidecar of this name is read with the file `owner`, and why not."""
    used = sidecars.of(owner)
    if name not in used:
        other = next((sidecar for sidecar in used if sidecar[-4:].lower() == name[-4:].lower()), "another")
        return f"not read: {paths.to_text(other)} is read instead"
    if row is None or row.asset_id is None:
        return "to be read when that is indexed"
    first = select_metadata_file(connection, row.asset_id)
    if first is not None and first.id != row.id:
        roots = {root.id: root.path for root in select_roots(connection)}
        where = f"{roots.get(first.root_id, '')}/{paths.join(first.folder, first.name)}"
        return f"not read: that is a copy, and the record is that of {where}, with the sidecars there"
    if row.status in ("missing", "gone"):
        return "not read now: that is missing"
    if row.reader_version == sidecars.reader_version(owner, used):
        return "read with it"
    return "to be read by the next scan: it is new, or has changed"


def _some(names: list[str]) -> str:
    shown = ", ".join(paths.to_text(name) for name in names[:_SHOWN_OWNERS])
    more = len(names) - _SHOWN_OWNERS
    return f"{shown} and {more:,} more" if more > 0 else shown


def _preview(connection: sqlite3.Connection, root: Root, within: str, shown: str, *, is_folder: bool) -> Answer:
    """The status that the next scan will give to a new path."""
    for ancestor in _ancestors(within):
        above = select_status_at(connection, root.id, *paths.split(ancestor))
        if above is not None and above.is_folder and above.status in ("ignored", "unreadable"):
            known = f"{above.root}/{above.path}"
            return Answer(shown, above.status, f"{shown} is in {known}, which is {above.status}: {above.reason}.")
    folder, name = paths.split(within)
    listing = Walker(root).list_names(folder, [name]) if within else None
    if listing is not None and listing.skipped:
        skipped = listing.skipped[0]
        return Answer(shown, skipped.status, f"{shown} is {skipped.status.replace('_', ' ')}: {skipped.reason}.")
    if is_folder:
        return Answer(shown, "folder", f"{shown} is a folder that is indexed; ask for a file in it.")
    if listing is None:
        return Answer(shown, "ignored", f"{shown} is in a folder that is now ignored.")
    last = f"the last scan ended {root.scanned_at}" if root.scanned_at else "no scan has ended yet"
    return Answer(shown, "unseen", f"{shown} has not been seen yet ({last}): the next scan indexes it.")


def _ancestors(within: str) -> list[str]:
    parts = within.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
