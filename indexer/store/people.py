"""Faces that were found, what they look like, and whose they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer import ids

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


class Person(NamedTuple):
    """name is None while nobody has said it. assets: in how many photos and films, the trash left out."""

    id: str
    name: str | None
    birth_date: str | None
    is_hidden: bool
    is_favorite: bool
    thumbnail_face_id: str | None
    assets: int


class _Known(NamedTuple):
    id: str
    x: int
    y: int
    w: int
    h: int
    timestamp_ms: int | None
    source: str
    assigned_by: str | None


# What was found


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


def absorb(connection: sqlite3.Connection, asset_id: str, now: str) -> None:
    """Have a face that the file names, and the same one as it was found, be one: the file's box, with what was found of
    it, and whom the user says it is."""
    known = _faces(connection, asset_id)
    of_file, found = ([one for one in known if (one.source == "file") is is_file] for is_file in (True, False))
    for number, named in _pairs(found, of_file).items():
        file_id = of_file[number].id
        join(connection, named.id, _person_of(connection, file_id), now)
        connection.execute("UPDATE OR REPLACE face_embedding SET face_id = ? WHERE face_id = ?", (file_id, named.id))
        connection.execute(
            "UPDATE face SET confidence = one.confidence, updated_at = ?,"
            " person_id = iif(face.person_id IS NULL OR one.assigned_by IS 'user', one.person_id, face.person_id),"
            " assigned_by = iif(face.person_id IS NULL OR one.assigned_by IS 'user', one.assigned_by, face.assigned_by)"
            " FROM face AS one WHERE one.id = ? AND face.id = ?",
            (now, named.id, file_id),
        )
        connection.execute("DELETE FROM face WHERE id = ?", (named.id,))


def join(connection: sqlite3.Connection, face_id: str, person_id: str | None, now: str) -> None:
    """Somebody said who a face is: then all those that were found to be like it, and of whom nobody has said anything,
    are the same."""
    before = _person_of(connection, face_id)
    if before is not None and person_id is not None and before != person_id and not is_settled(connection, before):
        merge(connection, before, person_id, None, now)


def is_settled(connection: sqlite3.Connection, person_id: str) -> bool:
    """Has the user or a file said anything of this person, or of one of their faces?"""
    query = (
        f"SELECT 1 FROM person WHERE id = ?1 AND ({_SETTLED}) UNION ALL"
        " SELECT 1 FROM face WHERE person_id = ?1 AND assigned_by <> 'likeness'"
    )
    return connection.execute(query, (person_id,)).fetchone() is not None


def still(connection: sqlite3.Connection, person_id: str) -> str | None:
    """Who a person is by now: one may have been made one with another since. None: nobody."""
    query = "SELECT id FROM person WHERE id = ?1 UNION ALL SELECT person_id FROM person_alias WHERE id = ?1"
    row = connection.execute(query, (person_id,)).fetchone()
    return row[0] if row else None


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


# Whose they are


# So many characters say which id is meant.
_LEAST_OF_ID = 4
_SETTLED = "name IS NOT NULL OR birth_date IS NOT NULL OR is_hidden OR is_favorite"


def has_strangers(connection: sqlite3.Connection, model: str) -> bool:
    """Is there a face that belongs to nobody yet, and could?"""
    query = "SELECT 1 FROM face_embedding JOIN face ON face.id = face_id WHERE model = ?"
    query += " AND person_id IS NULL AND assigned_by IS NOT 'user' LIMIT 1"
    return connection.execute(query, (model,)).fetchone() is not None


def embedded(connection: sqlite3.Connection, model: str) -> list[Embedded]:
    """All faces that this model has seen, but those that the user says are nobody's."""
    import numpy as np

    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT face.id, asset_id, timestamp_ms, person_id,"
        f" coalesce(assigned_by IN ('file', 'user') OR {_SETTLED}, 0), coalesce(confidence, 0) * min(w, h), vector"
        " FROM face_embedding JOIN face ON face.id = face_id LEFT JOIN person ON person.id = person_id"
        " WHERE model = ? AND (person_id IS NOT NULL OR assigned_by IS NOT 'user') ORDER BY face.id",
        (model,),
    ).fetchall()
    return [
        Embedded(face_id, asset_id, timestamp_ms, person_id, bool(settled), clearness, np.frombuffer(vector, "<f4"))
        for face_id, asset_id, timestamp_ms, person_id, settled, clearness, vector in rows
    ]


