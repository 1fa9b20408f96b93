"""Faces: where they are in photos, what they look like to a model, and whose they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer import ids

from .people import SETTLED, assign, create_person, current_id, is_settled, merge, tidy
from .transaction import Transaction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# A box that a person drew and one that a detector found are of one face when they share so much of the smaller, and of
# what both cover.
_SHARED_OF_SMALLER = 0.6
_SHARED_OF_BOTH = 0.12


class FoundFace(NamedTuple):
    """A face in an asset: x, y, w, h in pixels of the stored picture, and in a film when. vector: see face_embedding in
    schema.sql, None for a face that is too small for one; model made it. confidence is the detector's, 0..1."""

    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    confidence: float
    model: str
    vector: bytes | None


class Embedded(NamedTuple):
    """A face with its vector. is_settled: the user or the file said whose it is, or the user said something of that
    person. clearness: larger for a large and sure one."""

    face_id: str
    asset_id: str
    timestamp_ms: int | None
    person_id: str | None
    is_settled: bool
    clearness: float
    vector: NDArray[np.float32]


class _Known(NamedTuple):
    id: str
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    source: str
    assigned_by: str | None


def put_faces(connection: sqlite3.Connection, asset_id: str, found: Sequence[FoundFace], now: str) -> None:
    """In the place of those that were found before. A face that was there already keeps its id and its person, and one
    that the file names its box; one that the user has named stays, though it is not found any more."""
    known = _faces(connection, asset_id)
    pairs = _pairs(known, found)
    for number, face in enumerate(found):
        before = pairs.get(number)
        if before is None:
            face_id = _new_face(connection, asset_id, face, now)
        else:
            face_id = before.id
            box = face[:4] if before.source != "file" else before[1:5]
            connection.execute(
                "UPDATE face SET (x, y, w, h, confidence, updated_at) = (?, ?, ?, ?, ?, ?) WHERE id = ?"
                " AND (x, y, w, h, confidence) IS NOT (?, ?, ?, ?, ?)",
                (*box, face.confidence, now, face_id, *box, face.confidence),
            )
        connection.execute("DELETE FROM face_embedding WHERE face_id = ?", (face_id,))
        if face.vector is not None:
            connection.execute("INSERT INTO face_embedding VALUES (?, ?, ?)", (face_id, face.model, face.vector))
    again = {one.id for one in pairs.values()}
    for one in known:
        if one.id not in again and one.source == "faces" and one.assigned_by != "user":
            connection.execute("DELETE FROM face WHERE id = ?", (one.id,))


def merge_detected(connection: sqlite3.Connection, asset_id: str, now: str) -> None:
    """Have a face that the file names, and the same one as it was found, be one: the file's box, with what was found of
    it, and whom the user says it is."""
    known = _faces(connection, asset_id)
    of_file, found = ([one for one in known if (one.source == "file") is is_file] for is_file in (True, False))
    for number, named in _pairs(found, of_file).items():
        file_id = of_file[number].id
        propagate(connection, named.id, _person_of(connection, file_id), now)
        connection.execute("UPDATE OR REPLACE face_embedding SET face_id = ? WHERE face_id = ?", (file_id, named.id))
        connection.execute(
            "UPDATE face SET confidence = one.confidence, updated_at = ?,"
            " person_id = iif(face.person_id IS NULL OR one.assigned_by IS 'user', one.person_id, face.person_id),"
            " assigned_by = iif(face.person_id IS NULL OR one.assigned_by IS 'user', one.assigned_by, face.assigned_by)"
            " FROM face AS one WHERE one.id = ? AND face.id = ?",
            (now, named.id, file_id),
        )
        connection.execute("DELETE FROM face WHERE id = ?", (named.id,))


def propagate(connection: sqlite3.Connection, face_id: str, person_id: str | None, now: str) -> None:
    """Somebody said who a face is: then all those that were found to be like it, and of whom nobody has said anything,
    are the same."""
    before = _person_of(connection, face_id)
    if before is not None and person_id is not None and before != person_id and not is_settled(connection, before):
        merge(connection, before, person_id, None, now)


def _person_of(connection: sqlite3.Connection, face_id: str) -> str | None:
    row = connection.execute("SELECT person_id FROM face WHERE id = ?", (face_id,)).fetchone()
    return row[0] if row else None


def _faces(connection: sqlite3.Connection, asset_id: str) -> list[_Known]:
    query = "SELECT id, x, y, w, h, timestamp_ms, source, assigned_by FROM face WHERE asset_id = ?"
    return [_Known(*row) for row in connection.execute(query, (asset_id,))]


