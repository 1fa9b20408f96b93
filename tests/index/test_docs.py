"""The code in docs/python.md runs as printed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ..conftest import HERE, SAMPLES


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SAMPLES, tmp_path / "sample_media")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (HERE.parent / "docs" / "python.md").read_text(), re.DOTALL)
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks:
        exec(block, names)
    lines = capsys.readouterr().out.splitlines()
    assert len(blocks) == 4 and lines[0].startswith("Paris 2024-04-12")
    assert "no record for elsewhere.jpg" in lines[-2] and "Sydney" in lines[-1]
