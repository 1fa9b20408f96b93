"""Each enricher processes every asset once, also after interruptions and failures."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from PIL import Image

from indexer import Index
from indexer.config import cache_folder
from indexer.enrich import enricher
from indexer.errors import NotFound, Undecodable, UsageError

from ..conftest import SAMPLES, Command, Watcher, faulty, put, rows, run, sized, until
from ..media import bombs

PARIS = SAMPLES / "Paris" / "PXL_20240412_184115120.jpg"


@pytest.fixture
def album(photos: Path, astronaut: Image.Image) -> Path:
    """Ten pictures, a place, one that is damaged, one that is no picture."""
    for number in range(10):
        astronaut.crop((number, 0, 400 + number, 300)).save(photos / f"{number}.jpg", quality=70)
    shutil.copy(PARIS, photos)
    data = (photos / "0.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(data[: len(data) // 2])
    (photos / "text.jpg").write_bytes(b"words, not a picture" * 20)
    return photos


def seen(index: Index) -> dict[str, tuple[int, int]]:
    """By all but the extras, which may be there or not."""
    return {name: counts for name, counts in index.enrichments.counts().items() if name not in ("faces", "portraits")}


def test_all_are_seen_once(index: Index, album: Path) -> None:
    index.scan([album])
    summary = index.enrich()
    assert (summary.places, summary.pictures, summary.failed) == (1, 13, 2)
    assert summary.total == summary.places + summary.pictures + summary.portraits
    assert seen(index) == {"places": (1, 0), "renditions": (12, 1), "quality": (11, 2), "perceptual_hashes": (11, 2)}
    again = index.enrich()
    assert (again.total, again.places, again.pictures) == (0, 0, 0)
    record = index.get(album / PARIS.name)
    assert (record["metadata"]["city"], record["metadata"]["timezone"]) == ("Paris", "Europe/Paris")
    assert record["metadata"]["display_label"].startswith("Paris")
    assert 0 < record["metrics"]["quality"] <= 1
    assert list(record["asset_urls"]) == ["original", "thumbnail", "preview", "fullsize"]
    for url in record["asset_urls"].values():
        assert Path(url["url"].removeprefix("file://").replace("%20", " ")).is_file()
    with Image.open(index.renditions.get(album / PARIS.name, "thumbnail")) as thumbnail:
        assert max(thumbnail.size) == 360
    failures = {(one.asset_id, one.enricher) for one in index.enrichments.failures()}
    assert len({one for one in failures if one[1] != "faces"}) == 5


def test_failures_are_told_by_path_and_reason(index: Index, photos: Path, astronaut: Image.Image) -> None:
    """Not by ids alone, and not in the decoders' own numbers."""
    astronaut.save(photos / "a.tif", compression="tiff_lzw")
    astronaut.save(photos / "b.gif")
    motion = (SAMPLES / "Sydney" / "PXL_20240420_013155000.MP.jpg").read_bytes()
    (photos / "c.mov").write_bytes(motion[motion.rindex(b"ftyp") - 4 :])
    for path in photos.iterdir():
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes(len(data) - 500) + data[-400:])
    index.scan([photos])
    index.enrich(["renditions"])
    done = run("enrich", "--failures", database=index.path)
    lines = dict(line.strip().split("  renditions: ") for line in done.stdout.splitlines())
    assert list(lines) == [str(photos / name) for name in ("a.tif", "b.gif", "c.mov")]
    for reason in lines.values():
        assert len(reason) > 20
        assert not re.search(r"error -\d|unknown error|Errno|\d{10}|b'|: *$", reason), reason
    told = json.loads(run("enrich", "--failures", "--json", database=index.path).stdout)
    assert [(one["path"], one["error"]) for one in told] == list(lines.items())


