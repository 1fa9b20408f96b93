"""Read and edit people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from indexer import ids

from .transaction import Transaction

# The fewest characters that abbreviate an id.
_MIN_ID_PREFIX = 4
# Condition of a person whom the user or a file described.
SETTLED = "name IS NOT NULL OR birth_date IS NOT NULL OR is_hidden OR is_favorite"


class Person(NamedTuple):
    """name: None while unknown. assets: number of photos and videos, without trashed ones."""

    id: str
    name: str | None
    birth_date: str | None
    is_hidden: bool
    is_favorite: bool
    thumbnail_face_id: str | None
    created_at: str
    updated_at: str
    assets: int


def is_settled(connection: sqlite3.Connection, person_id: str) -> bool:
    """Whether the user or a file described this person or assigned one of their faces."""
    query = (
        f"SELECT 1 FROM person WHERE id = ?1 AND ({SETTLED}) UNION ALL"
        " SELECT 1 FROM face WHERE person_id = ?1 AND assigned_by <> 'similarity'"
    )
    return connection.execute(query, (person_id,)).fetchone() is not None


def current_id(connection: sqlite3.Connection, person_id: str) -> str | None:
    """The current id of a person, who may have been merged into another. None if there is no such person."""
    query = "SELECT id FROM person WHERE id = ?1 UNION ALL SELECT person_id FROM person_alias WHERE id = ?1"
    row = connection.execute(query, (person_id,)).fetchone()
    return row[0] if row else None


def create_person(connection: sqlite3.Connection, now: str, name: str | None = None) -> str:
    import uuid

    person_id = ids.named_id("person", str(uuid.uuid4()))
    add(connection, person_id, now, name)
    return person_id


def add(connection: sqlite3.Connection, person_id: str, now: str, name: str | None = None) -> None:
    connection.execute(
        "INSERT INTO person (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)", (person_id, name, now, now)
    )


def assign(connection: sqlite3.Connection, face_ids: Iterable[str], person_id: str | None, by: str, now: str) -> None:
    """Assign faces to a person; None detaches them."""
    for face_id in face_ids:
        row = connection.execute(
            "UPDATE face SET person_id = ?, assigned_by = ?, updated_at = ? WHERE id = ?"
            " AND (person_id, assigned_by) IS NOT (?, ?) RETURNING asset_id",
            (person_id, by, now, face_id, person_id, by),
        ).fetchone()
        if row is not None:
            connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (now, row[0]))


def merge(connection: sqlite3.Connection, person_id: str, into: str, by: str | None, now: str) -> None:
    """Merge a person into another, who gains missing values. by: the faces' new assigned_by; None keeps the old."""
    faces = connection.execute("SELECT id, assigned_by FROM face WHERE person_id = ?", (person_id,)).fetchall()
    for face_id, before in faces:
        assign(connection, [face_id], into, by or before, now)
    connection.execute(
        "UPDATE person SET name = coalesce(person.name, merged.name), updated_at = ?,"
        " birth_date = coalesce(person.birth_date, merged.birth_date),"
        " is_favorite = max(person.is_favorite, merged.is_favorite)"
        " FROM person AS merged WHERE merged.id = ? AND person.id = ?",
        (now, person_id, into),
    )
    connection.execute("UPDATE person_alias SET person_id = ? WHERE person_id = ?", (into, person_id))
    connection.execute("DELETE FROM person WHERE id = ?", (person_id,))
    connection.execute("INSERT OR REPLACE INTO person_alias VALUES (?, ?)", (person_id, into))


def tidy(connection: sqlite3.Connection, now: str) -> None:
    """Delete undescribed people without faces, and choose a thumbnail face for people who lack one."""
    connection.execute(
        f"DELETE FROM person WHERE NOT ({SETTLED}) AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id)"
    )
    connection.execute(
        "UPDATE person SET updated_at = ?, thumbnail_face_id = (SELECT id FROM face WHERE person_id = person.id"
        " ORDER BY coalesce(confidence, 0.5) * min(w, h) DESC, id LIMIT 1)"
        " WHERE NOT EXISTS (SELECT 1 FROM face WHERE face.id = thumbnail_face_id AND person_id = person.id)"
        " AND EXISTS (SELECT 1 FROM face WHERE person_id = person.id)",
        (now,),
    )


