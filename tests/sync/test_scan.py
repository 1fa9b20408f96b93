"""scan against folders that change between two runs."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from indexer import Index
from indexer.errors import RootUnavailable, UsageError
from indexer.store.changes import Change
from indexer.store.transaction import Transaction
from indexer.sync import batch

from ..conftest import SAMPLES, Command, faulty_reader, interruptible, jpeg, put, rows, run, statuses, until


def counts(index: Index) -> tuple[int, ...]:
    return rows(index, "SELECT seen, indexed, ignored, failed, gone FROM status_count")[0]  # type: ignore[return-value]


def test_new_files_become_assets_with_their_hashes(index: Index, photos: Path) -> None:
    first, second = put(photos / "a.jpg", 1), put(photos / "deep" / "er" / "b.JPG", 2)
    summary = index.scan([photos])
    assert (summary.new, summary.unchanged) == (2, 0)
    for path in (first, second):
        record = index.get(path)
        assert base64.b64decode(record["checksum"]) == hashlib.sha256(path.read_bytes()).digest()
        assert base64.b64decode(record["checksum_sha1"]) == hashlib.sha1(path.read_bytes()).digest()
        assert record["file_size_bytes"] == path.stat().st_size
        assert (record["width"], record["height"], record["mime_type"]) == (64, 48, "image/jpeg")
    assert index.get(second)["device_asset_id"] == "deep/er/b.JPG"


def test_F8_what_did_not_change_is_not_opened(index: Index, photos: Path, tmp_path: Path) -> None:
    """Counted by the kernel: the second scan opens no photo."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace counts what is opened, and is not installed")
    for number in range(20):
        put(photos / f"{number}.jpg", number)
    assert run("scan", photos, database=index.path, enrich=True).returncode == 0
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", "indexer", "--db", str(index.path), "scan", str(photos)]
    probe = subprocess.run([strace, "-o", str(trace), "true"], capture_output=True)
    if probe.returncode:
        pytest.skip("strace may not trace on this machine")
    subprocess.run(
        [strace, "-f", "-e", "trace=open,openat", "-o", str(trace), *command], check=True, capture_output=True
    )
    assert ".jpg" not in trace.read_text()
    put(photos / "new.jpg", "new")
    subprocess.run(
        [strace, "-f", "-e", "trace=open,openat", "-o", str(trace), *command], check=True, capture_output=True
    )
    opened = [line for line in trace.read_text().splitlines() if f"{photos}/" in line and ".indexerignore" not in line]
    assert len(opened) == 2  # by the scan, and by what makes its preview
    assert all("new.jpg" in line and "O_RDONLY" in line for line in opened)


