"""Report the provenance of each value of a record: read again from the file and its sidecars or, if the file cannot be
reached, from what the index keeps about dates and places."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from indexer import paths
from indexer.files import is_regular
from indexer.media.facts import Provenance
from indexer.store.files import StoredFile, iterate_places, select_metadata_file
from indexer.store.provenance import select_place_provenance, select_provenance, select_user_provenance
from indexer.store.roots import select_roots
from indexer.store.write_back import provenance_without_written, written_of

from .rules import real_folder
from .sidecars import Sidecars, sidecars_in


class Explanation(NamedTuple):
    """Values of fields with their sources; for each field the one that took precedence comes first. read_from: the
    file, or None if it could not be read."""

    provenance: list[Provenance]
    read_from: str | None


def explain(connection: sqlite3.Connection, asset_id: str) -> Explanation:
    return explain_with_xmp(connection, asset_id)[0]


def explain_with_xmp(connection: sqlite3.Connection, asset_id: str) -> tuple[Explanation, Sequence[bytes]]:
    """Returns also the XMP packets of the file that was read."""
    from indexer.media.read import explain_with_xmp as read_provenance

    by_user, looked_up = select_user_provenance(connection, asset_id), select_place_provenance(connection, asset_id)
    file = select_metadata_file(connection, asset_id)
    for path, sidecars in _files(connection, [file] if file else []):
        try:
            provenance, packets = read_provenance(path, sidecars)
            read = provenance_without_written(provenance, written_of(connection, asset_id))
            return Explanation(by_user + read + looked_up, paths.to_text(path)), packets
        except OSError:
            continue
    return Explanation(by_user + select_provenance(connection, asset_id) + looked_up, None), ()


def original(connection: sqlite3.Connection, asset_id: str) -> str | None:
    """A file of the asset that is present, as the operating system knows it."""
    roots = {root.id: paths.from_text(root.path) for root in select_roots(connection)}
    candidates = (
        os.path.join(real_folder(roots[file.root_id], file.folder), paths.from_text(file.name))
        for file in iterate_places(connection, asset_id)
        if file.status != "gone"
    )
    return next(filter(is_regular, candidates), None)


def _files(connection: sqlite3.Connection, places: Iterable[StoredFile]) -> list[tuple[str, tuple[str, ...]]]:
    """The files at these places whose folders can be read, with their sidecars."""
    roots = {root.id: paths.from_text(root.path) for root in select_roots(connection)}
    files = []
    for file in places:
        folder = real_folder(roots[file.root_id], file.folder)
        name = paths.from_text(file.name)
        try:
            names = os.listdir(folder)
            beside = sidecars_in(folder, names)
        except OSError:
            continue
        sidecars = Sidecars(beside, names).of(name)
        files.append((os.path.join(folder, name), tuple(os.path.join(folder, sidecar) for sidecar in sidecars)))
    return files
