"""The public names of `indexer`: exports, types of records, keyword arguments of lists."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import indexer
from indexer import AssetRecord, Index, UsageError


def test_all_names_can_be_imported() -> None:
    for name in indexer.__all__:
        assert getattr(indexer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = indexer.Nothing


def fits(value: Any, kind: Any) -> bool:
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        assert list(value) == list(hints) or value.keys() == hints.keys(), value.keys() ^ hints.keys()
        return all(fits(value[name], hint) for name, hint in hints.items())
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list:
        return isinstance(value, list) and all(fits(one, inner[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(one, inner[1]) for one in value.values())
    if origin is UnionType:
        return any(fits(value, one) for one in inner)
    if kind is NoneType:
        return value is None
    allowed = (int, float) if kind is float else kind
    return isinstance(value, allowed) and isinstance(value, bool) == (kind is bool)


def test_records_are_of_their_type(index: Index, samples: Path) -> None:
    index.scan(samples)
    index.enrich(["places", "renditions", "quality"])
    records = [index.get(photo.id) for photo in index.list(-1)]
    assert any(record["faces"] and record["people"] for record in records)
    for record in records:
        for name, hint in get_type_hints(AssetRecord).items():
            assert fits(record[name], hint), (name, record[name])  # type: ignore[literal-required]
        assert record.keys() == get_type_hints(AssetRecord).keys()


def test_lists_take_keywords(index: Index, samples: Path) -> None:
    index.scan(samples)
    everything = index.list(-1)
    pixels = index.list(-1, camera="pixel")
    assert 0 < len(pixels) < len(everything) and all("Pixel" in (photo.camera or "") for photo in pixels)
    assert {photo.mime_type.partition("/")[0] for photo in index.list(-1, kind="video")} == {"video"}
    assert len(index.list(-1, taken_from="2024", taken_to="2024")) <= len(everything)
    with pytest.raises(UsageError, match="cannot be listed by 'colour'; use state, ids, "):
        index.list(colour="red")
    assert [photo.id for photo in index.list(ids=pixels[0].id)] == [pixels[0].id]
    with pytest.raises(UsageError, match="'yesterday' is not a date"):
        index.list(taken_from="yesterday")
    with pytest.raises(UsageError, match="unknown kind 'film'"):
        index.list(kind="film")