def test_a_changed_file_keeps_its_asset(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", "before")
    index.scan([photos])
    before = index.get(path)
    put(path, "after, and longer")
    assert index.scan([photos]).modified == 1
    after = index.get(path)
    assert after["id"] == before["id"]
    assert after["checksum"] != before["checksum"]
    assert after["updated_at"] > before["updated_at"]
    assert rows(index, "SELECT checksum, asset_id FROM former_checksum") == [(before["checksum"], before["id"])]


def test_a_change_that_keeps_size_and_mtime_is_seen(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", "one")
    index.scan([photos])
    info = path.stat()
    put(path, "two")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert path.stat().st_size == info.st_size
    assert index.scan([photos]).modified == 1


def test_a_touched_file_changes_only_its_times(index: Index, photos: Path) -> None:
    path = put(photos / "IMG_20240131_101112.jpg", 1)
    index.scan([photos])
    before = index.get(path)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert index.scan([photos]).stat_changed == 1
    after = index.get(path)
    assert after["file_modified_at"] == "2020-09-13T12:26:40.000Z"
    assert {key for key in before if before[key] != after[key]} == {"file_modified_at", "file_created_at", "updated_at"}


def test_updated_at_stays_while_the_record_does(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    before = index.get_json(path)
    path.chmod(0o600)  # another ctime: read again, found the same
    assert index.scan([photos]).stat_changed == 1
    assert index.get_json(path) == before


def test_a_renamed_file_keeps_its_id_and_is_not_read(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    before = index.get(path)
    (photos / "2024").mkdir()
    moved = path.rename(photos / "2024" / "renamed.jpg")
    summary = index.scan([photos])
    assert (summary.moved, summary.gone, summary.new, summary.bytes_read) == (1, 0, 0, 0)
    after = index.get(moved)
    assert after["id"] == before["id"]
    assert after["device_asset_id"] == "2024/renamed.jpg"
    assert after["original_file_name"] == "a.jpg"
    assert after["trashed_at"] is None


def test_a_renamed_folder_is_not_read(index: Index, photos: Path) -> None:
    for number in range(30):
        put(photos / "old" / f"{number}.jpg", number)
    index.scan([photos])
    ids = rows(index, "SELECT id, checksum FROM asset ORDER BY id")
    (photos / "old").rename(photos / "new")
    summary = index.scan([photos])
    assert (summary.moved, summary.gone, summary.bytes_read) == (30, 0, 0)
    assert rows(index, "SELECT id, checksum FROM asset WHERE trashed_at IS NULL ORDER BY id") == ids


def test_a_file_copied_away_and_deleted_is_moved(index: Index, photos: Path, tmp_path: Path) -> None:
    """Across file systems a move is a copy: another inode, the same bytes."""
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    asset = index.get(path)["id"]
    (photos / "other").mkdir()
    shutil.copyfile(path, photos / "other" / "a.jpg")
    path.unlink()
    assert index.scan([photos]).moved == 1
    assert index.get(photos / "other" / "a.jpg")["id"] == asset
    assert counts(index) == (1, 1, 0, 0, 0)


def test_names_swapped_keep_their_assets(index: Index, photos: Path) -> None:
    one, two = put(photos / "one.jpg", 1), put(photos / "two.jpg", 22)
    index.scan([photos])
    ids = index.get(one)["id"], index.get(two)["id"]
    one.rename(photos / "x.jpg")
    two.rename(one)
    (photos / "x.jpg").rename(two)
    summary = index.scan([photos])
    assert (index.get(two)["id"], index.get(one)["id"]) == ids
    assert summary.gone == summary.new == summary.modified == 0
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]


def test_a_copy_shares_the_asset_until_it_is_edited(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    copy = put(photos / "b.jpg", 1)
    summary = index.scan([photos])
    assert (summary.new, summary.copied) == (1, 1)
    assert index.get(path)["id"] == index.get(copy)["id"]
    put(copy, "edited")
    index.scan([photos])
    assert index.get(path)["id"] != index.get(copy)["id"]
    assert base64.b64decode(index.get(path)["checksum"]) == hashlib.sha256(path.read_bytes()).digest()


def test_the_first_copy_stands_for_the_asset_until_it_goes(index: Index, photos: Path) -> None:
    first, second = put(photos / "a.jpg", 1), put(photos / "b.jpg", 1)
    index.scan([photos])
    assert index.get(second)["device_asset_id"] == "a.jpg"
    first.unlink()
    index.scan([photos])
    assert index.get(second)["device_asset_id"] == "b.jpg"
    assert index.get(second)["trashed_at"] is None


def test_a_deleted_file_is_trashed_and_comes_back_as_it_was(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    put(photos / "stays.jpg", 2)
    index.scan([photos])
    before = index.get(path)
    data, info = path.read_bytes(), path.stat()
    path.unlink()
    assert index.scan([photos]).gone == 1
    trashed = index.get(path)
    assert trashed["trashed_at"] is not None
    assert trashed["asset_urls"] == {}
    assert len(index.list()) == 1
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    index.scan([photos])
    after = index.get(path)
    assert {key for key in before if before[key] != after[key]} <= {"updated_at", "file_created_at"}


def test_a_missing_root_loses_nothing(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    record = index.get_json(path)
    photos.rename(photos.with_name("away"))
    summary = index.scan([photos])
    assert summary.offline
    assert summary.gone == 0
    assert index.get_json(path) == record
    assert index.roots.list()[0].offline_at is not None
    photos.with_name("away").rename(photos)
    assert index.scan().unchanged == 1
    assert index.roots.list()[0].offline_at is None


def test_an_emptied_root_loses_nothing(index: Index, photos: Path) -> None:
    """As an unmounted drive looks: the mount point is there, with nothing in it."""
    put(photos / "a.jpg", 1)
    index.scan([photos])
    photos.rename(photos.with_name("away"))
    photos.mkdir()
    assert index.scan([photos]).offline
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]


def test_another_folder_in_the_roots_place_loses_nothing(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    photos.rename(photos.with_name("away"))
    put(photos / "stranger.jpg", 2)
    assert index.scan([photos]).offline
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]


@pytest.fixture
def as_stranger(tmp_path: Path) -> Iterator[None]:
    """Root reads everything; be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    for folder in [tmp_path, *tmp_path.parents[:3]]:
        folder.chmod(folder.stat().st_mode | 0o011)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    os.seteuid(65534)
    try:
        if not os.access(SAMPLES, os.R_OK | os.X_OK, effective_ids=True):
            pytest.skip("this checkout lies where only root may read: nobody else can run the code")
        yield
    finally:
        os.seteuid(0)


def test_what_may_not_be_read_hides_neither_itself_nor_its_neighbours(tmp_path: Path, as_stranger: None) -> None:
    home = tmp_path / "home"
    photos = home / "photos"
    put(photos / "a-shut" / "x.jpg", 1)
    put(photos / "b-open" / "y.jpg", 2)
    lone = put(photos / "c.jpg", 3)
    index = Index.open(home / "index.db")
    index.scan([photos], make_executor=ThreadPoolExecutor)
    (photos / "a-shut").chmod(0)
    lone.chmod(0)
    try:
        summary = index.scan(make_executor=ThreadPoolExecutor)
        assert (summary.unreadable, summary.gone) == (2, 0)
        seen = statuses(index)
        assert seen["a-shut"] == seen["c.jpg"] == "unreadable"
        assert seen["a-shut/x.jpg"] == seen["b-open/y.jpg"] == "indexed"
        assert {failure.reason for failure in index.status.failures()} == {
            "Permission denied",
            "the folder cannot be read: Permission denied",
        }
        assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]
    finally:
        (photos / "a-shut").chmod(0o755)
        lone.chmod(0o644)
    index.scan(make_executor=ThreadPoolExecutor)
    assert statuses(index) == {"a-shut/x.jpg": "indexed", "b-open/y.jpg": "indexed", "c.jpg": "indexed"}


def test_odd_names_are_kept_and_opened(index: Index, photos: Path) -> None:
    names = [
        b"caf\xc3\xa9.jpg",
        b"cafe\xcc\x81.jpg",
        b"latin-\xe9.jpg",
        b"back\\xe9slash.jpg",
        b"a\nb.jpg",
        b'q"?#%.jpg',
    ]
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(jpeg(number))
    assert index.scan([photos]).new == len(names)
    assert index.scan([photos]).unchanged == len(names)
    for number, name in enumerate(names):
        record = index.get(os.fsdecode(os.fsencode(photos) + b"/" + name))
        assert base64.b64decode(record["checksum"]) == hashlib.sha256(jpeg(number)).digest()
        assert (
            unquote_to_bytes(record["asset_urls"]["original"]["url"]) == b"file://" + os.fsencode(photos) + b"/" + name
        )
    assert index.get(photos / "café.jpg")["device_asset_id"] == "café.jpg"
    seen = {path for (path,) in rows(index, "SELECT path FROM path_status")}
    assert {"latin-\\xe9.jpg", "back\\x5cxe9slash.jpg"} <= seen


def test_F22_links_and_loops_end_and_count_once(index: Index, photos: Path) -> None:
    put(photos / "real" / "a.jpg", 1)
    (photos / "real" / "loop").symlink_to(photos)
    (photos / "link.jpg").symlink_to(photos / "real" / "a.jpg")
    (photos / "dangling.jpg").symlink_to(photos / "nothing.jpg")
    assert index.scan([photos]).new == 1
    seen = statuses(index)
    assert seen == {"real/a.jpg": "indexed", "real/loop": "ignored", "link.jpg": "ignored", "dangling.jpg": "ignored"}


def test_a_root_inside_a_root_is_indexed_once(index: Index, photos: Path) -> None:
    inner = put(photos / "2020" / "a.jpg", 1)
    index.scan([photos / "2020"])
    asset = index.get(inner)["id"]
    put(photos / "b.jpg", 2)
    summary = index.scan([photos])
    assert (summary.new, summary.unchanged) == (1, 1)
    assert index.get(inner)["id"] == asset
    assert rows(index, "SELECT count(*) FROM file WHERE asset_number IS NOT NULL") == [(2,)]


def test_a_folder_inside_a_root_can_be_scanned_alone(index: Index, photos: Path) -> None:
    put(photos / "one" / "a.jpg", 1)
    put(photos / "two" / "b.jpg", 2)
    index.scan([photos])
    put(photos / "one" / "c.jpg", 3)
    lone = put(photos / "two" / "d.jpg", 4)
    (photos / "two" / "b.jpg").unlink()
    assert index.scan([photos / "one"]).new == 1
    assert len(index.roots.list()) == 1
    assert "two/d.jpg" not in statuses(index)
    assert index.scan([lone]).new == 1
    assert statuses(index)["two/b.jpg"] == "indexed"


def test_what_is_broken_is_told_and_stops_nothing(index: Index, photos: Path) -> None:
    put(photos / "sound.jpg", 1)
    (photos / "cut.jpg").write_bytes(jpeg(2, size=5000)[:-2000])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("this is no picture")
    (photos / "notes.txt").write_text("nor is this")
    index.scan([photos])
    reasons = dict(rows(index, "SELECT path, status || ': ' || coalesce(reason, '') FROM path_status"))
    assert reasons == {
        "sound.jpg": "indexed: ",
        "cut.jpg": "damaged: the picture is cut off: the file ends before its end marker",
        "empty.jpg": "damaged: the file is empty",
        "text.jpg": "damaged: named like image/jpeg, but its content is not",
        "notes.txt": "not_media: not a photo or video: .txt",
    }
    assert counts(index) == (5, 1, 1, 3, 0)
    assert index.get(photos / "cut.jpg")["checksum"]


def test_a_file_replaced_by_a_folder_is_gone(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 2)
    index.scan([photos])
    path.unlink()
    put(photos / "a.jpg" / "inside.jpg", 3)
    summary = index.scan([photos])
    assert (summary.gone, summary.new) == (1, 1)


def test_passed_over_paths_that_vanish_leave_no_row(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    (photos / "note.txt").write_text("x")
    put(photos / "@eaDir" / "x.jpg", 2)
    index.scan([photos])
    assert len(statuses(index)) == 3
    (photos / "note.txt").unlink()
    shutil.rmtree(photos / "@eaDir")
    index.scan([photos])
    assert statuses(index) == {"a.jpg": "indexed"}


def test_a_file_open_for_writing_is_not_read_half(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells who writes a file")
    put(photos / "done.jpg", 1)
    with open(photos / "writing.jpg", "wb") as file:
        file.write(jpeg(2, size=5000)[:3000])
        file.flush()
        summary = index.scan([photos])
        assert (summary.new, summary.unstable) == (1, 1)
        assert statuses(index)["writing.jpg"] == "unstable"
        file.write(jpeg(2, size=5000)[3000:])
    assert index.scan([photos]).new == 1
    assert statuses(index)["writing.jpg"] == "indexed"


def test_F5_what_is_written_is_waited_for(photos: Path, tmp_path: Path) -> None:
    """A scan that meets a file in the making waits a moment at its end, and then has all of it."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells who writes a file")
    database = tmp_path / "index.db"
    with open(photos / "slow.jpg", "wb") as file:
        file.write(jpeg("slow", size=9000)[:1000])
        file.flush()
        process = Command(["--db", database, "scan", photos], stdout=subprocess.PIPE)
        time.sleep(0.8)
        file.write(jpeg("slow", size=9000)[1000:])
    process.communicate(timeout=180)
    checksum = Index.open(database).get(photos / "slow.jpg")["checksum"]
    assert base64.b64decode(checksum) == hashlib.sha256(jpeg("slow", size=9000)).digest()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_scan_leaves_a_good_index_and_the_next_goes_on(photos: Path, tmp_path: Path, number: int) -> None:
    total = 1500
    for one in range(total):
        put(photos / f"{one % 20}" / f"{one}.jpg", one, size=500_000)
    database = tmp_path / "index.db"
    process = Command(
        ["--db", database, "scan", photos, "--workers", 1],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,
    )
    index = Index.open(database)

    def begun() -> bool:
        return (
            database.exists()
            and bool(rows(index, "SELECT 1 FROM sqlite_schema WHERE name = 'asset'"))
            and rows(index, "SELECT count(*) FROM asset") > [(50,)]
        )

    until(begun, what="the first batch")
    process.send_signal(number)
    _, stderr = process.communicate(timeout=180)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "The next scan resumes" in stderr
        assert "Traceback" not in stderr
    done = rows(index, "SELECT count(*) FROM asset")[0][0]
    assert 50 < done < total  # type: ignore[operator]
    assert rows(index, "PRAGMA integrity_check") == [("ok",)]
    assert rows(index, "PRAGMA foreign_key_check") == []
    assert index.status.jobs() == []
    summary = index.scan()
    assert (summary.new, summary.unchanged) == (total - done, done)  # type: ignore[operator]
    assert counts(index) == (total, total, 0, 0, 0)


def test_a_reader_that_crashes_costs_one_file(index: Index, photos: Path) -> None:
    """A worker process that dies for real, at one file among a hundred."""
    for number in range(100):
        put(photos / f"{number:03d}.jpg", number)
    environment = faulty_reader(photos.parent / "killer", "050.jpg", "os.abort()")
    done = run("scan", photos, database=index.path, env=environment)
    assert done.returncode == 2, done.stderr
    seen = statuses(index)
    assert seen["050.jpg"] == "unreadable"
    assert sum(status == "indexed" for status in seen.values()) == 99
    assert index.scan().new == 1  # without the crash it is read the next time


def test_a_reader_that_raises_costs_one_file(index: Index, photos: Path) -> None:
    """An error in the indexer itself, met at one photo: its status, and the others are indexed."""
    for number in range(20):
        put(photos / f"{number:03d}.jpg", number)
    environment = faulty_reader(photos.parent / "faulty", "007.jpg", "raise TypeError('nobody thought of this')")
    done = run("scan", photos, database=index.path, env=environment)
    assert done.returncode == 2, done.stderr
    assert statuses(index)["007.jpg"] == "unreadable"
    assert "nobody thought of this" in done.stdout
    assert index.status.counts().assets == 19


def test_a_script_without_a_main_guard_can_scan(photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", 1)
    script = tmp_path / "script.py"
    script.write_text(
        f"from indexer import Index\nprint(Index.open({str(tmp_path / 'i.db')!r}).scan([{str(photos)!r}]).new)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_what_cannot_be_scanned_is_said(index: Index, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder is indexed yet"):
        index.scan()
    with pytest.raises(RootUnavailable, match="No such file"):
        index.scan([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="scan its folder"):
        index.scan([put(photos / "a.jpg")])


def test_results_are_written_in_the_order_of_names(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a rebuilt index the same: the order does not hang on which worker is faster."""
    monkeypatch.setattr(batch, "_MOST_ITEMS", 100)
    for number in range(700):
        put(photos / f"{number:03d}.jpg", number, size=300_000 if number % 50 == 0 else 0)
    index.scan([photos], workers=4)
    names = [name for (name,) in rows(index, "SELECT name FROM file ORDER BY id")]
    assert names == sorted(names)  # type: ignore[type-var]
    assert len(rows(index, "SELECT DISTINCT seen_at FROM file")) > 1  # more than one batch was written


def test_a_file_of_any_year_is_indexed_and_known_again(index: Index, photos: Path) -> None:
    """Times that no integer of SQLite holds: what a wrong clock, or a client's upload, may leave behind."""
    for number, year in enumerate((-100, 698, 2300, 9999)):
        path = put(photos / f"{number}.jpg", number)
        seconds = (year - 1970) * 31_556_952
        os.utime(path, (seconds, seconds))
    put(photos / "usual.jpg", "usual")
    assert index.scan([photos]).new == 5
    again = index.scan()
    assert (again.unchanged, again.bytes_read) == (5, 0)
    for path in photos.iterdir():
        assert index.get(path)["file_modified_at"].endswith("Z")


def test_stopped_in_the_middle_of_a_write_nothing_is_written_twice(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after the rows of a batch, before the end of its transaction: the scan writes once more what it has read,
    and stops."""
    for number in range(20):
        put(photos / f"{number:02d}.jpg", number)
    real, stopped = batch.add_assets, []

    def add(tx: Transaction, changes: Sequence[Change]) -> list[str]:
        added = real(tx, changes)
        if not stopped:
            stopped.append(len(added))
            raise KeyboardInterrupt
        return added

    monkeypatch.setattr(batch, "add_assets", add)
    monkeypatch.setattr(batch, "_MOST_ITEMS", 5)
    with pytest.raises(KeyboardInterrupt):
        index.scan([photos])
    assert stopped and stopped[0] > 0
    assert index.status.counts().assets >= stopped[0]
    rest = index.scan()
    assert rest.unchanged + rest.new == index.status.counts().assets == 20


def test_an_empty_path_is_refused(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`scan "$UNSET"` would index, and remember, whatever folder one happens to be in."""
    put(photos / "a.jpg")
    monkeypatch.chdir(photos)
    for folders in ([""], [photos, ""]):
        with pytest.raises(UsageError, match="a path is empty"):
            index.scan(folders)
    for arguments in (["scan", ""], ["watch", ""], ["get", ""], ["why", ""], ["roots", "--forget", ""]):
        told = run(*arguments, database=index.path)
        assert told.returncode == 2, (arguments, told)
    assert index.scan([photos]).new == 1
    assert run("--db", "", "status").returncode == 2
    assert [root.path for root in index.roots.list()] == [str(photos)]


def test_a_folder_that_is_named_twice_is_scanned_once(index: Index, photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", "a")
    put(photos / "inner" / "b.jpg", "b")
    link = tmp_path / "link"
    link.symlink_to(photos)
    assert index.scan([photos / "inner", photos, photos, link, photos / "inner" / "b.jpg"]).new == 2
    assert [root.path for root in index.roots.list()] == [str(photos)]
    assert index.scan([photos, photos]).unchanged == 2
    assert index.scan([photos / "inner", photos / "inner" / "b.jpg"]).unchanged == 1


def test_a_folder_that_was_renamed_is_scanned_under_its_new_name(index: Index, photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", "a")
    index.scan([photos])
    photos.rename(tmp_path / "renamed")
    with pytest.raises(RootUnavailable, match="has moved"):
        index.scan([photos, tmp_path / "renamed"])
    assert index.scan([tmp_path / "renamed"]).unchanged == 1


def test_a_cache_of_ten_bytes_is_refused(index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    told = run("enrich", "--max-cache", "10", database=index.path)
    assert told.returncode == 2 and "10GB" in told.stderr
    told = run("enrich", "--max-cache", "2 GB", database=index.path)
    assert told.returncode == 0 and "2.0 GB from now on" in told.stderr
    assert rows(index, "SELECT value FROM setting WHERE name = 'max_cache'") == [("2000000000",)]


@pytest.mark.parametrize("how", ["a rule", "moved out and in"])
def test_a_damaged_photo_that_comes_back_is_damaged(index: Index, photos: Path, tmp_path: Path, how: str) -> None:
    broken = photos / "broken.jpg"
    broken.write_bytes((SAMPLES / "Paris" / "PXL_20240412_184115120.jpg").read_bytes()[:3000])
    put(photos / "sound.jpg", "sound")
    index.scan([photos])
    assert statuses(index)["broken.jpg"] == "damaged"
    if how == "a rule":
        (photos / ".indexerignore").write_text("broken.jpg\n")
        index.scan()
        (photos / ".indexerignore").unlink()
    else:
        broken.rename(tmp_path / "away.jpg")
        index.scan()
        (tmp_path / "away.jpg").rename(broken)
    assert index.scan().returned == 1
    assert statuses(index)["broken.jpg"] == "damaged"
