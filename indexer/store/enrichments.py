"""Store enrichment results, and select the assets that are due for an enricher."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from indexer import paths

from .columns import ASSET_ID, NUMBER
from .results import RESULTS, Rendition, Result, Storage
from .transaction import Transaction


class Enrichment(NamedTuple):
    """An enricher's output for an asset: a result or an error. input_key: identifies the input, as in the column."""

    asset_id: str
    enricher: str
    version: int
    input_key: str
    result: Result | None = None
    error: str | None = None


class Due(NamedTuple):
    """An asset whose current state these enrichers have not processed."""

    asset_id: str
    input_key: str
    enrichers: tuple[str, ...]


class PictureFile(NamedTuple):
    """The location of an asset's picture: path is as stored (indexer.paths), relative to the root."""

    root: str
    path: str
    size: int
    mtime_ns: int
    mime_type: str
    orientation: int

    @property
    def real_path(self) -> str:
        """As the operating system knows it."""
        return os.path.join(paths.from_text(self.root), *paths.from_text(self.path).split("/"))


def put(connection: sqlite3.Connection, enrichment: Enrichment, now: str) -> None:
    """Store an enrichment; it replaces the enricher's previous one."""
    storage = RESULTS[enrichment.enricher]
    if storage.merge is not None:
        if enrichment.result is not None:  # on failure the previous result stays
            storage.merge(connection, enrichment.asset_id, enrichment.result, now)
    elif _replace(connection, storage, enrichment, now) and storage.is_metadata:
        connection.execute("UPDATE asset SET metadata_changed_at = ? WHERE id = ?", (now, enrichment.asset_id))
    connection.execute(
        f"INSERT OR REPLACE INTO enrichment VALUES ({NUMBER}, ?, ?, ?, ?, ?)",
        (enrichment.asset_id, enrichment.enricher, enrichment.version, enrichment.input_key, enrichment.error, now),
    )


def _replace(connection: sqlite3.Connection, storage: Storage, enrichment: Enrichment, now: str) -> bool:
    """Replace the rows of a result. Returns whether they changed."""
    table = storage.table
    number = connection.execute("SELECT number FROM asset WHERE id = ?", (enrichment.asset_id,)).fetchone()[0]
    where = f"asset_number = ? AND {storage.where}"
    before = connection.execute(f"SELECT * FROM {table} WHERE {where}", (number,)).fetchall()
    rows = [(number, *row) for row in storage.rows(enrichment.result, now)] if enrichment.result is not None else []
    connection.execute(f"DELETE FROM {table} WHERE {where}", (number,))
    for row in rows:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    return before != rows


def forget(connection: sqlite3.Connection, enricher: str, *, failed_only: bool = False) -> int:
    """Make an enricher due again for all assets, or for those where it failed. Stored results stay until then."""
    only = " AND error IS NOT NULL" if failed_only else ""
    return connection.execute(f"DELETE FROM enrichment WHERE enricher = ?{only}", (enricher,)).rowcount


# One page of live assets, newest capture first.
_PAGE = """
SELECT id, number, wall_clock FROM asset
WHERE trashed_at IS NULL AND wall_clock <= :wall_clock AND (wall_clock < :wall_clock OR id > :id)
ORDER BY wall_clock DESC, id LIMIT :limit"""
_THESE = (
    "SELECT asset.id, number, wall_clock FROM json_each(:ids) JOIN asset ON asset.id = value WHERE trashed_at IS NULL"
)
_DUE = """
WITH page AS ({page})
SELECT page.id, input.{kind}, group_concat(wanted.key)
FROM page JOIN enrichment_input AS input ON input.asset_id = page.id JOIN json_each(:wanted) AS wanted
LEFT JOIN enrichment AS done ON done.asset_number = page.number AND done.enricher = wanted.key
WHERE input.{kind} IS NOT NULL AND (done.version IS NOT wanted.value OR done.input_key IS NOT input.{kind})
GROUP BY page.id, input.{kind} ORDER BY page.wall_clock DESC, page.id"""
_PAGE_SIZE = 2000


