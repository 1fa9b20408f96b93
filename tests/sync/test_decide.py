"""The table of cases of `decide`: what a file's content means for the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest

from indexer.media.facts import MediaFacts, Metadata
from indexer.store.changes import Kind
from indexer.store.files import FileStat, StoredFile
from indexer.sync.decide import MOST_COPIES, decide

STAT = FileStat(1, "", "here.jpg", 1, 1, 1, 1, 1, 1, "")
HERE = 1  # the id of the row at this path


class Place(NamedTuple):
    """Another place of an asset: its status, and whether nothing lies there any more."""

    asset: str
    name: str
    status: str = "indexed"
    is_absent: bool = False


class FakePlaces:
    def __init__(self, row: StoredFile | None, others: Sequence[Place], pictures: Sequence[str]) -> None:
        self._pictures = list(pictures)
        self._absent = {place.name for place in others if place.is_absent}
        self._rows = [stored(number, *place[:3]) for number, place in enumerate(others, HERE + 1)]
        if row is not None:
            self._rows.insert(0, row)

    def assets_with_picture(self, fingerprint: str, limit: int = -1) -> list[str]:
        assert fingerprint == "picture"
        return self._pictures if limit < 0 else self._pictures[:limit]

    def of(self, asset_id: str) -> Iterator[StoredFile]:
        return (row for row in self._rows if row.asset_id == asset_id)

    def is_absent(self, place: StoredFile) -> bool:
        return place.name in self._absent


def stored(number: int, asset: str | None, name: str, status: str) -> StoredFile:
    return StoredFile(number, 1, "", name, status, None, 0, asset, 1, 1, 1, number, 1, "")


class Case(NamedTuple):
    """here: the asset and the status stored at the path. owner: the asset with this content. pictures: the assets with
    this picture. The rest is the change: its kind (None: wait), its asset, where it came from, what it replaced."""

    what: str
    here: tuple[str | None, str] | None
    owner: str | None
    kind: Kind | None
    asset: str | None = None
    source: str | None = None
    replaced: str | None = None
    others: Sequence[Place] = ()
    pictures: Sequence[str] = ()
    is_last: bool = False
    fingerprint: str | None = "picture"


ELSEWHERE = Place("A", "there.jpg")
ABSENT = Place("A", "there.jpg", is_absent=True)
CASES = [
    # Nothing lies here, nobody has the content
    Case("new", None, None, "new"),
    Case("a row without an asset", (None, "unreadable"), None, "new"),
    Case("moved and edited", None, None, "modified", "A", "there.jpg", others=[ABSENT], pictures=["A"]),
    Case("moved and edited, gone before", None, None, "modified", "A", "there.jpg",
         others=[ABSENT._replace(status="gone")], pictures=["A"]),
    Case("of all its places the oldest", None, None, "modified", "A", "there.jpg",
         others=[ABSENT, Place("A", "then.jpg", "gone", True)], pictures=["A"]),
    Case("the same picture is present", None, None, "new", others=[ELSEWHERE], pictures=["A"]),
    Case("it lost one place of two", None, None, "new",
         others=[ABSENT, Place("A", "also.jpg")], pictures=["A"]),
    Case("two lost the same picture", None, None, "new", others=[ABSENT, Place("B", "b.jpg", is_absent=True)],
         pictures=["A", "B"]),
    Case("one of two lost it", None, None, "modified", "A", "there.jpg", others=[ABSENT, Place("B", "b.jpg")],
         pictures=["A", "B"]),
    Case("no fingerprint", None, None, "new", others=[ABSENT], pictures=["A"], fingerprint=None),
    Case("a picture without places", None, None, "new", pictures=["A"]),
    Case("a picture that everybody has", None, None, "new", others=[ABSENT],
         pictures=["A", *(f"other {number}" for number in range(MOST_COPIES))]),
    # A lies here, nobody has the content
    Case("edited", ("A", "indexed"), None, "modified", "A"),
    Case("edited while it was missing", ("A", "missing"), None, "modified", "A"),
    Case("edited while it was ignored", ("A", "ignored"), None, "modified", "A"),
    Case("gone, another picture", ("A", "gone"), None, "new", replaced="A"),
    Case("gone, a format without fingerprints", ("A", "gone"), None, "new", replaced="A", fingerprint=None),
    Case("gone, the same picture", ("A", "gone"), None, "modified", "A", pictures=["A"]),
    Case("gone, another lost asset has the picture", ("A", "gone"), None, "modified", "B", "b.jpg",
         others=[Place("B", "b.jpg", is_absent=True)], pictures=["B"]),
    Case("a copy is elsewhere", ("A", "indexed"), None, "new", replaced="A", others=[ELSEWHERE]),
    Case("one copy is elsewhere, one absent", ("A", "indexed"), None, "new", replaced="A",
         others=[ABSENT, Place("A", "also.jpg")]),
    Case("a copy is absent: wait", ("A", "indexed"), None, None, others=[ABSENT]),
    Case("a copy was absent to the end", ("A", "indexed"), None, "modified", "A", others=[ABSENT], is_last=True),
    Case("a copy turned up by the end", ("A", "indexed"), None, "new", replaced="A", others=[ELSEWHERE], is_last=True),
    Case("a copy that was missing before", ("A", "indexed"), None, "modified", "A",
         others=[ABSENT._replace(status="missing")]),
    Case("a copy that was gone before", ("A", "indexed"), None, "modified", "A",
         others=[ABSENT._replace(status="gone")]),
    # A lies here and has the content
    Case("touched", ("A", "indexed"), "A", "stat_changed", "A"),
    Case("touched, with copies", ("A", "indexed"), "A", "stat_changed", "A", others=[ABSENT]),
    Case("readable again", ("A", "unreadable"), "A", "stat_changed", "A"),
    Case("returned from missing", ("A", "missing"), "A", "returned", "A"),
    Case("returned from gone", ("A", "gone"), "A", "returned", "A"),
    Case("no longer ignored", ("A", "ignored"), "A", "returned", "A"),
    # Another asset has the content
    Case("moved", None, "A", "moved", "A", "there.jpg", others=[ABSENT]),
    Case("moved over another one", ("B", "indexed"), "A", "moved", "A", "there.jpg", "B", others=[ABSENT]),
    Case("the absent one of several", None, "A", "moved", "A", "was.jpg",
         others=[ELSEWHERE, Place("A", "was.jpg", is_absent=True)]),
    Case("missing before gone", None, "A", "moved", "A", "missing.jpg",
         others=[Place("A", "gone.jpg", "gone", True), Place("A", "missing.jpg", "missing", True)]),
    Case("present till now before gone", None, "A", "moved", "A", "now.jpg",
         others=[Place("A", "gone.jpg", "gone", True), Place("A", "now.jpg", "indexed", True)]),
    Case("of several missing the oldest", None, "A", "moved", "A", "first.jpg",
         others=[Place("A", "first.jpg", "missing", True), Place("A", "second.jpg", "missing", True)]),
    Case("from where it was given up", None, "A", "moved", "A", "gone.jpg",
         others=[Place("A", "gone.jpg", "gone", True)]),
    Case("copied", None, "A", "copied", "A", others=[ELSEWHERE]),
    Case("copied over another one", ("B", "indexed"), "A", "copied", "A", replaced="B", others=[ELSEWHERE]),
    Case("missing on a drive that is offline", None, "A", "copied", "A", others=[ELSEWHERE._replace(status="missing")]),
    Case("its last place is forgotten", None, "A", "returned", "A"),
    Case("back in the place of another one", ("B", "indexed"), "A", "returned", "A", replaced="B"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_decide(case: Case) -> None:
    row = stored(HERE, case.here[0], "here.jpg", case.here[1]) if case.here else None
    facts = MediaFacts(
        "image/jpeg", 1, b"", b"", 1, 1, None, "2020-01-01T00:00:00", Metadata(), fingerprint=case.fingerprint
    )
    places = FakePlaces(row, case.others, case.pictures)
    change = decide(STAT, facts, row, case.owner, places, is_last=case.is_last)
    if change is None:
        assert case.kind is None
        return
    source = change.source.name if change.source is not None else None
    assert (change.kind, change.asset_id, source, change.replaced) == case[3:7]
    assert (change.stat, change.facts) == (STAT, facts)
