"""Store the metadata read from files: values, keywords, motion videos, faces and people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from indexer import ids, paths
from indexer.media.facts import MediaFacts, Metadata, Motion

from .columns import NUMBER
from .faces import merge_detected, propagate
from .transaction import Transaction
from .write_back import without_written

# The columns of asset that hold metadata, in the order of `metadata_row`.
METADATA_COLUMNS = (*Metadata._fields, "provenance")
_UPDATE_MEDIA = """
UPDATE asset SET mime_type = ?, width = ?, height = ?, duration = ?, local_datetime = ? WHERE id = ?"""
_NAMES, _MARKS = ", ".join(Metadata._fields), ", ".join("?" * len(Metadata._fields))
_UPDATE_METADATA = (
    f"UPDATE asset SET ({_NAMES}) = ({_MARKS}), metadata_changed_at = ? WHERE id = ? AND ({_NAMES}) IS NOT ({_MARKS})"
)


def metadata_row(facts: MediaFacts) -> tuple[object, ...]:
    """The values in the order of METADATA_COLUMNS."""
    return (*facts.metadata, _provenance_json(facts))


def add_metadata(tx: Transaction, added: Iterable[tuple[str, MediaFacts]]) -> None:
    """Insert the metadata of new assets that is not in their own rows."""
    for asset_id, facts in added:
        _insert_details(tx.connection, asset_id, facts)
        if facts.faces:
            _put_faces(tx.connection, asset_id, facts, tx.now)


def replace_metadata(tx: Transaction, asset_id: str, facts: MediaFacts) -> None:
    """Replace the metadata read before. The user's values and named faces stay."""
    connection, now = tx.connection, tx.now
    facts = without_written(connection, asset_id, facts)
    media = (facts.mime_type, facts.width, facts.height, facts.duration, facts.local_datetime, asset_id)
    connection.execute(_UPDATE_MEDIA, media)
    values = facts.metadata
    # If the coordinates changed, the place looked up for the old ones is void.
    connection.execute(
        "DELETE FROM place WHERE asset_number ="
        " (SELECT number FROM asset WHERE id = ? AND (latitude, longitude) IS NOT (?, ?))",
        (asset_id, values.latitude, values.longitude),
    )
    connection.execute(_UPDATE_METADATA, (*values, now, asset_id, *values))
    connection.execute("UPDATE asset SET provenance = ? WHERE id = ?", (_provenance_json(facts), asset_id))
    before = select_keywords(connection, asset_id)
    for table in ("keyword", "motion_photo"):
        connection.execute(f"DELETE FROM {table} WHERE asset_number = {NUMBER}", (asset_id,))
    _insert_details(connection, asset_id, facts)
    if select_keywords(connection, asset_id) != before:  # not in the record, but must cause an event
        connection.execute("UPDATE asset SET metadata_changed_at = ? WHERE id = ?", (now, asset_id))
    _put_faces(connection, asset_id, facts, now)


def _insert_details(connection: sqlite3.Connection, asset_id: str, facts: MediaFacts) -> None:
    """Insert values that most photos lack: keywords, the motion video, the time zone."""
    if facts.keywords:
        rows = [(asset_id, word) for word in facts.keywords]
        connection.executemany(f"INSERT INTO keyword VALUES ({NUMBER}, ?) ON CONFLICT DO NOTHING", rows)
    if facts.motion is not None:
        connection.execute(f"INSERT INTO motion_photo VALUES ({NUMBER}, ?, ?, ?)", (asset_id, *facts.motion))
    if facts.timezone is not None:
        connection.execute(
            f"INSERT INTO place (asset_number, timezone) VALUES ({NUMBER}, ?)"
            " ON CONFLICT (asset_number) DO UPDATE SET timezone = excluded.timezone",
            (asset_id, facts.timezone),
        )


def _put_faces(connection: sqlite3.Connection, asset_id: str, facts: MediaFacts, now: str) -> None:
    """Replace the faces from the file. A known face keeps its row, and the person assigned by the user. A face that the
    file no longer names stays as a detected one if it was detected or assigned by the user."""
    import json

    faces = {ids.named_id("face", asset_id, *map(str, face[1:])): face for face in facts.faces}
    stale = "asset_id = ? AND source = 'file' AND id NOT IN (SELECT value FROM json_each(?))"
    which = (asset_id, json.dumps(list(faces)))
    connection.execute(
        "UPDATE face SET source = 'faces', person_id = iif(assigned_by = 'file', NULL, person_id),"
        f" assigned_by = nullif(assigned_by, 'file'), updated_at = ? WHERE {stale}"
        " AND (assigned_by = 'user' OR id IN (SELECT face_id FROM face_embedding))",
        (now, *which),
    )
    connection.execute(f"DELETE FROM face WHERE {stale}", which)
    for face_id, face in faces.items():
        person_id = _person(connection, face.name, now) if face.name else None
        by = "file" if person_id else None
        connection.execute(
            "INSERT INTO face (id, asset_id, x, y, w, h, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET source = 'file' WHERE source <> 'file'",
            (face_id, asset_id, *face[1:], now, now),
        )
        propagate(connection, face_id, person_id, now)
        connection.execute(
            "UPDATE face SET person_id = ?1, assigned_by = ?2, updated_at = ?3 WHERE id = ?4"
            # The user's assignment takes precedence over the file's, the file's over similarity.
            " AND assigned_by IS NOT 'user' AND (person_id, assigned_by) IS NOT (?1, ?2)"
            " AND (?1 IS NOT NULL OR assigned_by = 'file')",
            (person_id, by, now, face_id),
        )
        if person_id is not None:
            connection.execute(
                "UPDATE person SET thumbnail_face_id = ?1, updated_at = ?3 WHERE id = ?2 AND thumbnail_face_id IS NULL"
                " AND EXISTS (SELECT 1 FROM face WHERE face.id = ?1 AND face.person_id = ?2)",
                (face_id, person_id, now),
            )
    merge_detected(connection, asset_id, now)


def _person(connection: sqlite3.Connection, name: str, now: str) -> str:
    """The person of a name, created if needed. The user may have renamed or merged them since."""
    person_id = ids.named_id("person", paths.nfc(name).casefold())
    alias = connection.execute("SELECT person_id FROM person_alias WHERE id = ?", (person_id,)).fetchone()
    if alias:
        return str(alias[0])
    connection.execute(
        "INSERT INTO person (id, name, created_at, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (person_id, paths.nfc(name), now, now),
    )
    return person_id


def _provenance_json(facts: MediaFacts) -> str | None:
    """JSON: field -> its provenance by rank, each [source, value] or [source, value, note]."""
    if not facts.provenance:
        return None
    import json

    provenance: dict[str, list[list[str]]] = {}
    for field, source, value, note in facts.provenance:
        provenance.setdefault(field, []).append([source, value, note] if note else [source, value])
    return json.dumps(provenance, ensure_ascii=False)


def select_motion(connection: sqlite3.Connection, asset_id: str) -> Motion | None:
    query = f"SELECT start, size, mime_type FROM motion_photo WHERE asset_number = {NUMBER}"
    row = connection.execute(query, (asset_id,)).fetchone()
    return Motion._make(row) if row else None


def select_keywords(connection: sqlite3.Connection, asset_id: str) -> list[str]:
    rows = connection.execute(f"SELECT word FROM keyword WHERE asset_number = {NUMBER} ORDER BY word", (asset_id,))
    return [row[0] for row in rows]