def _new_face(connection: sqlite3.Connection, asset_id: str, face: FoundFace, now: str) -> str:
    face_id = ids.named_id("face", asset_id, *map(str, face[:5]))
    connection.execute(
        "INSERT INTO face (id, asset_id, x, y, w, h, timestamp_ms, source, confidence, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'faces', ?, ?, ?)",
        (face_id, asset_id, *face[:5], face.confidence, now, now),
    )
    return face_id


def _pairs(known: Sequence[_Known], found: Sequence[FoundFace | _Known]) -> dict[int, _Known]:
    """The number of a found face -> the known one that it is; those that share most first."""
    shares = [
        (share, number, one)
        for number, face in enumerate(found)
        for one in known
        if face.timestamp_ms == one.timestamp_ms and (share := _share(_box(face), _box(one)))
    ]
    pairs: dict[int, _Known] = {}
    for _, number, one in sorted(shares, key=lambda pair: -pair[0]):
        if number not in pairs and one not in pairs.values():
            pairs[number] = one
    return pairs


def _box(face: FoundFace | _Known) -> tuple[int, int, int, int]:
    return face.x, face.y, face.w, face.h


def _share(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    """Of what both boxes cover, what they share; 0 where they are two faces."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared, sizes = wide * high, (one[2] * one[3], other[2] * other[3])
    of_both = shared / (sum(sizes) - shared)
    return of_both if shared >= _SHARED_OF_SMALLER * min(sizes) and of_both >= _SHARED_OF_BOTH else 0.0


def has_unassigned(connection: sqlite3.Connection, model: str) -> bool:
    """Is there a face that belongs to nobody yet, and could?"""
    query = "SELECT 1 FROM face_embedding JOIN face ON face.id = face_id WHERE model = ?"
    query += " AND person_id IS NULL AND assigned_by IS NOT 'user' LIMIT 1"
    return connection.execute(query, (model,)).fetchone() is not None


def select_embedded(connection: sqlite3.Connection, model: str) -> list[Embedded]:
    """All faces that this model has seen, but those that the user says are nobody's."""
    import numpy as np

    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT face.id, asset_id, timestamp_ms, person_id,"
        f" coalesce(assigned_by IN ('file', 'user') OR {SETTLED}, 0), coalesce(confidence, 0) * min(w, h), vector"
        " FROM face_embedding JOIN face ON face.id = face_id LEFT JOIN person ON person.id = person_id"
        " WHERE model = ? AND (person_id IS NOT NULL OR assigned_by IS NOT 'user') ORDER BY face.id",
        (model,),
    ).fetchall()
    return [
        Embedded(face_id, asset_id, timestamp_ms, person_id, bool(settled), clearness, np.frombuffer(vector, "<f4"))
        for face_id, asset_id, timestamp_ms, person_id, settled, clearness, vector in rows
    ]


def is_unassigned(connection: sqlite3.Connection, face_id: str) -> bool:
    """Is this a face of which nobody knows whose it is?"""
    query = "SELECT 1 FROM face WHERE id = ? AND person_id IS NULL AND assigned_by IS NOT 'user'"
    return connection.execute(query, (face_id,)).fetchone() is not None


class PersonFace(NamedTuple):
    """A face of a person, the file that it is in (None: not there now), and who said whose it is."""

    id: str
    asset_id: str
    path: str | None
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    confidence: float | None
    assigned_by: str


def select_faces_of(connection: sqlite3.Connection, person_id: str) -> list[PersonFace]:
    """The newest first."""
    rows = connection.execute(
        "SELECT face.id, face.asset_id, root.path || '/' || file.path, x, y, w, h, timestamp_ms, confidence,"
        " assigned_by"
        " FROM face JOIN asset ON asset.id = face.asset_id LEFT JOIN file ON file.id = asset.file_id"
        " LEFT JOIN root ON root.id = file.root_id WHERE person_id = ? ORDER BY wall_clock DESC, face.id",
        (person_id,),
    )
    return [PersonFace(*row) for row in rows]


class FaceAt(NamedTuple):
    """Where a face is: its box in a stored picture of width times height pixels (0: unknown)."""

    id: str
    asset_id: str
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    width: int
    height: int


_FACE_AT = (
    "SELECT face.id, asset_id, x, y, w, h, timestamp_ms, width, height FROM face JOIN asset ON asset.id = asset_id"
)


def select_face_at(connection: sqlite3.Connection, face_id: str) -> FaceAt | None:
    row = connection.execute(f"{_FACE_AT} WHERE face.id = ?", (face_id,)).fetchone()
    return FaceAt(*row) if row else None