def found_person(connection: sqlite3.Connection, now: str, name: str | None = None) -> str:
    import uuid

    person_id = ids.named_id("person", str(uuid.uuid4()))
    add(connection, person_id, now, name)
    return person_id


def add(connection: sqlite3.Connection, person_id: str, now: str, name: str | None = None) -> None:
    connection.execute(
        "INSERT INTO person (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)", (person_id, name, now, now)
    )


def assign(connection: sqlite3.Connection, face_ids: Iterable[str], person_id: str | None, by: str, now: str) -> None:
    """Say whose these faces are; nobody's, where person_id is None."""
    for face_id in face_ids:
        row = connection.execute(
            "UPDATE face SET person_id = ?, assigned_by = ?, updated_at = ? WHERE id = ?"
            " AND (person_id, assigned_by) IS NOT (?, ?) RETURNING asset_id",
            (person_id, by, now, face_id, person_id, by),
        ).fetchone()
        if row is not None:
            connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (now, row[0]))


def is_strangers(connection: sqlite3.Connection, face_id: str) -> bool:
    """Is this a face of which nobody knows whose it is?"""
    query = "SELECT 1 FROM face WHERE id = ? AND person_id IS NULL AND assigned_by IS NOT 'user'"
    return connection.execute(query, (face_id,)).fetchone() is not None


def merge(connection: sqlite3.Connection, person_id: str, into: str, by: str | None, now: str) -> None:
    """Have all faces of one person be another's. by: who says so; None: as it was. The other takes what nobody has said
    of them yet."""
    faces = connection.execute("SELECT id, assigned_by FROM face WHERE person_id = ?", (person_id,)).fetchall()
    for face_id, before in faces:
        assign(connection, [face_id], into, by or before, now)
    connection.execute(
        "UPDATE person SET name = coalesce(person.name, one.name), updated_at = ?,"
        " birth_date = coalesce(person.birth_date, one.birth_date),"
        " is_favorite = max(person.is_favorite, one.is_favorite)"
        " FROM person AS one WHERE one.id = ? AND person.id = ?",
        (now, person_id, into),
    )
    connection.execute("UPDATE person_alias SET person_id = ? WHERE person_id = ?", (into, person_id))
    connection.execute("DELETE FROM person WHERE id = ?", (person_id,))
    connection.execute("INSERT OR REPLACE INTO person_alias VALUES (?, ?)", (person_id, into))


def delete(connection: sqlite3.Connection, person_id: str, now: str) -> None:
    faces = connection.execute("SELECT id FROM face WHERE person_id = ?", (person_id,)).fetchall()
    for (face_id,) in faces:
        assign(connection, [face_id], None, "user", now)
    connection.execute("DELETE FROM person WHERE id = ?", (person_id,))


def tidy(connection: sqlite3.Connection, now: str) -> None:
    """Forget people of whom no face is left and nobody has said anything, and choose a face to show for each."""
    connection.execute(
        f"DELETE FROM person WHERE NOT ({_SETTLED}) AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id)"
    )
    connection.execute(
        "UPDATE person SET updated_at = ?, thumbnail_face_id = (SELECT id FROM face WHERE person_id = person.id"
        " ORDER BY coalesce(confidence, 0.5) * min(w, h) DESC, id LIMIT 1)"
        " WHERE NOT EXISTS (SELECT 1 FROM face WHERE face.id = thumbnail_face_id AND person_id = person.id)"
        " AND EXISTS (SELECT 1 FROM face WHERE person_id = person.id)",
        (now,),
    )


