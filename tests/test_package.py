"""The installed package: its name, its extras, and the contents of the wheel and the sdist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
SETTINGS = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]


def test_the_distribution_is_not_the_indexer_of_somebody_else() -> None:
    assert PROJECT["name"] == "photo-indexer"
    assert PROJECT["scripts"] == {"indexer": "indexer.cli:main"}


def test_an_install_waits_for_nothing_but_hatchling() -> None:
    """And for Node, where the system has none: test_package_gallery.py."""
    assert [one.partition(">")[0] for one in SETTINGS["build-system"]["requires"]] == ["hatchling"]


def test_every_hint_to_install_names_this_distribution_and_an_extra_that_it_has() -> None:
    files = [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md"), *(TOP / "indexer").rglob("*.py"), TOP / "pyproject.toml"]
    hints = [
        found
        for file in files
        for found in re.findall(r"([\w-]*\bindexer)\[([a-z,]+)\]", file.read_text(encoding="utf-8"))
    ]
    assert {name for name, _ in hints} == {"photo-indexer"}
    assert {extra for _, extras in hints for extra in extras.split(",")} <= set(PROJECT["optional-dependencies"])
    assert len(hints) > 8


def test_wheel_and_sdist_carry_the_schema_and_the_mark_of_a_typed_package(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: it comes with the extra [test]")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    environment = {**os.environ, "INDEXER_SKIP_GALLERY": "1"}  # of it: test_package_gallery.py
    subprocess.run(command, cwd=TOP, env=environment, check=True, capture_output=True, timeout=300)
    (wheel,), (sdist,) = tmp_path.glob("photo_indexer-*.whl"), tmp_path.glob("photo_indexer-*.tar.gz")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"indexer/py.typed", "indexer/schema.sql", "indexer/enrich/towns.npz", "indexer/__init__.py"} <= names
    assert not any(name.startswith("tests/") for name in names)
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"indexer/py.typed", "schema.sql", "pyproject.toml", "tests/conftest.py", "README.md"} <= names
