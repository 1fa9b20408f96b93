"""Named pipes, sockets, devices, links and endless files in place of a photo: none of them stops a scan or a watch, is
followed, or fills the memory."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.files import is_regular, read_small, regular, regular_nofollow

from ..conftest import Watcher, jpeg, put, rows, run, statuses, until

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))  # its address may have about a hundred letters


STRANGE: dict[str, Callable[[Path], None]] = {
    "a named pipe": os.mkfifo,
    "a socket": make_socket,
    "a link": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    STRANGE[kind](path)
    assert not is_regular(path)
    with pytest.raises(OSError, match=f"it is {kind}, not a file"):
        os.close(regular_nofollow(path))
    with pytest.raises(OSError, match=f"it is {'a device' if kind == 'a link' else kind}, not a file"):
        os.close(regular(path))
    with pytest.raises(OSError, match="it is a device, not a file"):
        os.close(regular_nofollow("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        os.close(regular(tmp_path))


def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"here")
    (tmp_path / "link").symlink_to("real")
    with open(tmp_path / "link", "rb", opener=regular) as file:
        assert file.read() == b"here"
    with pytest.raises(OSError, match="it is a link"):
        read_small(tmp_path / "link", 10)


def test_a_small_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 5_000_000)
    assert read_small(path, 5_000_000) == path.read_bytes()
    with pytest.raises(OSError, match="larger than 4 MB"):
        read_small(path, 4 << 20)
    with pytest.raises(OSError, match="larger than 0 MB"):
        read_small(Path("/proc/self/maps"), 100)  # a file that says that it is empty


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", [".picasa.ini", "IMG_1.jpg.xmp", "IMG_1.jpg.json"])
def test_a_sidecar_that_is_no_file_is_passed_over(tmp_path: Path, photos: Path, name: str, kind: str) -> None:
    put(photos / "IMG_1.jpg", 1)
    STRANGE[kind](photos / name)
    done = run("scan", photos, database=tmp_path / "index.db")
    assert (done.returncode, done.stderr) == (0, "")
    with Index.open(tmp_path / "index.db") as index:
        assert statuses(index) == {"IMG_1.jpg": "indexed", name: "ignored"}
        assert index.assets.explain(photos / "IMG_1.jpg").read_from == str(photos / "IMG_1.jpg")


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", ["IMG_1.jpg", "IMG_1.jpg.xmp"])
def test_what_changes_between_listing_and_opening_stops_nothing(
    tmp_path: Path, photos: Path, name: str, kind: str
) -> None:
    """In the process that lists, just before the others are asked to read, something else takes the file's place."""
    put(photos / "IMG_1.jpg", 1)
    (photos / "IMG_1.jpg.xmp").write_bytes(b"<x/>")
    put(photos / "IMG_2.jpg", 2)
    make = {"a named pipe": "os.mkfifo(path)", "a link": "os.symlink('/dev/zero', path)"}.get(
        kind, "os.chdir(os.path.dirname(path)); socket.socket(socket.AF_UNIX).bind(os.path.basename(path))"
    )
    code = (
        "import os, socket, indexer.sync.readers as readers\n"
        "real = readers.Readers._request\n"
        "def request(self, job):\n"
        f"    path = os.path.join(os.path.dirname(job.path), {name!r})\n"
        "    if job.path.endswith('IMG_1.jpg'):\n"
        f"        os.unlink(path); {make}\n"
        "    return real(self, job)\n"
        "readers.Readers._request = request\n"
    )
    done = run("scan", photos, database=tmp_path / "index.db", code=code)
    with Index.open(tmp_path / "index.db") as index:
        found = dict(rows(index, "SELECT path, coalesce(reason, '') FROM path_status"))
        assert found.keys() >= {"IMG_1.jpg", "IMG_2.jpg"}, done.stderr
        assert f"it is {kind}, not a file" in str(found["IMG_1.jpg"])
        assert statuses(index)["IMG_2.jpg"] == "indexed"
        assert statuses(index)["IMG_1.jpg"] == ("unreadable" if name == "IMG_1.jpg" else "damaged")


@pytest.mark.parametrize("kind", STRANGE)
def test_an_ignore_file_that_is_no_file_opens_nothing(tmp_path: Path, photos: Path, kind: str) -> None:
    """And says so: in a folder, and at the top."""
    put(photos / "a" / "secret.jpg", 1)
    put(photos / "b.jpg", 2)
    STRANGE[kind](photos / "a" / ".indexerignore")
    done = run("scan", photos, database=tmp_path / "index.db")
    assert done.returncode == 2
    assert f"/a: the folder cannot be read: the rules in a/.indexerignore: it is {kind}, not a file" in done.stdout
    with Index.open(tmp_path / "index.db") as index:
        assert statuses(index) == {"a": "unreadable", "b.jpg": "indexed"}
        STRANGE[kind](photos / ".indexerignore")
        done = run("scan", database=tmp_path / "index.db")
        assert done.returncode == 2
        assert (
            f"/.indexerignore: the folder cannot be read: the rules in .indexerignore: it is {kind}, not a file"
            in done.stdout
        )
        assert statuses(index)["b.jpg"] == "indexed"
        for folder in (photos, photos / "a"):
            (folder / ".indexerignore").unlink()
        assert run("scan", database=tmp_path / "index.db").returncode == 0
        assert statuses(index) == {"a/secret.jpg": "indexed", "b.jpg": "indexed"}


