"""Write user edits to XMP sidecars, keeping a backup of each sidecar it changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .. import private
from ..store import write_back as store
from ..store.backup import unused_name
from ..store.transaction import begin
from ..sync.write_back import WrittenBack
from ..sync.write_back import write_back as write_sidecars
from .session import Assets, Session

if TYPE_CHECKING:
    from ..media.facts import Face


def write_back(session: Session, assets: Assets, *, dry_run: bool) -> tuple[Sequence[WrittenBack], Path | None]:
    """See Assets.write_back."""
    chosen = session.resolve_all(assets) if assets else None
    connection = session.connection if dry_run else session.writer()
    folder = unused_name(session.path, "sidecars")
    kept: list[Path] = []

    def keep(sidecar: Path) -> None:
        private.make_folder(folder)
        copy = folder / f"{len(kept)} {sidecar.name}"
        shutil.copy2(sidecar, copy)
        kept.append(copy)

    @contextmanager
    def record(asset_id: str, values: Mapping[str, store.Written], faces: Sequence[Face]) -> Iterator[None]:
        with begin(connection):
            store.announce(connection, asset_id, values)
            store.note_faces(connection, asset_id, faces)
        yield
        with begin(connection):
            store.note(connection, asset_id, values)

    return list(write_sidecars(connection, chosen, keep, record, dry_run=dry_run)), folder if kept else None
