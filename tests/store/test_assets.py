"""Pages and counts for the HTTP API: correct, and read from a database index."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer import Index
from indexer.query import parse
from indexer.store import search
from indexer.store.albums import select_album, select_album_page
from indexer.store.assets import count_by_month, select_existing, select_page
from indexer.store.faces import select_faces
from indexer.store.files import count_statuses, select_failures, select_known_in, select_same_inodes
from indexer.store.filters import AssetFilter
from indexer.store.records import asset_json, select_records
from indexer.store.search import SearchRequest
from indexer.store.uploads import select_of_device

from ..conftest import put, rows


def counted(index: Index) -> list[tuple[object, ...]]:
    return rows(
        index,
        "SELECT substr(wall_clock, 1, 7) AS month, count(*) FILTER (WHERE trashed_at IS NULL), count(trashed_at)"
        " FROM asset GROUP BY month ORDER BY month",
    )


def kept(index: Index) -> list[tuple[object, ...]]:
    return rows(index, "SELECT * FROM month WHERE live + trashed > 0 ORDER BY month")


def test_months_are_kept_counted(index: Index, photos: Path) -> None:
    for number in range(9):
        path = put(photos / f"{number}.jpg", number)
        moment = datetime(2020 + number % 3, 1 + number % 2, 3, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    index.scan([photos])
    assert kept(index) == counted(index) and sum(row[1] for row in kept(index)) == 9  # type: ignore[misc]
    index.trash.put([photos / "1.jpg", photos / "2.jpg"])
    assert kept(index) == counted(index)
    index.trash.restore([photos / "1.jpg"])
    put(photos / "3.jpg", "edited")  # and so of another month
    (photos / "4.jpg").unlink()
    index.scan()
    assert kept(index) == counted(index)
    index.trash.empty(0)
    index.trash.delete([photos / "5.jpg"])
    assert kept(index) == counted(index)
    for state in ("live", "trashed", "all"):
        wanted = AssetFilter(state)  # type: ignore[arg-type]
        slow = count_by_month(index.session.connection, wanted._replace(after=datetime(1900, 1, 1)), 100)
        assert count_by_month(index.session.connection, wanted, 100) == slow
        before = datetime(2021, 1, 1)
        assert count_by_month(index.session.connection, wanted._replace(before=before), 100) == [
            row for row in slow if row[0] < "2021-01"
        ]


def test_photos_of_people_are_kept_counted(index: Index, samples: Path) -> None:
    def kept() -> list[tuple[object, ...]]:
        counted = rows(index, "SELECT * FROM person_count WHERE assets > 0 ORDER BY person_id")
        return counted + rows(index, "SELECT * FROM person_asset ORDER BY 1, 2, 3")

    def counted() -> list[tuple[object, ...]]:
        query = "SELECT person_id, count(DISTINCT asset_id) FROM face WHERE person_id IS NOT NULL GROUP BY 1 ORDER BY 1"
        each = "SELECT DISTINCT person_id, wall_clock, number FROM face JOIN asset ON asset.id = asset_id"
        return rows(index, query) + rows(index, f"{each} WHERE person_id IS NOT NULL ORDER BY 1, 2, 3")

    def taken_again() -> None:
        with index.session.writer() as database:
            database.execute(
                "UPDATE asset SET local_datetime = '1999-12-31T23:59:59+01:00' WHERE id = ?", (record["id"],)
            )

    index.scan([samples])
    person, other = index.people.list()[0], index.people.create(name="Somebody else")
    assert kept() == counted() != []
    face = index.people.faces(person.id)[0].id
    record = index.get(index.people.faces(person.id)[0].asset_id)
    assert [who["asset_count"] for who in record["people"] if who["id"] == person.id] == [person.assets]
    steps: list[Callable[[], object]] = [
        taken_again,
        lambda: index.people.give(face, other.id),
        lambda: index.history.undo(),
        lambda: index.people.split(person.id, [face], other.id),
        lambda: index.people.merge([other.id], person.id),
        lambda: index.history.undo(),
        lambda: index.people.delete_face(face),
        lambda: index.trash.delete([record["id"]]),
        lambda: index.people.delete(other.id),
    ]
    for step in steps:
        step()
        assert kept() == counted()


def test_a_page_of_people_is_what_sorting_all_of_them_gives(index: Index, photos: Path) -> None:
    for number in range(40):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    with index.session.writer() as database:
        database.execute("UPDATE asset SET local_datetime = '200' || (number % 7) || '-01-01T12:00:00'")
    ids = [str(row[0]) for row in rows(index, "SELECT id FROM asset ORDER BY wall_clock DESC, id")]
    ada, bob = (index.people.create(name=name).id for name in ("Ada", "Bob"))
    with index.session.writer() as database:
        for number, asset_id in enumerate(ids):
            for place, person in enumerate([ada] * (number % 3 > 0) * 2 + [bob] * (number % 4 == 0)):
                database.execute(
                    "INSERT INTO face (id, asset_id, person_id, x, y, w, h, created_at, updated_at)"
                    " VALUES (?, ?, ?, 0, 0, 9, 9, 'x', 'x')",
                    (f"face_{number}_{place}", asset_id, person),
                )
    index.trash.put([ids[4]])
    everyone: dict[tuple[str, ...], list[str]] = {
        (ada,): [asset_id for number, asset_id in enumerate(ids) if number % 3],
        (ada, bob): [asset_id for number, asset_id in enumerate(ids) if number % 3 and number % 4 == 0],
        (bob, ada): [asset_id for number, asset_id in enumerate(ids) if number % 3 and number % 4 == 0],
        (ada, "person_x"): [],
    }
    for people, expected in everyone.items():
        for state, shown in (("live", [asset_id for asset_id in expected if asset_id != ids[4]]), ("all", expected)):
            found, after = list[str](), None
            while page := select_page(index.session.connection, AssetFilter(state, person_ids=people), after, 7):  # type: ignore[arg-type]
                found, after = found + page, page[-1]
            assert found == shown
    assert select_page(index.session.connection, AssetFilter("trashed", person_ids=[ada]), None, 7) == [ids[4]]


class Asked:
    """A connection that writes down what it is asked."""

    def __init__(self, index: Index) -> None:
        self._connection = index.session.connection
        self.asked: list[tuple[str, Any]] = []

    def execute(self, query: str, values: Any = ()) -> Any:
        self.asked.append((query, values))
        return self._connection.execute(query, values)

    def set_progress_handler(self, *handler: Any) -> None:
        self._connection.set_progress_handler(*handler)


def plans(asked: Asked) -> Iterator[str]:
    for query, values in asked.asked:
        for row in asked._connection.execute(f"EXPLAIN QUERY PLAN {query}", values):
            yield row[3]


LOOKS: dict[str, Any] = {
    "record": lambda db: asset_json(db, "asset_2222222222222222222222"),
    "records": lambda db: select_records(db, ["asset_2222222222222222222222"]),
    "page": lambda db: select_page(db, AssetFilter(), None, 50),
    "page behind": lambda db: select_page(db, AssetFilter(), "asset_2222222222222222222222", 50),
    "page of all": lambda db: select_page(db, AssetFilter("all"), None, 50),
    "page of the trash": lambda db: select_page(db, AssetFilter("trashed"), None, 50),
    "page by ids": lambda db: select_page(db, AssetFilter(ids=["asset_2222222222222222222222"]), None, 50),
    "page of an album": lambda db: select_page(db, AssetFilter(album_id="album_x"), None, 50),
    "page of people": lambda db: select_page(db, AssetFilter(person_ids=["person_x", "person_y"]), None, 50),
    "page of a time": lambda db: select_page(db, AssetFilter(after=datetime(2020, 1, 1, tzinfo=UTC)), None, 50),
    "months": lambda db: count_by_month(db, AssetFilter(), 20),
    "album": lambda db: select_album(db, "album_x"),
    "albums of an asset": lambda db: select_album_page(db, None, "asset_x", None, 20),
    "faces": lambda db: select_faces(db, person_id="person_x"),
    "faces of an asset": lambda db: select_faces(db, asset_id="asset_x"),
    "exist": lambda db: select_existing(db, ["x"], ["y"], ["a/b.jpg"]),
    "of a device": lambda db: select_of_device(db, "phone", ["1"]),
    "statuses": count_statuses,
    "failures": lambda db: select_failures(db, 10),
    "a folder": lambda db: select_known_in(db, 1, "2020"),
    "inodes": lambda db: select_same_inodes(db, [(1, 2, 3, 4)]),
    "search": lambda db: search.search(db, SearchRequest(parse("beach")), 20),
    "search near": lambda db: search.search(db, SearchRequest(parse("near:48.8,2.3,5km")), 20),
    "search of a year": lambda db: search.search(db, SearchRequest(parse("taken:2020")), 20),
}
# Read from one end to the other: what is small (roots, what was asked for), what is in order already and ends with the
# page, or a count of a whole index.
_MAY_BE_SCANNED = re.compile(
    r"SCAN (json_each|root|other|best|found|source|called|search VIRTUAL|CONSTANT ROW|keyword_of"
    r"|asset USING (COVERING )?INDEX asset_(newest|trashed|lost)|file USING COVERING INDEX|album\b|\(|month)"
)


@pytest.mark.parametrize("name", LOOKS)
def test_no_look_reads_a_whole_table(index: Index, photos: Path, name: str) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    asked = Asked(index)
    result = LOOKS[name](asked)
    if isinstance(result, Iterator):
        list(result)
    assert asked.asked
    scans = [step for step in plans(asked) if step.startswith("SCAN") and not _MAY_BE_SCANNED.match(step)]
    assert scans == [], name
