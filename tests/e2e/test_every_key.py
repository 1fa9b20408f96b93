"""Every key of the record has a value for some real photo."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from gumnut.types import AssetResponse
from PIL import Image

from indexer import Index
from indexer.enrich.faces import models, parts

from ..conftest import SAMPLES, rows
from ..enrich.enrichers.test_captions import Model, says
from ..enrich.test_points_of_interest import SIGHTS, line


def video_of_a_face(path: Path, face: Image.Image) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=5)
        stream.width, stream.height = face.size
        stream.pix_fmt = "yuv420p"
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame.from_image(face)))
        container.mux(stream.encode())


def keys(record: dict[str, Any], before: str = "") -> Iterator[tuple[str, bool]]:
    """Every key, down to the last, and whether it has a value."""
    for key, value in record.items():
        yield before + key, value not in (None, [], {})
        if isinstance(value, dict) and key not in ("metrics", "asset_urls"):
            yield from keys(value, f"{before}{key}.")
        for one in value if isinstance(value, list) else ():
            yield from keys(one, f"{before}{key}[].")


def test_every_key_has_a_value_on_some_asset(
    index: Index, corpus: Path, tmp_path: Path, astronaut: Image.Image
) -> None:
    if not models.is_available():
        pytest.skip(f"the time of a face in a video needs the extra [faces]: {parts.HINT}")
    shutil.copytree(SAMPLES, samples := tmp_path / "samples")
    video_of_a_face(samples / "video.mp4", astronaut)
    with zipfile.ZipFile(dump := tmp_path / "FR.zip", "w") as archive:
        archive.writestr("FR.txt", "".join(line(*one) for one in SIGHTS))
    index.scan([corpus / "immich", samples])  # it takes no more of it
    index.places.import_dump(dump)
    model = Model()
    model.answer = lambda number, picture: says("A tower in the evening.")
    tower = samples / "Paris" / "PXL_20240412_184115120.jpg"
    try:
        index.enrich()
        index.enrich(["captions"], endpoint=model.endpoint())
    finally:
        model.server.shutdown()
        model.server.server_close()
    index.people.set("Marie Curie", birth_date="1867-11-07")
    index.trash.put([samples / "Phone" / "Screenshot_20240412-183000.png"])

    records = [json.loads(str(text)) for (text,) in rows(index, "SELECT json FROM asset_json")]
    for record in records:
        AssetResponse.model_validate(record)
    filled: dict[str, bool] = {}
    for record in records:
        for key, has_value in keys(record):
            filled[key] = filled.get(key, False) or has_value
    assert not {key for key, has_value in filled.items() if not has_value}

    # And they are what they should be.
    record = index.get(tower)
    assert record["description"] == "A tower in the evening."
    assert (record["metadata"]["place_name"], record["metadata"]["city"]) == ("Eiffel Tower", "Paris")
    assert record["metadata"]["timezone"] == "Europe/Paris"
    assert record["metadata"]["display_label"] == "Eiffel Tower, Paris, Île-de-France"
    sydney = samples / "Sydney"
    bursts = [
        index.get(sydney / f"PXL_20240420_013310{end}.jpg")["metadata"]["auto_stack_id"] for end in ("040", "210")
    ]
    assert bursts == ["0d2f7a52-1b8e-4c6e-9a41-3f5e6d7c8b90"] * 2
    around = index.get(sydney / "PXL_20240420_013400120.PANO.jpg")
    assert (around["metadata"]["projection_type"], around["width"], around["height"]) == ("equirectangular", 1800, 600)
    live = {index.get(sydney / name)["metadata"]["live_photo_cid"] for name in ("IMG_0412.JPG", "IMG_0412.MOV")}
    assert live == {"5F0C1C55-6F0E-4A3C-9A52-7E1F1A2B3C4D"}
    (face,) = index.get(samples / "video.mp4")["faces"]
    assert 0 <= face["timestamp_ms"] < 4000 and face["person_id"] is not None
    portrait = Image.open(face["asset_urls"]["thumbnail"]["url"].removeprefix("file://"))
    assert portrait.size == (face["asset_urls"]["thumbnail"]["width"],) * 2
    (captain,) = index.get(sydney / "PXL_20240420_013155000.MP.jpg")["people"]
    assert (captain["name"], captain["asset_count"]) == ("Captain", 1)
    curie = next(corpus.rglob("faces/portrait.jpg"))
    assert {one["name"]: one["birth_date"] for one in index.get(curie)["people"]} == {
        "Marie Curie": "1867-11-07",
        "Pierre Curie": None,
    }
    screenshot = index.get(samples / "Phone" / "Screenshot_20240412-183000.png")
    assert screenshot["trashed_at"] is not None and screenshot["local_datetime"].startswith("2024-04-12T18:30:00")
