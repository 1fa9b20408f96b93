"""`Index.people`: list people, and edit them and their faces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import NotFound, UsageError
from ..store import faces
from ..store import people as store
from ..store.faces import PersonFace
from ..store.people import Person as Person
from ..store.undo import record_final
from .session import PathLike, Session

if TYPE_CHECKING:
    from PIL import Image

# The values that users may set.
PERSON_VALUES = ("name", "birth_date", "is_favorite", "is_hidden", "thumbnail_face_id")


class People:
    """A person is given by id, by the id of one of their faces, or by name.

    Methods raise NotFound for an unknown person, UsageError for an ambiguous name and for invalid values."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[Person]:
        """Favorites first, then named people; those in most photos first."""
        return store.select_people(self._session.connection)

    def get(self, who: str) -> Person:
        people = store.find_people(self._session.connection, who)
        if not people:
            raise NotFound(f"there is nobody called '{who}': 'indexer people list --all' has all")
        if len(people) > 1:
            ids = ", ".join(person.id for person in people)
            raise UsageError(f"several people are called '{who}': name one by id ({ids})")
        return people[0]

    def by_id(self, person_id: str) -> Person:
        people = store.select_people_page(self._session.connection, [person_id])
        if not people:
            raise NotFound(f"there is no person {person_id}")
        return people[0]

    def page(
        self,
        limit: int,
        *,
        ids: Sequence[str] | None = None,
        asset_id: str | None = None,
        album_id: str | None = None,
        name: str | None = None,
        named: bool | None = None,
        after_id: str | None = None,
    ) -> Sequence[Person]:
        """As `list`, starting after `after_id`. name: a part of it, case-insensitive; named: with or without a name."""
        people = store.select_people_page(self._session.connection, ids, asset_id, album_id, name, named)
        if after_id is None:
            return people[:limit]
        for position, person in enumerate(people, 1):
            if person.id == after_id:
                return people[position : position + limit]
        raise NotFound(f"there is no person {after_id}")

    def cluster_metrics(self, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Person id -> cosine distances between the person's faces, for people with at least two."""
        from .face_metrics import metrics

        return metrics(self._session.connection, person_ids)

    def faces(self, who: str) -> Sequence[PersonFace]:
        """All faces of a person, those of the newest photo first."""
        return faces.select_faces_of(self._session.connection, self.get(who).id)

    def portrait(self, who: str, side: int = 256) -> Image.Image:
        """A square portrait of a person's thumbnail face, or of a given face. side: pixels."""
        from ..enrich.render import portrait

        face_id = who if who.startswith("face_") else self.get(who).thumbnail_face_id
        if face_id is None:
            raise NotFound(f"{who} has no face in any photo")
        return portrait(self._session.connection, face_id, side)

    def sheet(self, people: Sequence[Person]) -> Image.Image:
        """A contact sheet of people's faces, with name or id below each."""
        from ..enrich.faces.contact_sheet import sheet
        from ..enrich.render import portrait

        return sheet(people, partial(portrait, self._session.connection))

    def name(self, who: str, name: str | None) -> Person:
        """Name a person; an unassigned face becomes a person first. If another person has that name, the two are
        merged. None removes the name."""
        name = (name or "").strip() or None
        # By the name alone: a name may look like the beginning of an id.
        called = store.find_people(self._session.connection, name) if name else []
        namesakes = [other for other in called if other.name and name and other.name.casefold() == name.casefold()]
        person = None if faces.is_unassigned(self._session.connection, who) else self.get(who)
        into = next((other for other in namesakes if other != person), None)
        with self._session.user_change(f"{person.name or person.id if person else who} named {name}") as tx:
            if person is None:
                person_id = faces.assign_faces(tx, [who], into.id if into else None)
            elif into is not None:
                person_id = into.id
                store.merge_people(tx, person.id, into.id)
            else:
                person_id = person.id
            if into is None:
                store.update_person(tx, person_id, name=name)
        return self.get(person_id)

    def set(self, who: str, **values: str | bool | None) -> Person:
        """Set some of PERSON_VALUES: birth_date is YYYY-MM-DD; thumbnail_face_id one of the person's faces. Unlike
        `name`, never merges people."""
        person = self.get(who)
        for name, value in values.items():
            self._check(person, name, value)
        with self._session.user_change(f"{person.name or person.id} described") as tx:
            store.update_person(tx, person.id, **values)
        return self.get(person.id)

    def hide(self, people: Sequence[str], hidden: bool = True) -> Sequence[Person]:
        """Hide people in lists, or show them again."""
        chosen = [self.get(who) for who in people]
        count = "1 person" if len(chosen) == 1 else f"{len(chosen):,} people"
        with self._session.user_change(f"{count} {'hidden' if hidden else 'shown'}") as tx:
            for person in chosen:
                store.update_person(tx, person.id, is_hidden=hidden)
        return [self.get(person.id) for person in chosen]

    def _check(self, person: Person | None, name: str, value: str | bool | None) -> None:
        if name not in PERSON_VALUES:
            raise UsageError(f"'{name}' cannot be set: there are {', '.join(PERSON_VALUES)}")
        if name in ("is_favorite", "is_hidden") and not isinstance(value, bool):
            raise UsageError(f"{name} is true or false")
        if name == "birth_date" and value is not None:
            try:
                date.fromisoformat(str(value))
            except ValueError as error:
                raise UsageError(f"'{value}' is not a date: write it as 1867-11-07") from error
        if name == "thumbnail_face_id" and value is not None:
            theirs = {face.id for face in self.faces(person.id)} if person else ()
            if value not in theirs:
                raise UsageError(f"{value} is not a face of {person.name or person.id if person else 'somebody new'}")

    def create(self, **values: str | bool | None) -> Person:
        """Create a person without faces."""
        for name, value in values.items():
            self._check(None, name, value)
        with self._session.user_change(f"{values.get('name') or 'somebody'} added to people") as tx:
            person_id = store.add_person(tx, **values)
        return self.get(person_id)

    def delete(self, who: str) -> Person:
        """Delete a person. The photos stay; the person's faces become unassigned."""
        person = self.get(who)
        with self._session.user_change(f"{person.name or person.id} taken from people") as tx:
            store.delete_person(tx, person.id)
        return person

    def give(self, face_id: str, who: str | None) -> None:
        """Assign a face to a person; None unassigns it."""
        person = self.get(who) if who is not None else None
        with self._session.user_change(f"a face assigned to {person.name or person.id if person else 'nobody'}") as tx:
            if person is None:
                faces.detach_face(tx, face_id)
            else:
                faces.assign_faces(tx, [face_id], person.id)

    def delete_face(self, face_id: str) -> None:
        """Delete a detection that is not a face. Cannot be undone."""
        with self._session.transaction() as tx:
            faces.delete_face(tx, face_id)
            record_final(tx, "deleted a face", "A backup of the index has it, if you made one.")

    def merge(self, others: Sequence[str], into: str) -> Person:
        """Merge people into one person, who keeps the values of `into`."""
        target, people = self.get(into), [self.get(who) for who in others]
        if target in people:
            name = target.name or target.id
            if set(people) == {target}:
                raise UsageError(f"name at least one other person to merge into {name}")
            raise UsageError(f"{name} cannot be merged into itself: name only the others")
        with self._session.user_change(
            f"{', '.join(person.name or person.id for person in people)} merged into {into}"
        ) as tx:
            for person in dict.fromkeys(people):
                store.merge_people(tx, person.id, target.id)
        return self.get(target.id)

    def split(self, who: str, faces_or_assets: Sequence[PathLike], into: str | None = None) -> Person:
        """Move these faces of a person, or the faces in these photos, to `into` or to a new person. They are never
        assigned to the first person again."""
        person, other = self.get(who), self.get(into) if into is not None else None
        theirs = {face.id: face.asset_id for face in self.faces(person.id)}
        chosen: list[str] = []
        for named in faces_or_assets:
            face_or_asset = os.fspath(named)
            asset_id = None if face_or_asset.startswith("face_") else self._session.resolve(face_or_asset)
            matches = [face for face, of in theirs.items() if face == face_or_asset or of == asset_id]
            if not matches:
                raise NotFound(
                    f"{face_or_asset} has no face of {person.name or person.id}: 'indexer people show' lists them"
                )
            chosen += matches
        with self._session.user_change(f"{len(chosen)} faces split from {person.name or person.id}") as tx:
            person_id = faces.assign_faces(tx, chosen, other.id if other else None)
        return self.get(person_id)
