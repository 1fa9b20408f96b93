"""Shared fixtures: photos, an index for each test, the real command."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from indexer import Index

from . import preloaded
from .preloaded import Command, interruptible

__all__ = ["Command", "interruptible"]

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_media"
SHARED = HERE.parents[1] / "shared"
T = TypeVar("T")
_slow = False

# How long a test takes says nothing: the machine may have much else to do.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def sized(short: T, long: T) -> T:
    """How much of something a test does: by default, and in the long profile (`--slow`)."""
    return long if _slow else short


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long profiles too")


def pytest_configure(config: pytest.Config) -> None:
    global _slow
    _slow = preloaded.always_real = config.getoption("--slow")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Four at least: most tests wait, for processes and for files to settle. The long profile one by one: it measures."""
    return 0 if config.getoption("--slow") else max(4, os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browsers first: they are the longest, and so all begin with one worker; others take of them what is left at the
    end. Two at a time on two cores, and what they show within a second elsewhere they do not."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/gallery/"))
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="long profile: run with --slow"))


@pytest.fixture(autouse=True)
def own_default_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may ever reach the index of the person who runs it, or depend on the models they have."""
    monkeypatch.setenv("INDEXER_DB", str(tmp_path / "default" / "index.db"))
    monkeypatch.setenv("INDEXER_MODELS", str(tmp_path / "default" / "models"))


@pytest.fixture(scope="session", autouse=True)
def preloaded_workers() -> None:
    """Worker processes of the test's own process are forked from one that has imported what decoders need, too: each
    would take 0.2 s for it."""
    if sys.platform == "linux":
        multiprocessing.set_forkserver_preload(["indexer.work.pool", "indexer.sync.reading", "indexer.enrich.worker"])
        forkserver.ensure_running()


@pytest.fixture(autouse=True)
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans of the test's own process wait a tenth of a second, not two, for what is missing or being written."""
    monkeypatch.setattr("indexer.sync.scan.REST_SECONDS", 0.1)


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = SHARED / "corpus"
    if not folder.is_dir():
        pytest.skip("the corpus of strangers' photos is not part of the project: it lies in ../shared/corpus")
    return folder


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    """Eileen Collins, 512 × 512, a photo of NASA's that scikit-image carries."""
    from skimage import data

    return Image.fromarray(data.astronaut())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy of sample_media to do things to."""
    folder = tmp_path / "samples"
    shutil.copytree(SAMPLES, folder)
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index.db") as opened:
        yield opened


_BASE: list[bytes] = []


def jpeg(mark: object = "", size: int = 0, words: object = "") -> bytes:
    """A small sound JPEG; another `mark` makes another picture, other `words` only another comment."""
    if not _BASE:
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), (200, 120, 40)).save(buffer, "JPEG")
        _BASE.append(buffer.getvalue())
    comment = f"{mark} {words}".encode()
    coded = f"{mark}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return _BASE[0][:2] + segment + _BASE[0][2:-2] + coded + b"\0" * size + b"\xff\xd9"


def put(path: Path, mark: object = "", size: int = 0, words: object = "") -> Path:
    """Write jpeg(mark) at the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(mark, size, words))
    return path


def put_many(count: int, folder: Path) -> Path:
    """Write that many different JPEGs into the folder."""
    for number in range(count):
        put(folder / f"{number}.jpg", f"photo {number}")
    return folder


def rows(index: Index, sql: str, *values: object) -> list[tuple[object, ...]]:
    """What another program would read from the index file."""
    with closing(sqlite3.connect(f"file:{index.path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def statuses(index: Index) -> dict[str, str]:
    return dict(rows(index, "SELECT path, status FROM path_status"))  # type: ignore[arg-type]


def run(
    *arguments: object, database: Path | None = None, enrich: bool = False, **options: object
) -> subprocess.CompletedProcess[str]:
    """The command line, as a process of its own; scans only index, unless asked to enrich as they do by default."""
    at = ["--db", str(database)] if database else []
    only = ["--no-enrich"] if arguments[0] == "scan" and not enrich else []
    return preloaded.run([*at, *arguments, *only], timeout=sized(120, 1200), **options)


def faulty(folder: Path, code: str) -> dict[str, str]:
    """An environment in which this code runs at the start of each Python: for a fault that is ours, in real processes."""
    folder.mkdir()
    return {**os.environ, **preloaded.customized(folder, code)}


def faulty_reader(folder: Path, name: str, happens: str) -> dict[str, str]:
    """One in which this happens when the file of that name is parsed."""
    return faulty(
        folder,
        "import os, indexer.media.read as read\n"
        "real = read.read_source\n"
        "def read_source(source, name, *more):\n"
        f"    if name == {name!r}:\n"
        f"        {happens}\n"
        "    return real(source, name, *more)\n"
        "read.read_source = read_source\n",
    )


def until(true: Callable[[], object], seconds: float = 60.0, what: str = "it") -> None:
    """Wait for something that another process is about to do."""
    seconds *= sized(1, 20)
    started = time.monotonic()
    while not true():
        waited = time.monotonic() - started
        assert waited < seconds, f"{what} did not happen within {seconds} s"
        time.sleep(0.05 if waited < 5 else 0.5)


@dataclass
class Watcher:
    """`indexer watch` as a process, with what it prints."""

    process: Command
    out: Path
    err: Path
    database: Path
    lines: list[str] = field(default_factory=list)

    def printed(self) -> str:
        return self.out.read_text()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=180)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watcher]]:
    """Starts `indexer watch FOLDER`, returns once it follows events; all are ended with the test. As in `run`, it
    enriches only if asked to."""
    started: list[Watcher] = []

    def start(folder: Path, *options: object, prefix: tuple[str, ...] = (), enrich: bool = False) -> Watcher:
        number = len(started)
        out, err = tmp_path / f"watch{number}.out", tmp_path / f"watch{number}.err"
        database = tmp_path / "index.db"
        with out.open("w") as stdout, err.open("w") as stderr:
            process = Command(
                ["--db", database, "watch", folder, "--rest", 0.5, "--trash-after", 0.5]
                + [*["--no-enrich"] * (not enrich), *options],
                prefix=prefix,
                stdout=stdout,
                stderr=stderr,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        watcher = Watcher(process, out, err, database)
        started.append(watcher)
        until(lambda: "Watching" in watcher.printed() or process.poll() is not None, what="watching")
        return watcher

    yield start
    for watcher in started:
        watcher.stop()