_PERSON = """
SELECT person.id, name, birth_date, is_hidden, is_favorite, thumbnail_face_id,
       person.created_at, person.updated_at, count(DISTINCT asset_id) FILTER (WHERE trashed_at IS NULL)
FROM person LEFT JOIN face ON face.person_id = person.id LEFT JOIN asset ON asset.id = asset_id
{where}
GROUP BY person.id ORDER BY is_favorite DESC, name IS NULL, 9 DESC, name, person.id"""


def select_people(connection: sqlite3.Connection) -> list[Person]:
    """Favorites first, then named people, then by number of photos."""
    return [_person(row) for row in connection.execute(_PERSON.format(where=""))]


def find_people(connection: sqlite3.Connection, who: str) -> list[Person]:
    """Find people by id, former id, face id, or name in any case; else by a prefix of the id after `person_`."""
    ids_of = connection.execute(
        "SELECT id FROM person WHERE id = :who OR name = :who OR id IN (SELECT person_id FROM face WHERE id = :who)"
        " UNION SELECT person_id FROM person_alias WHERE id = :who",
        {"who": who},
    ).fetchall()
    if not ids_of:
        named = connection.execute("SELECT id, name FROM person WHERE name IS NOT NULL")
        ids_of = [(person_id,) for person_id, name in named if name.casefold() == who.casefold()]
    if not ids_of and len(who) >= _MIN_ID_PREFIX:
        ids_of = connection.execute("SELECT id FROM person WHERE substr(id, 8, length(?1)) = ?1", (who,)).fetchall()
    where = f"WHERE person.id IN ({', '.join('?' * len(ids_of))})"
    rows = connection.execute(_PERSON.format(where=where), [person_id for (person_id,) in ids_of])
    return [_person(row) for row in rows]


def _person(row: tuple[object, ...]) -> Person:
    person = Person(*row)  # type: ignore[arg-type]
    return person._replace(is_hidden=bool(person.is_hidden), is_favorite=bool(person.is_favorite))


def update_person(tx: Transaction, person_id: str, **values: object) -> None:
    """Set values of a person, by column. That settles their faces."""
    for name, value in values.items():
        tx.connection.execute(
            f"UPDATE person SET {name} = ?1, updated_at = ?2 WHERE id = ?3 AND {name} IS NOT ?1",
            (value, tx.now, person_id),
        )
    tx.connection.execute(
        "UPDATE asset SET updated_at = ? WHERE id IN (SELECT asset_id FROM face WHERE person_id = ?)",
        (tx.now, person_id),
    )


def merge_people(tx: Transaction, person_id: str, into: str) -> None:
    merge(tx.connection, person_id, into, "user", tx.now)
    tidy(tx.connection, tx.now)


def add_person(tx: Transaction, **values: object) -> str:
    """Create a person without photos; values by column."""
    person_id = create_person(tx.connection, tx.now)
    update_person(tx, person_id, **values)
    return person_id


def delete_person(tx: Transaction, person_id: str) -> None:
    """Delete a person and detach their faces."""
    faces = tx.connection.execute("SELECT id FROM face WHERE person_id = ?", (person_id,)).fetchall()
    assign(tx.connection, [face_id for (face_id,) in faces], None, "user", tx.now)
    tx.connection.execute("DELETE FROM person WHERE id = ?", (person_id,))


def select_people_page(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None = None,
    asset_id: str | None = None,
    album_id: str | None = None,
    name: str | None = None,
    named: bool | None = None,
) -> list[Person]:
    """People that meet all conditions, in the order of `select_people`."""
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
    rows = connection.execute(_PERSON.format(where=f"WHERE {' AND '.join(terms)}"), values)
    people = [_person(row) for row in rows]
    if name is not None:
        people = [person for person in people if name.casefold() in (person.name or "").casefold()]
    return people
