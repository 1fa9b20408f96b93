"""Paths of the index: what is known of each, and what becomes of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from indexer import paths

from . import standing
from .columns import ASSET_ID, NUMBER, PRESENT
from .events import path_of, record_event
from .rows import insert_rows
from .transaction import Transaction


class StoredFile(NamedTuple):
    """A path of the index with what is known of it. A NamedTuple: one is made for every file of every scan."""

    id: int
    root_id: int
    folder: str
    name: str
    verdict: str
    reason: str | None
    is_folder: int
    asset_id: str | None
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    inode: int | None
    device: int | None
    reading: str | None


class Verdict(NamedTuple):
    """What the index says of one path."""

    root: str
    path: str
    verdict: str
    reason: str | None
    is_folder: bool
    asset_id: str | None
    seen_at: str


class FileStat(NamedTuple):
    """A file found in a root. folder and name are as stored (indexer.paths); times in nanoseconds.

    created_ns is the birth time where the platform tells it, else the earlier of mtime and ctime. reading names what
    its metadata is read with: another text means that it has to be read again.
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
    reading: str


class Skipped(NamedTuple):
    """A path that gets a verdict and no new asset: ignored, not_media, unreadable, unstable.

    The asset already known at an unreadable or unstable place stays: an error is not an absence.
    """

    root_id: int
    folder: str
    name: str
    verdict: Literal["ignored", "not_media", "unreadable", "unstable", "damaged"]
    reason: str
    is_folder: bool = False


_FILE = (
    "id, root_id, folder, name, verdict, reason, is_folder,"
    f" {ASSET_ID}, size, mtime_ns, ctime_ns, inode, device, reading"
)
_VERDICT = (
    f"root.path, file.path, verdict, reason, is_folder, {ASSET_ID}, seen_at FROM file JOIN root ON root.id = root_id"
)


def select_file_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> StoredFile | None:
    row = connection.execute(
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ? AND name = ?", (root_id, folder, name)
    ).fetchone()
    return StoredFile(*row) if row else None


# What a file's row says that has to be so for the file to be as it was: see known_in.
Known = tuple[str, int, int, int, int, str, int]


def select_known_in(connection: sqlite3.Connection, root_id: int, folder: str) -> dict[str, Known]:
    """Of all rows of one folder (not below it), by name: name, mtime_ns, size, ctime_ns, inode, reading, and whether it
    is indexed (1) or has another verdict (0). For the many files of a rescan, of which no more is asked."""
    rows = connection.execute(
        "SELECT name, mtime_ns, size, ctime_ns, inode, reading,"
        " verdict IN ('indexed', 'damaged') AND asset_number IS NOT NULL FROM file WHERE root_id = ? AND folder = ?",
        (root_id, folder),
    )
    return {row[0]: row for row in rows}


def select_files_in(
    connection: sqlite3.Connection, root_id: int, folder: str, names: Collection[str] | None = None
) -> dict[str, StoredFile]:
    """The stored rows of one folder (not below it), by name; only the given names where there are some."""
    if names is not None:
        found = (select_file_at(connection, root_id, folder, name) for name in names)
        return {file.name: file for file in found if file}
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ?", (root_id, folder))
    return {row[3]: StoredFile._make(row) for row in rows}


_NEXT_FOLDER = "SELECT min(folder) FROM file WHERE root_id = ? AND folder > ? AND folder < ?"


def iterate_folders_below(connection: sqlite3.Connection, root_id: int, folder: str) -> Iterator[str]:
    """Folders, at and below the given one, of which there are rows. From each to the next by a step in the index: what
    lies in them, often a hundred times as much, is not read."""
    low, high = (folder + "/", folder + "0") if folder else ("", "\U0010ffff")  # '0' follows '/'
    yield folder
    while (found := connection.execute(_NEXT_FOLDER, (root_id, low, high)).fetchone()[0]) is not None:
        yield found
        low = found


