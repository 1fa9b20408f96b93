"""Whose face is it? Faces join the person whom they are like, or found a new one.

A person is known by the sums of their faces' vectors alone, from which the mean distance between two people's faces
follows (average linkage): one odd face in between joins no two people. What the user or a file said is settled: such a
face is never moved, and two such people are never made one. Nobody is twice in one picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.store.people import Embedded


class Judgement(NamedTuple):
    """joins: face -> person, an id or the number of a new one; merges: person -> whom it is the same as."""

    joins: dict[str, str | int]
    merges: dict[str, str | int]


def judge(faces: Sequence[Embedded], same: float) -> Judgement:
    """All faces that have vectors, with their people so far. same: see `models.Kind`."""
    known = [one for one in faces if one.person_id is not None]
    # The clear ones first: they are who the others are compared with.
    new = sorted((one for one in faces if one.person_id is None), key=lambda one: -one.clearness)
    if not new:
        return Judgement({}, {})
    people = _People(len(new[0].vector), same)
    for one in known:
        assert one.person_id is not None
        people.put(one, people.number(one.person_id))
    people.is_changed.clear()
    for one in new:
        at = people.nearest(one)
        people.put(one, people.found() if at is None else at)
    people.unite()
    return people.judgement(new)


class _People:
    def __init__(self, length: int, same: float) -> None:
        self._limit = same**2
        self._sums = np.zeros((64, length))
        self._squares = np.zeros(64)  # the sum of the squared lengths
        self._counts = np.zeros(64)
        self._names: list[str | None] = []
        self._settled: list[bool] = []
        self._pictures: list[set[tuple[str, int | None]]] = []
        self._into: dict[int, int] = {}
        self._numbers: dict[str, int] = {}
        self._of: dict[str, int] = {}
        self.is_changed: set[int] = set()

    def number(self, person_id: str) -> int:
        if person_id not in self._numbers:
            self._numbers[person_id] = self.found(person_id)
        return self._numbers[person_id]

    def found(self, name: str | None = None) -> int:
        number = len(self._names)
        if number == len(self._counts):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
            self._squares, self._counts = (np.append(one, np.zeros_like(one)) for one in (self._squares, self._counts))
        self._names.append(name)
        self._settled.append(False)
        self._pictures.append(set())
        return number

    def put(self, face: Embedded, at: int) -> None:
        self._sums[at] += face.vector
        self._squares[at] += face.vector @ face.vector
        self._counts[at] += 1
        self._settled[at] |= face.is_settled
        self._pictures[at].add((face.asset_id, face.timestamp_ms))
        self._of[face.face_id] = at
        self.is_changed.add(at)

    def nearest(self, face: Embedded) -> int | None:
        square = float(face.vector @ face.vector)
        return self._first(self._apart(face.vector.astype(np.float64), square, 1), {(face.asset_id, face.timestamp_ms)})

    def unite(self) -> None:
        """Have those that grew near each other be one."""
        while self.is_changed:
            one = self.is_changed.pop()
            if one in self._into:
                continue
            apart = self._apart(self._sums[one], float(self._squares[one]), float(self._counts[one]))
            apart[one] = np.inf
            if self._settled[one]:
                apart[np.flatnonzero(self._settled)] = np.inf
            other = self._first(apart, self._pictures[one])
            if other is not None:
                # The settled one stays, else the one that was there first.
                stays, goes = sorted((one, other), key=lambda number: (not self._settled[number], number))
                self._merge(goes, stays)

    def judgement(self, new: Iterable[Embedded]) -> Judgement:
        def who(number: int) -> str | int:
            while number in self._into:
                number = self._into[number]
            return self._names[number] or number

        merges = {name: who(number) for number, name in enumerate(self._names) if name and number in self._into}
        return Judgement({one.face_id: who(self._of[one.face_id]) for one in new}, merges)

    def _apart(self, total: NDArray[np.float64], squares: float, count: float) -> NDArray[np.float64]:
        """The mean square of the distances between some faces and everyone's."""
        people = len(self._names)
        counts = np.maximum(self._counts[:people], 1)
        apart = self._squares[:people] / counts + squares / count - 2 * (self._sums[:people] @ total) / (counts * count)
        apart[self._counts[:people] == 0] = np.inf
        return np.asarray(apart)

    def _first(self, apart: NDArray[np.float64], pictures: set[tuple[str, int | None]]) -> int | None:
        """The nearest who is not in the same picture."""
        near = np.flatnonzero(apart <= self._limit)
        for one in near[np.argsort(apart[near], kind="stable")]:
            if self._pictures[one].isdisjoint(pictures):
                return int(one)
        return None

    def _merge(self, goes: int, stays: int) -> None:
        self._sums[stays] += self._sums[goes]
        self._squares[stays] += self._squares[goes]
        self._counts[stays] += self._counts[goes]
        self._pictures[stays] |= self._pictures[goes]
        self._counts[goes] = 0
        self._into[goes] = stays
        self.is_changed.add(stays)
