"""Full-text search, ignoring case, accents and position; filters by time, number and place."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from pathlib import Path

import piexif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Index
from indexer.errors import UsageError
from indexer.query import FILTERS, RANGES
from indexer.store import connection, search, search_index
from indexer.store.transaction import begin

from ..conftest import jpeg, put, rows, run, sized


def shot(path: Path, latitude: float, longitude: float) -> Path:
    """A photo with a place."""

    def degrees(value: float) -> tuple[tuple[int, int], ...]:
        return ((round(abs(value) * 1_000_000), 1_000_000), (0, 1), (0, 1))

    gps = {
        piexif.GPSIFD.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        piexif.GPSIFD.GPSLatitude: degrees(latitude),
        piexif.GPSIFD.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        piexif.GPSIFD.GPSLongitude: degrees(longitude),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(path.name))
    piexif.insert(piexif.dump({"GPS": gps}), str(path))
    return path


def names(index: Index, query: str, limit: int = 50) -> list[str]:
    return [Path(one.path or "").name for one in index.search(query, limit)]


@pytest.fixture
def library(index: Index, samples: Path) -> Index:
    index.scan([samples])
    index.enrich(["places", "quality", "full_text"])
    return index


def test_words_from_everywhere(library: Index, samples: Path) -> None:
    paris = "PXL_20240412_184115120.jpg"
    for query in (
        "pxl 20240412", "Paris", "place:paris", "folder:Paris", "camera:pixel", '"Pixel 8"', "PIXEL april", "april 2024",
        "taken:2024-04 pix", "France", "type:photo paris",
    ):  # fmt: skip
        assert paris in names(library, query), query
    for query in ("place:kyoto pixel", "-paris pixel", "taken:2025.. paris", "type:video paris", '"Pix"'):
        assert paris not in names(library, query), query
    library.assets.set([samples / "Paris" / paris], description="Évening at the café, with Zoë")
    library.albums.create("Früh im Jahr", [samples / "Paris" / paris])
    for query in ("cafe zoe", "CAFÉ", "description:evening", "album:fruh", '"at the cafe"'):
        assert names(library, query) == [paris], query
    library.assets.set([samples / "Paris" / paris], description=None)
    assert names(library, "zoe") == []


def test_favorites(index: Index, photos: Path) -> None:
    """They are found at once, told of in the feed, and no part of the record."""
    first, second = (put(photos / f"{name}.jpg", name) for name in ("a", "b"))
    index.scan([photos])
    record = index.get_json(first)
    events = rows(index, "SELECT max(id) FROM event")[0][0]
    index.assets.set([first], is_favorite=True)
    assert names(index, "is:favorite") == ["a.jpg"]
    index.assets.set([second], is_favorite=1, rating=4)
    index.assets.set([first], is_favorite=0)
    assert (names(index, "is:favorite"), names(index, "is:favorite rating:5")) == (["b.jpg"], [])
    assert index.get_json(first) == record
    index.history.undo()
    index.history.undo()
    assert names(index, "is:favorite") == ["a.jpg"]
    of_first = "SELECT event_type FROM event WHERE id > ? AND entity_id = ?"
    told = index.session.connection.execute(of_first, (events, index.get(first)["id"])).fetchall()
    assert told == [("asset_updated",)] * 3
    for wrong in (2, "yes"):
        with pytest.raises(UsageError, match="is_favorite is 0 or 1"):
            index.assets.set([first], is_favorite=wrong)
    assert "is_favorite" in [one.field for one in index.assets.explain(first).provenance]


def test_scripts_without_spaces(index: Index, photos: Path) -> None:
    put(photos / "京都の紅葉.jpg", 1)
    put(photos / "東京タワー.jpg", 2)
    index.scan([photos])
    assert names(index, "紅葉") == ["京都の紅葉.jpg"]
    assert names(index, "京") == ["京都の紅葉.jpg", "東京タワー.jpg"] or set(names(index, "京")) == {
        "京都の紅葉.jpg",
        "東京タワー.jpg",
    }
    assert names(index, "京都") == ["京都の紅葉.jpg"]


def test_moved_edited_and_trashed_ones(index: Index, photos: Path) -> None:
    put(photos / "holiday" / "beach.jpg", 1)
    put(photos / "holiday" / "hotel.jpg", 2)
    index.scan([photos])
    assert set(names(index, "holiday")) == {"beach.jpg", "hotel.jpg"}
    (photos / "holiday").rename(photos / "Korsika")
    (photos / "Korsika" / "hotel.jpg").unlink()
    index.scan()
    assert names(index, "folder:korsika") == ["beach.jpg"]
    assert names(index, "holiday") == []
    assert names(index, "hotel is:trashed") == ["hotel.jpg"]
    index.trash.empty(0)
    assert names(index, "hotel is:trashed") == []
    assert rows(index, "SELECT count(*) FROM search") == [(1,)]


def test_keywords_alone_are_a_change_too(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    assert names(index, "keyword:sunset") == []
    (photos / "a.jpg.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>Sunset'
        "</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    index.scan()
    assert names(index, "keyword:sunset") == ["a.jpg"]


def test_near(index: Index, photos: Path) -> None:
    tower = shot(photos / "tower.jpg", 48.8584, 2.2945)
    shot(photos / "louvre.jpg", 48.8606, 2.3376)  # 3.2 km away
    shot(photos / "versailles.jpg", 48.8049, 2.1204)
    shot(photos / "east.jpg", -16.9, 179.99)
    shot(photos / "west.jpg", -16.9, -179.99)  # 2.1 km from the one before
    shot(photos / "pole.jpg", 89.99, 100.0)
    index.scan([photos])
    assert set(names(index, "near:48.8584,2.2945,3km")) == {tower.name}
    assert set(names(index, "near:48.8584,2.2945,4km")) == {tower.name, "louvre.jpg"}
    assert set(names(index, "near:48.8584,2.2945,20km")) == {tower.name, "louvre.jpg", "versailles.jpg"}
    assert set(names(index, "near:-16.9,179.995,5km")) == {"east.jpg", "west.jpg"}
    assert set(names(index, "near:-16.9,-179.995,5km")) == {"east.jpg", "west.jpg"}
    assert names(index, "near:0,0,100km") == []
    plan = rows(index, "EXPLAIN QUERY PLAN " + index.searches.sql("near:48.8584,2.2945,3km"))
    assert any("asset_place" in str(row) for row in plan)


def test_figures(index: Index, photos: Path) -> None:
    for number in range(6):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    for number in range(6):
        index.assets.set([photos / f"{number}.jpg"], rating=number)
    assert set(names(index, "rating:>=4")) == {"4.jpg", "5.jpg"}
    assert set(names(index, "rating:>4")) == {"5.jpg"}
    assert set(names(index, "rating:1..2")) == {"1.jpg", "2.jpg"}
    assert set(names(index, "rating:<1")) == {"0.jpg"}
    assert set(names(index, "rating:3")) == {"3.jpg"}
    with connection.open_for_writing(index.path) as database:  # what the files say, which the user's word wins over
        database.execute("UPDATE asset SET rating = 5 - substr(original_file_name, 1, 1)")
    index.assets.set([photos / "1.jpg"], rating=None)
    assert set(names(index, "rating:>=4")) == {"1.jpg", "4.jpg", "5.jpg"}
    assert set(names(index, "rating:<=1")) == {"0.jpg"}
    assert names(index, "iso:>100") == []


def test_the_best_comes_first(index: Index, photos: Path) -> None:
    put(photos / "lighthouse" / "a.jpg", 1)
    put(photos / "lighthouse.jpg", 2)
    put(photos / "other.jpg", 3)
    index.scan([photos])
    assert names(index, "lighthouse")[0] == "lighthouse.jpg"
    assert names(index, "") == [Path(one.path or "").name for one in index.list()]
    assert len(names(index, "", 2)) == 2


def test_an_index_that_is_older_than_its_words(index: Index, samples: Path) -> None:
    """As after an update, or `repair`: nothing is in the word index, and nothing has happened since."""
    index.scan([samples])
    with index.session.writer() as database:
        database.execute("DELETE FROM search")
        database.execute("DELETE FROM event")
        database.execute("DELETE FROM setting WHERE name = 'search_cursor'")
    assert len(names(index, "pixel")) > 0
    assert rows(index, "SELECT (SELECT count(*) FROM search) = (SELECT count(*) FROM asset)") == [(1,)]


def test_an_index_is_taken_in_by_and_by(
    index: Index, samples: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large it is, a transaction is short; what happens meanwhile is found too."""
    index.scan([samples])
    monkeypatch.setattr(search_index, "_BATCH", 3)
    connection = index.session.writer()
    for taken_in in (3, 6):
        with begin(connection):
            assert search_index.catch_up(connection)  # there is more
        assert rows(index, "SELECT count(*) FROM search") == [(taken_in,)]
    put(photos / "meanwhile.jpg")
    index.scan([photos])
    first = index.list(limit=1000)[-1]
    index.assets.set([first.id], rating=5, description="zebra crossing")
    assert names(index, "meanwhile") == ["meanwhile.jpg"]
    assert len(names(index, "zebra")) == 1
    assert rows(index, "SELECT (SELECT count(*) FROM search) = (SELECT count(*) FROM asset)") == [(1,)]
    assert not search_index.is_behind(index.session.connection)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*(f"{name}:x" for name in FILTERS), *(f"{name}:1.." for name in RANGES), "AND", "OR", "NOT", "NEAR(a", "*", "^x", "(", "'"]), max_size=5).map(" ".join),
    )
)  # fmt: skip
def test_no_query_breaks_it(query: str, request: pytest.FixtureRequest) -> None:
    index = request.getfixturevalue("one_photo")
    try:
        index.search(query)
    except UsageError as error:
        assert str(error)