def count_folders(connection: sqlite3.Connection) -> int:
    """Folders that hold an indexed file, and those that they lie in."""
    folders = {("", 0)}
    for root_id, folder in connection.execute(
        "SELECT DISTINCT root_id, folder FROM file WHERE asset_number IS NOT NULL"
    ):
        while (folder, root_id) not in folders:
            folders.add((folder, root_id))
            folder = folder.rpartition("/")[0]
    return len(folders) - 1


def count_present(connection: sqlite3.Connection, root_id: int) -> int:
    """Files of a root that have an asset and are not known to be gone."""
    query = f"SELECT count(*) FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {PRESENT}"
    return int(connection.execute(query, (root_id,)).fetchone()[0])


def select_missing(connection: sqlite3.Connection, root_id: int) -> list[tuple[StoredFile, str]]:
    """Files of a root that were not found, with the moment when that was noticed."""
    rows = connection.execute(
        f"SELECT {_FILE}, seen_at FROM file WHERE root_id = ? AND verdict = 'missing'", (root_id,)
    )
    return [(StoredFile._make(row[:-1]), row[-1]) for row in rows.fetchall()]


def select_sample(connection: sqlite3.Connection, root_id: int, limit: int) -> list[StoredFile]:
    """Some of the files that `count_present` counts, spread over the root."""
    query = (
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {PRESENT}"
        " ORDER BY size, id LIMIT ?"
    )
    return [StoredFile._make(row) for row in connection.execute(query, (root_id, limit))]


# A file's device, inode, size and modification time in nanoseconds
Inode = tuple[int, int, int, int]
_SAME_INODES = f"""
SELECT {_FILE} FROM (SELECT value AS one FROM json_each(?)) CROSS JOIN file ON inode = one ->> 1 AND size = one ->> 2
WHERE device = one ->> 0 AND mtime_ns = one ->> 3 AND asset_number IS NOT NULL"""


def select_same_inodes(
    connection: sqlite3.Connection, inodes: Sequence[Inode]
) -> dict[tuple[int | None, ...], list[StoredFile]]:
    """Of these inodes, the files that had them, and this size and modification time, when they were last seen."""

    found: dict[tuple[int | None, ...], list[StoredFile]] = {}
    for row in map(StoredFile._make, connection.execute(_SAME_INODES, (json.dumps(inodes),)).fetchall()):
        found.setdefault((row.device, row.inode, row.size, row.mtime_ns), []).append(row)
    return found


# A file's root, folder and name, its checksum, its fingerprint, the id it would have
Arrival = tuple[int, str, str, str, str | None, str]
# The rows are asked for one by one, each by an index.
_UNHEARD = """
SELECT key FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM file
    WHERE root_id = value ->> 0 AND folder = value ->> 1 AND name = value ->> 2)
AND NOT EXISTS (SELECT 1 FROM asset WHERE checksum = value ->> 3 AND id_differs = 1)
AND NOT EXISTS (SELECT 1 FROM asset WHERE substr(fingerprint, 1, 10) = substr(value ->> 4, 1, 10)
                AND fingerprint = value ->> 4)
AND NOT EXISTS (SELECT 1 FROM asset WHERE id = value ->> 5)"""


