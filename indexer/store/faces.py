"""Read and write faces: boxes in photos, embeddings, and the people they are assigned to."""

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


# Two boxes, such as one drawn by a person and one detected, are of one face if their intersection is at least these
# shares of the smaller box and of their union.
_MIN_SHARE_OF_SMALLER = 0.6
_MIN_SHARE_OF_UNION = 0.12


class FoundFace(NamedTuple):
    """A detected face. x, y, w, h: pixels of the stored image. timestamp_ms: in a video. vector: its embedding
    by `model` (see face_embedding in schema.sql), None if the face is too small. confidence: the detector's, 0..1."""

    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    confidence: float
    model: str
    vector: bytes | None


class Embedded(NamedTuple):
    """A face with its embedding. is_settled: the user or the file assigned it, or the user edited its person.
    clearness: larger for large and confident detections."""

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


def put_faces(connection: sqlite3.Connection, asset_id: str, detected: Sequence[FoundFace], now: str) -> None:
    """Replace the detected faces of an asset. A face detected again keeps its id and its person, and one from the file
    also its box. A face that the user named stays even if it is not detected again."""
    known = _faces(connection, asset_id)
    pairs = _match(known, detected)
    for position, face in enumerate(detected):
        before = pairs.get(position)
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
    detected_again = {face.id for face in pairs.values()}
    for old in known:
        if old.id not in detected_again and old.source == "faces" and old.assigned_by != "user":
            connection.execute("DELETE FROM face WHERE id = ?", (old.id,))


def merge_detected(connection: sqlite3.Connection, asset_id: str, now: str) -> None:
    """Merge each detected face into the overlapping face from the file: the file's box, the detection's embedding, the
    user's person."""
    known = _faces(connection, asset_id)
    from_file, detections = (
        [face for face in known if (face.source == "file") is is_file] for is_file in (True, False)
    )
    for position, detected in _match(detections, from_file).items():
        file_id = from_file[position].id
        propagate(connection, detected.id, _person_of(connection, file_id), now)
        connection.execute("UPDATE OR REPLACE face_embedding SET face_id = ? WHERE face_id = ?", (file_id, detected.id))
        connection.execute(
            "UPDATE face SET confidence = old.confidence, updated_at = ?,"
            " person_id = iif(face.person_id IS NULL OR old.assigned_by IS 'user', old.person_id, face.person_id),"
            " assigned_by = iif(face.person_id IS NULL OR old.assigned_by IS 'user', old.assigned_by, face.assigned_by)"
            " FROM face AS old WHERE old.id = ? AND face.id = ?",
            (now, detected.id, file_id),
        )
        connection.execute("DELETE FROM face WHERE id = ?", (detected.id,))


def propagate(connection: sqlite3.Connection, face_id: str, person_id: str | None, now: str) -> None:
    """Extend a confirmed assignment to the rest of the face's cluster, if the cluster's person is not settled."""
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


def _match(known: Sequence[_Known], faces: Sequence[FoundFace | _Known]) -> dict[int, _Known]:
    """Match detected faces (by position) with known ones. Greedy: the largest overlaps first."""
    overlaps = [
        (overlap, position, other)
        for position, face in enumerate(faces)
        for other in known
        if face.timestamp_ms == other.timestamp_ms and (overlap := _overlap(_box(face), _box(other)))
    ]
    pairs: dict[int, _Known] = {}
    for _, position, other in sorted(overlaps, key=lambda match: -match[0]):
        if position not in pairs and other not in pairs.values():
            pairs[position] = other
    return pairs


def _box(face: FoundFace | _Known) -> tuple[int, int, int, int]:
    return face.x, face.y, face.w, face.h


