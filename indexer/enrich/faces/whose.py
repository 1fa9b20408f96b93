"""Whose face is it? Faces join the person whom they are like, or found a new one.

A person has one or more looks: with a beard and without, as a child and grown up. Of a look only the sums of its
faces' vectors are kept, from which the mean distance to another one follows (average linkage): one odd face in between
joins no two people. What the user or a file said is settled: such a face is never moved, and two such people are never
made one. Nobody is twice in one picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.store.faces import Embedded

Array = NDArray[np.float64]
# An asset, and in a video the moment.
_Picture = tuple[str, int | None]


class Judgement(NamedTuple):
    """joins: face -> person, an id or the number of a new one; merges: person -> whom it is the same as."""

    joins: dict[str, str | int]
    merges: dict[str, str | int]


def judge(faces: Sequence[Embedded], same: float) -> Judgement:
    """All faces that have vectors, with their people so far. same: see `models.Kind`."""
    # The clear ones first: they are who the others are compared with.
    new = sorted((one for one in faces if one.person_id is None), key=lambda one: -one.clearness)
    if not new:
        return Judgement({}, {})
    people = _People()
    looks = _Looks(people, len(new[0].vector), same)
    for one in faces:
        if one.person_id is not None:
            person = people.called(one.person_id)
            looks.put(one, looks.nearest_of(one, person), person)
    looks.is_changed.clear()
    numbers = {}
    for one in new:
        look = looks.nearest(one)
        numbers[one.face_id] = looks.put(one, look, people.found() if look is None else None)
    looks.unite()
    merges = {name: people.who(number) for name, number in people.numbers.items() if people.who(number) != name}
    return Judgement({face_id: people.who(looks.owner(look)) for face_id, look in numbers.items()}, merges)


class _People:
    """Who there is, by number; some turn out to be others."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.is_settled: list[bool] = []
        self.pictures: list[set[_Picture]] = []
        self._names: list[str | None] = []
        self._into: dict[int, int] = {}

    def called(self, name: str) -> int:
        if name not in self.numbers:
            self.numbers[name] = self.found(name)
        return self.numbers[name]

    def found(self, name: str | None = None) -> int:
        self._names.append(name)
        self.is_settled.append(False)
        self.pictures.append(set())
        return len(self._names) - 1

    def now(self, number: int) -> int:
        while number in self._into:
            number = self._into[number]
        return number

    def who(self, number: int) -> str | int:
        number = self.now(number)
        return self._names[number] or number

    def merge(self, one: int, other: int) -> None:
        """The settled one stays, else the one that was there first."""
        stays, goes = sorted((one, other), key=lambda number: (not self.is_settled[number], number))
        self.pictures[stays] |= self.pictures[goes]
        self._into[goes] = stays


class _Looks:
    def __init__(self, people: _People, length: int, same: float) -> None:
        self._people = people
        self._limit = same**2
        self._sums = np.zeros((64, length))
        self._squares = np.zeros(64)  # the sum of the squared lengths
        self._counts = np.zeros(64)
        self._owners: list[int] = []
        self._of_person: dict[int, list[int]] = {}
        self.is_changed: set[int] = set()

    def owner(self, look: int) -> int:
        return self._people.now(self._owners[look])

    def put(self, face: Embedded, look: int | None, person: int | None) -> int:
        """person: whose it is, for a new look."""
        if look is None:
            assert person is not None
            look = self._new(person)
        owner = self.owner(look)
        self._sums[look] += face.vector
        self._squares[look] += face.vector @ face.vector
        self._counts[look] += 1
        self._people.is_settled[owner] |= face.is_settled
        self._people.pictures[owner].add((face.asset_id, face.timestamp_ms))
        self.is_changed.add(look)
        return look

    def nearest(self, face: Embedded) -> int | None:
        """Of anybody who is not in the same picture."""
        apart = self._apart(face.vector.astype(np.float64), float(face.vector @ face.vector), 1)
        picture = (face.asset_id, face.timestamp_ms)
        return self._first(apart, lambda owner: picture not in self._people.pictures[owner])

    def nearest_of(self, face: Embedded, person: int) -> int | None:
        some = self._of_person.get(person, [])
        if not some:
            return None
        apart = self._apart(face.vector.astype(np.float64), float(face.vector @ face.vector), 1, np.array(some))
        return some[int(apart.argmin())] if apart.min() <= self._limit else None

    def unite(self) -> None:
        """Have people be one whose looks grew near each other."""
        people = self._people
        while self.is_changed:
            look = self.is_changed.pop()
            owner = self.owner(look)
            apart = self._apart(self._sums[look], float(self._squares[look]), float(self._counts[look]))
            other = self._first(apart, lambda one, owner=owner: self._may_be(owner, one))  # type: ignore[misc]
            if other is not None:
                people.merge(owner, self.owner(other))
                self.is_changed |= {look, other}

    def _may_be(self, one: int, other: int) -> bool:
        people = self._people
        are_both_settled = people.is_settled[one] and people.is_settled[other]
        return one != other and not are_both_settled and people.pictures[one].isdisjoint(people.pictures[other])

    def _new(self, person: int) -> int:
        look = len(self._owners)
        if look == len(self._counts):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
            self._squares, self._counts = (np.append(one, np.zeros_like(one)) for one in (self._squares, self._counts))
        self._owners.append(person)
        self._of_person.setdefault(person, []).append(look)
        return look

    def _apart(self, total: Array, squares: float, count: float, some: NDArray[np.intp] | slice | None = None) -> Array:
        """The mean square of the distances between the faces of one look and those of others, by default of all."""
        some = slice(len(self._owners)) if some is None else some
        counts = self._counts[some]
        return np.asarray(
            self._squares[some] / counts + squares / count - 2 * (self._sums[some] @ total) / (counts * count)
        )

    def _first(self, apart: Array, may_be: Callable[[int], bool]) -> int | None:
        """The nearest look of a person who may be meant."""
        near = np.flatnonzero(apart <= self._limit)
        for look in near[np.argsort(apart[near], kind="stable")]:
            if may_be(self.owner(int(look))):
                return int(look)
        return None
