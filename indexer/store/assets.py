"""List assets, and apply the changes of a scan to them."""

from __future__ import annotations

import binascii
import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from indexer import ids, paths
from indexer.media.facts import MediaFacts
from indexer.paths import nfc, split

from . import metadata, primary_files
from .bulk_insert import insert_rows
from .changes import Change
from .columns import NUMBER
from .counters import count_new
from .events import absolute_path, record_created, record_event
from .files import FileStat, file_row, insert_files, put_file
from .filters import LIVE, STATES, AssetFilter, Condition, conditions, is_start_of_month
from .records import has_asset
from .transaction import Transaction


class Existing(NamedTuple):
    """A live or trashed asset. checksum and checksum_sha1 are its current ones, even if a former one matched."""

    id: str
    checksum: str
    checksum_sha1: str | None
    device_asset_id: str
    device_id: str


# SQLite keeps the order of a CROSS JOIN: each step is an index lookup, none reads a whole table.
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


def select_existing(
    connection: sqlite3.Connection,
    checksums: Sequence[str],
    checksum_sha1s: Sequence[str],
    device_asset_ids: Sequence[str],
) -> list[Existing]:
    """Assets with one of these checksums (base64), now or formerly, or with one of these names on this device."""
    rows = connection.execute(
        _EXISTING,
        {
            "sha256": json.dumps([(checksum, ids.of_checksum(checksum)) for checksum in checksums]),
            "sha1": json.dumps(list(checksum_sha1s)),
            "names": json.dumps(_places_of(device_asset_ids)),
        },
    )
    return [Existing(*row) for row in rows]


