"""Invariants of face clustering, for any faces in any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.enrich.faces.clustering import cluster
from indexer.store.faces import Embedded

SAME = 1.0


def face(
    number: int, at: tuple[float, ...], person: str | None = None, *, settled: bool = False, asset: str = ""
) -> Embedded:
    vector = np.array(at, dtype=np.float32)
    return Embedded(f"face_{number}", asset or f"asset_{number}", None, person, settled, 1.0, vector)


faces = st.lists(
    st.tuples(
        st.tuples(*[st.floats(-2, 2, width=32)] * 3),
        st.sampled_from([None, None, "person_a", "person_b", "person_c", "person_d"]),
        st.integers(0, 8),
    ),
    max_size=30,
)


@given(faces, st.sets(st.sampled_from(["person_a", "person_b", "person_c"])))
def test_what_is_settled_stays(some: list[tuple[tuple[float, ...], str | None, int]], settled: set[str]) -> None:
    known = [
        face(number, at, person, settled=person in settled, asset=f"asset_{asset}")
        for number, (at, person, asset) in enumerate(some)
    ]
    joins, merges = cluster(known, SAME)
    assert set(joins) == {one.face_id for one in known if one.person_id is None}
    assert not settled & set(merges)
    after = {one.face_id: joins.get(one.face_id, merges.get(one.person_id or "", one.person_id)) for one in known}
    assert all(person is not None for person in after.values())
    # Nobody who was not twice in a picture before is so now.
    for one in known:
        for other in known:
            if one.face_id < other.face_id and one.asset_id == other.asset_id and one.person_id is None:
                assert after[one.face_id] != after[other.face_id]


def test_one_face_in_between_joins_no_two_people() -> None:
    left = [face(number, (0.0, number / 100, 0.0)) for number in range(10)]
    right = [face(10 + number, (1.8, number / 100, 0.0)) for number in range(10)]
    between = face(30, (0.9, 0.0, 0.0))
    joins, _ = cluster([*left, *right, between], SAME)
    assert len({joins[one.face_id] for one in left}) == len({joins[one.face_id] for one in right}) == 1
    assert len(set(joins.values())) == 2


def test_people_who_turn_out_to_be_one_are_made_one_unless_both_are_settled() -> None:
    apart = [face(0, (0.0, 0.0), "person_a"), face(1, (1.2, 0.0), "person_b")]
    grown = [face(number, (0.6, 0.0)) for number in range(2, 12)]
    joins, merges = cluster([*apart, *grown], SAME)
    assert set(joins.values()) == {"person_a"} and merges == {"person_b": "person_a"}
    settled = [one._replace(is_settled=True) for one in apart]
    joins, merges = cluster([*settled, *grown], SAME)
    assert len(set(joins.values())) == 1 and merges == {}
    # The one of whom somebody has spoken gives the name.
    joins, merges = cluster([apart[0], settled[1], *grown], SAME)
    assert set(joins.values()) == {"person_b"} and merges == {"person_a": "person_b"}


def test_a_person_has_several_looks() -> None:
    child, grown = face(0, (0.0, 0.0), "ada", settled=True), face(1, (9.0, 0.0), "ada", settled=True)
    joins, _ = cluster([child, grown, face(2, (0.1, 0.0)), face(3, (9.1, 0.0)), face(4, (4.5, 0.0))], SAME)
    assert joins["face_2"] == joins["face_3"] == "ada" != joins["face_4"]


def test_many_thousand_faces() -> None:
    """Of 300 people, ten faces each, and ten more of each to come."""
    dice = np.random.default_rng(1)
    centres = dice.normal(size=(300, 64))
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    all_faces = []
    for number in range(6000):
        vector = centres[number % 300] + dice.normal(size=64) * 0.04
        person = f"person_{number % 300}" if number < 3000 else None
        all_faces.append(
            Embedded(f"face_{number}", f"asset_{number}", None, person, False, 1.0, vector.astype(np.float32))
        )
    joins, merges = cluster(all_faces, SAME)
    assert merges == {}
    assert all(person == f"person_{int(one.removeprefix('face_')) % 300}" for one, person in joins.items())
