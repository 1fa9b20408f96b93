"""Searches.matches: words, filters and a picture are combined, in one order, page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from indexer import Index
from indexer.store.filters import LIVE


@pytest.fixture
def library(index: Index, samples: Path) -> Index:
    index.scan([samples])
    index.enrich(["renditions", "perceptual_hashes"])
    return index


@pytest.fixture
def tower(library: Index) -> str:
    (row,) = library.query("SELECT id FROM asset WHERE original_file_name = 'PXL_20240412_184115120.jpg'")
    return str(row["id"])


@pytest.fixture
def picture(library: Index, tower: str) -> Image.Image:
    with Image.open(library.renditions.get(tower, "thumbnail")) as opened:
        return opened.convert("RGB")


def test_the_most_similar_come_first(library: Index, tower: str, picture: Image.Image) -> None:
    found = library.searches.matches(picture=picture, limit=100)
    assert found[0].asset_id == tower and found[0].distance is not None and found[0].distance < 0.1
    distances = [match.distance for match in found if match.distance is not None]
    assert len(distances) == len(found) > 5 and distances == sorted(distances)
    near = library.searches.matches(picture=picture, threshold=0.3, limit=100)
    assert near == [match for match in found if (match.distance or 0) <= 0.3]


def test_words_and_filters_narrow_what_a_picture_finds(library: Index, tower: str, picture: Image.Image) -> None:
    everything = library.searches.matches(picture=picture, limit=100)
    for query, which in (
        ("paris", LIVE),
        ("-paris type:photo", LIVE),
        ("", LIVE._replace(before=datetime(2024, 1, 1))),
        ("pixel", LIVE._replace(taken_from="2024")),
        ("is:trashed", LIVE),
    ):
        found = library.searches.matches(query, which, picture=picture, limit=100)
        words = {match.asset_id for match in library.searches.matches(query, which, limit=100)}
        assert found == [match for match in everything if match.asset_id in words], (query, which)
    (first, *_) = library.searches.matches("pixel taken:2024-04", picture=picture)
    assert first.asset_id == tower


def test_filters_narrow_what_words_find(library: Index) -> None:
    everything = [match.asset_id for match in library.searches.matches("type:photo", limit=100)]
    middle = datetime.fromisoformat(library.get(everything[len(everything) // 2])["local_datetime"]).replace(
        tzinfo=None
    )
    early, late = (
        [match.asset_id for match in library.searches.matches("type:photo", which, limit=100)]
        for which in (LIVE._replace(before=middle), LIVE._replace(after=middle - timedelta(milliseconds=1)))
    )
    assert late + early == everything and early and late
    some = everything[::2]
    assert [
        match.asset_id for match in library.searches.matches("type:photo", LIVE._replace(ids=some), limit=100)
    ] == some


@pytest.mark.parametrize("by_picture", [False, True], ids=["words", "picture"])
def test_pages_are_parts_of_the_whole(library: Index, picture: Image.Image, by_picture: bool) -> None:
    given = {"picture": picture if by_picture else None}
    whole = list(library.searches.matches("type:photo", limit=100, **given))
    pages = [library.searches.matches("type:photo", offset=offset, limit=4, **given) for offset in range(0, 24, 4)]
    assert [match for page in pages for match in page] == whole and len(whole) > 8


def test_pages_of_a_common_word_are_parts_of_the_whole(library: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.store.search._MOST_MATCHES", 3)
    whole = [match.asset_id for match in library.searches.matches("pixel", limit=100)]
    pages = [library.searches.matches("pixel", offset=offset, limit=2) for offset in range(0, 20, 2)]
    assert [match.asset_id for page in pages for match in page] == whole and len(whole) > 4


def test_the_statement_that_is_shown_finds_the_same(library: Index) -> None:
    library.searches.update()
    for query in ("paris", 'camera:"Pixel 8"', "rating:>=1", "taken:2024 -paris", "near:48.86,2.29,20km", ""):
        assert [row["id"] for row in library.query(library.searches.sql(query))] == [
            listed.id for listed in library.search(query)
        ], query