@pytest.fixture
def one_photo(index: Index, photos: Path) -> Index:
    put(photos / "x.jpg", 1)
    index.scan([photos])
    return index


def test_the_command(library: Index, samples: Path) -> None:
    shown = run("search", "place:Paris", database=library.path)
    assert shown.returncode == 0
    assert "PXL_20240412_184115120.jpg" in shown.stdout
    records = json.loads(run("search", "--json", "Pixel 8", database=library.path).stdout)
    assert records[0]["metadata"]["model"] == "Pixel 8"
    assert "PXL_20240412" not in run("search", "-pixel", "april", database=library.path).stdout
    nothing = run("search", "no such thing anywhere", database=library.path)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "Nothing found.\n")
    wrong = run("search", "plce:Paris", database=library.path)
    assert wrong.returncode == 2
    assert "Did you mean 'place:'?" in wrong.stderr
    statement = run("search", "--sql", 'camera:"Pixel 8"', database=library.path).stdout
    assert len(rows(library, statement)) == len(library.search('camera:"Pixel 8"'))


def test_a_copy_that_cannot_be_written_is_searched_as_it_is(library: Index, tmp_path: Path) -> None:
    library.search("")
    library.close()
    shutil.copy(library.path, tmp_path / "copy.db")
    (tmp_path / "copy.db").chmod(0o444)
    with Index.open(tmp_path / "copy.db") as copy:
        assert names(copy, "pixel") == names(library, "pixel")


