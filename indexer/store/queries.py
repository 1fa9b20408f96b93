"""Every question asked of the index. Each function takes a connection and answers from one moment of the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from indexer import ids
from indexer.errors import QueryError
from indexer.media.facts import Motion, Origin
from indexer.paths import nfc, split

from . import standing
from .rows import ASSET_ID, NUMBER, Coverage, Mount, Root, StoredFile, Verdict

_FILE = (
    "id, root_id, folder, name, verdict, reason, is_folder,"
    f" {ASSET_ID}, size, mtime_ns, ctime_ns, inode, device, reading"
)
_VERDICT = (
    f"root.path, file.path, verdict, reason, is_folder, {ASSET_ID}, seen_at FROM file JOIN root ON root.id = root_id"
)
ROOT = "id, path, uri, volume, filesystem, device, inode, added_at, scanned_at, offline_at, offline_why"
# A file that can be opened, as far as the index knows: an error is not an absence.
_PRESENT = "verdict NOT IN ('gone', 'ignored')"


def asset_json(connection: sqlite3.Connection, asset_id: str) -> str | None:
    row = connection.execute("SELECT json FROM asset_json WHERE id = ?", (asset_id,)).fetchone()
    return row[0] if row else None


def roots(connection: sqlite3.Connection) -> list[Root]:
    return [Root(*row) for row in connection.execute(f"SELECT {ROOT} FROM root ORDER BY path")]


def mounts(connection: sqlite3.Connection, root_id: int) -> list[Mount]:
    query = (
        "SELECT root_id, folder, volume, filesystem, device, offline_at FROM mount WHERE root_id = ? ORDER BY folder"
    )
    return [Mount(*row) for row in connection.execute(query, (root_id,))]


def coverage(connection: sqlite3.Connection) -> dict[int, Coverage]:
    """By root: how the running watch follows it."""
    import json

    rows = connection.execute("SELECT root_id, mode, why, since, watches, uncovered, overflows FROM coverage")
    return {row[0]: Coverage._make((*row[:5], tuple(json.loads(row[5])), row[6])) for row in rows}


def file_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> StoredFile | None:
    row = connection.execute(
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ? AND name = ?", (root_id, folder, name)
    ).fetchone()
    return StoredFile(*row) if row else None


# What a file's row says that has to be so for the file to be as it was: see known_in.
Known = tuple[str, int, int, int, int, str, int]


def known_in(connection: sqlite3.Connection, root_id: int, folder: str) -> dict[str, Known]:
    """Of all rows of one folder (not below it), by name: name, mtime_ns, size, ctime_ns, inode, reading, and whether it
    is indexed (1) or has another verdict (0). For the many files of a rescan, of which no more is asked."""
    rows = connection.execute(
        "SELECT name, mtime_ns, size, ctime_ns, inode, reading,"
        " verdict IN ('indexed', 'damaged') AND asset_number IS NOT NULL FROM file WHERE root_id = ? AND folder = ?",
        (root_id, folder),
    )
    return {row[0]: row for row in rows}


def files_in(
    connection: sqlite3.Connection, root_id: int, folder: str, names: Collection[str] | None = None
) -> dict[str, StoredFile]:
    """The stored rows of one folder (not below it), by name; only the given names where there are some."""
    if names is not None:
        found = (file_at(connection, root_id, folder, name) for name in names)
        return {file.name: file for file in found if file}
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE root_id = ? AND folder = ?", (root_id, folder))
    return {row[3]: StoredFile._make(row) for row in rows}


_NEXT_FOLDER = "SELECT min(folder) FROM file WHERE root_id = ? AND folder > ? AND folder < ?"


def folders_below(connection: sqlite3.Connection, root_id: int, folder: str) -> Iterator[str]:
    """Folders, at and below the given one, of which there are rows. From each to the next by a step in the index: what
    lies in them, often a hundred times as much, is not read."""
    low, high = (folder + "/", folder + "0") if folder else ("", "\U0010ffff")  # '0' follows '/'
    yield folder
    while (found := connection.execute(_NEXT_FOLDER, (root_id, low, high)).fetchone()[0]) is not None:
        yield found
        low = found


class Existing(NamedTuple):
    """An asset that is there, also in the trash. checksum and checksum_sha1 are the present ones, whichever it was
    found by."""

    id: str
    checksum: str
    checksum_sha1: str | None
    device_asset_id: str
    device_id: str


# By what each is looked up, so that none of it reads a whole table: SQLite keeps the order of a CROSS JOIN.
_EXISTING = """
WITH called AS (
    SELECT asset.id AS asset_id FROM json_each(:names) CROSS JOIN root
    CROSS JOIN file ON file.root_id = root.id AND folder = value ->> 1 AND file.name = value ->> 2
    CROSS JOIN asset ON asset.number = asset_number
), found AS (
    SELECT asset.id AS id FROM json_each(:sha256) CROSS JOIN asset
    ON asset.id = value ->> 1 AND checksum = value ->> 0
    UNION SELECT asset.id FROM json_each(:sha256) CROSS JOIN asset ON checksum = value ->> 0 AND id_differs = 1
    UNION SELECT asset_id FROM json_each(:sha256) CROSS JOIN former_checksum ON checksum = value ->> 0
    UNION SELECT asset.id FROM json_each(:sha1)
    CROSS JOIN asset ON substr(checksum_sha1, 1, 10) = substr(value, 1, 10) AND checksum_sha1 = value
    UNION SELECT asset_id FROM json_each(:sha1) CROSS JOIN former_checksum ON checksum_sha1 = value
    UNION SELECT asset_id FROM called)
