"""The suite that every enricher passes: it is registered everywhere, and processes each asset once."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from indexer import Index
from indexer.cli import main
from indexer.enrich.enricher import ENRICHERS, Input
from indexer.store.enrichments import Enrichment, put_enrichments
from indexer.store.faces import FoundFace
from indexer.store.results import RESULTS, ImageEmbedding, PerceptualHashes, Place, Rendition, TextLine
from indexer.store.transaction import begin

from ..conftest import put, rows
from ..media.build import app1, app1_xmp, at, exif
from ..media.readers.test_xmp import regions
from .faces.tiny import save_detector, save_embedder

ROOT = Path(__file__).parents[2]
THUMBNAIL = Rendition("thumbnail", "ab/cd-thumbnail.jpg", "image/jpeg", 360, 270, 1000)
# Two results of each, with as many rows
RESULTS_OF: dict[str, tuple[Any, Any]] = {
    "places": (Place("Paris"), Place("Lyon")),
    "renditions": ([THUMBNAIL], [THUMBNAIL._replace(size=2000)]),
    "portraits": ([THUMBNAIL._replace(name="face_1")], [THUMBNAIL._replace(name="face_1", size=2000)]),
    "quality": ({"quality": 0.5}, {"quality": 0.7}),
    "perceptual_hashes": (PerceptualHashes("abc", b"1234"), PerceptualHashes("abd", b"1235")),
    "faces": (
        [FoundFace(1, 1, 20, 20, None, 0.9, "model", b"\0" * 4)],
        [FoundFace(2, 1, 20, 20, None, 0.9, "model", b"\0" * 4)],
    ),
    "image_embeddings": (ImageEmbedding("model", b"\0\0"), ImageEmbedding("model", b"\1\0")),
    "captions": ("a cat", "two cats"),
    "text": ([TextLine("hello", 1, 2, 3, 4, 0.9)], [TextLine("goodbye", 1, 2, 3, 4, 0.9)]),
}


class Describer:
    """As `captions.Endpoint`, without a network."""

    def caption(self, preview: Path, stop: threading.Event) -> str | None:
        return f"{preview.stat().st_size} bytes"


@pytest.fixture
def album(photos: Path, astronaut: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos with a place and a named face, and models where small ones will do."""
    folder = tmp_path / "models" / "faces"
    monkeypatch.setenv("INDEXER_MODELS", str(folder.parent))
    save_detector(folder / "detector.onnx", "yunet")
    save_embedder(folder / "embedder.onnx")
    for number in range(3):
        path = photos / f"{number}.jpg"
        astronaut.crop((number, 0, 300 + number, 300)).save(path, quality=70)
        data = path.read_bytes()
        blocks = app1(exif(gps=at(48.85, 2.35))), app1_xmp(regions((300, 300), ("Ada", 0.5, 0.5, 0.25, 0.25)))
        path.write_bytes(data[:2] + b"".join(blocks) + data[2:])
    return photos


def enrich(index: Index, name: str, **options: Any) -> Any:
    if not ENRICHERS[name].can_run():
        pytest.skip(f"{name} cannot run here")
    if name == "portraits":  # it needs faces, which files name, and previews
        index.enrich(["renditions"])
    return index.enrich([name], endpoint=Describer(), **options)  # type: ignore[arg-type]


def processed(index: Index, name: str) -> int:
    return sum(index.enrichments.counts().get(name, (0, 0)))


each = pytest.mark.parametrize("name", ENRICHERS)


@each
def test_it_is_registered_everywhere(index: Index, photos: Path, name: str) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    assert callable(ENRICHERS[name].compute)
    assert rows(index, "SELECT count(*) FROM sqlite_schema WHERE name = ?", RESULTS[name].table) == [(1,)]
    (documented,) = re.findall(rf"^\| `{name}`.*table `(\w+)` \|$", (ROOT / "docs/enriching.md").read_text(), re.M)
    assert documented == RESULTS[name].table
    text = CliRunner().invoke(main, ["enrich", "--help"]).output.partition("\n\n")[2].partition("Options:")[0]
    assert re.search(rf"\b{name}\b", text)


def test_nothing_else_is_stored() -> None:
    assert RESULTS.keys() == ENRICHERS.keys() == RESULTS_OF.keys()


@each
def test_a_result_replaces_the_one_before(index: Index, photos: Path, name: str) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    asset_id = index.get(photos / "a.jpg")["id"]
    storage = RESULTS[name]
    counts, contents = [], []
    connection = index.session.writer()
    for version, result in enumerate((RESULTS_OF[name][0], *RESULTS_OF[name])):
        with begin(connection) as tx:
            put_enrichments(tx, [Enrichment(asset_id, name, version, "key", result)])
        contents.append(rows(index, f"SELECT * FROM {storage.table} WHERE {storage.where}"))
        counts.append(len(contents[-1]))
    assert counts == [1, 1, 1]
    assert contents[1] != contents[2]
    assert rows(index, "SELECT enricher, version, input_key, error FROM enrichment") == [(name, 2, "key", None)]


@each
def test_each_asset_is_processed_once(index: Index, album: Path, name: str) -> None:
    index.scan([album])
    summary = enrich(index, name)
    assert getattr(summary, ENRICHERS[name].input.counted) == processed(index, name) == 3
    assert (summary.failed, summary.out_of_reach) == (0, 0)
    assert enrich(index, name).total == 0


@each
def test_a_higher_version_processes_all_again(
    index: Index, album: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.scan([album])
    enrich(index, name)
    monkeypatch.setitem(ENRICHERS, name, ENRICHERS[name]._replace(version=ENRICHERS[name].version + 1))
    assert enrich(index, name).total == 3


@each
def test_it_stops_when_asked_to_and_goes_on_later(index: Index, album: Path, name: str) -> None:
    index.scan([album])
    stop = threading.Event()
    stop.set()
    enrich(index, name, stop=stop)
    assert processed(index, name) == 0
    enrich(index, name)
    assert processed(index, name) == 3


@pytest.mark.parametrize("name", [row.name for row in ENRICHERS.values() if row.input is Input.PICTURE])
def test_a_failure_is_kept_until_retry(index: Index, photos: Path, name: str) -> None:
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    index.scan([photos])
    summary = enrich(index, name)
    assert (summary.pictures, summary.failed) == (1, 1)
    assert [failure.enricher for failure in index.enrichments.failures()] == [name]
    assert enrich(index, name).total == 0
    assert enrich(index, name, retry=True).failed == 1
