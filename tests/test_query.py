"""The search language: the meaning of texts, and that no text breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UsageError
from indexer.query import FILTERS, Near, Query, Range, Term, parse


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Query()),
        ("red bicycle", Query(terms=(Term("red"), Term("bicycle")))),
        ('"red bicycle"', Query(terms=(Term("red bicycle", None, True),))),
        ("beach -people", Query(terms=(Term("beach"),), without=(Term("people"),))),
        ('person:"Marie Curie"', Query(terms=(Term("Marie Curie", "people", True),))),
        ("Place:Paris -folder:old", Query(terms=(Term("Paris", "place"),), without=(Term("old", "folder"),))),
        ("taken:2023-05..2023-08", Query(after="2023-05", before="2023-08")),
        ("taken:2023", Query(after="2023", before="2023")),
        ("taken:2023-05-17..", Query(after="2023-05-17")),
        ("taken:..2020", Query(before="2020")),
        ("taken:2024-02-29..2024", Query(after="2024-02-29", before="2024")),
        ("taken:2023-05-17t18:30", Query(after="2023-05-17T18:30", before="2023-05-17T18:30")),
        ("rating:>=4", Query(ranges=(Range("rating", 4, None),))),
        ("iso:<800", Query(ranges=(Range("iso", None, 800, (False, True)),))),
        ("aperture:1.8..2.8", Query(ranges=(Range("aperture", 1.8, 2.8),))),
        ("quality:0.9", Query(ranges=(Range("quality", 0.9, 0.9),))),
        ("type:video", Query(kind="video")),
        ("type:Photo", Query(kind="image")),
        ("near:48.86,2.29,5km", Query(near=Near(48.86, 2.29, 5))),
        ("near:-33.86,151.2,500m", Query(near=Near(-33.86, 151.2, 0.5))),
        ("near:1,2", Query(near=Near(1, 2, 1))),
        ("is:trashed", Query(is_trashed=True)),
        ("is:Favorite", Query(is_favorite=True)),
        ("12:30 IMG_1234.jpg", Query(terms=(Term("12:30"), Term("IMG_1234.jpg")))),
        ("https://example.org/x", Query(terms=(Term("https://example.org/x"),))),
        ("... - !", Query()),
    ],
)
def test_what_it_means(text: str, wanted: Query) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plce:Paris", "Did you mean 'place:'"),
        ("foo:bar", "There are name, folder"),
        ("taken:yesterday", "'yesterday' is not a date"),
        ("taken:2024-13", "'2024-13' is not a date"),
        ("taken:2024-02-31..2024-03", "'2024-02-31' is not a date"),
        ("taken:2023-05-17T24:00", "is not a date"),
        ("taken:0000", "is not a date"),
        ("taken:2024..2023", "2024 comes after 2023"),
        ("taken:2023-05-18..2023-05-17", "comes after"),
        ("taken:2023..2024..2025", "write taken"),
        ("rating:good", "write rating:4"),
        ("near:Paris", "write near:48.86,2.29,5km"),
        ("near:91,0", "write near"),
        ("type:sound", "use photo or video"),
        ("is:blurred", "use is:favorite or is:trashed"),
        ('"never closed', "is not closed"),
        ("-rating:4", "cannot be excluded"),
        ("place: Paris", "'place:' needs a value"),
        ("rating>3", "write rating:>3"),
        ("ISO=400", "write iso:400"),
        ("rating==4", "write rating:4, rating:>=4"),
    ],
)
def test_what_it_cannot_mean_is_said(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse(text)


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(st.tuples(st.sampled_from(FILTERS), st.text('0123456789.-<>=,:"km ', max_size=12)), max_size=4).map(
            lambda pairs: " ".join(f"{name}:{value}" for name, value in pairs)
        ),
    )
)
def test_no_text_breaks_it(text: str) -> None:
    try:
        parse(text)
    except UsageError as error:
        assert str(error)