def due(
    connection: sqlite3.Connection, kind: str, enrichers: Mapping[str, int], among: Sequence[str] | None = None
) -> Iterator[Due]:
    """Live assets whose current state some of the enrichers (name -> version) have not processed, newest first.
    among: only these. kind: the enrichers' input, 'picture', 'place' or 'faces'. The index may be written meanwhile."""
    parameters = {"wanted": json.dumps(enrichers)}
    if among is not None:
        for row in connection.execute(
            _DUE.format(page=_THESE, kind=kind), {**parameters, "ids": json.dumps(among)}
        ).fetchall():
            yield Due(row[0], row[1], tuple(row[2].split(",")))
        return
    at = {"wall_clock": "\U0010ffff", "id": "", "limit": _PAGE_SIZE}
    while page := connection.execute(_PAGE, at).fetchall():
        for row in connection.execute(_DUE.format(page=_PAGE, kind=kind), {**parameters, **at}).fetchall():
            yield Due(row[0], row[1], tuple(row[2].split(",")))
        at = {**at, "id": page[-1][0], "wall_clock": page[-1][2]}


def count_due(connection: sqlite3.Connection, kind: str, enrichers: Mapping[str, int]) -> int:
    """How many assets `due` would yield."""
    everything = "SELECT id, number, wall_clock FROM asset WHERE trashed_at IS NULL"
    query = f"SELECT count(*) FROM ({_DUE.format(page=everything, kind=kind)})"
    return int(connection.execute(query, {"wanted": json.dumps(enrichers)}).fetchone()[0])


def coordinates(connection: sqlite3.Connection, asset_id: str) -> tuple[float, float]:
    query = "SELECT latitude, longitude FROM asset WHERE id = ?"
    latitude, longitude = connection.execute(query, (asset_id,)).fetchone()
    return latitude, longitude