def _places_of(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Name, its folder and its name in the folder, in each Unicode form that may be stored."""
    forms = {(name, form) for name in names for form in (name, nfc(name), unicodedata.normalize("NFD", name))}
    return [(name, *split(form)) for name, form in forms]


def has_assets(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM asset LIMIT 1").fetchone() is not None


def find_by_checksum(connection: sqlite3.Connection, checksum: str) -> str | None:
    query = (
        "SELECT id FROM asset WHERE id = ?2 AND checksum = ?1"
        " UNION ALL SELECT id FROM asset WHERE checksum = ?1 AND id_differs = 1"
    )
    row = connection.execute(query, (checksum, ids.of_checksum(checksum))).fetchone()
    return row[0] if row else None


def find_by_picture(connection: sqlite3.Connection, fingerprint: str, limit: int = -1) -> list[str]:
    """Assets with the same coded image data, whatever their metadata."""
    query = (
        "SELECT id FROM asset WHERE substr(fingerprint, 1, 10) = substr(?1, 1, 10) AND fingerprint = ?1"
        " ORDER BY created_at, id LIMIT ?2"
    )
    rows = connection.execute(query, (fingerprint, limit))
    return [row[0] for row in rows]


class Listed(NamedTuple):
    id: str
    local_datetime: str
    mime_type: str
    width: int
    height: int
    size: int
    camera: str | None
    path: str | None


# The columns of Listed, from asset, file and root.
LISTED = (
    "asset.id, local_datetime, mime_type, width, height, file_size_bytes,"
    " CASE WHEN instr(lower(model), lower(make)) = 1 THEN model"
    " ELSE nullif(trim(coalesce(make, '') || ' ' || coalesce(model, '')), '') END,"
    " root.path || '/' || file.path"
)


def list_assets(connection: sqlite3.Connection, which: AssetFilter, limit: int) -> list[Listed]:
    """Newest first; ties by id."""
    where, values = _where(connection, which)
    rows = connection.execute(
        f"SELECT {LISTED} FROM asset"
        " LEFT JOIN file ON file.id = asset.file_id LEFT JOIN root ON root.id = file.root_id"
        f" WHERE {where} ORDER BY wall_clock DESC, asset.id LIMIT ?",
        (*values, limit),
    )
    return [Listed(*row) for row in rows]


def list_assets_json(connection: sqlite3.Connection, which: AssetFilter, limit: int) -> Iterator[str]:
    """The records of `list_assets`, as rendered by asset_json."""
    where, values = _where(connection, which)
    rows = connection.execute(
        "SELECT asset_json.json FROM asset"
        " JOIN asset_json ON asset_json.id = asset.id"
        f" WHERE {where} ORDER BY asset.wall_clock DESC, asset.id LIMIT ?",
        (*values, limit),
    )
    return (row[0] for row in rows)


def _where(connection: sqlite3.Connection, which: AssetFilter) -> tuple[str, list[Any]]:
    terms, values = _split(conditions(connection, which))
    state = STATES[which.state]
    if len(state) == 1:  # two mean both states: no condition
        terms = [*state, *terms]
    return " AND ".join(terms) or "true", values


def _split(parts: Iterable[Condition]) -> tuple[list[str], list[Any]]:
    terms, values = list[str](), list[Any]()
    for term, parameters in parts:
        terms.append(term)
        values += parameters
    return terms, values


def select_page(
    connection: sqlite3.Connection, which: AssetFilter, after_id: str | None, limit: int
) -> list[str] | None:
    """Ids of assets, newest first, ties by id; trashed assets by the time they were trashed. after_id: only assets
    behind this one. None if there is no asset `after_id`."""
    source, order = "asset", "trashed_at" if which.state == "trashed" else "wall_clock"
    rarest = _rarest(connection, which.person_ids) if which.person_ids and which.state != "trashed" else None
    others = [person_id for person_id in which.person_ids if person_id != rarest]
    terms, values = _split(conditions(connection, which._replace(person_ids=others)))
    if rarest is not None:
        source, order = "person_asset CROSS JOIN asset ON asset.number = asset_number", "taken"
        terms.append("person_id = ?")
        values.append(rarest)
    if after_id is not None:
        column = "trashed_at" if order == "trashed_at" else "wall_clock"
        row = connection.execute(f"SELECT {column} FROM asset WHERE id = ?", (after_id,)).fetchone()
        if row is None:
            return None
        terms += [f"{order} <= ?", f"({order} < ? OR asset.id > ?)"]
        values += [row[0] or "", row[0] or "", after_id]
    selects = [
        f"SELECT * FROM (SELECT asset.id AS id, {order} AS place FROM {source}"
        f" WHERE {' AND '.join([state, *terms])} ORDER BY {order} DESC, asset.id LIMIT ?)"
        for state in STATES[which.state]
    ]
    rows = connection.execute(
        f"{' UNION ALL '.join(selects)} ORDER BY place DESC, id LIMIT ?", [*[*values, limit] * len(selects), limit]
    )
    return [row[0] for row in rows]


def _rarest(connection: sqlite3.Connection, person_ids: Sequence[str]) -> str:
    """The person with the fewest assets."""
    query = "SELECT value FROM json_each(?) LEFT JOIN person_count ON person_id = value ORDER BY assets LIMIT 1"
    return str(connection.execute(query, (json.dumps(list(person_ids)),)).fetchone()[0])


def count_by_month(connection: sqlite3.Connection, which: AssetFilter, limit: int) -> list[tuple[str, int]]:
    """The months that have assets ('2024-05') with the number of assets, newest first."""
    if which._replace(state="live", before=None) == LIVE and is_start_of_month(which.before):
        counter = {"live": "live", "trashed": "trashed", "all": "live + trashed"}[which.state]
        until = f"{which.before:%Y-%m}" if which.before else "~"
        query = f"SELECT month, {counter} FROM month WHERE {counter} > 0 AND month < ? ORDER BY month DESC LIMIT ?"
        return connection.execute(query, (until, limit)).fetchall()
    where, values = _where(connection, which)
    rows = connection.execute(
        "SELECT substr(wall_clock, 1, 7) AS month, count(*) FROM asset"
        f" WHERE {where} GROUP BY month ORDER BY month DESC LIMIT ?",
        (*values, limit),
    )
    return rows.fetchall()


def count_live(connection: sqlite3.Connection) -> int:
    """Number of assets that are not in the trash."""
    return int(connection.execute("SELECT coalesce(sum(live), 0) FROM month").fetchone()[0])


_COLUMNS = (
    ("number", "id", "checksum", "id_differs", "checksum_sha1", "fingerprint", "mime_type", "file_size_bytes")
    + ("width", "height", "duration", "original_file_name", "local_datetime", "file_id", "created_at", "updated_at")
    + ("metadata_changed_at", *metadata.METADATA_COLUMNS)
)  # fmt: skip
_UPDATE_ASSET = """
UPDATE asset SET checksum = ?, id_differs = ?, checksum_sha1 = ?, fingerprint = ?, file_size_bytes = ? WHERE id = ?"""


def apply_change(tx: Transaction, change: Change) -> str:
    """Apply a change. Returns the id of its asset."""
    if change.kind == "new":
        assert change.facts is not None
        return _add(tx, change, change.facts)
    assert change.asset_id is not None
    with tx.record_changed(change.asset_id):
        returns = not primary_files.is_present(tx.connection, change.asset_id)
        status = status_of(change.facts) if change.facts else _known_status(tx, change)
        _record_change(tx, change)
        if change.kind == "modified":
            assert change.facts is not None
            _replace_content(tx, change.asset_id, change.facts)
        file_id = put_file(tx, change.stat, number_of(tx.connection, change.asset_id), status, change.replaced)
        counts = change.kind == "modified" or primary_files.metadata_file(tx.connection, change.asset_id) == file_id
        if change.facts is not None and counts:
            metadata.replace_metadata(tx, change.asset_id, change.facts)
        if change.source is not None:
            # Keep the row if another file took its place in the same pass, as when two names are swapped.
            tx.connection.execute(
                f"DELETE FROM file WHERE id = ? AND (asset_number, inode, size, mtime_ns) IS ({NUMBER}, ?, ?, ?)",
                (change.source.id, change.asset_id, change.source.inode, change.source.size, change.source.mtime_ns),
            )
        primary_files.choose(tx.connection, change.asset_id)
        if returns:  # live again, unless the user trashed it
            tx.connection.execute(
                "UPDATE asset SET trashed_at = iif(trash_override = 'in', trashed_at, NULL),"
                " trash_override = nullif(trash_override, 'out') WHERE id = ?",
                (change.asset_id,),
            )
    return change.asset_id


def add_assets(tx: Transaction, changes: Sequence[Change]) -> list[str]:
    """Apply many changes of the kind `new`, under the ids that they name. Returns these ids. Only for files at unknown
    paths whose content is neither in the index nor in another of these files (`files.select_unknown`)."""
    file_id = tx.connection.execute("SELECT coalesce(max(id), 0) FROM file").fetchone()[0]
    files, assets, created, added = [], [], [], []
    for number, (_, stat, facts, asset_id, *_) in enumerate(changes, next_number(tx.connection)):
        assert facts is not None and asset_id is not None
        file_id += 1
        files.append((file_id, *file_row(tx.now, stat, number, status_of(facts))))
        assets.append(_asset_row(tx.now, number, asset_id, file_id, stat, facts))
        created.append((number, asset_id))
        added.append((asset_id, facts))
        tx.touched.folders.add((stat.root_id, stat.folder))
    insert_files(tx.connection, files)
    insert_rows(tx.connection, "asset", _COLUMNS, assets)
    record_created(tx, created)
    count_new(tx.connection, [facts.local_datetime for _, facts in added])
    metadata.add_metadata(tx, added)
    return [asset_id for _, asset_id in created]


def _add(tx: Transaction, change: Change, facts: MediaFacts) -> str:
    counter, stat = 0, change.stat
    asset_id = ids.asset_id(facts.sha256)
    while has_asset(tx.connection, asset_id):
        # An asset that was first seen with this content, and edited since, has this id.
        counter += 1
        asset_id = ids.asset_id(facts.sha256, counter)
    number = next_number(tx.connection)
    file_id = put_file(tx, stat, number, status_of(facts), change.replaced)
    row = _asset_row(tx.now, number, asset_id, file_id, stat, facts, counter > 0)
    insert_rows(tx.connection, "asset", _COLUMNS, [row])
    record_created(tx, [(number, asset_id)])
    count_new(tx.connection, [facts.local_datetime])
    metadata.add_metadata(tx, [(asset_id, facts)])
    return asset_id


def number_of(connection: sqlite3.Connection, asset_id: str) -> int:
    return int(connection.execute("SELECT number FROM asset WHERE id = ?", (asset_id,)).fetchone()[0])


def next_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(number), 0) + 1 FROM asset").fetchone()[0])


def _asset_row(
    now: str, number: int, asset_id: str, file_id: int, stat: FileStat, facts: MediaFacts, id_differs: bool = False
) -> tuple[object, ...]:
    """The values of an asset's row, in the order of _COLUMNS."""
    return (
        number,
        asset_id,
        checksum_text(facts.sha256),
        int(id_differs),
        checksum_text(facts.sha1),
        facts.fingerprint,
        facts.mime_type,
        facts.size,
        facts.width,
        facts.height,
        facts.duration,
        stat.name,
        facts.local_datetime,
        file_id,
        now,
        now,
        now,
        *metadata.metadata_row(facts),
    )


def _replace_content(tx: Transaction, asset_id: str, facts: MediaFacts) -> None:
    tx.connection.execute(
        "INSERT INTO former_checksum SELECT checksum, checksum_sha1, id, ? FROM asset WHERE id = ?"
        " ON CONFLICT DO UPDATE SET until = excluded.until",
        (tx.now, asset_id),
    )
    differs = int(asset_id != ids.asset_id(facts.sha256))
    content = (checksum_text(facts.sha256), differs, checksum_text(facts.sha1), facts.fingerprint, facts.size, asset_id)
    tx.connection.execute(_UPDATE_ASSET, content)


def _known_status(tx: Transaction, change: Change) -> tuple[str, str | None]:
    """A file that moved without being read keeps its status."""
    if change.source is not None and change.source.status in ("indexed", "damaged"):
        return change.source.status, change.source.reason
    problems = tx.connection.execute(
        f"SELECT reason FROM file WHERE asset_number = {NUMBER} AND status = 'damaged' LIMIT 1", (change.asset_id,)
    ).fetchone()
    return ("damaged", problems[0]) if problems else ("indexed", None)


def status_of(facts: MediaFacts) -> tuple[str, str | None]:
    return ("damaged", "; ".join(facts.problems)) if facts.problems else ("indexed", None)


def checksum_text(digest: bytes) -> str:
    return binascii.b2a_base64(digest, newline=False).decode()


_EVENTS = {"modified": "file_edited", "moved": "file_moved", "copied": "file_copied", "returned": "file_returned"}


def _record_change(tx: Transaction, change: Change) -> None:
    """Record the event of a change before it is written. An edit records whether the image data changed."""
    event = _EVENTS.get(change.kind)
    if event is None or change.asset_id is None:
        return
    stat = change.stat
    payload = {"path": absolute_path(tx.connection, stat.root_id, paths.join(stat.folder, stat.name))}
    if change.source is not None:
        payload["previous_path"] = absolute_path(
            tx.connection, change.source.root_id, paths.join(change.source.folder, change.source.name)
        )
    if change.kind == "modified" and change.facts is not None:
        row = tx.connection.execute("SELECT fingerprint FROM asset WHERE id = ?", (change.asset_id,)).fetchone()
        before, after = row[0] if row else None, change.facts.fingerprint
        payload["picture"] = "unknown" if None in (before, after) else "same" if before == after else "other"
    record_event(tx, change.asset_id, event, **payload)
