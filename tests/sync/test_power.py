"""Low priority, idling and power on laptops (failures.md F30)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from indexer import Index

from ..conftest import Watcher, put, sized, statuses, until

Start = Callable[..., Watcher]


def family(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def test_F30_others_go_first(photos: Path, watch: Start) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos, enrich=True)
    until(lambda: "perceptual_hashes" in Index.open(watcher.database).enrichments.counts())
    time.sleep(1)
    for process in family(watcher.process.pid):
        assert process.nice() == 19
        if hasattr(process, "ionice"):
            assert process.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
    watcher.stop()
    fast = watch(photos, "--full-speed")
    assert psutil.Process(fast.process.pid).nice() == os.nice(0)


def test_F30_idle_is_idle(photos: Path, watch: Start) -> None:
    for number in range(300):
        put(photos / f"{number % 30}" / f"{number}.jpg", number)
    watcher = watch(photos, enrich=True)
    index = Index.open(watcher.database)
    until(lambda: index.enrichments.counts().get("perceptual_hashes") == (300, 0), what="all to be seen to")
    time.sleep(3)
    processes = family(watcher.process.pid)
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    time.sleep(seconds := sized(10, 600))
    used = sum(sum(process.cpu_times()[:2]) for process in processes) - before
    assert used / seconds < 0.005


def test_F30_a_drive_that_is_away_is_waited_for_in_peace(photos: Path, watch: Start) -> None:
    """Also when something in it was about to be looked at."""
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    put(photos / "b.jpg", 2)  # half a second later it would be read
    photos.rename(photos.with_name("away"))
    until(lambda: "is offline" in watcher.printed(), what="the folder to be missed")
    time.sleep(1.5)
    processes = family(watcher.process.pid)
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    time.sleep(seconds := sized(3, 60))
    used = sum(sum(process.cpu_times()[:2]) for process in processes) - before
    assert used / seconds < 0.05
    photos.with_name("away").rename(photos)
    index = Index.open(watcher.database)
    until(lambda: index.status.path_counts() == {"indexed": 2}, what="both photos")


def test_F30_it_pauses_on_battery_if_told_to(photos: Path, watch: Start, tmp_path: Path) -> None:
    """The kernel's own files, of a machine with a battery, in a mount namespace of its own."""
    supply, script = tmp_path / "power", tmp_path / "run.sh"
    for name, files in (
        ("AC", {"online": "0"}),
        ("BAT0", {"energy_now": "50", "energy_full": "100", "capacity": "50"}),
    ):
        (supply / name).mkdir(parents=True)
        for file, text in files.items():
            (supply / name / file).write_text(text + "\n")
    (supply / "BAT0" / "status").write_text("Discharging\n")
    (supply / "BAT0" / "power_now").write_text("5\n")
    script.write_text(f'mount --bind {supply} /sys/class/power_supply || exit 99\nexec "$@"\n')
    prefix = ("unshare", "--mount", "sh", str(script))
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody put other files in the place of its power supply's")
    put(photos / "a.jpg", 1)
    out = tmp_path / "out"
    with out.open("w") as stdout:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-u", "-m", "indexer", "--db", str(tmp_path / "index.db"), "watch", str(photos)]
            + ["--rest", "0.2", "--pause-on-battery"],
            stdout=stdout,
        )
    try:
        until(lambda: "Paused: on battery" in out.read_text(), what="the pause")
        time.sleep(1)
        assert statuses(Index.open(tmp_path / "index.db")) == {}
        (supply / "AC" / "online").write_text("1\n")
        (supply / "BAT0" / "status").write_text("Charging\n")
        until(lambda: "a.jpg" in statuses(Index.open(tmp_path / "index.db")), 20, "work to go on")
        assert "Going on" in out.read_text()
    finally:
        process.terminate()
        assert process.wait(30) == 0
