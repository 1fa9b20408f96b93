"""Face clustering: assign each face to the person it resembles, or to a new one.

A person has one or more clusters, such as with and without a beard, or as a child and an adult. A cluster keeps only
the sums of its faces' embeddings, which give the mean distance to another cluster (average linkage), so a single odd
face does not merge two people. Assignments by the user or a file are settled: such a face is never moved, and two
settled people are never merged. A person appears at most once in a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.store.faces import Embedded

Array = NDArray[np.float64]
# An asset and, for a video, the time in milliseconds
_Picture = tuple[str, int | None]


class Clustering(NamedTuple):
    """assignments: face id -> person; merges: person id -> the person to merge it into. A person is an id, or the
    number of a new one."""

    assignments: dict[str, str | int]
    merges: dict[str, str | int]


def cluster(faces: Sequence[Embedded], same: float) -> Clustering:
    """Assign the faces that have no person. faces: all with embeddings. same: see `models.ModelInfo`."""
    # The clearest first: later faces are compared with them.
    new = sorted((face for face in faces if face.person_id is None), key=lambda face: -face.clearness)
    if not new:
        return Clustering({}, {})
    people = _People()
    clusters = _Clusters(people, len(new[0].vector), same)
    for face in faces:
        if face.person_id is not None:
            person = people.named(face.person_id)
            clusters.add(face, clusters.nearest_of(face, person), person)
    clusters.changed.clear()
    numbers = {}
    for face in new:
        nearest = clusters.nearest(face)
        numbers[face.face_id] = clusters.add(face, nearest, people.create() if nearest is None else None)
    clusters.merge_people()
    merges = {name: people.id_of(number) for name, number in people.numbers.items() if people.id_of(number) != name}
    return Clustering({face_id: people.id_of(clusters.owner(number)) for face_id, number in numbers.items()}, merges)


class _People:
    """People by number. Merged ones keep their number, which `current` resolves."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.is_settled: list[bool] = []
        self.pictures: list[set[_Picture]] = []
        self._names: list[str | None] = []
        self._into: dict[int, int] = {}

    def named(self, name: str) -> int:
        if name not in self.numbers:
            self.numbers[name] = self.create(name)
        return self.numbers[name]

    def create(self, name: str | None = None) -> int:
        self._names.append(name)
        self.is_settled.append(False)
        self.pictures.append(set())
        return len(self._names) - 1

    def current(self, number: int) -> int:
        while number in self._into:
            number = self._into[number]
        return number

    def id_of(self, number: int) -> str | int:
        number = self.current(number)
        return self._names[number] or number

    def merge(self, first: int, second: int) -> None:
        """Merge two people. The settled one stays, else the first."""
        stays, goes = sorted((first, second), key=lambda number: (not self.is_settled[number], number))
        self.pictures[stays] |= self.pictures[goes]
        self._into[goes] = stays


class _Clusters:
    def __init__(self, people: _People, length: int, same: float) -> None:
        self._people = people
        self._limit = same**2
        self._sums = np.zeros((64, length))
        self._squares = np.zeros(64)  # the sum of the squared lengths
        self._counts = np.zeros(64)
        self._owners: list[int] = []
        self._of_person: dict[int, list[int]] = {}
        self.changed: set[int] = set()

    def owner(self, cluster: int) -> int:
        return self._people.current(self._owners[cluster])

    def add(self, face: Embedded, cluster: int | None, person: int | None) -> int:
        """Add a face to a cluster, or to a new one (None) of a person. Returns the cluster."""
        if cluster is None:
            assert person is not None
            cluster = self._new(person)
        owner = self.owner(cluster)
        self._sums[cluster] += face.vector
        self._squares[cluster] += face.vector @ face.vector
        self._counts[cluster] += 1
        self._people.is_settled[owner] |= face.is_settled
        self._people.pictures[owner].add((face.asset_id, face.timestamp_ms))
        self.changed.add(cluster)
        return cluster

    def nearest(self, face: Embedded) -> int | None:
        """The nearest cluster of a person who is not in the same picture; None if none is near enough."""
        distances = self._distances(face.vector.astype(np.float64), float(face.vector @ face.vector), 1)
        picture = (face.asset_id, face.timestamp_ms)
        return self._first(distances, lambda owner: picture not in self._people.pictures[owner])

    def nearest_of(self, face: Embedded, person: int) -> int | None:
        """The nearest cluster of a person; None if none is near enough."""
        clusters = self._of_person.get(person, [])
        if not clusters:
            return None
        distances = self._distances(
            face.vector.astype(np.float64), float(face.vector @ face.vector), 1, np.array(clusters)
        )
        return clusters[int(distances.argmin())] if distances.min() <= self._limit else None

    def merge_people(self) -> None:
        """Merge people whose clusters have become near each other."""
        people = self._people
        while self.changed:
            cluster = self.changed.pop()
            owner = self.owner(cluster)
            distances = self._distances(
                self._sums[cluster], float(self._squares[cluster]), float(self._counts[cluster])
            )
            other = self._first(distances, lambda person, owner=owner: self._may_merge(owner, person))  # type: ignore[misc]
            if other is not None:
                people.merge(owner, self.owner(other))
                self.changed |= {cluster, other}

    def _may_merge(self, first: int, second: int) -> bool:
        people = self._people
        are_both_settled = people.is_settled[first] and people.is_settled[second]
        return first != second and not are_both_settled and people.pictures[first].isdisjoint(people.pictures[second])

    def _new(self, person: int) -> int:
        cluster = len(self._owners)
        if cluster == len(self._counts):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
            self._squares, self._counts = (
                np.append(sums, np.zeros_like(sums)) for sums in (self._squares, self._counts)
            )
        self._owners.append(person)
        self._of_person.setdefault(person, []).append(cluster)
        return cluster

    def _distances(
        self, total: Array, squares: float, count: float, clusters: NDArray[np.intp] | slice | None = None
    ) -> Array:
        """The mean squared distances of a cluster's faces from those of others. total, squares, count: the cluster's
        sums. clusters: the others; None: all."""
        clusters = slice(len(self._owners)) if clusters is None else clusters
        counts = self._counts[clusters]
        return np.asarray(
            self._squares[clusters] / counts + squares / count - 2 * (self._sums[clusters] @ total) / (counts * count)
        )

    def _first(self, distances: Array, may_own: Callable[[int], bool]) -> int | None:
        """The nearest cluster whose owner `may_own` accepts; None if none is near enough."""
        near = np.flatnonzero(distances <= self._limit)
        for cluster in near[np.argsort(distances[near], kind="stable")]:
            if may_own(self.owner(int(cluster))):
                return int(cluster)
        return None
