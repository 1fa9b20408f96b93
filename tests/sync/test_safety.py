"""Invariants under kills, many processes, chaos and disks that cannot be written
(failures.md F8, F10, F13, F14, F15, F16, F26, F27)."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.store import schema
from indexer.work.workers import worker_count

from ..conftest import Command, Watcher, jpeg, put, rows, run, sized, statuses, until

COMMAND = [sys.executable, "-m", "indexer", "--db"]
SCAN = ("scan", "--no-enrich")
KILLS = 50


def content(database: Path) -> list[tuple[object, ...]]:
    """All that an index says, but for the moments when it came to say it, and the numbers of rows."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if connection.execute("PRAGMA user_version").fetchone() == (
            0,
        ):  # killed before there was an index: all or nothing
            assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []
            return []
        found: list[tuple[object, ...]] = []
        for query in (
            "SELECT root.path, file.path, status, reason, asset.id, size, mtime_ns, file.inode, reader_version FROM file JOIN root"
            " ON root.id = root_id LEFT JOIN asset ON number = asset_number ORDER BY 1, 2",
            "SELECT json_remove(json, '$.created_at', '$.updated_at', '$.exif.created_at', '$.exif.updated_at',"
            " '$.metadata.created_at', '$.metadata.updated_at') FROM asset_json ORDER BY id",
            "SELECT checksum, fingerprint, trashed_at IS NULL FROM asset ORDER BY id",
        ):  # fmt: skip
            found += connection.execute(query).fetchall()
        return found


def plant(photos: Path, count: int) -> Path:
    for number in range(count):
        put(photos / f"{number % 12}" / f"{number}.jpg", number, size=20_000)
    return photos


@pytest.fixture
def tree(photos: Path) -> Path:
    return plant(photos, 240)


def test_F14_kill_9_anywhere_in_a_scan(tree: Path, tmp_path: Path) -> None:
    """Each run is killed at another moment, sometimes by one that was left half done; files change in between."""
    chance = random.Random(14)
    database = tmp_path / "killed.db"
    started = time.monotonic()
    assert run("scan", tree, database=tmp_path / "probe.db").returncode == 0
    length = time.monotonic() - started
    for kill in range(KILLS):
        process = Command(["--db", database, *SCAN, tree], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, length))
        process.kill()
        process.wait()
        if database.exists() and database.stat().st_size:
            content(database)
        if kill % 5 == 4:  # give the next ones something to do
            put(tree / f"{chance.randrange(12)}" / f"new {kill}.jpg", f"new {kill}", size=20_000)
            path = chance.choice(list(tree.rglob("*.jpg")))
            path.rename(path.with_name(f"moved {kill}.jpg"))
            for folder in [one for one in tree.iterdir() if one.is_dir()][:1]:
                folder.rename(folder.with_name(f"{folder.name}x"))
    assert run("scan", tree, database=database).returncode == 0
    assert run("scan", tree, database=tmp_path / "undisturbed.db").returncode == 0
    killed, undisturbed = content(database), content(tmp_path / "undisturbed.db")
    present = [row for row in killed if len(row) != 9 or row[2] != "gone"]
    assert [row[:3] for row in present if len(row) == 9] == [row[:3] for row in undisturbed if len(row) == 9]
    assert [row[4] for row in present if len(row) == 9] == [row[4] for row in undisturbed if len(row) == 9]
    assert [row for row in present if len(row) == 3] == [row for row in undisturbed if len(row) == 3]