# Who there is


_PERSON = """
SELECT person.id, name, birth_date, is_hidden, is_favorite, thumbnail_face_id,
       count(DISTINCT asset_id) FILTER (WHERE trashed_at IS NULL)
FROM person LEFT JOIN face ON face.person_id = person.id LEFT JOIN asset ON asset.id = asset_id
{where}
GROUP BY person.id ORDER BY is_favorite DESC, name IS NULL, 7 DESC, name, person.id"""


def people(connection: sqlite3.Connection) -> list[Person]:
    """Favourites first, then those with a name; those of whom there are most photos first."""
    return [_person(row) for row in connection.execute(_PERSON.format(where=""))]


def people_called(connection: sqlite3.Connection, who: str) -> list[Person]:
    """By id, a former id, a face's id, or name, whatever its case; else by the beginning of an id, behind `person_`."""
    ids_of = connection.execute(
        "SELECT id FROM person WHERE id = :who OR name = :who OR id IN (SELECT person_id FROM face WHERE id = :who)"
        " UNION SELECT person_id FROM person_alias WHERE id = :who",
        {"who": who},
    ).fetchall()
    if not ids_of:
        named = connection.execute("SELECT id, name FROM person WHERE name IS NOT NULL")
        ids_of = [(one,) for one, name in named if name.casefold() == who.casefold()]
    if not ids_of and len(who) >= _LEAST_OF_ID:
        ids_of = connection.execute("SELECT id FROM person WHERE substr(id, 8, length(?1)) = ?1", (who,)).fetchall()
    where = f"WHERE person.id IN ({', '.join('?' * len(ids_of))})"
    found = connection.execute(_PERSON.format(where=where), [one for (one,) in ids_of])
    return [_person(row) for row in found]


def _person(row: tuple[object, ...]) -> Person:
    one = Person(*row)  # type: ignore[arg-type]
    return one._replace(is_hidden=bool(one.is_hidden), is_favorite=bool(one.is_favorite))


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


def faces_of(connection: sqlite3.Connection, person_id: str) -> list[PersonFace]:
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


def face_at(connection: sqlite3.Connection, face_id: str) -> FaceAt | None:
    row = connection.execute(f"{_FACE_AT} WHERE face.id = ?", (face_id,)).fetchone()
    return FaceAt(*row) if row else None


def faces_in(connection: sqlite3.Connection, asset_id: str) -> list[FaceAt]:
    rows = connection.execute(f"{_FACE_AT} WHERE asset_id = ? ORDER BY face.id", (asset_id,))
    return [FaceAt(*row) for row in rows]


def describe(connection: sqlite3.Connection, person_id: str, values: dict[str, object], now: str) -> None:
    """What the user says of a person, by column. Their faces are settled by that."""
    for name, value in values.items():
        connection.execute(
            f"UPDATE person SET {name} = ?1, updated_at = ?2 WHERE id = ?3 AND {name} IS NOT ?1",
            (value, now, person_id),
        )
    connection.execute(
        "UPDATE asset SET updated_at = ? WHERE id IN (SELECT asset_id FROM face WHERE person_id = ?)", (now, person_id)
    )


class Look(NamedTuple):
    """What a face looks like to a model, and whose it is taken to be."""

    face_id: str
    person_id: str | None
    model: str
    vector: NDArray[np.float32]


def looks_of(connection: sqlite3.Connection, face_ids: Sequence[str]) -> list[Look]:
    """Of those that a model has seen."""
    import numpy as np

    rows = connection.execute(
        "SELECT face_id, person_id, model, vector FROM json_each(?) JOIN face_embedding ON face_id = value"
        " JOIN face ON face.id = face_id",
        (json.dumps(list(face_ids)),),
    )
    return [Look(row[0], row[1], row[2], np.frombuffer(row[3], "<f4")) for row in rows]