def test_in_a_crowd_the_newest_are_the_same(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a circle holds very many photos, another way finds the same ones."""
    for number in range(8):
        far = number % 2 * 10
        exif = {"GPS": {1: b"N", 2: ((48 + far, 1), (number, 1), (0, 1)), 3: b"E", 4: ((2, 1), (0, 1), (0, 1))}}
        exif["Exif"] = {36867: f"20{10 + number}:01:01 00:00:00".encode()}
        path = photos / f"{number}.jpg"
        path.write_bytes(jpeg(number))
        piexif.insert(piexif.dump(exif), str(path))
    index.scan([photos])
    few = [[one.id for one in index.search("near:48,2,30km", limit=limit)] for limit in (2, 10)]
    assert [len(one) for one in few] == [2, 4]
    monkeypatch.setattr("indexer.store.search._SCAN_BUDGET", 0)
    assert [[one.id for one in index.search("near:48,2,30km", limit=limit)] for limit in (2, 10)] == few


def test_of_a_word_that_very_many_have_the_newest_are_found(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that were taken in last: these are looked at, and no others."""
    for number in range(6):
        path = put(photos / f"{number}" / "beach.jpg", number)
        taken = 1_600_000_000 + 86400 * (number * 5 % 6)
        os.utime(path, (taken, taken))
        index.scan([photos])
        index.search("beach")  # taken in one after the other
    assert len(index.search("beach", limit=10)) == 6
    monkeypatch.setattr(search, "_MOST_MATCHES", 4)
    newest = [index.session.resolve(photos / f"{number}" / "beach.jpg") for number in (5, 4, 3, 2)]
    newest.sort(key=lambda one: index.get(one)["local_datetime"], reverse=True)
    assert [one.id for one in index.search("beach", limit=3)] == newest[:3]
    assert len(index.search("beach", limit=10)) == 6  # who asks for more than these gets all
    assert len(index.search("beach", limit=-1)) == 6
    index.trash.put(newest[:2])
    assert len(index.search("beach", limit=3)) == 3  # of those that are not in the trash
    # Filters are asked of all.
    assert len(index.search("beach type:photo", limit=10)) == 4
    assert len(index.search("beach", limit=2000)) == 4


def test_in_a_crowd_the_words_themselves_come_before_longer_ones(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        put(photos / f"{number}" / "beach.jpg", number)
    index.scan([photos])
    index.search("beach")
    put(photos / "last" / "beaches.jpg", "last")
    index.scan([photos])
    monkeypatch.setattr(search, "_MOST_MATCHES", 4)
    assert names(index, "beach", 3) == ["beach.jpg"] * 3
    assert "beaches.jpg" in names(index, "beach", 10)
    assert "beaches.jpg" in names(index, "bea", 3)  # nothing is called so: they are as good as the others
    assert names(index, "beac last", 3) == ["beaches.jpg"]


def test_a_search_has_bounds(library: Index, tmp_path: Path) -> None:
    for query in ("a OR " * 10_000, "iso:100 " * 3000, "-x " * 101, "x" * 10_001, '"' + "x " * 6000 + '"'):
        for ask in (library.search, lambda text: list(library.searches.list_json(text)), library.searches.sql):
            with pytest.raises(UsageError, match="more than"):
                ask(query)
    done = run("search", *["a"] * 101, database=library.path)
    assert done.returncode == 2 and "more than 100 words" in done.stderr and len(done.stderr.splitlines()) == 1
    # What is within them is answered.
    assert library.search(" ".join(["iso:101"] * 100)) == []
    assert library.search(" ".join(["-x"] * 100)) != []
    assert library.search(" ".join(f"x{number}" for number in range(100))) == []


def test_a_search_that_takes_long_is_given_up(library: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the time goes into looking for words, and not into rows."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    library.search("x")
    with sqlite3.connect(library.path) as database:
        database.executemany(
            "INSERT INTO search (rowid, name) VALUES (?, ?)",
            (
                (10_000 + number, " ".join(f"{one}{number * 7 % 501}" for one in letters))
                for number in range(sized(40_000, 400_000))
            ),
        )
    database.close()
    monkeypatch.setattr(search, "SECONDS", 0.1)
    for ask in (library.search, library.searches.list_json):
        began = time.monotonic()
        with pytest.raises(UsageError, match="takes more than"):
            ask(" ".join(letters))
        assert time.monotonic() - began < 5
    # The next one is not hurried by it.
    monkeypatch.undo()
    assert library.search("Paris") != []


def test_what_is_read_slowly_is_not_given_up(library: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the search, not of whoever looks at what was found."""
    monkeypatch.setattr(search, "SECONDS", 0.3)
    shown = library.searches.list_json("type:photo", -1)
    first = next(shown)
    time.sleep(0.5)
    assert first and len(list(shown)) > 1