def test_a_watch_goes_on_beside_named_pipes(photos: Path, watch: Callable[..., Watcher]) -> None:
    put(photos / "a" / "1.jpg", 1)
    watcher = watch(photos)
    os.mkfifo(photos / "a" / ".picasa.ini")
    os.mkfifo(photos / "a" / "2.jpg.xmp")
    os.mkfifo(photos / "a" / "pipe.jpg")
    put(photos / "a" / "2.jpg", 2)
    with Index.open(watcher.database) as index:
        until(lambda: statuses(index).get("a/2.jpg") == "indexed", what="indexing")
    (photos / "a" / "1.jpg").unlink()
    os.mkfifo(photos / "a" / "1.jpg")
    os.mkfifo(photos / "a" / ".indexerignore")
    put(photos / "b" / "3.jpg", 3)
    with Index.open(watcher.database) as index:
        until(lambda: statuses(index).get("b/3.jpg") == "indexed", what="indexing")
    assert watcher.stop() == 0


def test_a_file_without_end_fills_no_memory(tmp_path: Path, photos: Path) -> None:
    put(photos / "IMG_1.jpg", 1)
    for name in (".picasa.ini", "IMG_1.jpg.xmp", "IMG_1.jpg.json", "a/.indexerignore"):
        path = photos / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.truncate(20 << 30)
    put(photos / "a" / "IMG_2.jpg", 2)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = run("scan", photos, database=tmp_path / "index.db", preexec_fn=limit)
    with Index.open(tmp_path / "index.db") as index:
        said = dict(rows(index, "SELECT path, reason FROM path_status WHERE status IN ('damaged', 'unreadable')"))
        assert said.keys() == {"IMG_1.jpg", "a"}, done.stderr
        for name in (".picasa.ini", "IMG_1.jpg.xmp", "IMG_1.jpg.json"):
            assert f"{name} cannot be read: it is larger than" in str(said["IMG_1.jpg"])
        assert said["a"] == "the folder cannot be read: the rules in a/.indexerignore: it is larger than 1 MB"


@pytest.mark.parametrize("kind", STRANGE)
def test_what_replaced_a_photo_is_not_shown_nor_enriched(tmp_path: Path, photos: Path, kind: str) -> None:
    """Whatever opens a photo that the index knows: pictures, videos, motion, explanations, verification, sidecars that
    are written back."""
    for name in ("a.jpg", "b.mp4", "c.dng"):
        (photos / name).write_bytes(jpeg(name))
        (tmp_path / name).unlink(missing_ok=True)
        STRANGE[kind](tmp_path / name)
    code = """
import sys
from indexer.enrich.picture import video_frame, video_frames, open_picture
from indexer.media.read import explain
from indexer.sync.requests import ReadRequest
from indexer.sync.worker import read_files
a, b, c = sys.argv[1:]
for look in (
    lambda: open_picture(a, "image/jpeg", 1, 100), lambda: open_picture(b, "video/mp4", 1, 100),
    lambda: open_picture(c, "image/x-adobe-dng", 1, 100), lambda: video_frames(b, 1, 1.0), lambda: video_frame(b, 0),
    lambda: explain(a),
):
    try:
        print(look())
    except OSError as error:
        print(error.strerror)
print(read_files([ReadRequest(a)])[0].error)
"""
    names = [str(tmp_path / name) for name in ("a.jpg", "b.mp4", "c.dng")]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == [f"it is {kind}, not a file"] * 7, done.stderr


def test_write_back_replaces_no_link_and_reads_no_pipe(tmp_path: Path, photos: Path) -> None:
    names = ["pipe.jpg", "link.jpg", "large.jpg"]
    for name in names:
        put(photos / name, name)
    run("scan", photos, database=tmp_path / "index.db")
    assert run("set", *[photos / name for name in names], "rating=5", database=tmp_path / "index.db").returncode == 0
    os.mkfifo(photos / "pipe.jpg.xmp")
    (tmp_path / "elsewhere.xmp").write_bytes(b"<x/>")
    (photos / "link.jpg.xmp").symlink_to(tmp_path / "elsewhere.xmp")
    with (photos / "large.jpg.xmp").open("wb") as file:
        file.truncate(20 << 30)
    done = run("write-back", database=tmp_path / "index.db")
    assert done.returncode == 2
    said = done.stdout + done.stderr
    for words in ("it is a named pipe, not a file", "it is a link, not a file", "it is larger than 16 MB"):
        assert words in said
    assert (photos / "link.jpg.xmp").is_symlink()


def test_write_back_writes_through_no_link(tmp_path: Path, photos: Path, index: Index) -> None:
    photo = put(photos / "a.jpg", 1)
    index.scan([photos])
    index.assets.set([photo], rating=5)
    (tmp_path / "precious").write_bytes(b"precious")
    trap = photos / f".a.jpg.xmp.{os.getpid()}.part"
    trap.symlink_to(tmp_path / "precious")
    assert [(one.state, one.reason) for one in index.assets.write_back()[0]] == [("made", None)]
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert trap.is_symlink()


def test_a_file_under_a_lease_is_left_until_it_is_given_up(tmp_path: Path, photos: Path) -> None:
    """As Samba has it: to open such a file the kernel asks the other one first, for which nobody waits here."""
    if sys.platform != "linux":
        pytest.skip("leases are Linux's")
    put(photos / "a.jpg", 1)
    code = (
        "import fcntl, os, signal, sys, time\n"
        "signal.signal(signal.SIGIO, lambda *_: (time.sleep(1), fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK), os._exit(0)))\n"
        "file = os.open(sys.argv[1], os.O_RDWR)\n"
        "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, photos / "a.jpg"], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        done = run("scan", photos, database=tmp_path / "index.db")
        assert done.returncode == 0, done.stdout
        assert time.monotonic() - started < 30
        holder.kill()
    with Index.open(tmp_path / "index.db") as index:
        assert statuses(index) == {"a.jpg": "indexed"}
