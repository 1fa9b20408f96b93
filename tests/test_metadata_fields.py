"""The metadata fields are those of media.facts.Metadata; every other list of them must agree."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sqlite3
from pathlib import Path

from click.testing import CliRunner
from pydantic import BaseModel

import indexer.serve.app  # noqa: F401  defines the API's models
from indexer import Index
from indexer.cli import main
from indexer.media import precedence, versions
from indexer.media.facts import Metadata
from indexer.media.readers import exif, quicktime, xmp

from .conftest import put

ROOT = Path(__file__).parents[1]
FIELDS = set(Metadata._fields)
# What readers extract for capture.py alone
CLOCKS = {"container_datetime", "gps_datetime", "takeout_datetime"}
# What the views compute or look up
COMPUTED = {"asset_id", "created_at", "updated_at", "place_name", "timezone", "display_label"}
# Fields that one of the record's two objects lacks, as in the photo API
NOT_IN_EXIF = {"country_code", "sublocation"}
NOT_IN_METADATA = {"profile_description"}
# Fields that `indexer info` leaves to `indexer get`
NOT_IN_INFO = {
    "orientation", "modified_datetime", "original_datetime", "digitized_datetime", "exposure_bias", "altitude",
    "country_code", "fps", "live_photo_cid", "projection_type", "profile_description", "auto_stack_id",
}  # fmt: skip
PLACE = {"latitude": 48.5, "longitude": 2.5}
SAMPLE = {"orientation": 6, "rating": 3}


def fields_of_readers() -> set[str]:
    tables = [field for _, field, *_ in (*exif._FIELDS, *exif._TIMES, *xmp._FIELDS)]
    tables += [field for field in quicktime._FIELDS.values() if field != "place"]
    for path in (ROOT / "indexer/media/read.py", *(ROOT / "indexer/media/readers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add":
                tables += [keyword.arg for keyword in node.keywords if keyword.arg]
    return set(tables)


def test_readers_extract_these_fields() -> None:
    places = {"latitude", "longitude", "altitude"}  # computed together
    assert fields_of_readers() | places == FIELDS | CLOCKS


def test_other_fields_have_another_version_of_the_readers() -> None:
    """If this fails after a change of the fields: raise the version in media/versions.py, or indexed photos never get
    the new value, and record the new digest."""
    fields = (Metadata._fields, exif._FIELDS, exif._TIMES, xmp._FIELDS, quicktime._FIELDS)
    names = re.sub(r" at 0x\w+", "", repr(fields))
    digest = hashlib.sha256(names.encode()).hexdigest()[:16]
    groups = tuple(version for _, version in versions.GROUPS.values())
    assert {(versions._COMMON, *groups): digest} == {(1, 1, 1, 1): "6c5254a6c81fff91"}


def test_explain_names_the_tag_of_each_field() -> None:
    for source, tables in {"Exif": (exif._FIELDS, exif._TIMES), "XMP": (xmp._FIELDS,)}.items():
        fields = {field for table in tables for _, field, *_ in table}
        assert fields - set(precedence._TAGS[source]) == set(), source


def test_precedence_knows_no_other_fields() -> None:
    tagged = {field for fields in precedence._TAGS.values() for field in fields}
    assert tagged | set(precedence._ORDER) <= FIELDS | CLOCKS


def test_schema_stores_and_shows_each_field(index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    with sqlite3.connect(index.path) as database:
        tables = {
            name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")}
            for name in ("asset", "asset_metadata")
        }
    assert FIELDS - tables["asset"] == set()
    assert tables["asset_metadata"] - COMPUTED == FIELDS
    record = json.loads(index.get_json(photos / "a.jpg"))
    assert set(record["exif"]) - COMPUTED == FIELDS - NOT_IN_EXIF
    assert set(record["metadata"]) - COMPUTED == FIELDS - NOT_IN_METADATA


def models(of: type[BaseModel] = BaseModel) -> dict[str, type[BaseModel]]:
    known = {}
    for model in of.__subclasses__():
        if model.__module__.startswith("indexer.serve"):
            known[model.__name__] = model
        known |= models(model)
    return known


def test_api_describes_each_field() -> None:
    assert set(models()["Exif"].model_fields) - COMPUTED == FIELDS - NOT_IN_EXIF
    assert set(models()["Metadata"].model_fields) - COMPUTED == FIELDS - NOT_IN_METADATA


def test_docs_list_each_field() -> None:
    text = (ROOT / "docs/metadata.md").read_text()
    table = text.partition("## Fields\n")[2].partition("\n## ")[0]
    listed = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `")))
    assert sorted(listed) == sorted(FIELDS)


def test_info_shows_each_field_but_these(index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])

    def info() -> str:
        done = CliRunner().invoke(main, ["--db", str(index.path), "info", str(photos / "a.jpg")])
        assert done.exit_code == 0, done.output
        return done.output

    def put_values(values: dict[str, object]) -> None:
        with sqlite3.connect(index.path) as database:
            for field, value in values.items():
                database.execute(f"UPDATE asset SET {field} = ?", (value,))

    base: dict[str, object] = dict.fromkeys(Metadata._fields) | {"city": "Paris"}  # a state is shown beside a city
    put_values(base)
    before, hidden = info(), set()
    for field in Metadata._fields:
        # Info prints coordinates in pairs.
        values = PLACE if field in PLACE else {field: SAMPLE.get(field, 1)}
        put_values(base | values)
        hidden |= {field} if info() == before else set()
    assert hidden == NOT_IN_INFO


def test_explain_knows_each_field(index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    for field in Metadata._fields:
        done = CliRunner().invoke(main, ["--db", str(index.path), "explain", str(photos / "a.jpg"), field])
        assert done.exit_code == 0, done.output
