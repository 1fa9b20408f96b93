"""watch, as a process, on folders that change meanwhile."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.sync import schedule
from indexer.sync import watch as watching
from indexer.sync.options import Listener, Stop, SyncOptions

from ..conftest import Command, Watcher, jpeg, put, rows, run, sized, statuses, until

Start = Callable[..., Watcher]


def indexed(watcher: Watcher) -> dict[str, str]:
    """path -> asset id of what is live."""
    if not watcher.database.exists():
        return {}
    found = rows(
        Index.open(watcher.database),
        "SELECT path, asset_id FROM path_status WHERE status = 'indexed'",
    )
    return dict(found)  # type: ignore[arg-type]


def test_files_appear_change_move_and_vanish(photos: Path, watch: Start) -> None:
    put(photos / "before.jpg", 0)
    watcher = watch(photos)
    until(lambda: set(indexed(watcher)) == {"before.jpg"})
    path = put(photos / "new.jpg", 1)
    until(lambda: "new.jpg" in indexed(watcher))
    asset = indexed(watcher)["new.jpg"]
    put(path, "edited")
    digest = base64.b64encode(hashlib.sha256(jpeg("edited")).digest()).decode()
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT 1 FROM asset WHERE id = ? AND checksum = ?", asset, digest))
    path.rename(photos / "renamed.jpg")
    until(lambda: set(indexed(watcher)) == {"before.jpg", "renamed.jpg"})
    assert indexed(watcher)["renamed.jpg"] == asset
    (photos / "renamed.jpg").unlink()
    until(lambda: set(indexed(watcher)) == {"before.jpg"})
    until(lambda: index.get(asset)["trashed_at"] is not None, what="the record to go to the trash")
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


@pytest.mark.parametrize("turn", range(sized(1, 100)))
def test_F4_ten_thousand_files_in_a_thousand_new_folders(photos: Path, watch: Start, turn: int) -> None:
    watcher = watch(photos)
    base = jpeg()
    expected = set()
    for number in range(1000):
        folder = photos / f"a{number % 10}" / f"b{number % 100}" / f"c{number}" / "deep"
        folder.mkdir(parents=True)
        for one in range(10):
            name = f"{one}.jpg"
            (folder / name).write_bytes(base + f"{turn} {number} {one}".encode())
            expected.add((folder / name).relative_to(photos).as_posix())
    assert len(expected) == 10_000
    until(lambda: len(indexed(watcher)) == 10_000, 60, "10,000 files indexed")
    assert set(indexed(watcher)) == expected
    assert len(set(indexed(watcher).values())) == 10_000
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""
    assert "Warning" not in watcher.printed()


@pytest.mark.parametrize("reopen", [False, True], ids=["kept open", "appended to"])
def test_F5_a_slow_file_is_indexed_once_and_whole(photos: Path, watch: Start, reopen: bool) -> None:
    """50 MB in 40 pieces. Its one asset has the final bytes, and never had others."""
    watcher = watch(photos)
    data = jpeg("slow", size=0)[:-2] + random.Random(1).randbytes(50_000_000).replace(b"\xff", b"\0") + b"\xff\xd9"
    step = len(data) // 40 + 1
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    path = photos / "slow.jpg"
    file = path.open("wb")
    for number, piece in enumerate(pieces):
        if reopen and number:
            file.close()
            file = path.open("ab")
        file.write(piece)
        file.flush()
        # Two pauses are longer than the rest, where the file stays open: only its writer's end counts then.
        time.sleep(sized(1.2, 8) if number % 20 == 19 and not reopen else sized(0.05, 0.4))
    file.close()
    until(lambda: "slow.jpg" in indexed(watcher))
    time.sleep(1)
    index = Index.open(watcher.database)
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert rows(index, "SELECT checksum FROM asset") == [(checksum,)]
    assert rows(index, "SELECT count(*) FROM former_checksum") == [(0,)]
    assert watcher.printed().count("slow.jpg") == 1


def test_folders_are_moved_in_renamed_and_deleted(photos: Path, watch: Start, tmp_path: Path) -> None:
    put(photos / "stays.jpg", "stays")  # a folder that is empty all of a sudden counts as offline
    watcher = watch(photos)
    until(lambda: len(indexed(watcher)) == 1)
    outside = tmp_path / "outside"
    for number in range(30):
        put(outside / "trip" / f"day{number % 3}" / f"{number}.jpg", number)
    (outside / "trip").rename(photos / "trip")
    until(lambda: len(indexed(watcher)) == 31, what="the moved-in tree")
    ids = set(indexed(watcher).values())
    (photos / "trip").rename(photos / "Trip 2024")
    until(lambda: sum(path.startswith("Trip 2024/") for path in indexed(watcher)) == 30)
    assert set(indexed(watcher).values()) == ids
    put(photos / "Trip 2024" / "day1" / "later.jpg", "later")
    until(lambda: "Trip 2024/day1/later.jpg" in indexed(watcher), what="a file in the renamed folder")
    shutil.rmtree(photos / "Trip 2024" / "day0")
    until(lambda: len(indexed(watcher)) == 22)
    (photos / "Trip 2024").rename(outside / "trip")
    until(lambda: set(indexed(watcher)) == {"stays.jpg"}, what="the moved-out tree to go")


def test_F5_programs_that_write_and_rename(photos: Path, watch: Start, tmp_path: Path) -> None:
    """A browser's .part, rsync's hidden temporary, cp that keeps an old mtime: one asset each, with its final bytes."""
    watcher = watch(photos)
    part = put(photos / "download.jpg.part", "browser")
    time.sleep(0.8)
    part.rename(photos / "download.jpg")
    old = put(tmp_path / "old.jpg", "old")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    subprocess.run(["cp", "-p", str(old), str(photos / "copied.jpg")], check=True)
    expected = {"download.jpg", "copied.jpg"}
    if shutil.which("rsync"):
        subprocess.run(["rsync", "-a", str(put(tmp_path / "synced.jpg", "synced")), str(photos)], check=True)
        expected.add("synced.jpg")
    until(lambda: set(indexed(watcher)) == expected)
    assert rows(Index.open(watcher.database), "SELECT count(*) FROM asset") == [(len(expected),)]


def test_rules_hold_as_in_a_scan(photos: Path, watch: Start, tmp_path: Path) -> None:
    put(photos / "kept.jpg", 0)
    put(photos / "private" / "p.jpg", 1)
    (photos / ".indexerignore").write_text("drafts/\n*_raw.jpg\n")
    watcher = watch(photos)
    for name in (
        "drafts/d.jpg",
        "x_raw.jpg",
        "@eaDir/t.jpg",
        "._x.jpg",
        ".hidden.jpg",
        ".stversions/v.jpg",
        "a/b/ok.jpg",
    ):
        put(photos / name, name)
    until(lambda: "a/b/ok.jpg" in indexed(watcher))
    time.sleep(1)
    assert set(indexed(watcher)) == {"kept.jpg", "private/p.jpg", "a/b/ok.jpg"}
    (photos / ".indexerignore").write_text("drafts/\n*_raw.jpg\nprivate/\n")
    until(lambda: "private/p.jpg" not in indexed(watcher), what="the new rule to hold")
    by_watch = statuses(Index.open(watcher.database))
    watcher.stop()
    with Index.open(tmp_path / "scanned.db") as scanned:
        scanned.scan([photos])
        by_scan = statuses(scanned)
    del by_watch["private/p.jpg"]  # a row that the scan never had: it was indexed once
    assert by_watch == by_scan


def test_F3_an_overflow_of_the_kernels_queue_loses_nothing(photos: Path, watch: Start) -> None:
    """The watcher is held still while more happens than the queue can keep; the events that are lost are real ones."""
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    if not limit.exists():
        pytest.skip("only inotify has a queue to overflow")
    events = int(limit.read_text())
    if events > 70_000:
        pytest.skip(f"this machine's queue holds {events} events: too many files to overflow it in a test")
    watcher = watch(photos)
    data = jpeg()
    watcher.process.send_signal(signal.SIGSTOP)
    count = max(events // 3 + 500, sized(0, 50_000))  # each file makes three events: created, written, closed
    for number in range(count):
        (photos / f"{number}.jpg").write_bytes(data + str(number).encode())
    (photos / "0.jpg").rename(photos / "moved.jpg")
    put(photos / "late" / "in a folder.jpg", "late")
    watcher.process.send_signal(signal.SIGCONT)
    until(lambda: len(indexed(watcher)) == count + 1, 90, "all to be indexed")
    assert {"moved.jpg", "late/in a folder.jpg"} <= set(indexed(watcher))
    until(lambda: "more happened" in watcher.printed(), what="the lost events to be reported")
    put(photos / "late" / "after.jpg", "after")
    until(lambda: "late/after.jpg" in indexed(watcher), what="watching to go on")
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


def test_a_missed_event_is_made_good_by_the_next_look(photos: Path, tmp_path: Path) -> None:
    """Polling sees what no event told of: it is the same look that follows a burst, an overflow, and every hour."""
    stop = Stop()
    seen: list[str] = []

    def follow() -> None:
        with Index.open(tmp_path / "index.db") as index:
            index.watch(
                [photos],
                stop=stop,
                options=SyncOptions(rest_seconds=0.2, poll_seconds=0.3),
                listener=Listener(changed=lambda root, change, asset_id: seen.append(change.stat.name)),
            )

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        put(photos / "a" / "polled.jpg", 1)
        until(lambda: "polled.jpg" in seen)
        (photos / "a" / "polled.jpg").rename(photos / "renamed.jpg")
        until(lambda: "renamed.jpg" in seen)
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def test_poll_option(photos: Path, watch: Start) -> None:
    watcher = watch(photos, "--poll", "0.3")
    put(photos / "x" / "polled.jpg", 1)
    until(lambda: "x/polled.jpg" in indexed(watcher))
    assert watcher.stop() == 0


def test_a_root_that_goes_away_and_comes_back(photos: Path, watch: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    until(lambda: indexed(watcher))
    ids = indexed(watcher)
    photos.rename(photos.with_name("away"))
    until(lambda: "offline" in watcher.printed(), 40, "the loss to be noticed")
    assert indexed(watcher) == ids
    photos.with_name("away").rename(photos)
    put(photos / "b.jpg", 2)
    until(lambda: "b.jpg" in indexed(watcher), 40, "the return to be noticed")
    assert indexed(watcher)["a.jpg"] == ids["a.jpg"]
    index = Index.open(watcher.database)
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_asked_and_leaves_nothing_running(photos: Path, watch: Start, number: int) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    index = Index.open(watcher.database)
    assert [one.kind for one in index.status.jobs()] == ["watch"]
    assert "running: watch" in run("status", database=watcher.database).stdout
    watcher.process.send_signal(number)
    assert watcher.process.wait(timeout=180) == 0
    assert watcher.printed().rstrip().endswith("Stopped.")
    assert index.status.jobs() == []
    with sqlite3.connect(watcher.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_second_watch_of_the_same_root_says_so(photos: Path, watch: Start) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    done = run("watch", photos, database=watcher.database)
    assert done.returncode == 2
    assert f"watched already, by process {watcher.process.pid}" in done.stderr


def test_changes_are_told_as_json_lines(photos: Path, tmp_path: Path) -> None:
    import json

    command = ["--db", tmp_path / "index.db", "watch", photos]
    process = Command([*command, "--json", "--rest", "0.2"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["event"], first["root"]) == ("scanned", str(photos))
    put(photos / "a.jpg", 1)
    second = json.loads(process.stdout.readline())
    assert (second["event"], second["path"]) == ("new", "a.jpg")
    process.terminate()
    process.wait(timeout=180)


def test_chaos_ends_in_the_truth(photos: Path, watch: Start) -> None:
    """Files are made, edited, moved and deleted at random for a while; then the index is what the folder is."""
    chance = random.Random(5)
    watcher = watch(photos)
    end = time.monotonic() + sized(3, 60)
    number = 0
    while time.monotonic() < end:
        files = [path for path in photos.rglob("*.jpg") if path.is_file()]
        folder = photos / chance.choice("abc") / chance.choice("de")
        action = chance.random()
        if action < 0.5 or not files:
            number += 1
            put(folder / f"{number}.jpg", number)
        elif action < 0.65:
            put(chance.choice(files), f"edit {number} {action}")
        elif action < 0.8:
            folder.mkdir(parents=True, exist_ok=True)
            chance.choice(files).rename(folder / f"moved {number}.jpg")
            number += 1
        elif action < 0.95:
            chance.choice(files).unlink()
        else:
            shutil.rmtree(chance.choice(files).parent)
        time.sleep(0.005)

    def truth() -> dict[str, str]:
        return {
            path.relative_to(photos).as_posix(): base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
            for path in photos.rglob("*.jpg")
        }

    def held() -> dict[str, str]:
        found = rows(
            Index.open(watcher.database),
            "SELECT path, checksum FROM file JOIN asset ON number = asset_number WHERE status = 'indexed'",
        )
        return dict(found)  # type: ignore[arg-type]

    until(lambda: held() == truth(), 30, "the index to be what the folder is")
    index = Index.open(watcher.database)
    live = "SELECT count(*) FROM asset WHERE trashed_at IS NULL"
    until(lambda: rows(index, live) == [(len(set(truth().values())),)], 10, "what was deleted to be in the trash")


def test_what_is_deleted_is_told(photos: Path, watch: Start, tmp_path: Path) -> None:
    """A line for each file, one for a folder with all that was in it; once when it is missing, once when it is gone."""
    for name in ("here/a.jpg", "here/b.jpg", "trip/day/c.jpg", "trip/day/d.jpg", "trip/e.jpg"):
        put(photos / name, name)
    watcher = watch(photos)
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT count(*) FROM asset") == [(5,)], what="all to be indexed")
    (photos / "trip").rename(tmp_path / "elsewhere")
    (photos / "here" / "a.jpg").unlink()
    until(lambda: len(re.findall(r"  gone ", watcher.printed())) == 2, what="the deletions to be told")
    told = [line.split("  ", 1)[1] for line in watcher.printed().splitlines()]
    lost = [re.sub(r"asset_\w{22}$", "ID", line) for line in told if re.match("missing |gone ", line)]
    assert sorted(lost) == [
        "gone    here/a.jpg  ID",
        "gone    trip/  3 files",
        "missing here/a.jpg  ID",
        "missing trip/  3 files",
    ]
    assert lost.index("missing trip/  3 files") < lost.index("gone    trip/  3 files")


def test_a_burst_brings_a_full_look(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More events at once than are to be trusted: when they are over, everything is looked through once more."""
    assert schedule.BURST_EVENTS < 16384 / 3, "a burst must be noticed before the usual queue overflows"
    monkeypatch.setattr(schedule, "BURST_EVENTS", 30)
    stop = Stop()
    looks: list[int] = []

    def follow() -> None:
        with Index.open(tmp_path / "index.db") as index:
            listener = Listener(scanned=lambda root, summary: looks.append(summary.unchanged))
            index.watch([photos], stop=stop, options=SyncOptions(rest_seconds=0.2), listener=listener)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        until(lambda: looks == [0], what="the first look")
        for number in range(5):
            put(photos / f"few {number}.jpg", number)
        time.sleep(1.5)
        assert len(looks) == 1, "a few events are no burst"
        for number in range(60):
            put(photos / f"{number}.jpg", number)
        until(lambda: len(looks) == 2, what="the look after the burst")
    finally:
        stop.set()
        thread.join(30)


