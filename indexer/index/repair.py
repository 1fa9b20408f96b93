"""Repair a damaged index: a new one is built next to it, checked, and only then put in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .. import config, ids, scratch
from ..errors import IndexDamaged, IndexUnusable, writing_to
from ..store import schema
from ..store.backup import copy_bytes, find_damage, hold, install, rename_damaged, unused_name
from ..store.connection import open_for_writing
from ..store.database import BROKEN, IndexConnection, connect, connect_for_reading
from ..store.job_locks import refuse_while_written
from ..store.repair import create_as, delete_dangling, rebuild_references, salvage, version_of
from .scan import scan
from .session import Session

if TYPE_CHECKING:
    from ..sync.summary import Summary


class Repair(NamedTuple):
    """problems: the damage. kept: a copy of the damaged index; saved: number of recovered rows by table; summary: of
    the scan that recovered the rest. The last three are empty if there was nothing to repair."""

    problems: Sequence[str]
    kept: Path | None = None
    saved: Mapping[str, int] = MappingProxyType({})
    summary: Summary | None = None


def repair(path: Path, *, workers: int | None = None, dry_run: bool = False) -> Repair:
    """See Maintenance.repair. If killed at any moment, it leaves either the damaged index or the new one."""
    if not dry_run:
        scratch.sweep(path.parent)
    with closing(connect_for_reading(path)) as connection:  # without migration: a damaged one cannot be updated
        problems = _problems(connection, path)
        if not dry_run:
            refuse_while_written(path)
    if not problems or dry_run:
        return Repair(problems)
    with writing_to(path.parent), scratch.folder(path.resolve().parent) as own:
        damaged, new = own / f"{path.name}.damaged", own / path.name
        with hold(path) as file:
            copy_bytes(file, damaged)
            saved = _salvage(damaged, new)
            if not sum(count for table, count in saved.items() if table not in ("event", "setting")):
                raise IndexDamaged(
                    f"nothing can be read of {path}, which is left as it is: put a backup in its place with"
                    " 'indexer restore BACKUP', or move it away and scan the folders again"
                )
            with closing(Session(new)) as built:
                summary = scan(built, workers=workers) if saved.get("root") else None
            with closing(open_for_writing(new)) as connection:
                delete_dangling(connection)
                if left := find_damage(connection):
                    raise IndexUnusable(f"{path} cannot be repaired, and is left as it is: {left[0]}")
        kept = unused_name(path, "damaged")
        rename_damaged(damaged, kept)
        install(new, path)
    return Repair(problems, kept, saved, summary)


def _problems(connection: IndexConnection, path: Path) -> list[str]:
    try:
        version = schema.check(connection, path)
    except IndexDamaged as error:
        return [str(error.__cause__)]
    return find_damage(connection) if version else ["it is empty"]


def _salvage(damaged: Path, new: Path) -> dict[str, int]:
    """Create a new index from the readable rows. Returns their number by table."""
    if (version := version_of(damaged)) and version < schema.VERSION:
        with suppress(*BROKEN):
            create_as(damaged, new)
    if not new.exists():
        open_for_writing(new).close()
    with closing(connect(new, "mode=rw")) as half:
        saved = salvage(damaged, half)
    with closing(open_for_writing(new)) as connection:
        rebuild_references(connection, ids.device_id(config.machine_name()))
    return saved