def _overlap(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes; 0 if they are different faces."""
    width = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    height = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared, areas = width * height, (box[2] * box[3], other[2] * other[3])
    of_union = shared / (sum(areas) - shared)
    return of_union if shared >= _MIN_SHARE_OF_SMALLER * min(areas) and of_union >= _MIN_SHARE_OF_UNION else 0.0


def has_unassigned(connection: sqlite3.Connection, model: str) -> bool:
    """Whether any face needs a person: unassigned, with an embedding, and not detached by the user."""
    query = "SELECT 1 FROM face_embedding JOIN face ON face.id = face_id WHERE model = ?"
    query += " AND person_id IS NULL AND assigned_by IS NOT 'user' LIMIT 1"
    return connection.execute(query, (model,)).fetchone() is not None


def select_embedded(connection: sqlite3.Connection, model: str) -> list[Embedded]:
    """All faces with an embedding of this model, except those that the user detached from everybody."""
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
    """Whether this face is unassigned and not detached by the user."""
    query = "SELECT 1 FROM face WHERE id = ? AND person_id IS NULL AND assigned_by IS NOT 'user'"
    return connection.execute(query, (face_id,)).fetchone() is not None


class PersonFace(NamedTuple):
    """A face of a person. path: the file that it is in, if there is one. assigned_by: see schema.sql."""

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
    """Newest first."""
    rows = connection.execute(
        "SELECT face.id, face.asset_id, root.path || '/' || file.path, x, y, w, h, timestamp_ms, confidence,"
        " assigned_by"
        " FROM face JOIN asset ON asset.id = face.asset_id LEFT JOIN file ON file.id = asset.file_id"
        " LEFT JOIN root ON root.id = file.root_id WHERE person_id = ? ORDER BY wall_clock DESC, face.id",
        (person_id,),
    )
    return [PersonFace(*row) for row in rows]


class FaceAt(NamedTuple):
    """The box of a face in a stored image of width by height pixels (0: unknown)."""

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


class FaceEmbedding(NamedTuple):
    """The embedding of a face, and the person it is assigned to."""

    face_id: str
    person_id: str | None
    model: str
    vector: NDArray[np.float32]


def select_embeddings(connection: sqlite3.Connection, face_ids: Sequence[str]) -> list[FaceEmbedding]:
    """Embeddings of these faces; faces without one are left out."""
    import numpy as np

    rows = connection.execute(
        "SELECT face_id, person_id, model, vector FROM json_each(?) JOIN face_embedding ON face_id = value"
        " JOIN face ON face.id = face_id",
        (json.dumps(list(face_ids)),),
    )
    return [FaceEmbedding(row[0], row[1], row[2], np.frombuffer(row[3], "<f4")) for row in rows]


def select_vectors(connection: sqlite3.Connection, person_id: str) -> list[NDArray[np.float32]]:
    """The embeddings of a person's faces, of the model that has most of them."""
    import numpy as np

    rows = connection.execute(
        "SELECT model, vector FROM face_embedding JOIN face ON face.id = face_id WHERE person_id = ?", (person_id,)
    ).fetchall()
    models = [model for model, _ in rows]
    most_frequent = max(models, key=models.count, default=None)
    return [np.frombuffer(vector, "<f4") for model, vector in rows if model == most_frequent]


def select_all_vectors(
    connection: sqlite3.Connection, model: str
) -> Iterator[tuple[str, str | None, list[NDArray[np.float32]]]]:
    """Each person with their name and the embeddings of their faces by this model."""
    import numpy as np

    rows = connection.execute(
        "SELECT person_id, name, vector FROM face_embedding JOIN face ON face.id = face_id"
        " JOIN person ON person.id = person_id WHERE model = ? ORDER BY person_id",
        (model,),
    )
    for (person_id, name), faces in groupby(rows, key=lambda row: row[:2]):
        yield person_id, name, [np.frombuffer(row[2], "<f4") for row in faces]


def apply_clusters(tx: Transaction, joins: Mapping[str, str | int], merges: Mapping[str, str | int]) -> None:
    """Write the result of face clustering: assignments (face -> person) and merges (person -> person); new people are
    numbers. Assignments made since the clustering began take precedence."""
    new: dict[int, str] = {}

    def id_of(person: str | int) -> str:
        person_id = current_id(tx.connection, person) if isinstance(person, str) else new.get(person)
        person_id = person_id or create_person(tx.connection, tx.now)
        if isinstance(person, int):
            new[person] = person_id
        return person_id

    for person_id, into in merges.items():
        if current_id(tx.connection, person_id) == person_id and not is_settled(tx.connection, person_id):
            merge(tx.connection, person_id, id_of(into), None, tx.now)
    for face_id, person in joins.items():
        if is_unassigned(tx.connection, face_id):
            assign(tx.connection, [face_id], id_of(person), "similarity", tx.now)
    tidy(tx.connection, tx.now)


def assign_faces(tx: Transaction, face_ids: Iterable[str], person_id: str | None) -> str:
    """Assign faces to a person for the user; None: to a new person. Returns the id of the person."""
    person_id = person_id or create_person(tx.connection, tx.now)
    assign(tx.connection, face_ids, person_id, "user", tx.now)
    tidy(tx.connection, tx.now)
    return person_id


def detach_face(tx: Transaction, face_id: str) -> None:
    """Detach a face from its person for the user. Clustering does not assign it again."""
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
    """Sorted by id."""
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
