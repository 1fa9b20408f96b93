"""Real faces, with the models of the extra [faces]."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from indexer import Index
from indexer.enrich.faces import detect, models, parts
from indexer.enrich.picture import video_frames

from ...conftest import rows

if not models.is_available():
    pytest.skip(f"the extra [faces] is not installed: {parts.HINT}", allow_module_level=True)

# Where the astronaut's face is, in the picture of 512 by 512: left, top, right, bottom.
FACE = (177, 65, 268, 185)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of two boxes (left, top, right, bottom), what they share of what they cover."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared)


def corners(box: dict[str, int]) -> tuple[int, int, int, int]:
    return box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]


def test_a_face_is_found_and_a_cat_is_none(pictures: list[Image.Image]) -> None:
    astronaut, cat, coffee = (detect.in_picture(models.model_info(), one, one.size, 1) for one in pictures)
    assert cat == [] and coffee == []
    (one,) = astronaut
    assert overlap((one.x, one.y, one.x + one.w, one.y + one.h), FACE) > 0.6
    assert one.confidence > 0.8 and len(one.vector or b"") == 4 * 128 and one.timestamp_ms is None


# Exif's orientation -> how the stored picture is made of the upright one, and what makes it upright again.
TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_LEFT_RIGHT),
    3: (Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_180),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_TOP_BOTTOM),
    5: (Image.Transpose.TRANSPOSE, Image.Transpose.TRANSPOSE),
    6: (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270),
    7: (Image.Transpose.TRANSVERSE, Image.Transpose.TRANSVERSE),
    8: (Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_90),
}


def test_boxes_are_those_of_the_stored_picture(index: Index, photos: Path, astronaut: Image.Image) -> None:
    """However the camera was held, the stored pixels in the box are the same face."""
    wide = astronaut.crop((0, 0, 512, 400))
    wide.save(photos / "1.jpg", quality=95)
    for orientation, (turn, _) in TURNS.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        wide.transpose(turn).save(photos / f"{orientation}.jpg", exif=exif, quality=95)
    index.scan([photos])
    index.enrich(["faces"])
    expected = wide.crop(corners(index.get(photos / "1.jpg")["faces"][0]["bounding_box"]))
    for orientation, (_, undo) in TURNS.items():
        path = photos / f"{orientation}.jpg"
        (face,) = index.get(path)["faces"]
        with Image.open(path) as stored:
            crop = stored.crop(corners(face["bounding_box"])).transpose(undo)
        one, other = (
            np.asarray(image.resize((48, 64)).convert("L"), dtype=float).ravel() for image in (crop, expected)
        )
        assert np.corrcoef(one, other)[0, 1] > 0.95, orientation
    # All of them are one person.
    assert len({index.get(photos / f"{number}.jpg")["faces"][0]["person_id"] for number in (1, *TURNS)}) == 1


def test_one_person_in_other_light_and_size_is_one(index: Index, photos: Path, pictures: list[Image.Image]) -> None:
    astronaut = pictures[0]
    astronaut.save(photos / "a.jpg")
    ImageEnhance.Brightness(astronaut).enhance(0.5).save(photos / "dark.jpg")
    astronaut.crop((100, 0, 400, 300)).resize((900, 900)).save(photos / "near.jpg")
    astronaut.rotate(15).convert("L").save(photos / "grey.png")
    pictures[1].save(photos / "cat.jpg")
    index.scan([photos])
    index.enrich()
    assert [one.assets for one in index.people.list()] == [4]
    assert index.get(photos / "cat.jpg")["faces"] == index.get(photos / "cat.jpg")["people"] == []


def test_faces_in_a_video_say_when(index: Index, photos: Path, astronaut: Image.Image) -> None:
    path = photos / "video.mp4"
    empty = Image.new("RGB", (512, 512), (60, 90, 120))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=5, options={"g": "5"})
        stream.width = stream.height = 512
        stream.pix_fmt = "yuv420p"
        for number in range(60):  # she comes after six seconds
            frame = av.VideoFrame.from_image(astronaut if number >= 30 else empty)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    frames = video_frames(path, 8, 2.0)
    moments = [one.milliseconds for one in frames]
    assert len(moments) == 6 and moments == sorted(set(moments))
    index.scan([photos])
    index.enrich()
    (face,) = index.get(path)["faces"]
    assert 6000 <= face["timestamp_ms"] < 12000
    assert overlap(corners(face["bounding_box"]), FACE) > 0.6
    assert index.get(path)["people"][0]["asset_count"] == 1


def test_the_curies_are_two_people_in_both_files(index: Index, corpus: Path) -> None:
    folder = corpus / "immich" / "metadata" / "faces"
    index.scan([folder])
    index.enrich()
    assert [(one.name, one.assets) for one in index.people.list()] == [("Marie Curie", 2), ("Pierre Curie", 2)]
    for path in sorted(folder.glob("*.jpg")):
        assert sorted(person["name"] for person in index.get(path)["people"]) == ["Marie Curie", "Pierre Curie"]
    # Both were found in both, he in profile; they are the ones whom the files name.
    assert rows(index, "SELECT source, count(*), count(confidence) FROM face GROUP BY source") == [("file", 4, 4)]


def test_faces_of_the_corpus(index: Index, corpus: Path) -> None:
    """Strangers' photos with one or more people who look at the camera; and pictures in which there is nobody."""
    people = {"Canon_PowerShot_A40.jpg": 0, "sony-cybershot.jpg": 1, "kodak-dc210.jpg": 4, "craft-beer.jpg": 1}
    paths = {path.name: path for path in corpus.rglob("*") if path.name in people}
    index.scan([paths[name].parent for name in paths])
    index.enrich(["faces"])
    found = {name: len(index.get(path)["faces"]) for name, path in paths.items()}
    assert found == {name: people[name] for name in paths}
