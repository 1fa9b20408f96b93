"""Copies, crops and bursts are found; different photos are not joined; nothing is deleted."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer import Index
from indexer.enrich.near_duplicates import near

from ..conftest import run


@pytest.mark.parametrize("bits", [0, 3, 7])
def test_near_finds_just_what_comparing_all_finds(bits: int) -> None:
    chance = np.random.default_rng(bits)
    centres = chance.integers(0, 2**63, 40, dtype=np.uint64)
    hashes = np.repeat(centres, 10)
    for number in range(len(hashes)):
        for bit in chance.choice(64, chance.integers(0, 9), replace=False):
            hashes[number] ^= np.uint64(1) << np.uint64(bit)
    others = hashes[::3]
    wanted = {
        (one, other)
        for one, other in itertools.product(range(len(hashes)), range(len(others)))
        if (int(hashes[one]) ^ int(others[other])).bit_count() <= bits
    }
    assert set(near(hashes, others, bits)) == wanted
    assert list(near(hashes[:0], others)) == list(near(hashes, others[:0])) == []


@pytest.fixture
def pile(index: Index, photos: Path, pictures: list[Image.Image]) -> Index:
    astronaut, cat, coffee = pictures
    astronaut.save(photos / "astronaut.jpg", quality=95)
    astronaut.resize((300, 300)).save(photos / "astronaut small.jpg", quality=40)
    astronaut.save(photos / "astronaut.png")
    astronaut.crop((51, 51, 461, 461)).save(photos / "astronaut crop.jpg")
    cat.save(photos / "cat.jpg")
    width, height = cat.size
    cat.crop((width // 4, 0, width, height)).resize((200, 200)).save(photos / "cat crop.jpg")
    for number in range(3):  # a burst: the camera moves a little
        exif = Image.Exif()
        exif[0x0110] = "Camera"
        exif.get_ifd(0x8769)[0x9003] = f"2026:05:01 12:00:0{number}"
        coffee.crop((12 * number, 8 * number, 500 + 12 * number, 380 + 8 * number)).save(
            photos / f"coffee {number}.jpg", exif=exif
        )
    Image.new("RGB", (200, 200), "navy").save(photos / "blue.jpg")
    Image.new("RGB", (200, 200), "red").save(photos / "red.jpg")
    index.scan([photos])
    index.enrich()
    return index


def names(index: Index) -> dict[frozenset[str], str]:
    return {frozenset(Path(one.path).name for one in group.photos): group.kind for group in index.duplicates.similar()}


def test_what_looks_alike(pile: Index) -> None:
    found = names(pile)
    assert found == {
        frozenset(("astronaut.jpg", "astronaut small.jpg", "astronaut.png", "astronaut crop.jpg")): "crop",
        frozenset(("cat.jpg", "cat crop.jpg")): "crop",
        frozenset(("coffee 0.jpg", "coffee 1.jpg", "coffee 2.jpg")): "burst",
    }
    groups = {group.kind: group for group in pile.duplicates.similar()}
    kept = {Path(group.photos[0].path).name for group in pile.duplicates.similar()}
    assert {"cat.jpg"} < kept
    assert kept & {"astronaut.jpg", "astronaut.png"}
    assert groups["burst"].photos[0].quality == max(one.quality or 0 for one in groups["burst"].photos)


def test_a_tiny_or_plain_picture_is_nobodys_crop(index: Index, photos: Path) -> None:
    """A GIF of 3 × 1 pixels was held for a crop of whatever is dark on one side and bright on the other."""
    halves = np.zeros((50, 100), dtype=np.uint8)
    halves[:, 50:] = 255
    Image.fromarray(halves).save(photos / "halves.png")
    Image.fromarray(np.array([[0, 90, 255]], dtype=np.uint8)).save(photos / "tiny.gif")
    index.scan([photos])
    index.enrich()
    assert names(index) == {}


def test_the_same_bytes_and_the_same_picture(index: Index, photos: Path, astronaut: Image.Image) -> None:
    astronaut.save(photos / "a.jpg")
    (photos / "b.jpg").write_bytes((photos / "a.jpg").read_bytes())
    astronaut.save(photos / "c.jpg", comment=b"other words, the same picture")
    index.scan([photos])
    groups = {group.kind: [Path(one.path).name for one in group.photos] for group in index.duplicates.exact()}
    assert groups["file"] == ["a.jpg", "b.jpg"]
    assert set(groups["picture"]) == {"a.jpg", "c.jpg"}
    (photos / "b.jpg").unlink()
    (photos / "c.jpg").unlink()
    index.scan()
    assert index.duplicates.exact() == []


def test_the_command(pile: Index) -> None:
    shown = run("duplicates", "--similar", database=pile.path)
    assert shown.returncode == 0
    assert "Shots within seconds" in shown.stdout
    assert "3 groups" in shown.stdout
    listed = json.loads(run("duplicates", "--similar", "--json", database=pile.path).stdout)
    assert {one["kind"] for one in listed} == {"crop", "burst"}
    assert run("duplicates", database=pile.path).stdout == "None found.\n"


def test_photos_of_other_things_are_not_joined(corpus: Path, tmp_path: Path) -> None:
    """Of the corpus, whose look-alikes are known: turned copies, one photo twice, one burst."""
    with Index.open(tmp_path / "index.db") as index:
        index.scan([corpus / "jpg", corpus / "immich"])
        index.enrich(["perceptual_hashes", "renditions"])
        for group in index.duplicates.similar():
            folders = {Path(one.path).parent.name for one in group.photos}
            stems = {Path(one.path).stem.rstrip("0123456789").split("-")[0] for one in group.photos}
            assert len(folders) == 1 or len(stems) == 1, group


def test_crops_and_copies_of_real_photos(corpus: Path, tmp_path: Path, photos: Path) -> None:
    """How many of them are found: all that were resized and encoded again, and most of the usual crops."""
    chance, number = random.Random(4), 0
    for path in sorted((corpus / "jpg").rglob("*.jpg")) + sorted((corpus / "immich" / "albums").rglob("*.jpg")):
        try:
            image = Image.open(path).convert("RGB")
        except OSError:
            continue
        if "orientation" in str(path) or min(image.size) < 300 or np.asarray(image.convert("L")).std() < 25:
            continue
        image.thumbnail((1200, 1200))
        width, height = image.size
        image.save(photos / f"{number} whole.jpg", quality=90)
        image.resize((width // 3, height // 3)).save(photos / f"{number} small.jpg", quality=50)
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        image.crop((left, top, left + side, top + side)).save(photos / f"{number} square.jpg")
        trim = chance.uniform(0.02, 0.05)
        image.crop((int(width * trim), int(height * trim), int(width * (1 - trim)), int(height * (1 - trim)))).save(
            photos / f"{number} trimmed.jpg"
        )
        number += 1
    assert number > 30
    with Index.open(tmp_path / "index.db") as index:
        index.scan([photos])
        index.enrich(["perceptual_hashes", "renditions"])
        found = {"small": 0, "square": 0, "trimmed": 0}
        for group in index.duplicates.similar():
            labels = [Path(one.path).stem.split() for one in group.photos]
            for whole in (one for one, kind in labels if kind == "whole"):
                for one, kind in labels:
                    found[kind] = found.get(kind, 0) + (one == whole and kind != "whole")
    shares = {kind: count / number for kind, count in found.items() if kind != "whole"}
    print(shares)
    assert shares["small"] >= 0.97
    assert shares["trimmed"] >= 0.85
    assert shares["square"] >= 0.75
