"""Autocompletion of a search: what is suggested, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

from indexer import Index
from indexer.index.suggestions import Vocabulary
from indexer.store.suggestions import Term

from ..conftest import SAMPLES, put

ADA = "Ada Lovelace"


def suggested(terms: list[Term], typed: str) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in Vocabulary(terms).matching(typed, 10)]


def test_keywords_that_repeat_a_person_are_left_out() -> None:
    """As digiKam writes them for each region."""
    keywords = [Term("keyword", text, 7) for text in (ADA, f"People/{ADA}", f"People|{ADA}")]
    assert suggested([Term("person", ADA, 7), *keywords], "ada") == [("person", ADA)]


def test_of_a_keyword_with_and_without_its_path_one_is_suggested() -> None:
    keywords = [Term("keyword", text, 3) for text in ("Animals|Birds|Heron", "Animals/Birds/Heron", "Heron")]
    assert suggested(keywords, "heron") == [("keyword", "Heron")]


def test_a_keyword_of_more_photos_than_the_person_of_its_name_stays() -> None:
    terms = [Term("person", "Rose", 2), Term("keyword", "Rose", 40), Term("keyword", "Flowers|Rose", 12)]
    assert suggested(terms, "rose") == [("keyword", "Rose"), ("person", "Rose"), ("keyword", "Flowers|Rose")]


def test_different_keywords_of_one_last_level_stay() -> None:
    keywords = [Term("keyword", text, 3) for text in ("Italy/Rome", "USA/Rome", "USA|Rome")]
    assert suggested([*keywords, Term("person", "Rome", 9)], "rome") == [
        ("person", "Rome"),
        ("keyword", "Italy/Rome"),
        ("keyword", "USA/Rome"),
    ]


def test_photos_dated_by_their_files_are_of_no_month(index: Index, samples: Path) -> None:
    for number in range(3):
        os.utime(put(samples / f"scanned {number}.jpg", number), (1_700_000_000, 1_700_000_000))  # November 2023
    index.scan([samples])
    months = {entry.text: entry.photos for entry in index.suggestions.vocabulary().matching("20", 50)}
    assert "November 2023" not in months and months["April 2024"] > 3


def test_filters_are_suggested_by_what_they_find(index: Index) -> None:
    index.scan([SAMPLES])

    def found(typed: str) -> list[tuple[str, str]]:
        return [(entry.text, entry.query) for entry in index.suggestions.vocabulary().matching(typed, 3)]

    assert found("vid") == [("Videos", "type:video")] == found("type:v")
    assert found("fav") == []  # there are none
    index.assets.set(index.list()[0].id, is_favorite=True)
    assert found("fav") == [("Favorites", "is:favorite")]