def select_unknown(connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> list[int]:
    """Which of these files, by their number in the list, lie where no file lay and hold what no asset holds."""

    return [row[0] for row in connection.execute(_UNHEARD, (json.dumps(arrivals),))]


def select_places(connection: sqlite3.Connection, asset_id: str) -> list[StoredFile]:
    """Every file row of an asset, the gone ones too, oldest first."""
    return list(iterate_places(connection, asset_id))


def iterate_places(connection: sqlite3.Connection, asset_id: str) -> Iterator[StoredFile]:
    """As `places`, for who may not need all of them: there may be thousands. Nothing may be written in between."""
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE asset_number = {NUMBER} ORDER BY id", (asset_id,))
    return map(StoredFile._make, rows)


def select_metadata_file(connection: sqlite3.Connection, asset_id: str) -> StoredFile | None:
    """The place whose metadata, with its sidecars, the record of an asset has (see `standing`)."""
    row = connection.execute(
        f"SELECT {_FILE} FROM file WHERE id = ?", (standing.metadata_file(connection, asset_id),)
    ).fetchone()
    return StoredFile(*row) if row else None


def select_file(connection: sqlite3.Connection, file_id: int) -> StoredFile | None:
    row = connection.execute(f"SELECT {_FILE} FROM file WHERE id = ?", (file_id,)).fetchone()
    return StoredFile(*row) if row else None


def select_verdict_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> Verdict | None:
    row = connection.execute(
        f"SELECT {_VERDICT} WHERE root_id = ? AND folder = ? AND name = ?",
        (root_id, folder, name),
    ).fetchone()
    return Verdict(*row) if row else None


def select_failures(connection: sqlite3.Connection, limit: int) -> list[Verdict]:
    rows = connection.execute(
        # The second term says no more than the first, but in the words of the index file_other.
        f"SELECT {_VERDICT} WHERE verdict IN ('damaged', 'unreadable', 'unstable') AND verdict <> 'indexed'"
        " ORDER BY root.path, file.folder, file.name LIMIT ?",
        (limit,),
    )
    return [Verdict(*row) for row in rows]


class Counts(NamedTuple):
    """How much is in the index. by_verdict has every verdict that occurs; by_root the files with an asset, the missing
    ones among them."""

    assets: int
    trashed: int
    files: int
    bytes: int
    by_verdict: dict[str, int]
    by_root: dict[int, int]
    missing_by_root: dict[int, int]


def count_verdicts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many paths have each verdict that occurs."""
    rows = connection.execute(  # one statement, of one moment; nothing is counted row by row but what is not indexed
        "WITH other AS (SELECT verdict, count(*) AS paths FROM file WHERE verdict <> 'indexed' GROUP BY verdict)"
        " SELECT 'indexed', (SELECT count(*) FROM file) - coalesce((SELECT sum(paths) FROM other), 0)"
        " UNION ALL SELECT verdict, paths FROM other"
    )
    return {verdict: number for verdict, number in rows if number}


def count_all(connection: sqlite3.Connection) -> Counts:
    live, trashed, size = connection.execute(
        "SELECT count(*) FILTER (WHERE trashed_at IS NULL), count(trashed_at),"
        " coalesce(sum(file_size_bytes) FILTER (WHERE trashed_at IS NULL), 0) FROM asset"
    ).fetchone()
    by_verdict = count_verdicts(connection)
    by_root = dict(
        connection.execute(
            f"SELECT root_id, count(*) FROM file WHERE asset_number IS NOT NULL AND {PRESENT} GROUP BY root_id"
        ).fetchall()
    )
    missing = dict(
        connection.execute("SELECT root_id, count(*) FROM file WHERE verdict = 'missing' GROUP BY root_id").fetchall()
    )
    return Counts(live, trashed, sum(by_root.values()), size, by_verdict, by_root, missing)


_COLUMNS = (
    ("root_id", "folder", "name", "verdict", "reason", "asset_number", "size", "mtime_ns", "ctime_ns", "inode")
    + ("device", "created_ns", "device_asset_id", "uri", "reading", "seen_at")
)  # fmt: skip
_UPSERT_FILE = f"""
INSERT INTO file ({", ".join(_COLUMNS)}) VALUES ({", ".join("?" * len(_COLUMNS))})
ON CONFLICT (root_id, folder, name) DO UPDATE SET is_folder = 0,
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])}
RETURNING id"""
# What was damaged is read again when it comes back, for then its row says no more what is wrong with it.
_FORGET_DAMAGE = "reading = iif(verdict = 'damaged', NULL, reading)"
_UPSERT_VERDICT = f"""
INSERT INTO file (root_id, folder, name, verdict, reason, is_folder, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (root_id, folder, name) DO UPDATE SET
    verdict = excluded.verdict, reason = excluded.reason, is_folder = excluded.is_folder, seen_at = excluded.seen_at,
    {_FORGET_DAMAGE}
RETURNING {ASSET_ID}"""


def insert_files(connection: sqlite3.Connection, rows: Iterable[tuple[object, ...]]) -> None:
    """New rows, each with its id before what `file_row` has."""
    insert_rows(connection, "file", ("id", *_COLUMNS), rows)


def put_file(
    tx: Transaction, stat: FileStat, number: int, verdict: tuple[str, str | None], replaced: str | None
) -> int:
    row = tx.connection.execute(_UPSERT_FILE, file_row(tx.now, stat, number, verdict)).fetchone()
    tx.touched.folders.add((stat.root_id, stat.folder))
    if replaced is not None:
        standing.lose_place(tx, replaced)
    return int(row[0])


def file_row(now: str, stat: FileStat, number: int, verdict: tuple[str, str | None]) -> tuple[object, ...]:
    """In the order of _COLUMNS."""
    path = paths.join(stat.folder, stat.name)
    name, uri = paths.nfc(path), paths.uri(paths.from_text(path))
    return (
        stat.root_id,
        stat.folder,
        stat.name,
        *verdict,
        number,
        stat.size,
        stat.mtime_ns,
        stat.ctime_ns,
        stat.inode,
        stat.device,
        None if stat.created_ns == stat.mtime_ns else stat.created_ns,
        None if name == path else name,
        None if uri == path else uri,
        stat.reading,
        now,
    )


def record_skipped(tx: Transaction, path: Skipped) -> None:
    row = tx.connection.execute(
        _UPSERT_VERDICT,
        (path.root_id, path.folder, path.name, path.verdict, path.reason, int(path.is_folder), tx.now),
    ).fetchone()
    if row[0] and path.verdict == "ignored":
        standing.lose_place(tx, row[0])
    elif row[0]:
        standing.choose_file(tx, row[0])


def ignore_below(tx: Transaction, root_id: int, folder: str, reason: str) -> None:
    """A rule covers a whole folder now: its files leave the sight of lists, and keep their assets."""
    rows = tx.connection.execute(
        f"UPDATE file SET verdict = 'ignored', reason = ?, seen_at = ?, {_FORGET_DAMAGE}"
        " WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
        f" AND asset_number IS NOT NULL AND verdict NOT IN ('gone', 'ignored') RETURNING {ASSET_ID}",
        (reason, tx.now, root_id, folder, folder, folder),
    ).fetchall()
    tx.connection.execute(
        "DELETE FROM file WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
        " AND asset_number IS NULL",
        (root_id, folder, folder, folder),
    )
    for asset_id in {row[0] for row in rows}:
        standing.lose_place(tx, asset_id)


def forget_paths(tx: Transaction, file_ids: Iterable[int]) -> None:
    """Rows of paths that never had an asset and are not there any more."""
    tx.connection.executemany(
        "DELETE FROM file WHERE id = ? AND asset_number IS NULL", [(file_id,) for file_id in file_ids]
    )


def mark_missing(tx: Transaction, file_id: int) -> None:
    """It was not found where it lay. Its asset stays as it is: the file may be on its way."""
    row = tx.connection.execute(
        f"UPDATE file SET verdict = 'missing', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
        f" WHERE id = ? AND {PRESENT} AND verdict <> 'missing' RETURNING {ASSET_ID}, id",
        (tx.now, file_id),
    ).fetchone()
    if row and row[0]:
        record_event(tx, row[0], "file_missing", path=path_of(tx.connection, row[1]))
        if standing.has_other_files(tx.connection, *row):
            standing.choose_file(tx, row[0])


def mark_gone(tx: Transaction, file_id: int) -> bool:
    """Whether the row was still there to be marked."""
    row = tx.connection.execute(
        f"UPDATE file SET verdict = 'gone', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
        f" WHERE id = ? AND verdict <> 'gone' RETURNING {ASSET_ID}, id",
        (tx.now, file_id),
    ).fetchone()
    if row and row[0]:
        record_event(tx, row[0], "file_gone", path=path_of(tx.connection, row[1]))
        standing.lose_place(tx, row[0])
    return row is not None
