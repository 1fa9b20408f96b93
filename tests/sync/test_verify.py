"""indexer verify: distinguishes bit rot from edits, with real rot on a real disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.store.connection import open_for_writing

from ..conftest import Command, interruptible, jpeg, put, rows, run, statuses, until
from .drives import Drive, drive

__all__ = ["drive"]


def test_a_disk_that_rots(index: Index, tmp_path: Path, drive: Callable[[], Drive]) -> None:
    """A byte is changed on the disk itself, beneath the file system."""
    disk = drive()
    root = disk.mount(tmp_path / "photos")
    for number in range(10):
        put(root / f"{number}.jpg", f"photo {number:02d} of ten", size=3000)
    index.scan([root])
    asset = index.get(root / "3.jpg")
    disk.unmount()
    image = bytearray(disk.image.read_bytes())
    at = image.find(b"photo 03 of ten\0\0")
    image[at] ^= 1
    disk.image.write_bytes(image)
    disk.mount(root)
    assert index.scan().unchanged == 10  # nothing shows from outside

    done = run("verify", "--json", database=index.path)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["rotten"] == [str(root / "3.jpg")]
    assert (report["checked"], report["sound"]) == (10, 9)
    assert index.get(asset["id"])["checksum"] == asset["checksum"]  # what it was is what is wanted back
    assert statuses(index)["3.jpg"] == "damaged"
    assert "bit rot" in run("status", database=index.path).stdout
    assert index.scan().unchanged == 10
    assert statuses(index)["3.jpg"] == "damaged"

    (root / "3.jpg").write_bytes(jpeg("photo 03 of ten", 3000))  # restored from a backup
    index.scan()
    assert statuses(index)["3.jpg"] == "indexed"
    assert index.get(root / "3.jpg")["id"] == asset["id"]
    assert run("verify", database=index.path).returncode == 0


def test_edits_are_no_rot(index: Index, photos: Path) -> None:
    for name in ("sound", "rated", "replaced", "deleted", "rotten"):
        put(photos / f"{name}.jpg", name)
    index.scan([photos])
    for name, data in (("rated", jpeg("rated", words="five stars")), ("replaced", jpeg("another"))):
        (photos / f"{name}.jpg").write_bytes(data)
        os.utime(photos / f"{name}.jpg", (1, 1))
    (photos / "deleted.jpg").unlink()
    info = (photos / "rotten.jpg").stat()
    (photos / "rotten.jpg").write_bytes(jpeg("r0tten"))
    os.utime(photos / "rotten.jpg", ns=(info.st_atime_ns, info.st_mtime_ns))
    report = index.maintenance.verify(workers=1)
    assert [report.rotten, report.edited, report.replaced, report.absent] == [
        [str(photos / f"{name}.jpg")] for name in ("rotten", "rated", "replaced", "deleted")
    ]
    assert report.sound == 1
    shown = run("verify", database=index.path)
    assert "CORRUPTED" in shown.stdout
    assert shown.returncode == 1


def test_a_sample_and_a_time(index: Index, photos: Path) -> None:
    for number in range(40):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    assert index.maintenance.verify(share=0.05, workers=1).checked == 2
    assert json.loads(run("verify", "--sample", "10%", "--json", database=index.path).stdout)["checked"] == 4
    assert rows(index, "SELECT count(*) FROM file WHERE verified_at IS NOT NULL")[0][0] in range(4, 7)
    report = json.loads(run("verify", "--seconds", "60", "--json", database=index.path).stdout)
    assert (report["checked"], report["left"]) == (40, 0)
    assert run("verify", "--sample", "x", database=index.path).returncode == 2
    assert run("verify", "--sample", "5%", "--seconds", "3", database=index.path).returncode == 2


def test_a_stopped_round_goes_on(index: Index, photos: Path) -> None:
    total = 1200
    for number in range(total):
        put(photos / f"{number % 9}" / f"{number}.jpg", number, size=800_000)
    index.scan([photos])
    process = Command(
        ["--db", index.path, "verify", "--workers", 1],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,
    )
    done = "SELECT count(*) FROM file WHERE verified_at IS NOT NULL"
    until(lambda: int(str(rows(index, done)[0][0])) > 100, what="some to be verified")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "resumes here" in stderr
    before = int(str(rows(index, done)[0][0]))
    assert before < total
    assert index.maintenance.verify().checked == total - before
    assert index.maintenance.verify().checked == total  # a new round


def test_drives_that_are_away_are_left_out(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    photos.rename(photos.with_name("away"))
    done = run("verify", database=index.path)
    assert done.returncode == 0
    assert "offline, skipped" in done.stdout


def test_an_index_from_before_fingerprints_gets_them(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    before = rows(index, "SELECT fingerprint FROM asset")
    with open_for_writing(index.path) as database:
        database.execute("UPDATE asset SET fingerprint = NULL")
    database.close()
    index.maintenance.verify(workers=1)
    assert rows(index, "SELECT fingerprint FROM asset") == before != [(None,)]


def test_it_needs_an_index(tmp_path: Path) -> None:
    done = run("verify", database=tmp_path / "none.db")
    assert done.returncode == 1
    assert "indexer scan" in done.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_it_only_reads(index: Index, photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=openat,open,unlink,unlinkat,rename,renameat2", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-m", "indexer", "--db", str(index.path), "verify"], check=True)
    touched = [line for line in trace.read_text().splitlines() if str(photos) in line]
    assert touched
    assert all("O_RDONLY" in line for line in touched)


def test_it_ends_when_its_time_is_up(index: Index, photos: Path) -> None:
    """Not when all that waits is read; but a run that has time for less than one file verifies one all the same."""
    for number in range(6):
        os.truncate(put(photos / f"{number}.jpg", number), 150_000_000)
    index.scan([photos])
    report = index.maintenance.verify(seconds=0.3, workers=1)
    assert 1 <= report.checked < 6
    assert (report.sound, report.left) == (report.checked, 6 - report.checked)
    assert index.maintenance.verify(seconds=0.001, workers=1).checked == 1
