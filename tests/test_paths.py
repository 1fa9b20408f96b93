"""Stored paths: every byte string round-trips, is valid in JSON, and is readable where possible."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from indexer import paths


@given(st.binary(max_size=40).filter(lambda raw: b"\0" not in raw))
def test_every_name_there_and_back(raw: bytes) -> None:
    name = os.fsdecode(raw)
    text = paths.to_text(name)
    text.encode()
    assert json.loads(json.dumps(text)) == text
    assert paths.from_text(text) == name


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_no_two_names_become_one(one: bytes, two: bytes) -> None:
    assert (paths.to_text(os.fsdecode(one)) == paths.to_text(os.fsdecode(two))) == (one == two)


def test_plain_names_stay_as_they_are() -> None:
    for name in ("a.jpg", "Ünïcode – 写真.jpg", "back\\slash", "100%.jpg", "\\xyz"):
        assert paths.to_text(name) == name
    assert paths.to_text("\udce9.jpg") == "\\xe9.jpg"
    assert paths.to_text("\\xe9.jpg") == "\\x5cxe9.jpg"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_urls_are_encoded_as_everywhere(path: str) -> None:
    assert paths.uri(path) == quote(path)