def test_what_changed_is_seen_again_and_nothing_else(index: Index, album: Path, astronaut: Image.Image) -> None:
    index.scan([album])
    index.enrich()
    before = index.get(album / "3.jpg")
    astronaut.rotate(90).save(album / "3.jpg")
    (album / "4.jpg").rename(album / "renamed.jpg")
    index.scan()
    assert index.enrich().pictures == 1
    after = index.get(album / "3.jpg")
    assert after["id"] == before["id"]
    assert after["metrics"] != before["metrics"]
    # Words alone are no new picture.
    (album / "5.jpg.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    assert index.scan().refreshed == 1
    assert index.enrich().total == 0


def test_a_higher_version_redoes_one_enricher(index: Index, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.scan([album])
    index.enrich()
    done = dict(rows(index, "SELECT enricher, max(done_at) FROM enrichment GROUP BY enricher"))  # type: ignore[arg-type]
    time.sleep(0.01)
    monkeypatch.setitem(enricher.ENRICHERS, "places", enricher.ENRICHERS["places"]._replace(version=2))
    summary = index.enrich()
    assert (summary.places, summary.pictures) == (1, 0)
    later = dict(rows(index, "SELECT enricher, max(done_at) FROM enrichment GROUP BY enricher"))  # type: ignore[arg-type]
    assert {name for name in done if later[name] != done[name]} == {"places"}


def test_only_some_and_again(index: Index, album: Path) -> None:
    index.scan([album])
    index.enrich(["quality"])
    assert set(seen(index)) == {"quality"}
    assert index.enrich(["quality"], redo=True).pictures == 13
    assert index.enrich(["quality"], retry=True).pictures == 2
    with pytest.raises(UsageError, match="there are places, renditions"):
        index.enrich(["faces of dogs"])


def test_a_place_far_away_changes_with_the_coordinates(index: Index, album: Path) -> None:
    index.scan([album])
    index.enrich()
    other = album / "other.jpg"
    shutil.copy(next((SAMPLES / "Kyoto").glob("*.JPG")), other)
    index.scan()
    index.enrich(["places"])
    places = {row[0] for row in rows(index, "SELECT city FROM place")}
    assert "Paris" in places and len(places) == rows(index, "SELECT count(*) FROM place")[0][0]


def test_the_record_changes_once_and_says_when(index: Index, album: Path) -> None:
    index.scan([album])
    asset = index.get(album / "1.jpg")["id"]
    before = index.get(asset)["updated_at"]
    time.sleep(0.01)
    index.enrich()
    after = index.get(asset)["updated_at"]
    assert after > before
    index.enrich(redo=True)
    assert index.get(asset)["updated_at"] == after  # the same came out


def test_what_is_away_waits(index: Index, album: Path) -> None:
    index.scan([album])
    away = album.rename(album.with_name("away"))
    summary = index.enrich(["quality"])
    assert (summary.pictures, summary.out_of_reach) == (0, 13)
    assert seen(index) == {}
    away.rename(album)
    (album / "2.jpg").write_bytes((album / "3.jpg").read_bytes() + b"changed since the scan")
    summary = index.enrich(["quality"])
    assert (summary.pictures, summary.out_of_reach) == (12, 1)


def test_the_cache_is_bounded(index: Index, album: Path) -> None:
    index.scan([album])
    index.enrich(["renditions"], max_cache=60_000)
    assert rows(index, "SELECT count(*) FROM rendition WHERE name = 'thumbnail'")[0][0] >= 1
    assert rows(index, "SELECT sum(size) FROM rendition")[0][0] <= 60_000
    put(album / "late.jpg", "late")
    index.scan()
    assert index.enrich(["renditions"], max_cache=10_000).held_back == 1  # what is left is more, whichever it is
    size = sum(path.stat().st_size for path in cache_folder(index.path).rglob("*.jpg"))
    assert size == (rows(index, "SELECT sum(size) FROM rendition")[0][0] or 0)
    # On demand all can be had; what was not used the longest makes room.
    for number in range(10):
        assert index.renditions.get(album / f"{number}.jpg", "preview").is_file()
    size = sum(path.stat().st_size for path in cache_folder(index.path).rglob("*.jpg"))
    assert size == rows(index, "SELECT sum(size) FROM rendition")[0][0] <= 40_000  # the one asked for stays in any case
    for url in index.get(album / "9.jpg")["asset_urls"].values():
        assert Path(url["url"].removeprefix("file://")).is_file()
    index.enrich(["renditions"], max_cache=10**9, redo=True)
    assert rows(index, "SELECT count(DISTINCT asset_number) FROM rendition")[0][0] == 13


def test_a_cache_that_is_gone_is_made_again(index: Index, album: Path) -> None:
    index.scan([album])
    index.enrich()
    folder = cache_folder(index.path)
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    shutil.rmtree(folder)
    path = index.renditions.get(album / "1.jpg", "thumbnail")
    assert path.is_file()
    assert index.enrich().pictures == 12  # but for the text, which is none
    assert len(list(folder.rglob("*.jpg"))) == rows(index, "SELECT count(*) FROM rendition")[0][0]
    assert rows(index, "SELECT count(*) FROM rendition WHERE name NOT GLOB 'face_*'") == [(24,)]


def test_rendition_on_demand(index: Index, album: Path) -> None:
    index.scan([album])
    assert index.renditions.get(album / "1.jpg", "fullsize") == album / "1.jpg"  # a browser shows it by itself
    thumbnail = index.renditions.get(album / "1.jpg", "thumbnail")
    assert thumbnail.parent.parent == cache_folder(index.path)
    made = thumbnail.stat().st_mtime_ns
    assert index.renditions.get(album / "1.jpg", "thumbnail").stat().st_mtime_ns == made
    with pytest.raises(UsageError, match="thumbnail, preview, fullsize"):
        index.renditions.get(album / "1.jpg", "poster")
    with pytest.raises(Undecodable):
        index.renditions.get(album / "text.jpg", "preview")
    (album / "2.jpg").unlink()
    with pytest.raises(NotFound, match="cannot be reached"):
        index.renditions.get(album / "2.jpg", "preview")


def test_a_full_size_that_browsers_do_not_show_is_made(index: Index, photos: Path, astronaut: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    astronaut.save(photos / "turned.jpg", exif=exif)
    astronaut.save(photos / "old.tif")
    index.scan([photos])
    for name in ("turned.jpg", "old.tif"):
        assert "fullsize" not in index.get(photos / name)["asset_urls"]
        path = index.renditions.get(photos / name, "fullsize")
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (512, 512))
        assert index.get(photos / name)["asset_urls"]["fullsize"]["url"] == path.as_uri()


def test_our_own_cache_is_never_indexed(photos: Path, astronaut: Image.Image) -> None:
    """F22: the index, and with it the cache, lies inside a root."""
    astronaut.save(photos / "a.jpg")
    with Index.open(photos / "index.db") as index:
        index.scan([photos])
        index.enrich()
        assert index.scan().new == 0
        assert rows(index, "SELECT count(*) FROM asset") == [(1,)]


def test_kill_9_anywhere(album: Path, tmp_path: Path) -> None:
    chance = random.Random(9)
    database = tmp_path / "killed.db"
    run("scan", album, database=database)
    for _ in range(sized(4, 50)):
        process = Command(
            ["--db", database, "enrich"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.1, 1.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with sqlite3.connect(database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    assert run("enrich", database=database).returncode == 0
    undisturbed = tmp_path / "undisturbed.db"
    run("scan", album, database=undisturbed, enrich=True)
    columns = {
        "place": "asset.id, place.city, place.state, place.country, place_name, timezone",
        "metric": "asset.id, name, value",
        "perceptual_hash": "asset.id, thumbhash, hashes",
        "rendition": "asset.id, name, file, rendition.width, rendition.height, size",
        "enrichment": "asset.id, enricher, version, input_key, error",
    }
    for table, names in columns.items():
        query = f"SELECT {names} FROM {table} JOIN asset ON asset.number = asset_number ORDER BY 1, 2"
        assert rows(Index.open(database), query) == rows(Index.open(undisturbed), query)


def test_beside_a_watch(photos: Path, watch: Callable[..., Watcher], astronaut: Image.Image) -> None:
    astronaut.save(photos / "first.jpg")
    watcher = watch(photos, enrich=True)
    index = Index.open(watcher.database)
    patience = 120.0  # it lets every other program go first, and here are many
    until(lambda: seen(index).get("perceptual_hashes") == (1, 0), patience, what="the first to be seen")
    shutil.copy(PARIS, photos / "paris.jpg")
    until(lambda: "places" in seen(index), patience, what="the place to be looked up")
    until(lambda: seen(index).get("renditions") == (2, 0), patience, what="its preview")
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""


def test_a_watch_ends_soon_whatever_is_being_decoded(photos: Path, watch: Callable[..., Watcher]) -> None:
    (photos / "slow.jpg").write_bytes(bombs.jpeg_of_many_scans(100_000))
    watcher = watch(photos, enrich=True)
    here = psutil.Process(watcher.process.pid)
    busy = partial(_longest_at_work, here)
    until(lambda: busy() > 3, 120.0, what="the slow one to be decoded")
    started = time.monotonic()
    assert watcher.stop() == 0
    assert time.monotonic() - started < 10
    assert watcher.err.read_text() == ""


def _longest_at_work(process: psutil.Process) -> float:
    """Seconds of the processor, of the workers of a process."""
    seconds = [0.0]
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            seconds.append(child.cpu_times().user)
    return max(seconds)


def test_a_crash_of_a_decoder_costs_one_picture(index: Index, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies at one picture, as decoders in C do now and then."""
    poison = album / "5.jpg"
    index.scan([album])
    script = (
        "import os, sys\nfrom indexer import Index\nfrom indexer.enrich import worker\n"
        "plain = worker.open_picture\n"
        "def deadly(path, *rest):\n"
        "    if os.path.basename(path) == '5.jpg':\n        os._exit(11)\n    return plain(path, *rest)\n"
        "worker.open_picture = deadly\n"
        "import multiprocessing\nmultiprocessing.get_all_start_methods = lambda: ['fork']\n"
        "import indexer.work.pool as pool\npool._context = lambda: multiprocessing.get_context('fork')\n"
        "with Index.open(sys.argv[1]) as index:\n    print(index.enrich(['quality']).as_dict())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(index.path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    failures = {one.asset_id: one.error for one in index.enrichments.failures()}
    assert failures[index.get(poison)["id"]] == "the decoder crashed on it"
    assert seen(index)["quality"] == (10, 3)


def test_trashed_ones_are_left_alone(index: Index, album: Path) -> None:
    index.scan([album])
    index.trash.put([album / "1.jpg"])
    assert index.enrich(["quality"]).pictures == 12


def test_without_any_photo(index: Index, photos: Path) -> None:
    put(photos / "readme.txt")
    index.scan([photos])
    assert index.enrich().total == 0


def test_a_rehearsal_sees_nothing(index: Index, album: Path) -> None:
    index.scan([album])
    said = run("enrich", "--dry-run", database=index.path).stdout
    assert said == "Would enrich 13 pictures and 1 place.\n"
    assert seen(index) == {}
    index.enrich()
    assert set(index.enrichments.due().values()) == {0}
    assert run("enrich", "--dry-run", database=index.path).stdout == "Would enrich nothing.\n"
    assert index.enrichments.due(["quality"], retry=True) == {"places": 0, "pictures": 2}
    due = index.enrichments.due(redo=True)
    assert (due["places"], due["pictures"]) == (1, 13)
    assert seen(index)["quality"] == (11, 2)


def test_a_preview_that_cannot_be_drawn_costs_that_alone(samples: Path, tmp_path: Path) -> None:
    code = "import indexer.enrich.enrichers.renditions as renditions\ndef compute(photo):\n    raise ValueError('no such colours')\n"
    environment = faulty(tmp_path / "faulty", f"{code}renditions.compute = compute\n")
    with Index.open(tmp_path / "index.db") as index:
        index.scan([samples / "Kyoto"])
    done = run("enrich", "renditions", "quality", database=tmp_path / "index.db", env=environment)
    assert done.returncode == 0 and "no such colours" in done.stdout, done.stderr
    with Index.open(tmp_path / "index.db") as index:
        worked_out = index.enrichments.counts()
        assert worked_out == {"quality": (5, 0), "renditions": (0, 5)}
