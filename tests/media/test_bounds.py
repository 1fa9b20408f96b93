"""Untrusted texts: none takes long to parse, and no sidecar costs its photo."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.media.read import read_media
from indexer.media.xmp_write import with_values

from ..conftest import put
from .build import xmp

MB = 1_000_000
# What takes a pattern that goes back hours: blanks that may belong to any of its parts.
SLOW = {
    "a date": ('from indexer.media.dates import rfc3339; assert rfc3339("2023:01:01" + " " * 1_000_000 + "x") is None'),
    "a date in XMP": (
        "from indexer.media.readers.xmp import read_xmp; from indexer.media.extraction import Extraction; from tests.media.build import xmp\n"
        'read_xmp(xmp(attributes="xmp:CreateDate=\'2023:01:01" + " " * 1_000_000 + "x\'"), Extraction())'
    ),
    "a latitude": (
        "from indexer.media.readers.xmp import read_xmp; from indexer.media.extraction import Extraction; from tests.media.build import xmp\n"
        'read_xmp(xmp(attributes="exif:GPSLatitude=\'1" + " " * 1_000_000 + "x\'"), Extraction())'
    ),
    "a hundred thousand namespaces": (
        "from indexer.media.xmp_write import with_values\n"
        'packet = "<x " + " ".join(f"xmlns:a{i}=\'u{i}\'" for i in range(100_000)) + "/>"\n'
        'try: with_values(packet.encode(), {"rating": 5})\n'
        "except ValueError: pass"
    ),
    "a search": (
        "from indexer.errors import UsageError\nfrom indexer.query import parse\n"
        'try: parse("\\"\\"" * 300_000 + " " * 1_000_000 + "a" * 300_000)\n'
        "except UsageError: pass"
    ),
}


@pytest.mark.parametrize("kind", SLOW)
def test_no_text_takes_long(kind: str) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", SLOW[kind]], check=True, timeout=30, cwd=root)


def place(latitude: str, altitude: str = "1") -> str:
    where = f'{{"latitude": {latitude}, "longitude": 2, "altitude": {altitude}}}'
    return f'{{"photoTakenTime": {{"timestamp": "1700000000"}}, "geoData": {where}}}'


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("json", place("NaN"), None),
        ("json", place("1e999"), None),
        ("json", place("1" + "0" * 4000), None),
        ("json", place("1" * 5000), None),
        ("json", place("48", "1e999"), None),
        ("json", place('"' + "1" * MB + '"'), None),
        ("json", "[" * MB, None),
        ("json", "[" + "{}," * MB + "{}]", "larger than 1 MB"),
        ("ini", "[a.jpg]\n" * MB, "larger than 4 MB"),
        ("ini", "[a.jpg]\nfaces=" + "rect64(" * 100_000, None),
        ("xmp", "<a>" * 100_000, "nested|to its end|cannot"),
        ("xmp", " " * (17 * MB), "larger than 16 MB"),
        ("xmp", xmp(attributes=f"GCamera:MicroVideoOffset='{'1' * 5000}'").decode(), None),
    ],
    ids=range(13),
)
def test_no_sidecar_costs_its_photo(tmp_path: Path, name: str, content: str, problem: str | None) -> None:
    photo = put(tmp_path / "a.jpg", 1)
    sidecar = tmp_path / ({"ini": ".picasa.ini"}.get(name) or f"a.jpg.{name}")
    sidecar.write_text(content)
    facts = read_media(photo, [str(sidecar)])
    assert facts.width == 64
    json.dumps(facts.metadata._asdict(), allow_nan=False)
    if problem:
        assert len(facts.problems) == 1
        assert re.search(problem, facts.problems[0])
    else:
        assert facts.problems == ()


def test_a_sidecar_nested_too_deeply_is_not_written_to() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        with_values(b"<a>" * 50_000 + b"</a>" * 50_000, {"rating": 5})
