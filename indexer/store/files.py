"""File rows: path, status and stat values; reads and updates."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from indexer import paths

from . import primary_files
from .bulk_insert import insert_rows
from .columns import ASSET_ID, NUMBER, PRESENT
from .events import path_of, record_event
from .transaction import Transaction


class StoredFile(NamedTuple):
    """A path as stored in the index. A NamedTuple, because one is made for every file of every scan."""

    id: int
    root_id: int
    folder: str
    name: str
    status: str
    reason: str | None
    is_folder: int
    asset_id: str | None
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    inode: int | None
    device: int | None
    reader_version: str | None


class PathStatus(NamedTuple):
    """The status of one path."""

    root: str
    path: str
    status: str
    reason: str | None
    is_folder: bool
    asset_id: str | None
    seen_at: str


class FileStat(NamedTuple):
    """A file found in a root. folder and name are as stored (indexer.paths); times are in nanoseconds.

    created_ns is the birth time if the platform has it, else the earlier of mtime and ctime. reader_version names the
    reader and sidecars of its metadata: if it differs from the stored one, the metadata must be read again.
    """

    root_id: int
    folder: str
    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    created_ns: int
    reader_version: str


class Skipped(NamedTuple):
    """A path that gets a status but no new asset.

    The asset of an unreadable or unstable path stays: an error is not an absence.
    """

    root_id: int
    folder: str
    name: str
    status: Literal["ignored", "not_media", "unreadable", "unstable", "damaged"]
    reason: str
    is_folder: bool = False


_FILE = (
    "id, root_id, folder, name, status, reason, is_folder,"
    f" {ASSET_ID}, size, mtime_ns, ctime_ns, inode, device, reader_version"
)
_STATUS = (
    f"root.path, file.path, status, reason, is_folder, {ASSET_ID}, seen_at FROM file JOIN root ON root.id = root_id"
)


def select_file_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> StoredFile | None:
    row = connection.execute(
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ? AND name = ?", (root_id, folder, name)
    ).fetchone()
    return StoredFile(*row) if row else None


# What must equal the file on disk for it to be unchanged: see select_known_in.
Known = tuple[str, int, int, int, int, str, int]


def select_known_in(connection: sqlite3.Connection, root_id: int, folder: str) -> dict[str, Known]:
    """Rows of one folder (not below it), by name: name, mtime_ns, size, ctime_ns, inode, reader_version, and 1 if the
    file is indexed or damaged and has an asset, else 0. A rescan needs no other columns of the many unchanged files."""
    rows = connection.execute(
        "SELECT name, mtime_ns, size, ctime_ns, inode, reader_version,"
        " status IN ('indexed', 'damaged') AND asset_number IS NOT NULL FROM file WHERE root_id = ? AND folder = ?",
        (root_id, folder),
    )
    return {row[0]: row for row in rows}


def select_files_in(
    connection: sqlite3.Connection, root_id: int, folder: str, names: Collection[str] | None = None
) -> dict[str, StoredFile]:
    """Rows of one folder (not below it), by name. names: only these."""
    if names is not None:
        files = (select_file_at(connection, root_id, folder, name) for name in names)
        return {file.name: file for file in files if file}
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ?", (root_id, folder))
    return {row[3]: StoredFile._make(row) for row in rows}


_NEXT_FOLDER = "SELECT min(folder) FROM file WHERE root_id = ? AND folder > ? AND folder < ?"


def iterate_folders_below(connection: sqlite3.Connection, root_id: int, folder: str) -> Iterator[str]:
    """The given folder and the folders below it that have rows. Each is one step in the database index: the rows of
    their files, often a hundred times as many, are not read."""
    low, high = (folder + "/", folder + "0") if folder else ("", "\U0010ffff")  # '0' follows '/'
    yield folder
    while (following := connection.execute(_NEXT_FOLDER, (root_id, low, high)).fetchone()[0]) is not None:
        yield following
        low = following


def count_folders(connection: sqlite3.Connection) -> int:
    """Number of folders that hold indexed files, at any depth."""
    folders = {("", 0)}
    for root_id, folder in connection.execute(
        "SELECT DISTINCT root_id, folder FROM file WHERE asset_number IS NOT NULL"
    ):
        while (folder, root_id) not in folders:
            folders.add((folder, root_id))
            folder = folder.rpartition("/")[0]
    return len(folders) - 1


def count_present(connection: sqlite3.Connection, root_id: int) -> int:
    """Number of files of a root that have an asset and may exist (`columns.PRESENT`)."""
    query = f"SELECT count(*) FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {PRESENT}"
    return int(connection.execute(query, (root_id,)).fetchone()[0])


def select_missing(connection: sqlite3.Connection, root_id: int) -> list[tuple[StoredFile, str]]:
    """Missing files of a root, each with the time when it was noticed."""
    rows = connection.execute(f"SELECT {_FILE}, seen_at FROM file WHERE root_id = ? AND status = 'missing'", (root_id,))
    return [(StoredFile._make(row[:-1]), row[-1]) for row in rows.fetchall()]


def select_sample(connection: sqlite3.Connection, root_id: int, limit: int) -> list[StoredFile]:
    """Up to `limit` of the files that `count_present` counts, spread over the root."""
    query = (
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {PRESENT}"
        " ORDER BY size, id LIMIT ?"
    )
    return [StoredFile._make(row) for row in connection.execute(query, (root_id, limit))]


# Device, inode, size and modification time (nanoseconds) of a file.
Inode = tuple[int, int, int, int]
_SAME_INODES = f"""
SELECT {_FILE} FROM (SELECT value AS key FROM json_each(?)) CROSS JOIN file ON inode = key ->> 1 AND size = key ->> 2
WHERE device = key ->> 0 AND mtime_ns = key ->> 3 AND asset_number IS NOT NULL"""


def select_same_inodes(
    connection: sqlite3.Connection, inodes: Sequence[Inode]
) -> dict[tuple[int | None, ...], list[StoredFile]]:
    """The files that had one of these inodes, with its size and modification time, when they were last seen."""
    files: dict[tuple[int | None, ...], list[StoredFile]] = {}
    for file in map(StoredFile._make, connection.execute(_SAME_INODES, (json.dumps(inodes),)).fetchall()):
        files.setdefault((file.device, file.inode, file.size, file.mtime_ns), []).append(file)
    return files


# Root, folder, name, checksum, fingerprint and future asset id of a file.
Arrival = tuple[int, str, str, str, str | None, str]
# Each condition is an index lookup.
_UNKNOWN = """
SELECT key FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM file
    WHERE root_id = value ->> 0 AND folder = value ->> 1 AND name = value ->> 2)
