"""Drives that disconnect and return: real file systems in image files, mounted and unmounted (failures.md F1)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import UsageError

from ..conftest import Watcher, put, rows, run, sized, statuses, until
from .drives import Drive, drive

__all__ = ["drive"]
COUNT = sized(400, 10_000)
HALF = COUNT // 2


def fill(folder: Path, count: int = COUNT) -> None:
    for number in range(count):
        put(folder / f"{number // 100:02d}" / f"{number:04d}.jpg", f"{folder.name} {number}")


def lose_half(folder: Path) -> None:
    for inner in sorted(folder.iterdir())[: HALF // 100]:
        shutil.rmtree(inner)


def held(index: Index) -> list[tuple[object, ...]]:
    """What must never change for a drive's sake."""
    return rows(index, "SELECT id, checksum, trashed_at FROM asset ORDER BY id")


def states(index: Index) -> dict[str, int]:
    return dict(rows(index, "SELECT state, count(*) FROM file_state GROUP BY state"))  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["mount point left", "mount point removed"])
def test_F1_an_unmounted_drive_loses_nothing(
    index: Index, tmp_path: Path, drive: Callable[[], Drive], how: str
) -> None:
    disk = drive()
    root = disk.mount(tmp_path / "photos")
    fill(root)
    index.scan([root])
    before = held(index)
    disk.unmount()
    if how == "mount point removed":
        root.rmdir()
    summary = index.scan()
    assert (len(summary.offline), summary.gone, summary.missing) == (1, 0, 0)
    assert held(index) == before
    assert states(index) == {"offline": COUNT}
    assert run("scan", database=index.path).returncode == 1

    disk.mount(root)
    back = index.scan()
    assert (back.unchanged, back.bytes_read, back.offline) == (COUNT, 0, [])
    assert held(index) == before
    assert states(index) == {"present": COUNT}


def test_F1_a_drive_inside_a_root(index: Index, tmp_path: Path, drive: Callable[[], Drive]) -> None:
    root = tmp_path / "photos"
    disk = drive()
    fill(root / "here")
    fill(disk.mount(root / "away"))
    index.scan([root])
    before = held(index)
    disk.unmount()
    summary = index.scan()
    assert (summary.gone, summary.missing, summary.unchanged) == (0, 0, COUNT)
    assert summary.offline == [f"{root}/away: its drive is disconnected"]
    assert held(index) == before
    assert states(index) == {"present": COUNT, "offline": COUNT}
    shown = run("status", database=index.path).stdout
    assert "away: offline since" in shown

    put(root / "away" / "00" / "0000.jpg", "in the mount point, while the drive is away")
    (root / "here" / "00" / "0000.jpg").unlink()  # really deleted, beside it
    summary = index.scan()
    assert (summary.gone, summary.unchanged) == (1, COUNT - 1)
    shutil.rmtree(root / "away" / "00")

    disk.mount(root / "away")
    back = index.scan()
    assert back.offline == []
    assert back.bytes_read < 2000
    assert states(index) == {"present": 2 * COUNT - 1, "gone": 1}
    assert [row[0] for row in before] == [row[0] for row in held(index) if row[0] in {one[0] for one in before}]

    # What is deleted on the drive while it is mounted is missing like anything else.
    (root / "away" / "00" / "0001.jpg").unlink()
    assert index.scan().gone == 1


def test_F1_a_drive_that_comes_back_elsewhere(index: Index, tmp_path: Path, drive: Callable[[], Drive]) -> None:
    disk = drive()
    first = disk.mount(tmp_path / "media" / "one")
    fill(first / "photos")
    index.scan([first / "photos"])
    before = held(index)
    disk.unmount()
    other = drive()  # takes the number that the first one had
    other.mount(tmp_path / "media" / "other")
    second = disk.mount(tmp_path / "media" / "two")
    summary = index.scan([second / "photos"])
    assert (summary.unchanged, summary.bytes_read) == (COUNT, 0)
    assert held(index) == before
    assert [root.path for root in index.roots.list()] == [str(second / "photos")]
    path = second / "photos" / "00" / "0007.jpg"
    assert index.get(path)["asset_urls"]["original"]["url"] == path.as_uri()
    # Its files are still known by their inodes.
    path.rename(path.with_name("renamed.jpg"))
    assert index.scan().moved == 1


def test_F1_under_watch(tmp_path: Path, drive: Callable[[], Drive], watch: Callable[..., Watcher]) -> None:
    disk = drive()
    root = disk.mount(tmp_path / "photos")
    fill(root)
    watcher = watch(root)
    index = Index.open(watcher.database)
    until(lambda: states(index) == {"present": COUNT}, what="all to be indexed")
    before = held(index)
    disk.unmount()
    until(lambda: states(index) == {"offline": COUNT}, what="the watcher to notice")
    assert held(index) == before
    disk.mount(root)
    until(lambda: states(index) == {"present": COUNT}, what="the drive to be back")
    put(root / "00" / "new.jpg", "new")
    until(lambda: "00/new.jpg" in statuses(index), what="events to be followed again")
    disk.unmount()
    until(lambda: "offline" in states(index), what="the watcher to notice")
    moved = disk.mount(tmp_path / "elsewhere")
    assert run("scan", moved, database=watcher.database).returncode == 0
    until(lambda: watcher.printed().count("is back") == 2, what="the watcher to follow")
    put(moved / "00" / "newer.jpg", "newer")
    until(lambda: "00/newer.jpg" in statuses(index), what="events to be followed there")
    assert {row[:2] for row in before} < {row[:2] for row in held(index)}
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


