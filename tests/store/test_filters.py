"""Conditions of filters: each field has one, and each parameter of the HTTP API reaches it."""

from __future__ import annotations

import asyncio
import inspect
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from indexer import Index
from indexer.cli import main
from indexer.query import FILTERS, RANGES, Near, Range
from indexer.serve.routes.assets import get_filter
from indexer.store.filters import _RANGE_COLUMNS, LIVE, AssetFilter, conditions

TIME = datetime(2024, 5, 17)
# Field -> a value that selects something else than no filter does
VALUES: dict[str, Any] = {
    "ids": ("asset_1",), "album_id": "album_1", "person_ids": ("person_1",),
    "library_id": "library_1", "after": TIME, "before": TIME, "taken_from": "2023", "taken_to": "2023",
    "camera": "Pixel", "keyword": "heron", "kind": "video", "ranges": (Range("iso", 100.0, None),),
    "near": Near(48.0, 2.0, 5.0), "is_favorite": True,
}  # fmt: skip
# Parameter of the HTTP API -> a value; an album and a person have to exist
PARAMETERS: dict[str, Any] = {
    "library_id": "library_1",
    "local_datetime_after": TIME,
    "local_datetime_before": TIME,
    "which": "trashed",
}


# What state the assets are in is no condition among others: each query has it, in the words of its index.
@pytest.mark.parametrize("field", [field for field in AssetFilter._fields if field != "state"])
def test_each_field_is_a_condition(index: Index, photos: Path, field: str) -> None:
    """Without one, the filter would select everything."""
    index.scan([photos])
    without = list(conditions(index.session.connection, LIVE))
    chosen = LIVE._replace(**{field: VALUES[field]})
    assert list(conditions(index.session.connection, chosen)) != without


@pytest.mark.parametrize("name", sorted(set(inspect.signature(get_filter).parameters) - {"state"}))
def test_each_parameter_is_passed_on(index: Index, photos: Path, name: str) -> None:
    index.scan([photos])
    known = {"album_id": index.albums.create("Summer").id, "person_id": index.people.create(name="Ada").id}
    state: Any = SimpleNamespace(reader=index)
    value = known.get(name, PARAMETERS.get(name))
    assert asyncio.run(get_filter(state, **{name: value})) != asyncio.run(get_filter(state))


def test_each_range_has_a_column() -> None:
    assert {*_RANGE_COLUMNS, "rating"} == set(RANGES)  # ratings are the user's too, and so have a query of their own


def test_the_help_of_search_names_each_filter() -> None:
    shown = CliRunner().invoke(main, ["search", "--help"]).output
    assert [name for name in FILTERS if f"{name}:" not in shown] == []
    assert all(name.isalpha() and name.islower() for name in FILTERS)  # the parser takes no other names