AND NOT EXISTS (SELECT 1 FROM asset WHERE checksum = value ->> 3 AND id_differs = 1)
AND NOT EXISTS (SELECT 1 FROM asset WHERE substr(fingerprint, 1, 10) = substr(value ->> 4, 1, 10)
                AND fingerprint = value ->> 4)
AND NOT EXISTS (SELECT 1 FROM asset WHERE id = value ->> 5)"""


def select_unknown(connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> list[int]:
    """Positions of the arrivals whose path, content and image data are all unknown."""
    return [row[0] for row in connection.execute(_UNKNOWN, (json.dumps(arrivals),))]


def select_places(connection: sqlite3.Connection, asset_id: str) -> list[StoredFile]:
    """All files of an asset, gone ones too, oldest first."""
    return list(iterate_places(connection, asset_id))


def iterate_places(connection: sqlite3.Connection, asset_id: str) -> Iterator[StoredFile]:
    """As `select_places`, for callers that may not need all of possibly thousands. Do not write while iterating."""
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE asset_number = {NUMBER} ORDER BY id", (asset_id,))
    return map(StoredFile._make, rows)


def select_metadata_file(connection: sqlite3.Connection, asset_id: str) -> StoredFile | None:
    """The file whose metadata, with its sidecars, is in the record of an asset (see `primary_files`)."""
    file_id = primary_files.metadata_file(connection, asset_id)
    return None if file_id is None else select_file(connection, file_id)


def select_file(connection: sqlite3.Connection, file_id: int) -> StoredFile | None:
    row = connection.execute(f"SELECT {_FILE} FROM file WHERE id = ?", (file_id,)).fetchone()
    return StoredFile(*row) if row else None


def select_status_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> PathStatus | None:
    row = connection.execute(
        f"SELECT {_STATUS} WHERE root_id = ? AND folder = ? AND name = ?",
        (root_id, folder, name),
    ).fetchone()
    return PathStatus(*row) if row else None


def select_failures(connection: sqlite3.Connection, limit: int) -> list[PathStatus]:
    rows = connection.execute(
        # The second term is implied, but needed for the partial index file_other to be used.
        f"SELECT {_STATUS} WHERE status IN ('damaged', 'unreadable', 'unstable') AND status <> 'indexed'"
        " ORDER BY root.path, file.folder, file.name LIMIT ?",
        (limit,),
    )
    return [PathStatus(*row) for row in rows]


class Counts(NamedTuple):
    """Totals of the index. by_status: paths of every status that occurs. by_root: files with an asset, missing ones
    included."""

    assets: int
    trashed: int
    files: int
    bytes: int
    by_status: dict[str, int]
    by_root: dict[int, int]
    missing_by_root: dict[int, int]


def count_statuses(connection: sqlite3.Connection) -> dict[str, int]:
    """Number of paths of every status that occurs."""
    rows = connection.execute(  # one statement for a consistent view; only rows that are not indexed are grouped
        "WITH other AS (SELECT status, count(*) AS paths FROM file WHERE status <> 'indexed' GROUP BY status)"
        " SELECT 'indexed', (SELECT count(*) FROM file) - coalesce((SELECT sum(paths) FROM other), 0)"
        " UNION ALL SELECT status, paths FROM other"
    )
    return {status: number for status, number in rows if number}


def count_all(connection: sqlite3.Connection) -> Counts:
    live, trashed, size = connection.execute(
        "SELECT count(*) FILTER (WHERE trashed_at IS NULL), count(trashed_at),"
        " coalesce(sum(file_size_bytes) FILTER (WHERE trashed_at IS NULL), 0) FROM asset"
    ).fetchone()
    by_status = count_statuses(connection)
    by_root = dict(
        connection.execute(
            f"SELECT root_id, count(*) FROM file WHERE asset_number IS NOT NULL AND {PRESENT} GROUP BY root_id"
        ).fetchall()
    )
    missing = dict(
        connection.execute("SELECT root_id, count(*) FROM file WHERE status = 'missing' GROUP BY root_id").fetchall()
    )
    return Counts(live, trashed, sum(by_root.values()), size, by_status, by_root, missing)


_COLUMNS = (
    ("root_id", "folder", "name", "status", "reason", "asset_number", "size", "mtime_ns", "ctime_ns", "inode")
    + ("device", "created_ns", "device_asset_id", "uri", "reader_version", "seen_at")
)  # fmt: skip
_UPSERT_FILE = f"""
INSERT INTO file ({", ".join(_COLUMNS)}) VALUES ({", ".join("?" * len(_COLUMNS))})
ON CONFLICT (root_id, folder, name) DO UPDATE SET is_folder = 0,
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])}
RETURNING id"""
# Have a damaged file read again when it returns: its new status overwrites what was wrong with it.
_FORGET_DAMAGE = "reader_version = iif(status = 'damaged', NULL, reader_version)"
_UPSERT_STATUS = f"""
INSERT INTO file (root_id, folder, name, status, reason, is_folder, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (root_id, folder, name) DO UPDATE SET
    status = excluded.status, reason = excluded.reason, is_folder = excluded.is_folder, seen_at = excluded.seen_at,
    {_FORGET_DAMAGE}
RETURNING {ASSET_ID}"""


def insert_files(connection: sqlite3.Connection, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert new rows: an id, followed by the columns of `file_row`."""
    insert_rows(connection, "file", ("id", *_COLUMNS), rows)


def put_file(tx: Transaction, stat: FileStat, number: int, status: tuple[str, str | None], replaced: str | None) -> int:
    row = tx.connection.execute(_UPSERT_FILE, file_row(tx.now, stat, number, status)).fetchone()
    tx.touched.folders.add((stat.root_id, stat.folder))
    if replaced is not None:
        primary_files.lose_place(tx, replaced)
    return int(row[0])


def file_row(now: str, stat: FileStat, number: int, status: tuple[str, str | None]) -> tuple[object, ...]:
    """The values in the order of _COLUMNS."""
    path = paths.join(stat.folder, stat.name)
    name, uri = paths.nfc(path), paths.uri(paths.from_text(path))
    return (
        stat.root_id,
        stat.folder,
        stat.name,
        *status,
        number,
        stat.size,
        stat.mtime_ns,
        stat.ctime_ns,
        stat.inode,
        stat.device,
        None if stat.created_ns == stat.mtime_ns else stat.created_ns,
        None if name == path else name,
        None if uri == path else uri,
        stat.reader_version,
        now,
    )


def record_skipped(tx: Transaction, path: Skipped) -> None:
    row = tx.connection.execute(
        _UPSERT_STATUS,
        (path.root_id, path.folder, path.name, path.status, path.reason, int(path.is_folder), tx.now),
    ).fetchone()
    if row[0] and path.status == "ignored":
        primary_files.lose_place(tx, row[0])
    elif row[0]:
        primary_files.choose_file(tx, row[0])


def ignore_below(tx: Transaction, root_id: int, folder: str, reason: str) -> None:
    """Ignore a whole folder that a rule now covers. Its files are no longer listed, but keep their assets."""
    rows = tx.connection.execute(
        f"UPDATE file SET status = 'ignored', reason = ?, seen_at = ?, {_FORGET_DAMAGE}"
        " WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
        f" AND asset_number IS NOT NULL AND status NOT IN ('gone', 'ignored') RETURNING {ASSET_ID}",
        (reason, tx.now, root_id, folder, folder, folder),
    ).fetchall()
    tx.connection.execute(
        "DELETE FROM file WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
        " AND asset_number IS NULL",
        (root_id, folder, folder, folder),
    )
    for asset_id in {row[0] for row in rows}:
        primary_files.lose_place(tx, asset_id)


def forget_paths(tx: Transaction, file_ids: Iterable[int]) -> None:
    """Delete rows of vanished paths that never had an asset."""
    tx.connection.executemany(
        "DELETE FROM file WHERE id = ? AND asset_number IS NULL", [(file_id,) for file_id in file_ids]
    )


def mark_missing(tx: Transaction, file_id: int) -> None:
    """Mark a file as missing. Its asset stays live: the file may have been moved."""
    row = tx.connection.execute(
        f"UPDATE file SET status = 'missing', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
        f" WHERE id = ? AND {PRESENT} AND status <> 'missing' RETURNING {ASSET_ID}, id",
        (tx.now, file_id),
    ).fetchone()
    if row and row[0]:
        record_event(tx, row[0], "file_missing", path=path_of(tx.connection, row[1]))
        if primary_files.has_other_files(tx.connection, *row):
            primary_files.choose_file(tx, row[0])


def mark_gone(tx: Transaction, file_id: int) -> bool:
    """Mark a file as gone. False if there was no such row, or it was gone already."""
    row = tx.connection.execute(
        f"UPDATE file SET status = 'gone', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
        f" WHERE id = ? AND status <> 'gone' RETURNING {ASSET_ID}, id",
        (tx.now, file_id),
    ).fetchone()
    if row and row[0]:
        record_event(tx, row[0], "file_gone", path=path_of(tx.connection, row[1]))
        primary_files.lose_place(tx, row[0])
    return row is not None