def orientation(connection: sqlite3.Connection, asset_id: str) -> int:
    """The Exif orientation; 1 if the file has none."""
    row = connection.execute("SELECT orientation FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return int(row[0] or 1)


class Served(NamedTuple):
    """Properties of an asset that responses with its files need."""

    checksum: str
    orientation: int
    mime_type: str
    original_name: str


def served(connection: sqlite3.Connection, asset_id: str) -> Served | None:
    row = connection.execute(
        "SELECT checksum, coalesce(orientation, 1), mime_type, original_file_name FROM asset WHERE id = ?", (asset_id,)
    ).fetchone()
    return Served(*row) if row else None


def picture_files(connection: sqlite3.Connection, asset_id: str) -> list[PictureFile]:
    """The asset's files that exist as far as the index knows, the primary file first."""
    rows = connection.execute(
        "SELECT root.path, file.path, file.size, mtime_ns, mime_type, coalesce(orientation, 1)"
        " FROM asset JOIN file ON asset_number = asset.number"
        " JOIN root ON root.id = file.root_id"
        " WHERE asset.id = ? AND status IN ('indexed', 'damaged') AND root.offline_at IS NULL"
        " ORDER BY file.id IS NOT asset.file_id, file.id",
        (asset_id,),
    )
    return [PictureFile(*row) for row in rows]


def error_of_picture(connection: sqlite3.Connection, asset_id: str, enricher: str, version: int) -> str | None:
    """The error of this enricher version for the current picture; None if it succeeded or has not processed it."""
    row = connection.execute(
        "SELECT error FROM enrichment JOIN enrichment_input AS now ON now.picture = input_key"
        f" WHERE now.asset_id = ? AND asset_number = {NUMBER} AND enricher = ? AND version = ?",
        (asset_id, asset_id, enricher, version),
    ).fetchone()
    return row[0] if row else None


class Failure(NamedTuple):
    """A failed enrichment. path: the photo's current or last path; None if it has lost its file."""

    asset_id: str
    path: str | None
    enricher: str
    error: str


def failed(connection: sqlite3.Connection) -> list[Failure]:
    query = (
        "SELECT asset.id, root.path || '/' || file.path AS path, enricher, error FROM enrichment"
        " JOIN asset ON number = enrichment.asset_number LEFT JOIN file ON file.id = asset.file_id"
        " LEFT JOIN root ON root.id = file.root_id WHERE error IS NOT NULL ORDER BY path, asset.id, enricher"
    )
    return [Failure._make(row) for row in connection.execute(query)]


def counts(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Enricher -> the number of assets it has processed, and the number it failed at."""
    rows = connection.execute("SELECT enricher, count(*), count(error) FROM enrichment GROUP BY enricher")
    return {enricher: (total - failures, failures) for enricher, total, failures in rows}


# The renditions' files


def rendition(connection: sqlite3.Connection, asset_id: str, name: str, kind: str) -> tuple[str, str] | None:
    """The file of a rendition in the cache folder, and the present input key (see enrichment_input) of its asset."""
    row = connection.execute(
        f"SELECT file, coalesce({kind}, '') FROM rendition JOIN enrichment_input ON asset_id = ?1"
        f" WHERE asset_number = (SELECT number FROM asset WHERE id = ?1) AND name = ?2",
        (asset_id, name),
    ).fetchone()
    return (row[0], row[1]) if row else None


def put_rendition(connection: sqlite3.Connection, asset_id: str, rendition: Rendition, now: str) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO rendition VALUES ({NUMBER}, ?, ?, ?, ?, ?, ?, ?)", (asset_id, *rendition, now)
    )


def was_long_unused(connection: sqlite3.Connection, asset_id: str, name: str) -> bool:
    """Whether a rendition was unused for a day: often enough to rank by use, without a write for each view. A time in
    the future, from before the clock was set back, counts too."""
    query = (
        "SELECT used_at NOT BETWEEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')"
        " AND strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM rendition"
        f" WHERE asset_number = {NUMBER} AND name = ?"
    )
    return bool(connection.execute(query, (asset_id, name)).fetchone()[0])


def input_key(connection: sqlite3.Connection, asset_id: str, kind: str = "picture") -> str:
    query = f"SELECT {kind} FROM enrichment_input WHERE asset_id = ?"
    return str(connection.execute(query, (asset_id,)).fetchone()[0])


def has_input_key(connection: sqlite3.Connection, asset_id: str, input_key: str, kind: str = "picture") -> bool:
    """Whether the asset exists and its input (picture or faces) is unchanged."""
    query = f"SELECT 1 FROM enrichment_input WHERE asset_id = ? AND {kind} = ?"
    return connection.execute(query, (asset_id, input_key)).fetchone() is not None


def touch_rendition(connection: sqlite3.Connection, asset_id: str, name: str, now: str) -> None:
    connection.execute(
        f"UPDATE rendition SET used_at = ? WHERE asset_number = {NUMBER} AND name = ?", (now, asset_id, name)
    )


def cache_size(connection: sqlite3.Connection) -> int:
    """Bytes of all renditions."""
    return int(connection.execute("SELECT coalesce(sum(size), 0) FROM rendition").fetchone()[0])


def least_used(connection: sqlite3.Connection, size: int, but: Rendition | None = None) -> list[tuple[str, str]]:
    """Asset and name of the least recently used renditions that together have `size` bytes. On a tie the largest go
    first, which is the order of their names."""
    unused, freed = [], 0
    rows = connection.execute(f"SELECT {ASSET_ID}, name, file, size FROM rendition ORDER BY used_at, name")
    for asset_id, name, file, rendition_size in rows:
        if freed >= size:
            break
        if but is None or file != but.file:
            unused.append((asset_id, name))
            freed += rendition_size
    return unused


def drop_rendition(connection: sqlite3.Connection, asset_id: str, name: str) -> str | None:
    """Delete a rendition's row. Returns its file if no other rendition uses it."""
    row = connection.execute(
        f"DELETE FROM rendition WHERE asset_number = {NUMBER} AND name = ? RETURNING file", (asset_id, name)
    ).fetchone()
    if row is None or connection.execute("SELECT 1 FROM rendition WHERE file = ?", row).fetchone():
        return None
    return str(row[0])


def rendition_files(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT file FROM rendition")}


def setting(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def put_setting(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))


def renditions_of_files(connection: sqlite3.Connection, files: Iterable[str]) -> list[tuple[str, str]]:
    """Asset and name of the renditions stored in these files."""
    query = f"SELECT {ASSET_ID}, name FROM rendition WHERE file IN (SELECT value FROM json_each(?))"
    return connection.execute(query, (json.dumps(sorted(files)),)).fetchall()


def forget_one(connection: sqlite3.Connection, asset_id: str, enricher: str) -> None:
    connection.execute(f"DELETE FROM enrichment WHERE asset_number = {NUMBER} AND enricher = ?", (asset_id, enricher))


def put_enrichments(tx: Transaction, enrichments: Sequence[Enrichment]) -> None:
    """Store enrichments of one asset, if it still exists."""
    asset_id = enrichments[0].asset_id
    if tx.connection.execute("SELECT 1 FROM asset WHERE id = ?", (asset_id,)).fetchone():
        with tx.record_changed(asset_id):
            for enrichment in enrichments:
                put(tx.connection, enrichment, tx.now)
