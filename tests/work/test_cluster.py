"""A real scheduler and real workers over TCP: they produce the same index as this machine alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import indexer as package
from indexer import Index
from indexer.errors import ClusterUnavailable, UsageError
from indexer.index.cluster import connect

from ..conftest import SAMPLES, faulty_reader, put, rows, run, sized, until

# What an index says of photos, without when it was written and which worker was faster.
_SAME = """
SELECT path, status, reason, size, mtime_ns, inode, reader_version, checksum, checksum_sha1, fingerprint, mime_type, width,
       height, duration, local_datetime, make, model, latitude, longitude, city, provenance, asset.id,
       (SELECT group_concat(word) FROM (SELECT word FROM keyword WHERE asset_number = asset.number ORDER BY word))
FROM file LEFT JOIN asset ON asset.number = asset_number
ORDER BY root_id, folder, name"""


class Dask:
    """A scheduler, and the workers that a test starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        # One death is enough to say that a task is deadly.
        self._start("scheduler", "--host", "127.0.0.1", "--port", port, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0)
        self.scheduler = self._processes[0].pid
        until(self._answers, what="a scheduler")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", int(self.address.rpartition(":")[2])), 0.2).close()
        except OSError:
            return False
        return True

    def _start(self, *words: object, prefix: tuple[str, ...] = (), **environment: object) -> subprocess.Popen[str]:
        log = self._folder / f"dask{len(self._processes)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "dask", *map(str, words), "--no-dashboard"],
                stdout=out,
                stderr=out,
                text=True,
                cwd=self._folder,
                env={**os.environ, **{name: str(value) for name, value in environment.items()}},
            )
        self._processes.append(process)
        return process

    def workers(self, count: int = 1, prefix: tuple[str, ...] = (), **environment: object) -> list[int]:
        """So many more, each a process without one that would start it again; their process ids."""
        before = len(self._known())
        options = ("--nthreads", 1, "--no-nanny")
        started = [self._start("worker", self.address, *options, prefix=prefix, **environment) for _ in range(count)]
        until(lambda: len(self._known()) == before + count, 60, "workers")
        return [process.pid for process in started]

    def _known(self) -> dict[str, int]:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return client.nthreads()

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    pytest.importorskip("distributed", reason="clusters need the extra [cluster]")
    folder = tmp_path / "dask"
    folder.mkdir()
    started = Dask(folder)
    yield started
    started.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "local.db") as opened:
        yield opened


def fill(photos: Path, count: int) -> None:
    shutil.copytree(SAMPLES, photos / "samples")
    for number in range(count):
        put(photos / f"{number // 50:02d}" / f"{number:04d}.jpg", number)
    put(photos / "copies" / "0001.jpg", 1)
    (photos / "damaged.jpg").write_bytes((SAMPLES / "Kyoto" / "DSC00123.JPG").read_bytes()[:900])


def test_a_worker_that_dies_loses_and_doubles_nothing(dask: Dask, index: Index, local: Index, photos: Path) -> None:
    fill(photos, sized(1200, 20_000))
    workers, told, killed = dask.workers(3), [], []

    def kill_one(summary: object) -> None:
        if not killed and index.status.counts().files > 100:
            killed.append(workers[1])
            os.kill(workers[1], 9)

    with connect(dask.address, told.append) as cluster:
        done = index.scan([photos], cluster=cluster, on_progress=kill_one)
        until(lambda: any("has gone" in text for text in told), what="word of the worker that died")
    here = local.scan([photos])
    assert killed and (done.new, done.copied, done.damaged) == (here.new, here.copied, here.damaged)
    assert done.unreadable == done.unstable == 0
    assert rows(index, _SAME) == rows(local, _SAME)
    again = index.scan()  # what other machines read is what this one finds
    assert (again.unchanged, again.bytes_read) == (here.files_changed, 0)


