"""Which enricher has processed which asset, and the results."""

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
    """What an enricher made of an asset: a result, or the error that kept it from one. input_key: of what it was made
    from, the column input_key."""

    asset_id: str
    enricher: str
    version: int
    input_key: str
    result: Result | None = None
    error: str | None = None


class Due(NamedTuple):
    """An asset that these enrichers have not processed as it is now."""

    asset_id: str
    input_key: str
    enrichers: tuple[str, ...]


class PictureFile(NamedTuple):
    """Where the picture of an asset lies: path is as stored (indexer.paths), within the root."""

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


def put(connection: sqlite3.Connection, one: Enrichment, now: str) -> None:
    """Replaces what the enricher said before."""
    storage = RESULTS[one.enricher]
    if storage.merge is not None:
        if one.result is not None:  # else what was there stays
            storage.merge(connection, one.asset_id, one.result, now)
    elif _replace(connection, storage, one, now) and storage.is_metadata:
        connection.execute("UPDATE asset SET metadata_changed_at = ? WHERE id = ?", (now, one.asset_id))
    connection.execute(
        f"INSERT OR REPLACE INTO enrichment VALUES ({NUMBER}, ?, ?, ?, ?, ?)",
        (one.asset_id, one.enricher, one.version, one.input_key, one.error, now),
    )


def _replace(connection: sqlite3.Connection, storage: Storage, one: Enrichment, now: str) -> bool:
    """Replaces the rows of a result; whether they changed."""
    table = storage.table
    number = connection.execute("SELECT number FROM asset WHERE id = ?", (one.asset_id,)).fetchone()[0]
    where = f"asset_number = ? AND {storage.where}"
    before = connection.execute(f"SELECT * FROM {table} WHERE {where}", (number,)).fetchall()
    rows = [(number, *row) for row in storage.rows(one.result, now)] if one.result is not None else []
    connection.execute(f"DELETE FROM {table} WHERE {where}", (number,))
    for row in rows:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    return before != rows


def forget(connection: sqlite3.Connection, enricher: str, *, failed_only: bool = False) -> int:
    """So that it is due again for all, or for those where it failed. What it said stays until then."""
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
    connection: sqlite3.Connection, kind: str, wanted: Mapping[str, int], among: Sequence[str] | None = None
) -> Iterator[Due]:
    """Live assets that some of the wanted enrichers (name -> version) have not seen as they are now, newest first;
    among: only these. kind: what they work from, 'picture', 'place' or 'faces'. The index may be written meanwhile."""
    asked = {"wanted": json.dumps(wanted)}
    if among is not None:
        for row in connection.execute(
            _DUE.format(page=_THESE, kind=kind), {**asked, "ids": json.dumps(among)}
        ).fetchall():
            yield Due(row[0], row[1], tuple(row[2].split(",")))
        return
    at = {"wall_clock": "\U0010ffff", "id": "", "limit": _PAGE_SIZE}
    while page := connection.execute(_PAGE, at).fetchall():
        for row in connection.execute(_DUE.format(page=_PAGE, kind=kind), {**asked, **at}).fetchall():
            yield Due(row[0], row[1], tuple(row[2].split(",")))
        at = {**at, "id": page[-1][0], "wall_clock": page[-1][2]}


def count_due(connection: sqlite3.Connection, kind: str, wanted: Mapping[str, int]) -> int:
    """How many assets `due` would yield."""
    everything = "SELECT id, number, wall_clock FROM asset WHERE trashed_at IS NULL"
    query = f"SELECT count(*) FROM ({_DUE.format(page=everything, kind=kind)})"
    return int(connection.execute(query, {"wanted": json.dumps(wanted)}).fetchone()[0])


def coordinates(connection: sqlite3.Connection, asset_id: str) -> tuple[float, float]:
    query = "SELECT latitude, longitude FROM asset WHERE id = ?"
    latitude, longitude = connection.execute(query, (asset_id,)).fetchone()
    return latitude, longitude


