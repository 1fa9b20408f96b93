"""Progress of a scan, also within one large file."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import Index
from indexer.sync.read_progress import ReadProgress, Slot, reporting
from indexer.sync.summary import Summary

from ..conftest import faulty, put, rows, run, sized

LARGE = sized(1 << 30, 20 << 30)


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_it_advances_within_a_large_file(index: Index, photos: Path) -> None:
    sparse(photos / "video.mp4", LARGE)
    put(photos / "z.jpg", 1)
    shown: list[tuple[int, int]] = []

    def note(summary: Summary) -> None:
        shown.append((summary.bytes_ahead, summary.bytes_done + summary.bytes_ahead))

    summary = index.scan([photos], on_progress=note)
    total = LARGE + (photos / "z.jpg").stat().st_size
    within = [ahead for ahead, _ in shown if ahead]
    assert len(set(within)) > 2
    assert max(within) <= LARGE
    assert [done for _, done in shown] == sorted(done for _, done in shown)  # never back
    assert (summary.bytes_read, summary.bytes_done, shown[-1]) == (total, total, (0, total))
    assert "bytes_ahead" not in summary.as_dict()


def test_the_lines_of_a_scan_tell_it(tmp_path: Path, photos: Path) -> None:
    sparse(photos / "video.mp4", LARGE)
    env = faulty(tmp_path / "often", "import indexer.cli.progress as progress\nprogress._LINE_SECONDS = 0.2\n")
    done = run("scan", photos, database=tmp_path / "index.db", env={**env, "TMPDIR": str(tmp_path)})
    told = re.findall(r"^0 files, ([\d.]+ [MG]B) read", done.stderr, re.MULTILINE)
    assert len(set(told)) > 2, done.stderr
    assert not list(tmp_path.glob("*indexer-*"))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder of a short name: the sockets of worker processes lie in it, and a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_killed_scan_leaves_nothing_of_it_for_long(tmp_path: Path, photos: Path, temporary: Path) -> None:
    """The next one removes what it left, and not what one at work has."""
    sparse(photos / "video.mp4", 80 << 20)
    env = faulty(tmp_path / "killed", """
import os, signal
from indexer.sync.read_progress import ReadProgress
begin = ReadProgress.begin
ReadProgress.begin = lambda self: begin(self) and os.kill(os.getpid(), signal.SIGKILL)
""")  # fmt: skip
    env["TMPDIR"] = str(temporary)
    assert run("scan", photos, database=tmp_path / "index.db", env=env).returncode == -signal.SIGKILL
    assert len(list(temporary.iterdir())) == 1
    env = {**os.environ, "TMPDIR": str(temporary)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        progress = ReadProgress()
        assert progress.begin() is not None
    (own,) = temporary.iterdir()
    assert run("scan", photos, database=tmp_path / "index.db", env=env).returncode == 0
    assert list(temporary.iterdir()) == [own]
    progress.close()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("fault", ["no room for it", "readers that do not see it"])
def test_without_it_files_are_read_as_well(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "no room for it":
        monkeypatch.setattr(tempfile, "tempdir", str(photos / "nowhere"))
    else:
        monkeypatch.setattr(ReadProgress, "begin", lambda self: Slot("/nowhere/at all", 3))
    sparse(photos / "video.mp4", 80 << 20)
    summary = index.scan([photos])
    assert summary.bytes_read == 80 << 20
    assert rows(index, "SELECT count(*) FROM asset") == [(1,)]


def test_slots_are_used_again() -> None:
    progress = ReadProgress()
    first, second = progress.begin(), progress.begin()
    assert first is not None and second is not None
    for slot, count in ((first, 1000), (second, 1 << 40)):
        with reporting(slot) as report:
            assert report is not None
            report(count)
    assert progress.total() == 1000 + (1 << 40)
    progress.end(first)
    assert progress.total() == 1 << 40
    assert progress.begin() == first
    assert progress.total() == 1 << 40
    progress.close()
    assert not os.path.exists(first.path)