SELECT asset.id, checksum, checksum_sha1, coalesce(file.device_asset_id, file.path, original_file_name),
       (SELECT value FROM setting WHERE name = 'device_id')
FROM found CROSS JOIN asset ON asset.id = found.id LEFT JOIN file ON file.id = file_id ORDER BY asset.id"""


def existing(
    connection: sqlite3.Connection,
    checksums: Sequence[str],
    checksum_sha1s: Sequence[str],
    device_asset_ids: Sequence[str],
) -> list[Existing]:
    """Assets that have, or once had, such content, or are called so on this device. Checksums are base64."""
    import json

    rows = connection.execute(
        _EXISTING,
        {
            "sha256": json.dumps([(one, ids.of_checksum(one)) for one in checksums]),
            "sha1": json.dumps(list(checksum_sha1s)),
            "names": json.dumps(_places_of(device_asset_ids)),
        },
    )
    return [Existing(*row) for row in rows]


def _places_of(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Name, folder and name within it, for each way in which the letters may be stored."""
    import unicodedata

    forms = {(name, form) for name in names for form in (name, nfc(name), unicodedata.normalize("NFD", name))}
    return [(name, *split(form)) for name, form in forms]


def leaves_out(connection: sqlite3.Connection, checksum: str | None = None) -> bool:
    """Is this content left out; None: is any?"""
    query = "SELECT 1 FROM left_out WHERE ?1 IS NULL OR checksum = ?1 LIMIT 1"
    return connection.execute(query, (checksum,)).fetchone() is not None