def test_pictures_are_looked_at_as_here(dask: Dask, index: Index, local: Index, samples: Path) -> None:
    dask.workers(2)
    names = ("renditions", "quality", "perceptual_hashes")
    with connect(dask.address) as cluster:
        index.scan([samples], cluster=cluster)
        there = index.enrich(names, cluster=cluster)
    local.scan([samples])
    here = local.enrich(names)
    assert (there.pictures, there.failed, there.out_of_reach) == (here.pictures, here.failed, 0)
    for table in ("metric", "perceptual_hash"):
        assert rows(index, f"SELECT * FROM {table} ORDER BY 1, 2") == rows(
            local, f"SELECT * FROM {table} ORDER BY 1, 2"
        )
    drawn = "SELECT id, name, file, rendition.width, rendition.height, size FROM rendition JOIN asset ON number = asset_number ORDER BY 1, 2"
    assert rows(index, drawn) == rows(local, drawn) != []
    for (file,) in rows(index, "SELECT file FROM rendition"):
        ours, theirs = (one.path.with_name(f"{one.path.name}.indexer-cache") / str(file) for one in (index, local))
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_photo_of_many_pixels_is_looked_at_as_here(dask: Dask, index: Index, photos: Path) -> None:
    """Beyond what Pillow by itself would decode."""
    dask.workers(1)
    Image.new("L", (15_000, 12_500), 90).save(photos / "large.jpg")
    index.scan([photos])
    with connect(dask.address) as cluster:
        assert index.enrich(["quality"], cluster=cluster).pictures == 1
    assert index.enrichments.failures() == []


