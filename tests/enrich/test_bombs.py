"""F12: a malicious file costs only its own preview, and no more resources than a photo may use."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from indexer import Index
from indexer.enrich import decode_memory, task_limits, worker
from indexer.enrich.enricher import EnrichRequest
from indexer.enrich.picture import open_picture
from indexer.enrich.run import EnrichSummary
from indexer.errors import NotFound, Undecodable
from indexer.work.limits import Watch

from ..conftest import SAMPLES, faulty_reader, put, rows, run, sized, statuses
from ..media import bombs
from ..media.fuzz import mutations
from .test_picture import dng

MEGABYTES = 1024
SEEN = ("renditions", "quality", "perceptual_hashes")


class Peaks(threading.Thread):
    """The most memory that each process started by this one had, as Linux counts it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most: dict[int, int] = {}
        self.end = threading.Event()

    def run(self) -> None:
        here = psutil.Process()
        while not self.end.wait(0.05):
            for process in here.children(recursive=True):
                try:
                    status = Path(f"/proc/{process.pid}/status").read_text()
                except OSError:
                    continue
                for line in status.splitlines():
                    if line.startswith("VmHWM:"):
                        self.most[process.pid] = max(self.most.get(process.pid, 0), int(line.split()[1]) // 1024)

    @property
    def megabytes(self) -> int:
        return max(self.most.values(), default=0)


@pytest.fixture
def peaks() -> Iterator[Peaks]:
    if not Path("/proc/self/status").exists():
        pytest.skip("asks Linux for the memory that a process had")
    watching = Peaks()
    watching.start()
    yield watching
    watching.end.set()
    watching.join()


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of the processor that tasks took, of those that took any to speak of."""
    seconds: list[float] = []
    look: Callable[[Watch], str | None] = Watch.look

    def look_and_tell(self: Watch) -> str | None:
        reason = look(self)
        seconds.append(self.taken)
        return reason

    monkeypatch.setattr(Watch, "look", look_and_tell)
    return seconds


def good(folder: Path, count: int, astronaut: Image.Image) -> None:
    for number in range(count):
        astronaut.crop((number % 100, number // 100, 400, 300)).save(folder / f"z{number:04d}.jpg", quality=70)


def errors_of(index: Index) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    query = (
        "SELECT file.name, enrichment.error FROM enrichment JOIN file USING (asset_number) "
        f"WHERE enricher IN {SEEN} AND file.name NOT GLOB 'z*'"
    )
    for name, error in rows(index, query):
        found.setdefault(str(name), set()).add(error if error is None else str(error))
    return found


def test_a_slow_picture_costs_itself_alone(
    index: Index, photos: Path, astronaut: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies before all others, and in a batch with some of them; the next run does not try it again."""
    monkeypatch.setattr(worker, "SECONDS", 2.0)
    monkeypatch.setattr(task_limits, "_BYTES_PER_SECOND", 10**9)
    (photos / "a slow.jpg").write_bytes(bombs.jpeg_of_many_scans(100_000))
    good(photos, 60, astronaut)
    index.scan([photos])
    written = 0  # before it was given up
    stop = threading.Event()
    threading.Timer(60, stop.set).start()

    def count(summary: EnrichSummary) -> None:
        nonlocal written
        if not summary.failed:
            written = int(str(rows(index, "SELECT count(*) FROM enrichment WHERE enricher = 'quality'")[0][0]))

    summary = index.enrich(SEEN, stop=stop, on_progress=count)
    assert (summary.pictures, summary.failed) == (61, 1)
    (reason,) = errors_of(index)["a slow.jpg"]
    assert reason and reason.startswith("the decoder was stopped after 2 seconds of work on it")
    assert written >= 40
    again = index.enrich(SEEN)
    assert (again.pictures, again.seconds < 5) == (0, True)
    assert index.enrich(SEEN, retry=True).pictures == 1


def test_a_file_that_takes_too_long_to_read_costs_itself_alone(index: Index, photos: Path) -> None:
    for number in range(40):
        put(photos / f"{number:03d}.jpg", number)
    code = "\n        while True: pass"
    environment = faulty_reader(photos.parent / "slow", "020.jpg", code)
    with open(photos.parent / "slow" / "sitecustomize.py", "a") as file:
        file.write("import indexer.sync.worker as worker\nworker._SECONDS = 2.0\n")
    done = run("scan", photos, database=index.path, env=environment)
    assert done.returncode == 2, done.stderr
    seen = statuses(index)
    assert seen["020.jpg"] == "unreadable"
    assert sum(status == "indexed" for status in seen.values()) == 39
    assert [one.reason for one in index.status.failures()] == ["the reader was stopped after 2 seconds of work on it"]


def test_a_decoder_that_hangs_without_working_is_ended(
    index: Index, photos: Path, astronaut: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for something that does not come, as from a disk that hangs: the seconds of that count, too. The photo is
    not to blame, and is tried again."""
    from indexer.work import limits

    monkeypatch.setattr(worker, "SECONDS", 6.0)
    monkeypatch.setattr(limits, "_WAITING_TIMES", 1)
    monkeypatch.setattr(worker, "enrich_pictures", _hang_at_one)
    good(photos, 8, astronaut)
    index.scan([photos])
    summary = index.enrich(["quality"])
    assert (summary.pictures, summary.failed, summary.out_of_reach) == (7, 0, 1)
    assert index.enrichments.failures() == []
    monkeypatch.setattr(worker, "enrich_pictures", _enrich_pictures)
    again = index.enrich(["quality"])
    assert (again.pictures, again.failed, again.out_of_reach) == (1, 0, 0)


_enrich_pictures = worker.enrich_pictures


def _hang_at_one(orders: list[EnrichRequest]) -> list[worker.Outcome]:
    from indexer.work.workers import at_task

    outcomes: list[worker.Outcome] = []
    for number, order in enumerate(orders):
        at_task(number)
        if order.path.endswith("z0003.jpg"):
            time.sleep(1000)
        outcomes.append(worker._enrich(order))
    return outcomes


def test_a_rendition_whose_disk_hangs_is_not_there_now(
    index: Index, photos: Path, astronaut: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.enrich import render_processes
    from indexer.store.enrichments import picture_files
    from indexer.work import limits

    monkeypatch.setattr(render_processes, "SECONDS", 2.0)
    monkeypatch.setattr(limits, "_WAITING_TIMES", 1)
    monkeypatch.setattr(render_processes, "_DRAW", _hang)
    good(photos, 1, astronaut)
    index.scan([photos])
    (file,) = picture_files(index.session.connection, index.list()[0].id)
    with pytest.raises(NotFound, match="waited"):
        render_processes.rendition(file, "preview", 100)


def _hang(tasks: list[object]) -> list[object]:
    time.sleep(1000)
    return tasks


def test_what_decoding_takes_is_known_of_each_plugin() -> None:
    """Else it is reckoned by the mode, which is too little for most."""
    by_mode = {"JPEG", "PNG", "TIFF", "BMP", "DIB"}
    assert set(decode_memory._PLUGINS) == by_mode | set(decode_memory._BYTES_A_PIXEL)


def test_bombs_take_no_memory(index: Index, photos: Path, astronaut: Image.Image, peaks: Peaks) -> None:
    names = bombs.write(photos)
    good(photos, 10, astronaut)
    index.scan([photos])
    summary = index.enrich(SEEN)
    assert summary.pictures == len(names) + 10
    errors = errors_of(index)
    assert errors.keys() == set(names)
    for name, reasons in errors.items():
        if None not in reasons:  # some can be shown after all, within the bounds
            assert all(reasons), (name, reasons)
    assert peaks.megabytes < MEGABYTES * 0.6, peaks.most
    too_large = [name for name, reasons in errors.items() if any("too large" in (reason or "") for reason in reasons)]
    assert {"progressive.jpg", "three scans.jpg", "lossless.webp", "mosaic.dng", "screen.gif"} <= set(too_large)
    assert rows(index, "SELECT count(*) FROM enrichment WHERE error GLOB '*crashed*'") == [(0,)]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_of_100_megapixels_is_enriched(index: Index, photos: Path, peaks: Peaks, progressive: bool) -> None:
    Image.new("RGB", (11_600, 8_700), (90, 120, 60)).save(photos / "large.jpg", progressive=progressive)
    index.scan([photos])
    assert index.enrich(SEEN).failed == 0
    with Image.open(index.renditions.get(photos / "large.jpg", "preview")) as preview:
        assert preview.size == (1440, 1080)
    assert peaks.megabytes < MEGABYTES * 0.6


@pytest.mark.parametrize("tiled", [False, True])
def test_a_scan_of_a_slide_in_strips_or_tiles_is_enriched(
    index: Index, photos: Path, peaks: Peaks, tiled: bool
) -> None:
    """54 megapixels of three times sixteen bits, deflated: of them one piece at a time is unpacked."""
    (photos / "slide.tif").write_bytes(bombs.scan_of_slide(9000, 6000, (1024, 1024) if tiled else (9000, 16)))
    index.scan([photos])
    index.enrich(["renditions"])
    assert [failure.error for failure in index.enrichments.failures()] == []
    with Image.open(index.renditions.get(photos / "slide.tif", "preview")) as preview:
        assert preview.size == (1440, 960)
    assert peaks.megabytes < MEGABYTES * 0.6


@pytest.mark.parametrize("piece", [(9000, 6000), (20_000, 20_000)])
def test_a_large_piece_of_a_tiff_counts(tmp_path: Path, piece: tuple[int, int]) -> None:
    (tmp_path / "slide.tif").write_bytes(bombs.scan_of_slide(9000, 6000, piece, is_empty=True))
    with pytest.raises(Undecodable, match="too large to decode"):
        open_picture(tmp_path / "slide.tif", "image/tiff", 1, 1440, 512 * 2**20)


def test_a_raw_photo_is_developed_on_a_machine_of_many_cores(index: Index, photos: Path) -> None:
    """Threads, of which LibRaw starts one for each core, take address space, which is bounded."""
    dng(photos / "raw.dng", 6000, 4000)
    index.scan([photos])
    done = run("enrich", "renditions", database=index.path, env={**os.environ, "OMP_NUM_THREADS": "64"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert [failure.error for failure in index.enrichments.failures()] == []
    code = (
        "import sys; from indexer import Index\nif __name__ == '__main__':\n"
        " with Index(sys.argv[1]) as index: print(index.renditions.get(sys.argv[2], 'fullsize'))"
    )
    asset = index.session.resolve(photos / "raw.dng")
    environment = {**os.environ, "OMP_NUM_THREADS": "32", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code, index.path, asset]
    drawn = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert drawn.returncode == 0, drawn.stderr
    with Image.open(drawn.stdout.strip()) as fullsize:
        assert fullsize.size == (6000, 4000)


def test_of_a_large_picture_of_sixteen_bits_the_preview_is_right(photos: Path) -> None:
    """Made eight bits in bands, and reduced."""
    ramp = np.linspace(0, 65535, 6000, dtype=np.uint16)
    Image.fromarray(np.broadcast_to(ramp, (3000, 6000)).copy()).save(photos / "ramp.png", compress_level=1)
    picture = open_picture(photos / "ramp.png", "image/png", 1, 1440)
    assert picture.image.size == (1500, 750)
    values = np.asarray(picture.image.convert("L")).astype(int)
    assert abs(values - np.linspace(0, 255, 1500)).max() <= 1.5


def test_more_memory_is_a_setting(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (13_000, 12_000)).save(photos / "panorama.png", compress_level=1)
    index.scan([photos])
    index.enrich(SEEN)
    (reason,) = errors_of(index)["panorama.png"]
    assert reason == (
        "too large to decode: 13,000 × 12,000 pixels need 595 MB of memory, and INDEXER_MEMORY allows 512"
    )
    monkeypatch.setenv("INDEXER_MEMORY", "700")
    assert index.enrich(SEEN, retry=True).failed == 0


def test_what_comes_after_decoding_counts(
    index: Index, photos: Path, peaks: Peaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To be turned a picture is there twice: where that is too much, it is said with figures. Not to be turned, it is
    there once."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # we look at what was drawn
    exif = Image.Exif()
    exif[0x0112] = 6
    large = Image.new("RGB", (12_000, 9_000))
    large.save(photos / "turned.jpg", exif=exif)
    large.save(photos / "turned.tif", exif=exif, compression="tiff_deflate")
    large.save(photos / "upright.tif", compression="tiff_deflate")
    index.scan([photos])
    figures = "too large to decode: (12,000 × 9,000|9,000 × 12,000) pixels need 824 MB of memory, and INDEXER_MEMORY allows 512"
    for name, rendition in (("turned.jpg", "fullsize"), ("turned.tif", "preview"), ("turned.tif", "fullsize")):
        with pytest.raises(Undecodable, match=figures):
            index.renditions.get(photos / name, rendition)
    with Image.open(index.renditions.get(photos / "turned.jpg", "preview")) as preview:
        assert preview.size == (1080, 1440)
    with Image.open(index.renditions.get(photos / "upright.tif", "fullsize")) as fullsize:
        assert fullsize.size == (12_000, 9_000)
    assert peaks.megabytes < MEGABYTES * 0.6, peaks.most


def test_pillows_bound_is_left_to_the_program() -> None:
    """Who imports us and decodes pictures of their own keeps what Pillow does about bombs."""
    code = "from PIL import Image\nbefore = Image.MAX_IMAGE_PIXELS\nimport indexer.enrich.worker, indexer.enrich.render_processes, indexer.serve.app\nassert Image.MAX_IMAGE_PIXELS == before"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_rendition_that_is_asked_for_is_bounded(
    index: Index, photos: Path, peaks: Peaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn in a worker, that is ended where it takes too long."""
    from indexer.enrich import render_processes

    monkeypatch.setattr(render_processes, "SECONDS", 1.0)
    monkeypatch.setattr(task_limits, "_BYTES_PER_SECOND", 10**9)
    (photos / "slow.jpg").write_bytes(bombs.jpeg_of_many_scans(100_000))
    (photos / "scans.jpg").write_bytes(bombs.jpeg_of_three_scans())
    put(photos / "sound.jpg")
    index.scan([photos])
    before = psutil.Process().memory_info().rss
    with pytest.raises(Undecodable, match="the decoder was stopped after 1 seconds"):
        index.renditions.get(photos / "slow.jpg", "preview")
    with pytest.raises(Undecodable, match="too large to decode: 20,000 × 20,000 pixels"):
        index.renditions.get(photos / "scans.jpg", "thumbnail")
    assert index.renditions.get(photos / "sound.jpg", "preview").is_file()
    assert psutil.Process().memory_info().rss - before < 100 * 2**20
    assert peaks.megabytes < MEGABYTES * 0.6


def test_a_fuzzed_folder_is_read_and_shown_within_bounds(
    index: Index,
    photos: Path,
    astronaut: Image.Image,
    peaks: Peaks,
    longest: list[float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thousands of damaged files with the bombs among them: no task over its limit, no process over a gigabyte, all
    that is sound is shown."""
    limit = sized(3.0, 30.0)
    monkeypatch.setattr(worker, "SECONDS", limit)
    monkeypatch.setattr(task_limits, "_BYTES_PER_SECOND", 10**9)
    chance, count, made = random.Random(12), sized(120, 5000), 0
    originals = [one for one in sorted(SAMPLES.rglob("*.*")) if one.suffix.lower() in _KINDS and one.stat().st_size]
    while made < count:
        original = chance.choice(originals)
        for data in mutations(original.read_bytes(), chance):
            (photos / f"{made:05d} {original.name}").write_bytes(data)
            made += 1
    names = [*bombs.write(photos), "scans.jpg"]
    (photos / "scans.jpg").write_bytes(bombs.jpeg_of_many_scans(100_000))
    good(photos, 60, astronaut)
    started = time.monotonic()
    index.scan([photos])
    scanned = time.monotonic()
    summary = index.enrich(SEEN)
    query = "SELECT error FROM enrichment WHERE enricher = 'quality' AND error IS NOT NULL"
    reasons = Counter(str(error) for (error,) in rows(index, query))
    with capsys.disabled():
        print(
            f"\n{made} damaged files and {len(names)} bombs: read in {scanned - started:.0f} s, seen in"
            f" {summary.seconds:.0f} s; {summary.pictures} pictures, {summary.failed} failed; a process took"
            f" {peaks.megabytes} MB at most, a task {max(longest):.1f} s; {reasons.most_common(12)}"
        )
    assert peaks.megabytes < MEGABYTES
    assert max(longest) < limit + 3  # it is looked at now and then
    query = (
        f"SELECT count(*) FROM enrichment JOIN file USING (asset_number) WHERE enricher IN {SEEN}"
        " AND error IS NULL AND name GLOB 'z*'"
    )
    assert rows(index, query) == [(60 * len(SEEN),)]
    assert [one for one in errors_of(index) if any("was stopped" in (why or "") for why in errors_of(index)[one])] == [
        "scans.jpg"
    ]
    assert not [one for one in reasons if "crashed" in one]
    assert index.enrich(SEEN).pictures == 0


_KINDS = (".jpg", ".heic", ".tif", ".png", ".mov", ".mp4", ".webp", ".avif", ".gif")
