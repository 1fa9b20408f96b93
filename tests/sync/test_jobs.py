"""Running jobs are known by a lock that is released when their process ends, in any way."""

from __future__ import annotations

import os
import platform
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable, UsageError
from indexer.store.job_locks import Claim, running
from indexer.sync.options import Listener, Stop

from ..conftest import Command, Watcher, put, rows, run, until

Start = Callable[..., Watcher]


def locks(database: Path) -> list[Path]:
    return list(database.parent.glob(f"{database.name}.*.lock"))


def test_a_killed_watch_does_not_stand_in_the_way_of_the_next(photos: Path, watch: Start) -> None:
    """Nor does it as a zombie, or while its workers come to their end."""
    for number in range(20):
        put(photos / f"{number}.jpg", number)
    first = watch(photos)
    index = Index.open(first.database)
    (running,) = index.status.jobs()
    assert (running.kind, running.pid, running.roots) == ("watch", first.process.pid, (str(photos),))
    os.kill(first.process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie from now on
    os.kill(first.process.pid, 0)
    assert index.status.jobs() == [] and index.roots.watch_states() == {}
    assert "running: nothing" in run("status", database=first.database).stdout
    assert locks(first.database) == []
    second = watch(photos)
    assert second.process.poll() is None
    assert rows(index, "SELECT pid FROM job") == [(second.process.pid,)]
    assert len(locks(first.database)) == 1
    assert second.stop() == 0
    assert locks(first.database) == [] and rows(index, "SELECT * FROM job") == []


@pytest.mark.parametrize("host, pid", [("elsewhere", 1), (platform.node(), 1), (platform.node(), os.getppid())])
def test_a_row_that_nobody_holds_is_no_activity(photos: Path, index: Index, host: str, pid: int) -> None:
    """Another host's, or one whose number another process has by now; a backup brings such rows too."""
    put(photos / "a.jpg", 1)
    index.scan([photos])
    index.close()
    with sqlite3.connect(index.path) as connection:
        row = ("watch", host, pid, str(photos), "2020-01-01T00:00:00.000Z")
        connection.execute("INSERT INTO job (kind, host, pid, roots, started_at) VALUES (?, ?, ?, ?, ?)", row)
    connection.close()
    assert index.status.jobs() == []
    index.maintenance.restore(index.maintenance.backup(index.path.with_name("backup.db")))
    stop = Stop()
    index.watch([photos], stop=stop, listener=Listener(scanned=lambda *_: stop.set()))
    assert rows(index, "SELECT * FROM job") == []


def test_of_two_watches_that_begin_at_once_one_is_refused(photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", 1)
    with Index.open(tmp_path / "index.db") as index:
        index.scan([photos])
    command = ["--db", tmp_path / "index.db", "watch", "--no-enrich", photos]
    both = [Command(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        until(lambda: any(one.poll() is not None for one in both), what="one to be refused")
        (refused,) = [one for one in both if one.poll() is not None]
        (other,) = [one for one in both if one is not refused]
        assert refused.returncode == 2
        assert refused.communicate()[1].strip().endswith(f"is watched already, by process {other.pid}")
    finally:
        for one in both:
            one.terminate()
            one.communicate(timeout=180)


def test_a_watch_of_the_same_process_counts(photos: Path, index: Index) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    backup = index.maintenance.backup(index.path.with_name("backup.db"))
    stop = Stop()

    def follow() -> None:
        with Index.open(index.path) as own:
            own.watch([photos], stop=stop)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        until(lambda: [one.kind for one in index.status.jobs()] == ["watch"])
        with pytest.raises(UsageError, match="watch is at work"):
            index.maintenance.restore(backup)
        with pytest.raises(UsageError, match="watch is at work"):
            index.maintenance.repair()
        with pytest.raises(UsageError, match="watched already"):
            index.watch([photos], stop=Stop())
    finally:
        stop.set()
        thread.join(30)
    assert index.status.jobs() == []
    index.maintenance.restore(backup)


def test_by_whichever_link_the_index_is_named(photos: Path, tmp_path: Path, watch: Start) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "index.db").symlink_to(tmp_path / "disk" / "real.db")
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    assert [one.pid for one in Index.open(tmp_path / "disk" / "real.db").status.jobs()] == [watcher.process.pid]
    assert run("watch", photos, database=tmp_path / "disk" / "real.db").returncode == 2


def test_an_index_of_a_longer_name_beside_it_is_another(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "x.db", "scan")
    try:
        assert [one.kind for one in running(tmp_path / "x.db")] == ["scan"]
        assert running(tmp_path / "x") == []
    finally:
        claim.end()


def test_dead_locks_are_removed_where_no_open_file_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files are found in /proc")
    dead = tmp_path / "x.db.scan-0123abcd.lock"
    dead.write_text("{}")
    unlink = os.unlink

    def unlink_closed(path: Path) -> None:
        opened = [os.path.join("/proc/self/fd", one) for one in os.listdir("/proc/self/fd")]
        if any(os.path.lexists(one) and os.readlink(one) == str(path) for one in opened):
            raise PermissionError(13, "the file is open")
        unlink(path)

    monkeypatch.setattr(os, "unlink", unlink_closed)
    monkeypatch.setattr(sys, "platform", "win32")
    assert running(tmp_path / "x.db") == []
    assert not dead.exists()


def test_a_lock_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="nowhere"):
        Claim(tmp_path / "nowhere" / "x.db", "scan")
