"""Write the user's edits to XMP sidecars next to the photos, for other programs. Photos are never changed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NamedTuple

from indexer import scratch
from indexer.files import is_regular, read_small
from indexer.media.extraction import Extraction
from indexer.media.facts import Face
from indexer.media.readers.xmp import MAX_PACKET, read_xmp
from indexer.media.xmp_write import with_values
from indexer.store.user_values import UserMetadata, select_user_metadata
from indexer.store.write_back import Written

from .sidecars import Sidecars


class WrittenBack(NamedTuple):
    """sidecar: the file that was, or would be, written. state: 'made' if there was none; 'changed'; 'same' if it was up
    to date; 'failed', with the reason."""

    asset_id: str
    sidecar: Path
    state: Literal["made", "changed", "same", "failed"]
    reason: str | None = None


# A context manager around the write of a sidecar: gets the asset's id and the written values and faces.
Record = Callable[[str, Mapping[str, Written], Sequence[Face]], AbstractContextManager[None]]


def write_back(
    connection: sqlite3.Connection,
    asset_ids: Iterable[str] | None,
    keep: Callable[[Path], None],
    record: Record,
    *,
    dry_run: bool,
) -> Iterator[WrittenBack]:
    """asset_ids None: all edited assets. keep: called with a sidecar before it is changed."""
    by_folder: dict[Path, Sidecars] = {}
    with scratch.following() as scratch_in:
        for edits in select_user_metadata(connection, asset_ids):
            path = Path(f"{edits.real_path}.xmp")
            try:
                path = _sidecar(Path(edits.real_path), by_folder)
                yield _write(edits, path, keep, record, None if dry_run else scratch_in)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                yield WrittenBack(edits.asset_id, path, "failed", reason)


def _write(
    edits: UserMetadata,
    path: Path,
    keep: Callable[[Path], None],
    record: Record,
    scratch_in: Callable[[Path], Path] | None,
) -> WrittenBack:
    """scratch_in: a temporary folder in a folder; None to write nothing."""
    if not is_regular(edits.real_path):
        raise ValueError("the photo cannot be reached now")
    before = read_small(path, MAX_PACKET) if os.path.lexists(path) else None
    after = with_values(before, edits.values, edits.regions)
    if before is not None and after == with_values(before, {}):
        return WrittenBack(edits.asset_id, path, "same")
    if scratch_in is not None:
        if before is not None:
            keep(path)
        temporary = scratch_in(path.parent) / path.name
        temporary.write_bytes(after)
        with record(edits.asset_id, *_changes(before, after, edits)):
            temporary.replace(path)
    return WrittenBack(edits.asset_id, path, "made" if before is None else "changed")


def _changes(before: bytes | None, after: bytes, edits: UserMetadata) -> tuple[dict[str, Written], list[Face]]:
    """The edits whose values in the sidecar change, as they are read from it; and the faces it did not name before."""
    had, has = (Extraction() if packet is None else _read(packet) for packet in (before, after))
    old, new = had.values.get("sidecar", {}), has.values.get("sidecar", {})
    values = {
        name: Written(new[name], old.get(name)) for name in edits.values if new.get(name) not in (None, old.get(name))
    }
    names = {face.name for face in had.faces}
    return values, [Face(*region[:5]) for region in edits.regions if region.name not in names]


def _read(packet: bytes) -> Extraction:
    extraction = Extraction()
    read_xmp(packet, extraction, source="sidecar")
    return extraction


def _sidecar(photo: Path, by_folder: dict[Path, Sidecars]) -> Path:
    """The photo's XMP sidecar; else a new name, which cannot be another photo's."""
    if photo.parent not in by_folder:
        scratch.sweep(photo.parent)
        entries = list(os.scandir(photo.parent))
        xmp = [entry for entry in entries if entry.name[-4:].lower() == ".xmp"]
        stats = {entry.name: entry.stat(follow_symlinks=False) for entry in xmp}
        by_folder[photo.parent] = Sidecars(stats, [entry.name for entry in entries])
    known = [name for name in by_folder[photo.parent].of(photo.name) if name[-4:].lower() == ".xmp"]
    return photo.with_name(known[0] if known else f"{photo.name}.xmp")