def test_a_folder_that_goes_while_it_is_looked_at(index: Index, photos: Path) -> None:
    """Its first file is asked what kind of file system it lies on, and by then the folder is gone."""
    from indexer.store.roots import select_roots
    from indexer.sync.context import Context
    from indexer.sync.readers import Readers
    from indexer.sync.reconcile import Reconciler
    from indexer.sync.summary import Summary
    from indexer.sync.walk import Walker

    put(photos / "a.jpg", 1)
    index.scan([photos])
    (root,) = index.roots.list()
    connection, readers = index.session.writer(), Readers(1)
    roots = {known.id: known for known in select_roots(connection)}
    context = Context(connection, readers, roots, Summary(), SyncOptions(), Listener(), lambda: None)
    reconciler = Reconciler(context, Walker(root))
    assert reconciler._has_inodes(123456, str(photos / "gone"))
    assert 123456 not in reconciler._inodes  # asked again when there is a folder to ask


def test_no_trouble_with_a_folder_ends_the_watch(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(photos / "a.jpg", 1)
    plain, failing = watching.Reconciler.run, [True]

    def fails_once(self: object, parts: object) -> object:
        if failing and failing.pop():
            raise OSError(5, "Input/output error")
        return plain(self, parts)  # type: ignore[arg-type]

    monkeypatch.setattr(watching.Reconciler, "run", fails_once)
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.3)
    stop, said, seen = Stop(), list[str](), list[str]()

    def follow() -> None:
        with Index.open(tmp_path / "index.db") as index:
            index.watch(
                [photos],
                stop=stop,
                options=SyncOptions(rest_seconds=0.2),
                listener=Listener(
                    message=said.append, changed=lambda root, change, asset_id: seen.append(change.stat.name)
                ),
            )

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        until(lambda: seen == ["a.jpg"], what="the look after the trouble")
        assert "Input/output error" in said[0]
    finally:
        stop.set()
        thread.join(30)
