"""indexer backup, restore, repair and doctor."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable, UsageError
from indexer.store import backup
from indexer.store.database import connect

from ..conftest import Command, Watcher, put, rows, run, sized, until
from ..sync.drives import mounted
from ..sync.test_identity import adorn, belongings

__all__ = ["mounted"]


def fill(index: Index, photos: Path, count: int = 300) -> dict[str, str]:
    for number in range(count):
        put(photos / f"{number % 7}" / f"{number}.jpg", number)
    index.scan([photos])
    return dict(rows(index, "SELECT path, asset_id FROM path_status"))  # type: ignore[arg-type]


def records(index: Index) -> list[tuple[object, ...]]:
    return rows(index, "SELECT json FROM asset_json ORDER BY id")


def test_a_backup_while_others_write_is_whole(photos: Path, tmp_path: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "a.jpg", "a")
    watcher = watch(photos, "--rest", "0")
    index = Index.open(watcher.database)
    counts = []
    for turn in range(8):
        for number in range(60):
            put(photos / f"{turn}" / f"{number}.jpg", f"{turn} {number}")
        until(lambda turn=turn: rows(index, "SELECT count(*) FROM asset")[0][0] > turn * 60, what="some to be indexed")
        target = tmp_path / f"copy{turn}.db"
        assert run("backup", target, database=watcher.database).returncode == 0
        with sqlite3.connect(f"file:{target}?mode=ro&immutable=1", uri=True) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
            counts.append(copy.execute("SELECT count(*) FROM asset_json").fetchone()[0])
        assert not target.with_name(target.name + "-wal").exists()
    assert counts == sorted(counts)
    assert counts[-1] > 7 * 60


def test_restore_is_rehearsed(index: Index, photos: Path, tmp_path: Path) -> None:
    ids = fill(index, photos)
    adorn(index, ids["0/0.jpg"])
    before, copy = records(index), tmp_path / "copy.db"
    index.maintenance.backup(copy)
    put(photos / "later.jpg", "later")
    index.scan()
    after = records(index)
    assert "would be restored" in run("restore", copy, "--dry-run", database=index.path).stdout
    assert records(index) == after
    reader = sqlite3.connect(index.path)
    done = run("restore", copy, database=index.path)
    assert done.returncode == 0, done.stderr
    assert records(index) == before
    assert reader.execute("SELECT count(*) FROM asset").fetchone() == (300,)  # one who had it open sees it too
    reader.close()
    kept = next(path for path in index.path.parent.iterdir() if "before-restore" in path.name)
    assert records(Index.open(kept)) == after
    assert index.scan().new == 1
    assert {str(row[0])[:40] for row in records(index)} == {str(row[0])[:40] for row in after}


def test_restore_onto_nothing_and_of_nothing(index: Index, photos: Path, tmp_path: Path) -> None:
    fill(index, photos, 5)
    index.maintenance.backup(tmp_path / "copy.db")
    other = Index.open(tmp_path / "elsewhere" / "index.db")
    assert other.maintenance.restore(tmp_path / "copy.db") is None
    assert records(other) == records(index)
    with pytest.raises(UsageError, match="already exists"):
        index.maintenance.backup(tmp_path / "copy.db")
    (tmp_path / "text.db").write_text("not an index, but a long enough text to be taken for something else " * 20)
    for bad in ("text.db", "missing.db"):
        with pytest.raises(IndexUnusable):
            index.maintenance.restore(tmp_path / bad)
    broken = bytearray((tmp_path / "copy.db").read_bytes())
    broken[4096 * 3 : 4096 * 20] = b"\xa5" * 4096 * 17
    (tmp_path / "broken.db").write_bytes(broken)
    with pytest.raises(IndexUnusable, match="damaged"):
        index.maintenance.restore(tmp_path / "broken.db")
    assert len(records(index)) == 5


def test_restore_waits_for_no_watch(photos: Path, tmp_path: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "a.jpg", 1)
    watcher = watch(photos)
    run("backup", tmp_path / "copy.db", database=watcher.database)
    done = run("restore", tmp_path / "copy.db", database=watcher.database)
    assert done.returncode == 2
    assert "stop it first" in done.stderr


def test_a_backup_of_an_older_version_is_updated(photos: Path, tmp_path: Path) -> None:
    from ..store.test_migrations import OLD

    with sqlite3.connect(tmp_path / "old.db") as database:
        database.executescript(OLD.read_text())
        database.execute("INSERT INTO setting VALUES ('device_id', 'x')")
    database.close()
    index = Index.open(tmp_path / "index.db")
    index.maintenance.restore(tmp_path / "old.db")
    put(photos / "a.jpg", 1)
    assert index.scan([photos]).new == 1


@pytest.mark.parametrize("seed", range(8))
def test_F14_a_damaged_index_is_repaired_with_the_same_ids(index: Index, photos: Path, seed: int) -> None:
    ids = fill(index, photos)
    (photos / "0" / "0.jpg").rename(photos / "moved.jpg")
    put(photos / "1" / "1.jpg", "edited")
    index.scan()
    adorn(index, ids["2/2.jpg"])
    belongs = belongings(index, ids["2/2.jpg"])
    before = dict(rows(index, "SELECT path, asset_id FROM path_status"))
    data = damaged(index, seed)
    assert run("doctor", database=index.path).returncode == 1
    assert run("repair", "--dry-run", database=index.path).returncode == 0
    assert index.path.read_bytes() == data

    done = run("repair", database=index.path)
    assert done.returncode == 0, done.stderr
    assert rows(index, "PRAGMA integrity_check") == [("ok",)]
    assert rows(index, "PRAGMA foreign_key_check") == []
    if "could not be read: scan them" in done.stdout:  # the folders' names were on a lost page
        index.scan([photos])
    after = dict(rows(index, "SELECT path, asset_id FROM path_status"))
    edited = {"1/1.jpg"}  # its id comes from what it was: lost with its row
    assert {path: asset for path, asset in after.items() if path not in edited} == {
        path: asset for path, asset in before.items() if path not in edited
    }
    assert after.keys() == before.keys()
    assert belongings(index, ids["2/2.jpg"])[0] == belongs[0]
    assert index.scan().unchanged == 300
    assert run("doctor", database=index.path).returncode == 0
    kept = [path for path in index.path.parent.iterdir() if "damaged" in path.name]
    assert data in [path.read_bytes() for path in kept]


def damaged(index: Index, seed: int) -> bytes:
    """Write noise over every twelfth page or so; what the file holds then."""
    index.close()
    with closing(sqlite3.connect(index.path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data, chance = bytearray(index.path.read_bytes()), random.Random(seed)
    pages = len(data) // 4096
    for _ in range(pages // 12):
        page = slice(at := 4096 * chance.randrange(1, pages), at + 4096)
        # Neither the first nor another one of the schema: without those nothing can be read.
        if not any(word in data[page] for word in (b"CREATE ", b"SELECT ", b"json_object")):
            data[page] = chance.randbytes(4096)
    index.path.write_bytes(data)
    return bytes(data)


def killed(after: float, *arguments: object, database: Path) -> None:
    """Run the command and kill -9 it after so many seconds, if it is not through by then."""
    process = Command(
        ["--db", database, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
    process.wait()


def moments(seconds: float, count: int) -> list[float]:
    """So many points in time of something that takes so long, and its end."""
    return [0.02 + seconds * number / (count - 1) for number in range(count - 1)] + [60.0]


def problems(database: Path) -> list[str]:
    with closing(connect(database, "mode=ro")) as connection:
        return backup.find_damage(connection)


def left_over(folder: Path, *expected: str) -> list[str]:
    return [one.name for one in folder.iterdir() if not any(fnmatch(one.name, pattern) for pattern in expected)]


def test_F14_kill_9_anywhere_in_a_repair(index: Index, photos: Path, tmp_path: Path) -> None:
    """Before the new index is whole, the damaged one is still there; a further repair ends well."""
    ids = fill(index, photos)
    data = damaged(index, 4)
    folder = tmp_path / "here"
    folder.mkdir()
    tried = Index.open(folder / "index.db")
    tried.path.write_bytes(data)
    started = time.monotonic()
    assert run("repair", database=tried.path).returncode == 0
    seconds = time.monotonic() - started
    outcomes = set()
    for moment in moments(seconds, sized(12, 50)):
        shutil.rmtree(folder)
        folder.mkdir()
        tried.path.write_bytes(data)
        killed(moment, "repair", database=tried.path)
        outcomes.add(is_damaged := bool(problems(tried.path)))
        if is_damaged:
            assert run("doctor", database=tried.path).returncode == 1
        else:
            assert dict(rows(tried, "SELECT path, asset_id FROM path_status")) == ids
        done = run("repair", database=tried.path)
        assert done.returncode == 0, done.stderr
        assert problems(tried.path) == []
        assert dict(rows(tried, "SELECT path, asset_id FROM path_status")) == ids
        assert left_over(folder, "index.db", "index.db-wal", "index.db-shm", "index.db.damaged-*") == []
        assert any(one.read_bytes() == data for one in folder.glob("index.db.damaged-*"))
    assert outcomes == {True, False}


def test_what_a_repair_left_that_was_killed_last_is_cleared(index: Index, photos: Path, tmp_path: Path) -> None:
    """The new index is in place, and the temporary folder is not gone yet."""
    fill(index, photos)
    damaged(index, 4)
    dies = "import os, shutil\nshutil.rmtree = lambda *all, **some: os.kill(os.getpid(), 9)\n"
    assert run("repair", database=index.path, code=dies).returncode == -9
    assert problems(index.path) == [] and list(tmp_path.glob(".*.part"))
    assert "nothing to repair" in run("repair", database=index.path).stdout
    assert not list(tmp_path.glob(".*.part"))


def test_a_backup_takes_the_place_of_a_damaged_index(index: Index, photos: Path, tmp_path: Path) -> None:
    fill(index, photos)
    index.maintenance.backup(tmp_path / "copy.db")
    before = records(index)
    damaged(index, 4)
    done = run("restore", tmp_path / "copy.db", database=index.path)
    assert done.returncode == 0, done.stderr
    assert problems(index.path) == []
    assert records(index) == before
    (kept,) = index.path.parent.glob("index.db.before-restore-*")
    assert problems(kept) != []


def zero(path: Path) -> None:
    path.write_bytes(b"")


def without_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def with_other_pages(path: Path) -> None:
    """Their size is a field of the header."""
    data = path.read_bytes()
    path.write_bytes(data[:16] + b"\x08\x00" + data[18:])


def truncated(path: Path) -> None:
    os.truncate(path, 3 * 4096)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8192 * 4096)


@pytest.mark.parametrize("harm", [zero, without_header, with_other_pages, truncated, cut_in_half])
def test_a_backup_takes_the_place_of_what_cannot_be_opened(
    index: Index, photos: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    fill(index, photos, 40)
    index.maintenance.backup(tmp_path / "copy.db")
    before = records(index)
    index.close()
    harm(index.path)
    data = index.path.read_bytes()
    done = run("doctor", database=index.path)
    assert done.returncode == 1 and "indexer restore BACKUP" in done.stdout
    done = run("restore", tmp_path / "copy.db", database=index.path)
    assert done.returncode == 0, done.stderr
    assert problems(index.path) == [] and records(index) == before
    (kept,) = index.path.parent.glob("index.db.before-restore-*")
    assert kept.read_bytes() == data or harm is with_other_pages
    assert left_over(tmp_path, "index.db*", "copy.db", "photos") == []


@pytest.mark.parametrize("harm", [zero, without_header, truncated])
def test_a_repair_that_can_read_nothing_says_so(index: Index, photos: Path, harm: Callable[[Path], None]) -> None:
    fill(index, photos, 40)
    index.close()
    harm(index.path)
    data = index.path.read_bytes()
    assert "is damaged" in run("repair", "--dry-run", database=index.path).stdout
    done = run("repair", database=index.path)
    assert done.returncode == 1
    assert "nothing can be read of" in done.stderr and "indexer restore BACKUP" in done.stderr
    assert index.path.read_bytes() == data
    assert left_over(index.path.parent, "index.db", "photos") == []


def test_what_is_left_of_a_truncated_index_is_repaired(index: Index, photos: Path) -> None:
    ids = fill(index, photos)
    index.close()
    cut_in_half(index.path)
    done = run("repair", database=index.path)
    assert done.returncode == 0, done.stderr
    if "could not be read: scan them" in done.stdout:
        index.scan([photos])
    assert dict(rows(index, "SELECT path, asset_id FROM path_status")) == ids


def test_a_restore_replaces_no_photo_and_no_other_programs_file(index: Index, photos: Path, tmp_path: Path) -> None:
    fill(index, photos, 5)
    index.maintenance.backup(tmp_path / "copy.db")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE bookmark (name)")
        database.commit()
    for path in (photos / "0" / "0.jpg", other):
        data = path.read_bytes()
        with pytest.raises((IndexUnusable, UsageError), match="name another"):
            Index.open(path).maintenance.restore(tmp_path / "copy.db")
        assert path.read_bytes() == data
    assert left_over(photos / "0", "0.jpg") == []


def test_F14_kill_9_anywhere_in_a_restore(index: Index, photos: Path, tmp_path: Path) -> None:
    """Where there was no index, there is none, or all of the backup; never an empty one."""
    fill(index, photos)
    index.maintenance.backup(tmp_path / "copy.db")
    folder = tmp_path / "here"
    started, outcomes = time.monotonic(), set()
    Index.open(folder / "index.db").maintenance.restore(tmp_path / "copy.db")
    for moment in moments(time.monotonic() - started + 0.5, sized(9, 50)):
        shutil.rmtree(folder)
        restored = Index.open(folder / "index.db")
        killed(moment, "restore", tmp_path / "copy.db", database=restored.path)
        outcomes.add(restored.path.exists())
        assert not restored.path.exists() or records(restored) == records(index)
        assert run("restore", tmp_path / "copy.db", database=restored.path).returncode == 0
        assert records(restored) == records(index)
        known = ("index.db", "index.db-wal", "index.db-shm", "index.db.before-restore-*")
        assert left_over(folder, *known) == []
    assert outcomes == {True, False}


def test_a_sound_index_is_left_as_it_is(index: Index, photos: Path) -> None:
    fill(index, photos, 5)
    index.close()
    before = index.path.read_bytes()
    assert "nothing to repair" in run("repair", database=index.path).stdout
    assert index.path.read_bytes() == before


def test_doctor_says_what_to_do(index: Index, photos: Path, tmp_path: Path) -> None:
    fill(index, photos, 5)
    done = run("doctor", database=index.path)
    assert done.returncode == 0
    assert "is sound" in done.stdout
    photos.rename(tmp_path / "away")
    told = {one["subject"]: one for one in json.loads(run("doctor", "--json", database=index.path).stdout)}
    assert told["folder"]["state"] == "warning"
    assert "indexer scan" in told["folder"]["advice"]
    missing = run("doctor", database=tmp_path / "none.db")
    assert missing.returncode == 1
    assert "indexer scan FOLDER" in missing.stdout


def test_doctor_says_how_to_raise_the_limit_of_watches(index: Index, photos: Path, tmp_path: Path) -> None:
    """In a mount namespace of its own, where the system seems to allow five watches."""
    (tmp_path / "limit").write_text("5")
    lower = f"mount --bind '{tmp_path / 'limit'}' /proc/sys/fs/inotify/max_user_watches && exec \"$@\""
    prefix = ("unshare", "--mount", "sh", "-c", lower, "sh")
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine gives nobody a view of /proc of their own")
    fill(index, photos, 20)
    command = [*prefix, sys.executable, "-m", "indexer", "--db", str(index.path), "doctor"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "sysctl fs.inotify.max_user_watches=10" in shown


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="mounting needs root")
def test_on_a_read_only_disk_a_sound_index_is_not_called_unreadable(photos: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount anything")
    try:
        database, copy = disk / "index.db", disk / "copy.db"
        with Index.open(database) as index:
            fill(index, photos, 5)
            index.maintenance.backup(copy)
        assert left_over(disk, "index.db", "copy.db") == []
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert "nothing to repair" in run("repair", "--dry-run", database=database).stdout
        assert "nothing to repair" in run("repair", database=database).stdout
        assert "is sound and would be restored" in run("restore", copy, "--dry-run", database=database).stdout
        for command in (("verify",), ("restore", copy), ("set", photos / "0" / "0.jpg", "rating=1")):
            done = run(*command, database=database)
            assert done.returncode == 1, done.stderr
            assert "cannot write to" in done.stderr and "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="mounting needs root")
def test_F14_a_full_disk_is_said_and_the_index_as_it_was(photos: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount anything")
    try:
        put(photos / "first.jpg", "first")
        assert run("scan", photos, database=disk / "index.db").returncode == 0
        for number in range(2000):
            put(photos / f"{number}.jpg", number)
        done = run("scan", photos, database=disk / "index.db")
        assert done.returncode == 1
        assert "full" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        with sqlite3.connect(f"file:{disk / 'index.db'}?mode=ro", uri=True) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM asset_json").fetchone()[0] >= 1
        database.close()
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert run("scan", database=disk / "index.db").returncode == 0
        with sqlite3.connect(f"file:{disk / 'index.db'}?mode=ro", uri=True) as database:
            assert database.execute("SELECT count(*) FROM asset").fetchone() == (2001,)
        database.close()
        # 4,000 previews and thumbnails do not fit either: that is said, and none of the photos is held to have failed.
        done = run("enrich", database=disk / "index.db")
        assert done.returncode == 1
        assert ("No space left" in done.stderr or "full" in done.stderr) and "Traceback" not in done.stderr
        with sqlite3.connect(f"file:{disk / 'index.db'}?mode=ro", uri=True) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM enrichment WHERE error IS NOT NULL").fetchone() == (0,)
        database.close()
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        assert run("enrich", database=disk / "index.db").returncode == 0
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_F14_an_index_on_a_network_file_system_is_refused(
    photos: Path, mounted: Callable[..., Path], tmp_path: Path
) -> None:
    """A FUSE mount that says that it is sshfs."""
    share = tmp_path / "share"
    share.mkdir()
    put(photos / "a.jpg", 1)
    mount = mounted("bindfs", "-o", "subtype=sshfs", share)
    done = run("scan", photos, database=mount / "new" / "index.db")
    assert done.returncode == 1
    assert "network file system" in done.stderr
    assert list(share.iterdir()) == []
    Index.open(share / "index.db").scan([photos])  # made on the server itself
    assert run("get", photos / "a.jpg", database=mount / "index.db").returncode == 0
    assert "network" in run("doctor", database=mount / "index.db").stdout