def test_F14_kill_9_anywhere_in_a_watch(tree: Path, tmp_path: Path) -> None:
    chance = random.Random(41)
    database = tmp_path / "killed.db"
    for kill in range(sized(6, KILLS)):
        process = Command(
            ["--db", database, "watch", tree, "--rest", 0, "--trash-after", 0.1],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + chance.uniform(0.3, 1.5)
        number = 0
        while time.monotonic() < end:
            number += 1
            put(tree / f"{chance.randrange(12)}" / f"w {kill} {number}.jpg", f"{kill} {number}")
            path = chance.choice(list(tree.rglob("*.jpg")))
            path.unlink() if number % 3 else path.rename(path.with_name(f"m {kill} {number}.jpg"))
            time.sleep(0.02)
        process.kill()
        process.wait()
        if database.exists() and database.stat().st_size:
            content(database)
    assert run("scan", tree, database=database).returncode == 0
    assert run("scan", tree, database=tmp_path / "undisturbed.db").returncode == 0
    live = {row[1]: row[4] for row in content(database) if len(row) == 9 and row[2] == "indexed"}
    assert live == {row[1]: row[4] for row in content(tmp_path / "undisturbed.db") if len(row) == 9}


@pytest.mark.parametrize("version", [7, 8])
def test_F14_kill_9_anywhere_in_a_migration(photos: Path, tmp_path: Path, version: int) -> None:
    from ..store.test_migrations import fill_old

    chance = random.Random(version)
    fill_old(old := tmp_path / "old.db", assets=3000, version=version)
    wanted = tmp_path / "undisturbed.db"
    shutil.copy(old, wanted)
    started = time.monotonic()
    assert run("status", database=wanted).returncode == 0
    length = time.monotonic() - started
    expected = content(wanted)
    for _ in range(sized(10, KILLS)):
        database = tmp_path / "killed.db"
        for path in tmp_path.glob("killed.db*"):
            path.unlink()
        shutil.copy(old, database)
        process = Command(["--db", database, "status"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.05, length))
        process.kill()
        process.wait()
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA user_version").fetchone()[0] in (version, schema.VERSION)
            assert connection.execute("SELECT count(*) FROM asset_json").fetchone() == (3000,)
        assert run("status", database=database).returncode == 0
        assert content(database) == expected


def test_F15_an_interrupted_folder_is_finished_by_the_next_run(photos: Path, tmp_path: Path) -> None:
    base, total = jpeg(), 10_000
    for number in range(total):
        (photos / f"{number}.jpg").write_bytes(base + str(number).encode())
    index = Index.open(tmp_path / "index.db")
    for _ in range(3):
        process = Command(["--db", index.path, *SCAN, photos], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = rows(index, "SELECT count(*) FROM asset")[0][0] if index.path.exists() else 0
        until(
            lambda begun=begun: (
                index.path.exists()  # type: ignore[misc]
                and rows(index, "SELECT 1 FROM sqlite_schema WHERE name = 'asset'")
                and rows(index, "SELECT count(*) FROM asset")[0][0] > begun
            ),  # type: ignore[operator]
            what="some files",
        )
        process.kill()
        process.wait()
    assert rows(index, "SELECT count(*) FROM asset") < [(total,)]
    assert run("scan", database=index.path).returncode in (0, 1)
    index.scan([photos])
    assert rows(index, "SELECT count(*) FROM asset") == [(total,)]


def test_F13_many_processes_at_once(tree: Path, tmp_path: Path, watch: Callable[..., Watcher]) -> None:
    """A watch, three scans, twenty readers and one that holds a read transaction."""
    watcher = watch(tree)
    database = watcher.database
    stop = time.monotonic() + sized(5, 60)
    holder = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
    holder.execute("BEGIN")
    holder.execute("SELECT count(*) FROM asset").fetchone()
    reader = (
        "import sys, time\nfrom indexer import Index\nend = time.monotonic() + float(sys.argv[2])\ncount = 0\n"
        "while time.monotonic() < end:\n    with Index.open(sys.argv[1]) as index:\n"
        "        listed = index.list(limit=5)\n        [index.get(one.id) for one in listed]\n        count += 1\n"
        "print(count)\n"
    )
    seconds = str(stop - time.monotonic())
    readers = [
        subprocess.Popen([sys.executable, "-c", reader, str(database), seconds], stdout=-1, stderr=-1, text=True)
        for _ in range(20)
    ]
    scans: list[subprocess.CompletedProcess[str]] = []

    def scan_on() -> None:
        while time.monotonic() < stop:
            scans.append(run("scan", tree, "--workers", 1, "--json", database=database))

    threads = [threading.Thread(target=scan_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    number = 0
    while time.monotonic() < stop:
        number += 1
        put(tree / f"{number % 12}" / f"n{number}.jpg", f"n{number}", size=5000)
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    for process in readers:
        out, err = process.communicate(timeout=180)
        assert (process.returncode, err) == (0, "")
        assert int(out) > 0
    assert len(scans) >= 3
    assert {(one.returncode, one.stderr) for one in scans} == {(0, "")}
    holder.execute("COMMIT")
    holder.close()
    index = Index.open(database)
    until(lambda: list(statuses(index).values()).count("indexed") == 240 + number, 30, "all to be indexed")
    assert rows(index, "SELECT count(*), count(DISTINCT asset_number) FROM file") == [(240 + number, 240 + number)]
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""
    assert run("scan", tree, database=database).returncode == 0
    log = database.with_name(database.name + "-wal")
    assert not log.exists() or log.stat().st_size < 64 << 20


def test_F27_chaos_while_it_scans(photos: Path, index: Index) -> None:
    tree = plant(photos, sized(240, 10_000))
    chance, ended = random.Random(27), threading.Event()

    def chaos() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            files = list(tree.rglob("*.jpg"))
            try:
                path = chance.choice(files)
                if number % 4 == 0:
                    path.unlink()
                elif number % 4 == 1:
                    path.rename(path.with_name(f"r{number}.jpg"))
                elif number % 4 == 2:
                    put(tree / f"new{chance.randrange(5)}" / f"{number}.jpg", number)
                else:
                    folder = path.parent
                    folder.rename(folder.with_name(f"f{number}"))
            except OSError:
                continue

    thread = threading.Thread(target=chaos)
    thread.start()
    try:
        for _ in range(6):
            index.scan([tree], accept_loss=10_000)
    finally:
        ended.set()
        thread.join()
    index.scan(accept_loss=10_000)
    index.scan(accept_loss=10_000)
    truth = {path.relative_to(tree).as_posix() for path in tree.rglob("*.jpg")}
    assert {path for path, status in statuses(index).items() if status == "indexed"} == truth


def test_F10_what_cannot_be_read_is_told_and_hides_nothing(index: Index, photos: Path) -> None:
    """The kernel's own errors, put there by strace; names that are no UTF-8."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    put(photos / "0 first" / "x.jpg", "x")
    put(photos / "b" / "y.jpg", "y")
    odd = os.fsdecode(os.fsencode(photos) + b"/caf\xe9.jpg")
    Path(odd).write_bytes(jpeg("odd"))
    index.scan([photos])
    put(photos / "b" / "z.jpg", "z")
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(photos / "0 first")]
    inject += ["-e", "inject=getdents64:error=EACCES"]
    done = subprocess.run([*inject, *COMMAND, str(index.path), "scan"], capture_output=True, text=True)
    assert done.returncode == 2
    seen = statuses(index)
    assert seen["0 first"] == "unreadable"
    assert seen["0 first/x.jpg"] == seen["b/z.jpg"] == seen["caf\\xe9.jpg"] == "indexed"
    assert "0 first" in run("status", database=index.path).stdout
    assert index.scan().unchanged == 4


def test_F26_photos_on_a_read_only_mount(tree: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("strace"):
        pytest.skip("needs root and strace")
    root, trace = tmp_path / "readonly", tmp_path / "trace"
    root.mkdir()
    database = tmp_path / "index.db"
    if subprocess.run(["mount", "--bind", tree, root], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount anything")
    before = {path: path.stat() for path in sorted(tree.rglob("*"))}
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        calls = "openat,open,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,"
        calls += "symlinkat,chmod,fchmodat,chown,fchownat,utimensat,truncate,setxattr,mknod,mknodat"
        strace = ["strace", "-f", "-qq", "-e", f"trace={calls}", "-A", "-o", str(trace)]
        for arguments in (
            ["scan", str(root)],
            ["scan"],
            ["verify"],
            ["get", str(root / "0" / "0.jpg")],
            ["info", str(root / "0" / "0.jpg")],
            ["explain", str(root / "0" / "0.jpg")],
            ["trash", "put", str(root / "0" / "0.jpg")],
            ["trash", "empty", "--older-than", "0", "--yes"],
            ["doctor"],
            ["status"],
        ):
            subprocess.run([*strace, *COMMAND, str(database), *arguments], check=True, capture_output=True)
        process = subprocess.Popen([*strace, *COMMAND, str(database), "watch", str(root)], stdout=subprocess.DEVNULL)
        time.sleep(2)
        os.kill(int(subprocess.check_output(["pgrep", "-P", str(process.pid)]).split()[0]), signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)
    touched = [line for line in trace.read_text().splitlines() if str(root) + "/" in line]
    assert len(touched) > 480
    assert [line for line in touched if not re.search(r"open(at)?\(.*O_RDONLY", line)] == []
    assert {path: path.stat()[:9] for path in before} == {path: info[:9] for path, info in before.items()}


def test_F16_memory_stays_flat(photos: Path, tmp_path: Path) -> None:
    """All processes of a scan together, at a few files and at many, damaged ones among them."""
    base = jpeg()
    peaks = []
    # A peak may fall between two looks, of a short scan more easily than of a long one: so three of those.
    for count, times in zip(sized((2_000, 10_000), (10_000, 1_000_000)), (3, 1), strict=True):
        for number in range(count):
            path = photos / f"{number // 100}" / f"{number}.jpg"
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                path.write_bytes((base + str(number).encode())[: 200 if number % 50 == 0 else None])
        peak = 0
        for turn in range(times):
            command = [*COMMAND, str(tmp_path / f"{count} {turn}.db"), *SCAN, str(photos)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while process.poll() is None:
                peak = max(peak, _memory(process.pid))
                time.sleep(sized(0.02, 0.2))
        peaks.append(peak)
    print("peaks:", *(f"{peak >> 20} MB" for peak in peaks))
    assert peaks[1] < peaks[0] * 1.1 + (8 << 20)
    assert peaks[1] < 300 << 20


def test_F16_a_long_watch_does_not_grow(photos: Path, watch: Callable[..., Watcher]) -> None:
    """What days of use do, one after the other: files come, are edited, moved, deleted, in folders that come and go."""
    rounds, sizes = sized(12, 600), []
    put(photos / "stays.jpg", "stays")
    watcher = watch(photos, enrich=True)
    index = Index.open(watcher.database)

    def indexed() -> int:
        return list(statuses(index).values()).count("indexed")  # those that are gone keep their rows

    for turn in range(rounds):
        folder = photos / f"day {turn}"
        for number in range(40):
            put(folder / f"{number}.jpg", f"{turn} {number}")
        until(lambda: indexed() == 41, what="the day's files")
        put(folder / "0.jpg", f"{turn} edited")
        folder.rename(folder.with_name(f"trip {turn}"))
        until(
            lambda turn=turn: any(path.startswith(f"trip {turn}") for path in statuses(index)),
            what="the renamed folder",
        )
        shutil.rmtree(folder.with_name(f"trip {turn}"))
        until(lambda: indexed() == 1, what="the files to be gone")
        if turn in (rounds // 4, rounds - 1):
            # Those that read files stay; those that look at pictures come and go.
            until(lambda: _is_at_rest(watcher.process.pid), what="the pictures to be seen")
        sizes.append(_memory(watcher.process.pid, "Pss_Anon"))  # its own: a library's pages, others may share or not
    print("memory:", *(f"{size >> 10} KB" for size in sizes[:: max(1, rounds // 20)]))
    assert sizes[-1] - sizes[rounds // 4] < 5 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked off on Linux alone")
def test_a_program_with_threads_of_a_library_is_not_forked(photos: Path, tmp_path: Path) -> None:
    """As NumPy's and FFmpeg's: Python's own list does not have them. Python 3.12 and newer warn of such a fork."""
    put(photos / "a.jpg")
    code = (
        "import _thread, sys, time, warnings\n"
        "warnings.simplefilter('error', DeprecationWarning)\n"
        "from indexer import Index\nfrom indexer.work import pool\n"
        "_thread.start_new_thread(time.sleep, (600,))\n"
        "print(pool.early_pool(1, print, None), Index.open(sys.argv[2]).scan([sys.argv[1]]).new)\n"
    )
    command = [sys.executable, "-c", code, str(photos), str(tmp_path / "index.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("None 1\n", "")


def _is_at_rest(pid: int) -> bool:
    """No one looks at pictures, for a second: between two batches they may be gone for a moment."""
    for _ in range(10):
        if len(_workers(pid)) > worker_count():
            return False
        time.sleep(0.1)
    return True


def _workers(pid: int) -> list[int]:
    """Children of a process's children: the first are but the server that workers are forked off, and what tidies up
    after it."""
    return [one for child in _children(pid) for one in _children(child)]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")  # a child is of the thread that started it
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def _memory(pid: int, kind: str = "Pss") -> int:
    """Proportional set size of a process and its children, in bytes: all of it, or a part (proc(5), smaps_rollup)."""
    try:
        children = _children(pid)
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{kind}:\s+(\d+)", rollup, re.MULTILINE)
    total = int(found[1]) * 1024 if found else 0
    return total + sum(_memory(child, kind) for child in children)