def select_faces_in(connection: sqlite3.Connection, asset_id: str) -> list[FaceAt]:
    rows = connection.execute(f"{_FACE_AT} WHERE asset_id = ? ORDER BY face.id", (asset_id,))
    return [FaceAt(*row) for row in rows]


class Look(NamedTuple):
    """What a face looks like to a model, and whose it is taken to be."""

    face_id: str
    person_id: str | None
    model: str
    vector: NDArray[np.float32]


def select_looks(connection: sqlite3.Connection, face_ids: Sequence[str]) -> list[Look]:
    """Of those that a model has seen."""
    import numpy as np

    rows = connection.execute(
        "SELECT face_id, person_id, model, vector FROM json_each(?) JOIN face_embedding ON face_id = value"
        " JOIN face ON face.id = face_id",
        (json.dumps(list(face_ids)),),
    )
    return [Look(row[0], row[1], row[2], np.frombuffer(row[3], "<f4")) for row in rows]


def select_vectors(connection: sqlite3.Connection, person_id: str) -> list[NDArray[np.float32]]:
    """Of one model: the one that has seen most of the person's faces."""
    import numpy as np

    rows = connection.execute(
        "SELECT model, vector FROM face_embedding JOIN face ON face.id = face_id WHERE person_id = ?", (person_id,)
    ).fetchall()
    models = [model for model, _ in rows]
    most = max(models, key=models.count, default=None)
    return [np.frombuffer(vector, "<f4") for model, vector in rows if model == most]


def select_all_vectors(
    connection: sqlite3.Connection, model: str
) -> Iterator[tuple[str, str | None, list[NDArray[np.float32]]]]:
    """Person, name, and what their faces look like to this model."""
    import numpy as np

    rows = connection.execute(
        "SELECT person_id, name, vector FROM face_embedding JOIN face ON face.id = face_id"
        " JOIN person ON person.id = person_id WHERE model = ? ORDER BY person_id",
        (model,),
    )
    for (person_id, name), some in groupby(rows, key=lambda row: row[:2]):
        yield person_id, name, [np.frombuffer(row[2], "<f4") for row in some]


def apply_clusters(tx: Transaction, joins: Mapping[str, str | int], merges: Mapping[str, str | int]) -> None:
    """Whose faces are (face -> person), and which people are one with another; new people are numbers. What was
    said since that was found out counts more."""
    new: dict[int, str] = {}

    def who(person: str | int) -> str:
        known = current_id(tx.connection, person) if isinstance(person, str) else new.get(person)
        known = known or create_person(tx.connection, tx.now)
        if isinstance(person, int):
            new[person] = known
        return known

    for person_id, into in merges.items():
        if current_id(tx.connection, person_id) == person_id and not is_settled(tx.connection, person_id):
            merge(tx.connection, person_id, who(into), None, tx.now)
    for face_id, person in joins.items():
        if is_unassigned(tx.connection, face_id):
            assign(tx.connection, [face_id], who(person), "likeness", tx.now)
    tidy(tx.connection, tx.now)


def assign_faces(tx: Transaction, face_ids: Iterable[str], person_id: str | None) -> str:
    """Have the user say whose these faces are; None: somebody new. Returns who it is."""
    person_id = person_id or create_person(tx.connection, tx.now)
    assign(tx.connection, face_ids, person_id, "user", tx.now)
    tidy(tx.connection, tx.now)
    return person_id


def detach_face(tx: Transaction, face_id: str) -> None:
    """The user says that it is nobody's who is known; no likeness says otherwise from then on."""
    assign(tx.connection, [face_id], None, "user", tx.now)
    tidy(tx.connection, tx.now)


def delete_face(tx: Transaction, face_id: str) -> None:
    row = tx.connection.execute("DELETE FROM face WHERE id = ? RETURNING asset_id", (face_id,)).fetchone()
    if row:
        tx.connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (tx.now, row[0]))
    tidy(tx.connection, tx.now)


class Face(NamedTuple):
    id: str
    asset_id: str
    person_id: str | None
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    created_at: str
    updated_at: str


def select_faces(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    person_id: str | None = None,
    after_id: str | None = None,
    limit: int = -1,
) -> list[Face]:
    """By id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in (("asset_id = ?", asset_id), ("person_id = ?", person_id), ("id > ?", after_id)):
        if value is not None:
            terms.append(column)
            values.append(value)
    rows = connection.execute(
        "SELECT id, asset_id, person_id, x, y, w, h, timestamp_ms, created_at, updated_at FROM face"
        f" WHERE {' AND '.join(terms)} ORDER BY id LIMIT ?",
        (*values, limit),
    )
    return [Face(*row) for row in rows]