def test_photos_that_a_worker_does_not_see_are_read_here(dask: Dask, index: Index, local: Index, photos: Path) -> None:
    """A worker in a mount namespace of its own, where another file system lies over the photos."""
    hide = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")
    if not shutil.which("unshare") or subprocess.run([*hide, "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody have mounts of their own")
    fill(photos, 300)
    covered = 'mount -t tmpfs none "$0" && exec "$@"'
    dask.workers(1)
    dask.workers(1, prefix=(*hide, "sh", "-c", covered, str(photos)))
    told: list[str] = []
    with connect(dask.address, told.append) as cluster:
        done = index.scan([photos], cluster=cluster)
    assert done.unreadable == 0
    local.scan([photos])
    assert rows(index, _SAME) == rows(local, _SAME)
    assert [text for text in told if "could not open were read here" in text], told


def test_a_worker_of_another_version_is_not_used(dask: Dask, index: Index, photos: Path, tmp_path: Path) -> None:
    """Also one that comes later, when work is out already."""
    other = tmp_path / "other"
    shutil.copytree(Path(package.__file__).parent, other / "indexer")
    marked = other / "indexer" / "version.py"
    marked.write_text(marked.read_text().replace(f'"{package.__version__}"', '"0.0.1"'))
    old = {"PYTHONPATH": os.pathsep.join([str(other), *filter(None, sys.path)])}
    dask.workers(1, **old)
    with pytest.raises(ClusterUnavailable, match=r"no worker .* can be used .*runs indexer 0\.0\.1"):
        connect(dask.address)
    dask.workers(1)
    fill(photos, 400)
    told: list[str] = []

    def another(summary: object) -> None:
        if len(told) == 1 and index.status.counts().files > 50:
            dask.workers(1, **old)
            until(lambda: len(told) > 1, what="word of the worker that came later")

    with connect(dask.address, told.append) as cluster:
        done = index.scan([photos], cluster=cluster, on_progress=another)
    assert done.new > 400 and done.unreadable == 0
    assert len([text for text in told if "0.0.1" in text and "is not used" in text]) == 2


def test_a_photo_that_kills_workers_costs_one_and_is_read_here(dask: Dask, index: Index, photos: Path) -> None:
    for number in range(60):
        put(photos / f"{number:03d}.jpg", number)
    dask.workers(2, PYTHONPATH=faulty_reader(photos.parent / "killer", "030.jpg", "os.abort()")["PYTHONPATH"])
    with connect(dask.address) as cluster:
        done = index.scan([photos], cluster=cluster)
        assert cluster.count == 2 and len(dask._known()) == 1
    assert (done.new, done.unreadable) == (60, 0)  # in a process of this machine nothing kills


@pytest.mark.parametrize("who", ["workers", "scheduler"])
def test_without_them_it_ends_and_goes_on_later(
    who: str, dask: Dask, index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.work.cluster._ALONE_SECONDS", 2.0)
    fill(photos, 4000)
    workers, killed = dask.workers(2), []

    def kill_all(summary: object) -> None:
        if not killed and index.status.counts().files > 100:
            killed.extend(workers if who == "workers" else [dask.scheduler])
            for pid in killed:
                os.kill(pid, 9)

    with (
        connect(dask.address) as cluster,
        pytest.raises(ClusterUnavailable, match=r"(no worker of|the scheduler at) tcp"),
    ):
        index.scan([photos], cluster=cluster, on_progress=kill_all)
    kept = index.status.counts().files
    assert 100 < kept < 4000
    assert index.scan([photos]).unchanged >= kept


@pytest.mark.parametrize("how", ["no scheduler", "no workers", "no Dask"])
def test_what_is_missing_is_said(how: str, dask: Dask, photos: Path, tmp_path: Path) -> None:
    put(photos / "a.jpg", 1)
    environment = dict(os.environ)
    address = "tcp://127.0.0.1:1" if how == "no scheduler" else dask.address
    if how == "no Dask":
        (tmp_path / "distributed.py").write_text("raise ImportError('it is not installed')\n")
        environment["PYTHONPATH"] = str(tmp_path)
    done = run("scan", photos, "--cluster", address, database=tmp_path / "i.db", env=environment)
    expected = {
        "no scheduler": "there is no scheduler at tcp://127.0.0.1:1: start one with 'dask scheduler'",
        "no workers": "can be used (it has none)",
        "no Dask": "pip install 'photo-indexer[cluster]'",
    }
    assert done.returncode == (2 if how == "no Dask" else 1)
    assert expected[how] in done.stderr and "Traceback" not in done.stderr


def test_the_command_says_what_it_did(dask: Dask, photos: Path, tmp_path: Path) -> None:
    dask.workers(1)
    put(photos / "a.jpg", 1)
    done = run("scan", photos, "--cluster", dask.address, database=tmp_path / "i.db", enrich=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 new" in done.stdout and "Enriched 1 photo in" in done.stdout


def test_the_commands_shown(photos: Path, tmp_path: Path) -> None:
    """Those of docs/scale.md, with another address and another folder."""
    shown = (SAMPLES.parent / "docs" / "scale.md").read_text().partition("```sh\n")[2].partition("```")[0]
    _, scheduler, worker, scan = (one.partition(" #")[0].split() for one in shown.strip().splitlines())
    assert (scheduler, worker[:2], scan[:2]) == (["dask", "scheduler"], ["dask", "worker"], ["indexer", "scan"])
    pytest.importorskip("distributed", reason="clusters need the extra [cluster]")
    put(photos / "a.jpg", 1)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    python = [sys.executable, "-m"]
    here = {"tcp://desk:8786": f"tcp://127.0.0.1:{port}", "/photos": str(photos)}
    started = [
        subprocess.Popen([*python, *scheduler, "--host", "127.0.0.1", "--port", port, "--no-dashboard"], **quiet)
    ]
    try:
        started.append(subprocess.Popen([*python, *(here.get(one, one) for one in worker), "--no-dashboard"], **quiet))
        arguments = [here.get(one, one) for one in scan[1:]]
        until(lambda: run(*arguments, database=tmp_path / "i.db").returncode == 0, 60, "a scan")
        assert "1 unchanged" in run(*arguments, database=tmp_path / "i.db").stdout
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def test_dask_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="pip install"):
        connect("tcp://127.0.0.1:1")
