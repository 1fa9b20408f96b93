"""What the user said, into XMP sidecars beside the photos, for other programs. Photos themselves are never touched."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NamedTuple

from indexer import scratch
from indexer.files import is_regular, read_small
from indexer.media.facts import Face
from indexer.media.found import Found
from indexer.media.xmp import MAX_PACKET, read_xmp
from indexer.media.xmp_write import with_values
from indexer.store.user_values import UserMetadata, select_user_metadata
from indexer.store.written import Written

from .sidecars import Sidecars


class WrittenBack(NamedTuple):
    """sidecar: the file that was, or would be, written. state: 'made' where there was none; 'changed'; 'same' where it
    says so already; 'failed', reason says why."""

    asset_id: str
    sidecar: Path
    state: Literal["made", "changed", "same", "failed"]
    reason: str | None = None


# Is entered with an asset's id and what is written into its sidecar, and left when that is done.
Record = Callable[[str, Mapping[str, Written], Sequence[Face]], AbstractContextManager[None]]


def write_back(
    connection: sqlite3.Connection,
    asset_ids: Iterable[str] | None,
    keep: Callable[[Path], None],
    record: Record,
    *,
    dry_run: bool,
) -> Iterator[WrittenBack]:
    """asset_ids None: all of which the user has said anything. keep: is given a sidecar before it is changed."""
    beside: dict[Path, Sidecars] = {}  # by folder, of which many photos may lie in one
    with scratch.following() as scratch_in:
        for one in select_user_metadata(connection, asset_ids):
            path = Path(f"{one.real_path}.xmp")
            try:
                path = _sidecar(Path(one.real_path), beside)
                yield _written(one, path, keep, record, None if dry_run else scratch_in)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                yield WrittenBack(one.asset_id, path, "failed", reason)


def _written(
    one: UserMetadata,
    path: Path,
    keep: Callable[[Path], None],
    record: Record,
    scratch_in: Callable[[Path], Path] | None,
) -> WrittenBack:
    """scratch_in: a temporary folder in a folder; None to write nothing."""
    if not is_regular(one.real_path):
        raise ValueError("the photo cannot be reached now")
    before = read_small(path, MAX_PACKET) if os.path.lexists(path) else None
    after = with_values(before, one.values, one.regions)
    if before is not None and after == with_values(before, {}):
        return WrittenBack(one.asset_id, path, "same")
    if scratch_in is not None:
        if before is not None:
            keep(path)
        half = scratch_in(path.parent) / path.name
        half.write_bytes(after)
        with record(one.asset_id, *_changes(before, after, one)):
            half.replace(path)
    return WrittenBack(one.asset_id, path, "made" if before is None else "changed")


def _changes(before: bytes | None, after: bytes, one: UserMetadata) -> tuple[dict[str, Written], list[Face]]:
    """Of what the user said that of which the sidecar says something else now, as it is read; and the names that it
    did not name before."""
    there, here = (Found() if packet is None else _read(packet) for packet in (before, after))
    had, now = there.claims.get("sidecar", {}), here.claims.get("sidecar", {})
    values = {
        name: Written(now[name], had.get(name)) for name in one.values if now.get(name) not in (None, had.get(name))
    }
    names = {face.name for face in there.faces}
    return values, [Face(*region[:5]) for region in one.regions if region.name not in names]


def _read(packet: bytes) -> Found:
    found = Found()
    read_xmp(packet, found, source="sidecar")
    return found


def _sidecar(photo: Path, beside: dict[Path, Sidecars]) -> Path:
    """The one that speaks of it already; else a new one, whose name is no other photo's."""
    if photo.parent not in beside:
        scratch.sweep(photo.parent)
        entries = list(os.scandir(photo.parent))
        found = {one.name: one.stat(follow_symlinks=False) for one in entries if one.name[-4:].lower() == ".xmp"}
        beside[photo.parent] = Sidecars(found, [one.name for one in entries])
    known = [name for name in beside[photo.parent].of(photo.name) if name[-4:].lower() == ".xmp"]
    return photo.with_name(known[0] if known else f"{photo.name}.xmp")
