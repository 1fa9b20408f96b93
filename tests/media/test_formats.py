"""The registry of file formats is complete, and agrees with the modules that cannot import it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from indexer.media.formats import FORMATS, IN_BROWSERS, Format, is_media_name, load, sniff

ROOT = Path(__file__).parents[2]
QUOTED = re.compile(r"""['"](image/[a-z]+)['"]""")


@pytest.mark.parametrize("row", FORMATS.values(), ids=FORMATS)
def test_functions_of_a_format_exist(row: Format) -> None:
    assert all(callable(load(name)) for name in (row.reader, row.coded, row.motion) if name)


def test_an_ending_magic_or_brand_belongs_to_one_format() -> None:
    rows = FORMATS.values()
    marks = Counter(mark for row in rows for mark in (*row.endings.split(), *row.magic, *row.brands, row.riff) if mark)
    assert [mark for mark, count in marks.items() if count > 1] == []


@pytest.mark.parametrize("row", FORMATS.values(), ids=FORMATS)
def test_each_mark_of_a_format_is_recognized(row: Format) -> None:
    assert all(is_media_name(f"a.{ending}") and is_media_name(f"A.{ending.upper()}") for ending in row.endings.split())
    heads = [magic.ljust(32, b"\1") for magic in row.magic]
    heads += [b"\0\0\0\x10ftyp" + brand.ljust(4) + b"\0\0\0\0" for brand in row.brands]
    heads += [b"RIFF\0\0\0\0" + row.riff] if row.riff else []
    assert [sniff(head, "") for head in heads] == [row.mime_type] * len(heads)
    if row.is_tiff:
        assert sniff(b"II*\0\x08\0\0\0", f"a.{row.endings}") == row.mime_type


def test_raw_photos_are_told_by_their_type() -> None:
    raw = {row.mime_type for row in FORMATS.values() if row.is_tiff or row.reader.startswith(("raw:", "ciff:"))}
    assert raw | {"image/x-canon-cr3"} == {name for name in FORMATS if name.startswith("image/x-")}


def test_schema_and_gallery_know_what_browsers_show() -> None:
    (in_schema,) = re.findall(r"asset\.mime_type IN \(([^)]*)\)", (ROOT / "schema.sql").read_text())
    (in_gallery,) = re.findall(r"const SHOWN = \[([^]]*)\]", (ROOT / "gallery/src/viewer/details.ts").read_text())
    assert set(QUOTED.findall(in_schema)) == set(QUOTED.findall(in_gallery)) == IN_BROWSERS


def test_docs_name_each_reader() -> None:
    documented = re.findall(r"`(\w+)\.py`", (ROOT / "docs/metadata.md").read_text())
    assert {row.reader.partition(":")[0] for row in FORMATS.values()} - set(documented) == set()