def count_left_out(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM left_out").fetchone()[0])


def has_assets(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM asset LIMIT 1").fetchone() is not None


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
    query = f"SELECT count(*) FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {_PRESENT}"
    return int(connection.execute(query, (root_id,)).fetchone()[0])


def missing(connection: sqlite3.Connection, root_id: int) -> list[tuple[StoredFile, str]]:
    """Files of a root that were not found, with the moment when that was noticed."""
    rows = connection.execute(
        f"SELECT {_FILE}, seen_at FROM file WHERE root_id = ? AND verdict = 'missing'", (root_id,)
    )
    return [(StoredFile._make(row[:-1]), row[-1]) for row in rows.fetchall()]


def some_present(connection: sqlite3.Connection, root_id: int, limit: int) -> list[StoredFile]:
    """Some of the files that `count_present` counts, spread over the root."""
    query = (
        f"SELECT {_FILE} FROM file WHERE root_id = ? AND asset_number IS NOT NULL AND {_PRESENT}"
        " ORDER BY size, id LIMIT ?"
    )
    return [StoredFile._make(row) for row in connection.execute(query, (root_id, limit))]


# A file's device, inode, size and modification time in nanoseconds
Inode = tuple[int, int, int, int]

_SAME_INODES = f"""
SELECT {_FILE} FROM (SELECT value AS one FROM json_each(?)) CROSS JOIN file ON inode = one ->> 1 AND size = one ->> 2
WHERE device = one ->> 0 AND mtime_ns = one ->> 3 AND asset_number IS NOT NULL"""


def same_inodes(
    connection: sqlite3.Connection, inodes: Sequence[Inode]
) -> dict[tuple[int | None, ...], list[StoredFile]]:
    """Of these inodes, the files that had them, and this size and modification time, when they were last seen."""
    import json

    found: dict[tuple[int | None, ...], list[StoredFile]] = {}
    for row in map(StoredFile._make, connection.execute(_SAME_INODES, (json.dumps(inodes),)).fetchall()):
        found.setdefault((row.device, row.inode, row.size, row.mtime_ns), []).append(row)
    return found


def asset_with(connection: sqlite3.Connection, checksum: str) -> str | None:
    query = (
        "SELECT id FROM asset WHERE id = ?2 AND checksum = ?1"
        " UNION ALL SELECT id FROM asset WHERE checksum = ?1 AND id_differs = 1"
    )
    row = connection.execute(query, (checksum, ids.of_checksum(checksum))).fetchone()
    return row[0] if row else None


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


def unheard(connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> list[int]:
    """Which of these files, by their number in the list, lie where no file lay and hold what no asset holds."""
    import json

    return [row[0] for row in connection.execute(_UNHEARD, (json.dumps(arrivals),))]


def assets_with_picture(connection: sqlite3.Connection, fingerprint: str, limit: int = -1) -> list[str]:
    """Assets of the same coded picture, whatever their metadata."""
    query = (
        "SELECT id FROM asset WHERE substr(fingerprint, 1, 10) = substr(?1, 1, 10) AND fingerprint = ?1"
        " ORDER BY created_at, id LIMIT ?2"
    )
    rows = connection.execute(query, (fingerprint, limit))
    return [row[0] for row in rows]


def places(connection: sqlite3.Connection, asset_id: str) -> list[StoredFile]:
    """Every file row of an asset, the gone ones too, oldest first."""
    return list(each_place(connection, asset_id))


def each_place(connection: sqlite3.Connection, asset_id: str) -> Iterator[StoredFile]:
    """As `places`, for who may not need all of them: there may be thousands. Nothing may be written in between."""
    rows = connection.execute(f"SELECT {_FILE} FROM file WHERE asset_number = {NUMBER} ORDER BY id", (asset_id,))
    return map(StoredFile._make, rows)


def speaking_file(connection: sqlite3.Connection, asset_id: str) -> StoredFile | None:
    """The place whose metadata, with its sidecars, the record of an asset has (see `standing`)."""
    row = connection.execute(
        f"SELECT {_FILE} FROM file WHERE id = ?", (standing.speaking_file(connection, asset_id),)
    ).fetchone()
    return StoredFile(*row) if row else None


def verdict_at(connection: sqlite3.Connection, root_id: int, folder: str, name: str) -> Verdict | None:
    row = connection.execute(
        f"SELECT {_VERDICT} WHERE root_id = ? AND folder = ? AND name = ?",
        (root_id, folder, name),
    ).fetchone()
    return Verdict(*row) if row else None


def failures(connection: sqlite3.Connection, limit: int) -> list[Verdict]:
    rows = connection.execute(
        # The second term says no more than the first, but in the words of the index file_other.
        f"SELECT {_VERDICT} WHERE verdict IN ('damaged', 'unreadable', 'unstable') AND verdict <> 'indexed'"
        " ORDER BY root.path, file.folder, file.name LIMIT ?",
        (limit,),
    )
    return [Verdict(*row) for row in rows]


def origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What the index keeps of where dates and places come from, the believed word first."""
    rows = connection.execute(
        "SELECT field, source, value, note FROM origin WHERE asset_id = ? ORDER BY field, rank", (asset_id,)
    )
    return [Origin._make(row) for row in rows]


def user_origins(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What the user said of an asset in the index, which wins over its file."""
    cursor = connection.execute("SELECT * FROM user_value WHERE asset_id = ?", (asset_id,))
    names = [column[0] for column in cursor.description]
    said = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "you, in the index", str(value)) for field, value in said if value is not None]


def looked_up(connection: sqlite3.Connection, asset_id: str) -> list[Origin]:
    """What was found out of the place where an asset's coordinates lie."""
    cursor = connection.execute(f"SELECT * FROM place WHERE asset_number = {NUMBER}", (asset_id,))
    names = [column[0] for column in cursor.description]
    said = list(zip(names, cursor.fetchone() or (), strict=False))[1:]
    return [Origin(field, "looked up by the coordinates", value) for field, value in said if value is not None]


def motion(connection: sqlite3.Connection, asset_id: str) -> Motion | None:
    query = f"SELECT start, size, mime_type FROM motion WHERE asset_number = {NUMBER}"
    row = connection.execute(query, (asset_id,)).fetchone()
    return Motion._make(row) if row else None


def keywords(connection: sqlite3.Connection, asset_id: str) -> list[str]:
    rows = connection.execute(f"SELECT word FROM keyword WHERE asset_number = {NUMBER} ORDER BY word", (asset_id,))
    return [row[0] for row in rows]


class Album(NamedTuple):
    id: str
    name: str
    assets: int


def albums(connection: sqlite3.Connection) -> list[Album]:
    rows = connection.execute(
        "SELECT id, name, (SELECT count(*) FROM album_asset WHERE album_id = album.id) FROM album ORDER BY name, id"
    )
    return [Album(*row) for row in rows]


def album_assets(connection: sqlite3.Connection, album_id: str) -> list[str]:
    """In the order they were added."""
    query = "SELECT asset_id FROM album_asset WHERE album_id = ? ORDER BY created_at, asset_id"
    return [row[0] for row in connection.execute(query, (album_id,))]


class ToVerify(NamedTuple):
    """A file with what its bytes and its picture were when they were read."""

    file: StoredFile
    checksum: str
    fingerprint: str | None


def to_verify(connection: sqlite3.Connection, root_ids: Collection[int], since: str | None) -> list[int]:
    """The rows of files to compare with the index, the longest unverified first; with `since`, only those that were not
    verified after it."""
    marks = ", ".join("?" * len(root_ids))
    rows = connection.execute(
        f"SELECT id FROM file WHERE asset_number IS NOT NULL AND root_id IN ({marks})"
        " AND verdict NOT IN ('missing', 'gone', 'ignored') AND (? IS NULL OR verified_at IS NULL OR verified_at < ?)"
        " ORDER BY verified_at, id",
        (*root_ids, since, since),
    )
    return [row[0] for row in rows]


def verifiable(connection: sqlite3.Connection, file_ids: Sequence[int]) -> Iterator[ToVerify]:
    """These files, in this order, as they are stored when their turn comes."""
    content = "SELECT checksum, fingerprint FROM asset WHERE id = ?"
    for file_id in file_ids:
        row = connection.execute(f"SELECT {_FILE} FROM file WHERE id = ?", (file_id,)).fetchone()
        if row and (file := StoredFile._make(row)).asset_id:
            yield ToVerify(file, *connection.execute(content, (file.asset_id,)).fetchone())


class Trashed(NamedTuple):
    """An asset in the trash. by_user: the user put it there; else its files are gone, or is_forgotten: the folder that
    it lay in is no longer indexed. held: why it cannot be purged."""

    id: str
    name: str
    trashed_at: str
    size: int
    by_user: bool
    held: str | None
    is_forgotten: bool


def trashed_at(connection: sqlite3.Connection, asset_id: str) -> str | None:
    """When an asset was put into the trash; None: it is live."""
    row = connection.execute("SELECT trashed_at FROM asset WHERE id = ?", (asset_id,)).fetchone()
    return row[0] if row else None


def trashed(connection: sqlite3.Connection) -> list[Trashed]:
    """The longest there first. A file that is there, or on a drive that is away, holds its asset."""
    rows = connection.execute(
        "SELECT asset.id, original_file_name, trashed_at, file_size_bytes, trash_wish IS 'in',"
        " CASE WHEN EXISTS (SELECT 1 FROM file_state WHERE asset_id = asset.id AND state = 'offline')"
        "      THEN 'its drive is away'"
        "      WHEN EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number AND verdict <> 'gone')"
        "      THEN 'its file is still there' END,"
        " NOT EXISTS (SELECT 1 FROM file WHERE asset_number = asset.number)"
        " FROM asset WHERE trashed_at IS NOT NULL ORDER BY trashed_at, asset.id"
    )
    return [Trashed._make((*row[:4], bool(row[4]), row[5], bool(row[6]))) for row in rows]


class Event(NamedTuple):
    """One change, in the order they were made: id is the cursor to go on from. Of a file, entity_id is the asset's."""

    id: int
    created_at: str
    entity_type: str
    entity_id: str
    event_type: str
    payload: str | None


_WITHOUT_NUMBER = "(asset_number IS NULL OR event_type = 'asset_deleted')"
# An asset that is there is asked for by its number, one that was deleted by that which its last event has.
_OF_ENTITY = f"""id IN (
    SELECT event.id FROM (SELECT :entity AS id UNION ALL SELECT id FROM face WHERE asset_id = :entity
                          UNION ALL SELECT id FROM album_asset WHERE asset_id = :entity) AS own
    CROSS JOIN event ON substr(entity_id, -8) = substr(own.id, -8) AND entity_id = own.id AND {_WITHOUT_NUMBER}
    UNION ALL
    SELECT event.id FROM (
        SELECT number FROM asset WHERE id = :entity
        UNION SELECT asset_number FROM event
        WHERE substr(entity_id, -8) = substr(:entity, -8) AND entity_id = :entity AND {_WITHOUT_NUMBER}) AS own
    CROSS JOIN event ON asset_number = own.number AND entity_id = :entity)"""


def events(
    connection: sqlite3.Connection,
    after: int = 0,
    limit: int = 100,
    *,
    entity_types: Collection[str] | None = None,
    entity_id: str | None = None,
) -> list[Event]:
    """The events after a cursor. entity_id: of one asset, face, person or album, and of what belongs to an asset."""
    import json

    terms = ["id > :after"]
    if entity_types:
        terms.append("entity_type IN (SELECT value FROM json_each(:types))")
    if entity_id:
        terms.append(_OF_ENTITY)
    rows = connection.execute(
        "SELECT id, created_at, entity_type, entity_id, event_type, payload FROM event"
        f" WHERE {' AND '.join(terms)} ORDER BY id LIMIT :limit",
        {"after": after, "types": json.dumps(list(entity_types or ())), "entity": entity_id, "limit": limit},
    )
    return [Event._make(row) for row in rows]


def events_of(
    connection: sqlite3.Connection,
    after: int,
    entity_types: Sequence[str],
    since: str | None,
    until: str | None,
    limit: int,
) -> list[Event]:
    """As `events`, of these types alone, and made at or after `since`, before `until`."""
    rows = connection.execute(
        "SELECT id, created_at, entity_type, entity_id, event_type, payload FROM event WHERE id > ?"
        f" AND entity_type IN ({', '.join('?' * len(entity_types))})"
        " AND created_at >= coalesce(?, '') AND created_at < coalesce(?, '~') ORDER BY id LIMIT ?",
        (after, *entity_types, since, until, limit),
    )
    return [Event._make(row) for row in rows]


def of_device(connection: sqlite3.Connection, device_id: str, names: Sequence[str]) -> list[Existing]:
    """Assets that a device calls so: this one by their paths, others by what they said when they uploaded them."""
    import json

    own = connection.execute("SELECT value FROM setting WHERE name = 'device_id'").fetchone()[0]
    found = existing(connection, (), (), names) if device_id == own else []
    rows = connection.execute(
        "SELECT asset.id, checksum, checksum_sha1, value, ?1 FROM json_each(?2)"
        " CROSS JOIN upload ON upload.device_id = ?1 AND upload.device_asset_id = value"
        " CROSS JOIN asset ON asset.id = upload.asset_id ORDER BY asset.id",
        (device_id, json.dumps(list(names))),
    )
    return found + [Existing(*row) for row in rows]


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


def verdicts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many paths have each verdict that occurs."""
    rows = connection.execute(  # one statement, of one moment; nothing is counted row by row but what is not indexed
        "WITH other AS (SELECT verdict, count(*) AS paths FROM file WHERE verdict <> 'indexed' GROUP BY verdict)"
        " SELECT 'indexed', (SELECT count(*) FROM file) - coalesce((SELECT sum(paths) FROM other), 0)"
        " UNION ALL SELECT verdict, paths FROM other"
    )
    return {verdict: number for verdict, number in rows if number}


def counts(connection: sqlite3.Connection) -> Counts:
    live, trashed, size = connection.execute(
        "SELECT count(*) FILTER (WHERE trashed_at IS NULL), count(trashed_at),"
        " coalesce(sum(file_size_bytes) FILTER (WHERE trashed_at IS NULL), 0) FROM asset"
    ).fetchone()
    by_verdict = verdicts(connection)
    by_root = dict(
        connection.execute(
            f"SELECT root_id, count(*) FROM file WHERE asset_number IS NOT NULL AND {_PRESENT} GROUP BY root_id"
        ).fetchall()
    )
    missing = dict(
        connection.execute("SELECT root_id, count(*) FROM file WHERE verdict = 'missing' GROUP BY root_id").fetchall()
    )
    return Counts(live, trashed, sum(by_root.values()), size, by_verdict, by_root, missing)


class Filter(NamedTuple):
    """What to list. after and before are wall clocks or their beginnings ('2023', '2023-11-07'), both inclusive."""

    after: str | None = None
    before: str | None = None
    camera: str | None = None
    kind: str | None = None  # 'image' or 'video'
    trashed: bool = False
    keyword: str | None = None  # a whole word that the photo is tagged with, or a part of a hierarchy


class Listed(NamedTuple):
    id: str
    local_datetime: str
    mime_type: str
    width: int
    height: int
    size: int
    camera: str | None
    path: str | None


# The columns of Listed, of asset, file and root.
LISTED = (
    "asset.id, local_datetime, mime_type, width, height, file_size_bytes,"
    " CASE WHEN instr(lower(model), lower(make)) = 1 THEN model"
    " ELSE nullif(trim(coalesce(make, '') || ' ' || coalesce(model, '')), '') END,"
    " root.path || '/' || file.path"
)


def listed(connection: sqlite3.Connection, wanted: Filter, limit: int) -> list[Listed]:
    """The newest assets first; ties by id."""
    where, values = _where(wanted)
    rows = connection.execute(
        f"SELECT {LISTED} FROM asset"
        " LEFT JOIN file ON file.id = asset.file_id LEFT JOIN root ON root.id = file.root_id"
        f" WHERE {where} ORDER BY wall_clock DESC, asset.id LIMIT ?",
        (*values, limit),
    )
    return [Listed(*row) for row in rows]


def listed_json(connection: sqlite3.Connection, wanted: Filter, limit: int) -> Iterator[str]:
    """The records of `listed`, each as asset_json has it."""
    where, values = _where(wanted)
    rows = connection.execute(
        "SELECT asset_json.json FROM asset"
        " JOIN asset_json ON asset_json.id = asset.id"
        f" WHERE {where} ORDER BY asset.wall_clock DESC, asset.id LIMIT ?",
        (*values, limit),
    )
    return (row[0] for row in rows)


def _where(wanted: Filter) -> tuple[str, list[str]]:
    terms = ["trashed_at IS NOT NULL" if wanted.trashed else "trashed_at IS NULL"]
    values: list[str] = []
    if wanted.after:
        terms.append("wall_clock >= ?")
        values.append(wanted.after)
    if wanted.before:
        terms.append("wall_clock < ? || '\U0010ffff'")
        values.append(wanted.before)
    if wanted.camera:
        terms.append("instr(lower(coalesce(make, '') || ' ' || coalesce(model, '')), lower(?)) > 0")
        values.append(wanted.camera)
    if wanted.keyword:
        # A hierarchy (Places|France|Paris, Places/France/Paris) is found by any of its parts.
        terms.append(
            "asset.number IN (SELECT asset_number FROM keyword WHERE word = ? UNION SELECT asset_number FROM keyword"
            " WHERE (word GLOB '*|*' OR word GLOB '*/*')"
            " AND instr('|' || lower(replace(word, '/', '|')) || '|', '|' || lower(?) || '|') > 0)"
        )
        values += [wanted.keyword, wanted.keyword]
    if wanted.kind:
        terms.append("mime_type >= ? || '/' AND mime_type < ? || '0'")
        values += [wanted.kind, wanted.kind]
    return " AND ".join(terms), values


def select(connection: sqlite3.Connection, sql: str) -> Iterator[dict[str, Any]]:
    """The rows of the user's own SELECT, by column. Raises QueryError with SQLite's words."""
    from sqlite_utils import Database

    try:
        yield from Database(connection).query(sql)
    except ValueError as error:
        raise QueryError("the query returns no rows: only SELECT is possible here") from error
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise QueryError(f"the query does not run: {error}") from error