def vectors_of(connection: sqlite3.Connection, person_id: str) -> list[NDArray[np.float32]]:
    """Of one model: the one that has seen most of the person's faces."""
    import numpy as np

    rows = connection.execute(
        "SELECT model, vector FROM face_embedding JOIN face ON face.id = face_id WHERE person_id = ?", (person_id,)
    ).fetchall()
    models = [model for model, _ in rows]
    most = max(models, key=models.count, default=None)
    return [np.frombuffer(vector, "<f4") for model, vector in rows if model == most]


def everybodys_vectors(
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


# What users say, and what clustering finds


def apply_clusters(tx: Transaction, joins: Mapping[str, str | int], merges: Mapping[str, str | int]) -> None:
    """Whose faces are (face -> person), and which people are one with another; new people are numbers. What was
    said since that was found out counts more."""
    new: dict[int, str] = {}

    def who(person: str | int) -> str:
        known = still(tx.connection, person) if isinstance(person, str) else new.get(person)
        known = known or found_person(tx.connection, tx.now)
        if isinstance(person, int):
            new[person] = known
        return known

    for person_id, into in merges.items():
        if still(tx.connection, person_id) == person_id and not is_settled(tx.connection, person_id):
            merge(tx.connection, person_id, who(into), None, tx.now)
    for face_id, person in joins.items():
        if is_strangers(tx.connection, face_id):
            assign(tx.connection, [face_id], who(person), "likeness", tx.now)
    tidy(tx.connection, tx.now)


def describe_person(tx: Transaction, person_id: str, **values: object) -> None:
    """What the user says of a person, by column."""
    describe(tx.connection, person_id, values, tx.now)


def merge_people(tx: Transaction, person_id: str, into: str) -> None:
    merge(tx.connection, person_id, into, "user", tx.now)
    tidy(tx.connection, tx.now)


def assign_faces(tx: Transaction, face_ids: Iterable[str], person_id: str | None) -> str:
    """Have the user say whose these faces are; None: somebody new. Returns who it is."""
    person_id = person_id or found_person(tx.connection, tx.now)
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


def add_person(tx: Transaction, **values: object) -> str:
    """Somebody of whom no photo is known yet; values by column."""
    person_id = found_person(tx.connection, tx.now)
    describe(tx.connection, person_id, values, tx.now)
    return person_id


def delete_person(tx: Transaction, person_id: str) -> None:
    """Their faces are nobody's from then on."""
    delete(tx.connection, person_id, tx.now)


class PersonInfo(NamedTuple):
    id: str
    name: str | None
    birth_date: str | None
    is_hidden: int
    is_favorite: int
    thumbnail_face_id: str | None
    created_at: str
    updated_at: str
    assets: int


def select_people_page(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    album_id: str | None = None,
    name: str | None = None,
    named: bool | None = None,
) -> list[PersonInfo]:
    """Favourites first, then those with a name, those of whom there are most photos first."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("person.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    if asset_id is not None:
        terms.append("person.id IN (SELECT person_id FROM face WHERE asset_id = ?)")
        values.append(asset_id)
    if album_id is not None:
        terms.append(
            "person.id IN (SELECT person_id FROM face JOIN album_asset ON album_asset.asset_id = face.asset_id"
            " WHERE album_id = ?)"
        )
        values.append(album_id)
    if named is not None:
        terms.append(f"name IS {'NOT ' * named}NULL")
    rows = connection.execute(
        "SELECT person.id, name, birth_date, is_hidden, is_favorite, thumbnail_face_id, person.created_at,"
        " person.updated_at, count(DISTINCT face.asset_id) FILTER (WHERE trashed_at IS NULL) AS assets"
        " FROM person LEFT JOIN face ON person_id = person.id LEFT JOIN asset ON asset.id = face.asset_id"
        f" WHERE {' AND '.join(terms)} GROUP BY person.id"
        " ORDER BY is_favorite DESC, name IS NULL, assets DESC, name, person.id",
        values,
    )
    found = [PersonInfo(*row) for row in rows]
    return found if name is None else [one for one in found if name.casefold() in (one.name or "").casefold()]