def orientation(connection: sqlite3.Connection, asset_id: str) -> int:
    """Exif's; 1 where the file says nothing."""
    row = connection.execute("SELECT orientation FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return int(row[0] or 1)


class Served(NamedTuple):
    """What is told of the files of an asset."""

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
    """The asset's files that are there, as far as the index knows, the one that stands for it first."""
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
    """Why this version of an enricher has failed at the picture as it is now; None: it has not, or not seen it."""
    row = connection.execute(
        "SELECT error FROM enrichment JOIN enrichment_input AS now ON now.picture = input_key"
        f" WHERE now.asset_id = ? AND asset_number = {NUMBER} AND enricher = ? AND version = ?",
        (asset_id, asset_id, enricher, version),
    ).fetchone()
    return row[0] if row else None


class Failure(NamedTuple):
    """What could not be worked out. path: where the photo lies, or lay last; None: it has lost its file."""

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
    """By enricher: of how many assets it has said something, and at how many it failed."""
    rows = connection.execute("SELECT enricher, count(*), count(error) FROM enrichment GROUP BY enricher")
    return {enricher: (total - failures, failures) for enricher, total, failures in rows}


# The renditions' files


def rendition(connection: sqlite3.Connection, asset_id: str, name: str) -> Rendition | None:
    row = connection.execute(
        f"SELECT name, file, mime_type, width, height, size FROM rendition WHERE asset_number = {NUMBER} AND name = ?",
        (asset_id, name),
    ).fetchone()
    return Rendition(*row) if row else None


def put_rendition(connection: sqlite3.Connection, asset_id: str, one: Rendition, now: str) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO rendition VALUES ({NUMBER}, ?, ?, ?, ?, ?, ?, ?)", (asset_id, *one, now)
    )


def was_long_unused(connection: sqlite3.Connection, asset_id: str, name: str) -> bool:
    """For a day: often enough to know what is used, without a write for each look. In the future: the clock was set
    back since."""
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
    """Whether there is such an asset, and its picture (or faces) is still this one."""
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
    """Asset and name of the least recently used renditions that together have `size` bytes. Of equal ones the large go
    first, which is the order of their names."""
    found, freed = [], 0
    rows = connection.execute(f"SELECT {ASSET_ID}, name, file, size FROM rendition ORDER BY used_at, name")
    for asset_id, name, file, one in rows:
        if freed >= size:
            break
        if but is None or file != but.file:
            found.append((asset_id, name))
            freed += one
    return found


def drop_rendition(connection: sqlite3.Connection, asset_id: str, name: str) -> str | None:
    """The file that no other asset's rendition needs any more."""
    row = connection.execute(
        f"DELETE FROM rendition WHERE asset_number = {NUMBER} AND name = ? RETURNING file", (asset_id, name)
    ).fetchone()
    if row is None or connection.execute("SELECT 1 FROM rendition WHERE file = ?", row).fetchone():
        return None
    return str(row[0])


def variant_files(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT file FROM rendition")}


def setting(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def put_setting(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))


def renditions_of_files(connection: sqlite3.Connection, files: Iterable[str]) -> list[tuple[str, str]]:
    """Asset and name of the renditions that lie in these files."""
    query = f"SELECT {ASSET_ID}, name FROM rendition WHERE file IN (SELECT value FROM json_each(?))"
    return connection.execute(query, (json.dumps(sorted(files)),)).fetchall()


def forget_one(connection: sqlite3.Connection, asset_id: str, enricher: str) -> None:
    connection.execute(f"DELETE FROM enrichment WHERE asset_number = {NUMBER} AND enricher = ?", (asset_id, enricher))


def put_enrichments(tx: Transaction, worked_out: Sequence[Enrichment]) -> None:
    """Of one asset, unless it is not there any more."""
    asset_id = worked_out[0].asset_id
    if tx.connection.execute("SELECT 1 FROM asset WHERE id = ?", (asset_id,)).fetchone():
        with tx.record_changed(asset_id):
            for one in worked_out:
                put(tx.connection, one, tx.now)