@pytest.mark.parametrize("error", ["EIO", "ESTALE"])
def test_F1_a_folder_that_fails_loses_nothing(index: Index, photos: Path, error: str) -> None:
    """The kernel's own answer, put there by strace."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("needs strace")
    fill(photos, HALF)
    index.scan([photos])
    before = held(index)
    command = ["-m", "indexer", "--db", str(index.path), "scan"]
    inject = ["-f", "-qq", "-o", "/dev/null", "-P", str(photos / "00"), "-e", f"inject=getdents64:error={error}"]
    done = run_python(strace, inject, command)
    assert done.returncode == 2, done.stderr
    assert held(index) == before
    assert statuses(index)["00"] == "unreadable"
    assert statuses(index)["00/0000.jpg"] == "indexed"
    inject[5] = str(photos)
    done = run_python(strace, inject, command)
    assert done.returncode == 1, done.stdout
    assert "Offline" in done.stderr
    assert held(index) == before
    assert index.scan().unchanged == HALF


def run_python(strace: str, options: list[str], arguments: list[str]) -> subprocess.CompletedProcess[str]:
    import sys

    command = [strace, *options, sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_F1_a_loss_too_large_waits_for_a_word(index: Index, photos: Path) -> None:
    fill(photos)
    index.scan([photos])
    before = held(index)
    lose_half(photos)
    summary = index.scan()
    assert (summary.gone, summary.missing) == (0, HALF)
    assert f"--accept-loss {HALF}" in summary.held[0]
    assert held(index) == before
    assert states(index) == {"present": HALF, "missing": HALF}
    told = run("scan", database=index.path)
    assert told.returncode == 1
    assert f"--accept-loss {HALF}" in told.stderr
    assert f"--accept-loss {HALF}" in run("status", database=index.path).stdout
    assert index.scan(accept_loss=HALF - 1).gone == 0
    assert index.scan(accept_loss=HALF).gone == HALF
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(HALF,)]
    fill(photos)
    assert index.scan().returned == HALF
    assert [row[0] for row in held(index)] == [row[0] for row in before]


def test_F1_a_large_loss_under_watch(photos: Path, watch: Callable[..., Watcher]) -> None:
    fill(photos)
    watcher = watch(photos)
    index = Index.open(watcher.database)
    until(lambda: states(index) == {"present": COUNT}, what="all to be indexed")
    before = held(index)
    lose_half(photos)
    until(lambda: "--accept-loss" in watcher.printed(), what="the brake")
    assert held(index) == before
    fill(photos)
    until(lambda: states(index) == {"present": COUNT}, what="all to be back")
    assert held(index) == before


def test_F1_all_deleted_on_purpose(index: Index, photos: Path) -> None:
    fill(photos, 30)
    index.scan([photos])
    for folder in photos.iterdir():
        shutil.rmtree(folder)
    assert index.scan().offline
    assert index.scan(accept_loss=30).gone == 30


def test_a_file_on_its_way_from_root_to_root_is_never_trashed(index: Index, tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / name / "stays.jpg", name)
    path = put(tmp_path / "a" / "moves.jpg", "moves")
    index.scan([tmp_path / "a", tmp_path / "b"])
    asset = index.get(path)["id"]
    shutil.copy(path, tmp_path / "b" / "moved.jpg")  # as between drives: copied, then deleted
    path.unlink()
    summary = index.scan()
    assert (summary.moved, summary.gone) == (1, 0)
    assert index.get(tmp_path / "b" / "moved.jpg")["id"] == asset
    assert "asset_trashed" not in {row[0] for row in rows(index, "SELECT event_type FROM event")}


def test_a_renamed_root_is_the_same_root(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    asset = index.get(path)["id"]
    moved = photos.rename(photos.with_name("Bilder"))
    summary = index.scan([moved])
    assert (summary.unchanged, summary.bytes_read) == (1, 0)
    assert index.get(moved / "a.jpg")["id"] == asset
    assert [root.path for root in index.roots.list()] == [str(moved)]


def test_the_same_folder_twice_is_refused(index: Index, tmp_path: Path, drive: Callable[[], Drive]) -> None:
    root = tmp_path / "photos"
    put(root / "a.jpg", 1)
    index.scan([root])
    again = tmp_path / "again"
    again.mkdir()
    subprocess.run(["mount", "--bind", root, again], check=True)
    try:
        with pytest.raises(UsageError, match="same folder"):
            index.scan([again])
    finally:
        subprocess.run(["umount", again], check=True)
