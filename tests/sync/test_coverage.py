"""Which folders are followed by events, which are polled, and how that is reported (failures.md F2, F3, F4, F7)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer import Index

from ..conftest import Watcher, put, rows, run, statuses, until
from .drives import mounted

__all__ = ["mounted"]
Start = Callable[..., Watcher]


def status(watcher: Watcher) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("status", "--json", database=watcher.database).stdout)
    return found


@pytest.fixture
def few_watches(tmp_path: Path) -> tuple[str, ...]:
    """Runs a command in a user namespace of its own, where the system has thirty watches."""
    script = tmp_path / "few.sh"
    script.write_text('echo 30 > /proc/sys/user/max_inotify_watches || exit 99\nexec "$@"\n')
    prefix = ("unshare", "--user", "--map-root-user", "sh", str(script))
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody lower the limit of watches")
    return prefix


def test_F2_out_of_watches(photos: Path, watch: Start, few_watches: tuple[str, ...], tmp_path: Path) -> None:
    for number in range(60):
        put(photos / f"{number:02d}" / "a.jpg", number)
    (photos / ".indexerignore").write_text("skipped\n")
    for number in range(100):
        (photos / "skipped" / str(number)).mkdir(parents=True)
    watcher = watch(photos, "--poll-every", "1", prefix=few_watches)
    index = Index.open(watcher.database)
    until(lambda: list(statuses(index).values()).count("indexed") == 60, what="all to be indexed")
    root = status(watcher)["roots"][0]
    assert root["watch"]["mode"] == "events"
    assert root["watch"]["watches"] == 30  # none of them for what is skipped
    assert len(root["watch"]["uncovered"]) == 31
    assert status(watcher)["watches"] == 30
    uncovered = Path(root["watch"]["uncovered"][-1])
    put(uncovered / "late.jpg", "late")
    until(lambda: f"{uncovered.name}/late.jpg" in statuses(index), 10, "the polled folder to be looked at")
    covered = next(one for one in photos.iterdir() if one.is_dir() and str(one) not in root["watch"]["uncovered"])
    put(covered / "late.jpg", "late too")
    until(lambda: f"{covered.name}/late.jpg" in statuses(index), 10, "the event")
    assert watcher.printed().count("no watches left") == 1
    assert "no watches left for 31 folders" in run("status", database=watcher.database).stdout
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


def test_F2_what_is_passed_over_takes_no_watch(photos: Path, watch: Start) -> None:
    put(photos / "a" / "b" / "c.jpg", 1)
    for number in range(50):
        (photos / "@eaDir" / str(number)).mkdir(parents=True)
        (photos / ".hidden" / str(number)).mkdir(parents=True)
    watcher = watch(photos)
    until(lambda: status(watcher)["watches"] == 3, what="three folders to be followed")
    (photos / ".indexerignore").write_text("b\n")
    until(lambda: statuses(Index.open(watcher.database)).get("a/b") == "ignored")
    os.kill(watcher.process.pid, signal.SIGTERM)
    assert watcher.process.wait(30) == 0
    assert rows(Index.open(watcher.database), "SELECT * FROM watch_state") == []


def test_F3_an_overflow_is_counted(photos: Path, watch: Start) -> None:
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    if not limit.exists() or int(limit.read_text()) > 70_000:
        pytest.skip("there is no queue of events here that a test could overflow")
    watcher = watch(photos)
    index = Index.open(watcher.database)
    watcher.process.send_signal(signal.SIGSTOP)
    count = int(limit.read_text()) // 3 + 2000
    for number in range(count):
        (photos / f"{number}.txt").write_bytes(b"x")
    put(photos / "late" / "a.jpg", 1)
    watcher.process.send_signal(signal.SIGCONT)
    until(lambda: "late/a.jpg" in statuses(index), 60, "the last file")
    until(lambda: status(watcher)["roots"][0]["watch"]["overflows"] > 0, what="the overflow to be told")
    assert "events were lost" in run("status", database=watcher.database).stdout


def test_F4_trees_moved_in(photos: Path, watch: Start, tmp_path: Path) -> None:
    """From the same file system, where one event tells of the whole tree, and from another."""
    watcher = watch(photos)
    index = Index.open(watcher.database)
    here = tmp_path / "tree"
    for number in range(50):
        put(here / f"x{number % 5}" / f"y{number}" / "z.jpg", f"tree {number}")
    shutil.copytree(here, elsewhere := Path("/dev/shm") / f"indexer-test-{os.getpid()}")
    try:
        here.rename(photos / "moved")
        shutil.move(elsewhere, photos / "copied")
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
    until(lambda: len(statuses(index)) == 100, 60, "the two trees")
    put(photos / "moved" / "x1" / "late.jpg", "late")
    put(photos / "copied" / "x1" / "late.jpg", "late too")
    until(lambda: len(statuses(index)) == 102, what="events in the new trees")


def test_F7_what_tells_of_no_changes_is_polled(photos: Path, watch: Start, mounted: Callable[..., Path]) -> None:
    """A FUSE mount reports no changes beneath it, as a network mount reports none by other machines."""
    put(photos / "a.jpg", 1)
    root = mounted("bindfs", photos)
    watcher = watch(root, "--poll-every", "1")
    index = Index.open(watcher.database)
    until(lambda: "a.jpg" in statuses(index))
    root_status = status(watcher)["roots"][0]
    assert root_status["watch"]["mode"] == "polling"
    assert "does not report changes" in root_status["watch"]["reason"]
    put(photos / "from elsewhere.jpg", 2)
    until(lambda: "from elsewhere.jpg" in statuses(index), 10, "the change to be seen")
    assert "polled since" in run("status", database=watcher.database).stdout
    assert watcher.stop() == 0


@pytest.mark.parametrize(
    ("filesystem", "events", "inodes"),
    [
        ("ext4", True, True),
        ("btrfs", True, True),
        ("apfs", True, True),
        ("overlay", True, True),
        ("nfs4", False, True),
        ("cifs", False, False),
        ("smb3", False, False),
        ("9p", False, True),
        ("vboxsf", False, False),
        ("fuse.sshfs", False, False),
        ("fuseblk", False, False),
        ("vfat", True, False),
        ("exfat", True, False),
        (None, True, True),
    ],
)
def test_F7_what_is_known_of_file_systems(filesystem: str | None, events: bool, inodes: bool) -> None:
    from indexer.sync import volumes

    assert (volumes.has_events(filesystem), volumes.has_inodes(filesystem)) == (events, inodes)
