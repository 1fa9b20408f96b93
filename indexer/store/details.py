"""Read details of one asset beyond its record: files, albums, failures of enrichers."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from indexer import paths

from .columns import NUMBER


class AssetFile(NamedTuple):
    """One file of an asset; paths are as stored (see indexer.paths). state: present, offline, missing or gone.
    problem: why the file is damaged or could not be read. checksum: the SHA-256 in base64; None if the content may have
    changed."""

    root: str
    folder: str
    name: str
    size: int | None
    state: str
    problem: str | None
    checksum: str | None

    @property
    def path(self) -> str:
        return paths.join(self.root, paths.join(self.folder, self.name))


class AlbumName(NamedTuple):
    id: str
    name: str


# The file that represents the asset first, then the reachable ones.
_FILES = f"""
SELECT file_state.root, file.folder, file.name, file.size, file_state.state,
       CASE WHEN file.status IN ('damaged', 'unreadable', 'unstable') THEN coalesce(file.reason, file.status) END,
       CASE WHEN file_state.state <> 'gone' THEN asset.checksum END
FROM file JOIN file_state ON file_state.file_id = file.id JOIN asset ON asset.number = file.asset_number
WHERE file.asset_number = {NUMBER}
ORDER BY file.id IS NOT asset.file_id, file_state.state <> 'present', file_state.state, file.id"""


def files(connection: sqlite3.Connection, asset_id: str) -> list[AssetFile]:
    """All files of an asset, former ones too."""
    return [AssetFile._make(row) for row in connection.execute(_FILES, (asset_id,))]


def albums_of(connection: sqlite3.Connection, asset_id: str) -> list[AlbumName]:
    rows = connection.execute(
        "SELECT album.id, album.name FROM album_asset JOIN album ON album.id = album_id WHERE asset_id = ?"
        " ORDER BY album.name, album.id",
        (asset_id,),
    )
    return [AlbumName._make(row) for row in rows]


def is_favorite(connection: sqlite3.Connection, asset_id: str) -> bool:
    row = connection.execute("SELECT is_favorite FROM user_value WHERE asset_id = ?", (asset_id,)).fetchone()
    return bool(row and row[0])


def failures_of(connection: sqlite3.Connection, asset_id: str) -> list[tuple[str, str]]:
    """The enrichers that failed for an asset, with their errors."""
    query = (
        f"SELECT enricher, error FROM enrichment WHERE asset_number = {NUMBER} AND error IS NOT NULL ORDER BY enricher"
    )
    return [tuple(row) for row in connection.execute(query, (asset_id,))]
