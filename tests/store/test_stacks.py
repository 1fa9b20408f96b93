"""F25: photos that belong together are stacked, and those that only seem to are not."""

from __future__ import annotations

from pathlib import Path

from indexer import Index

from ..conftest import SAMPLES
from ..media.build import app1, exif, jpeg_with, keys, video

MAKE, ORIGINAL = 0x010F, 0x9003


def still(path: Path, make: str, time: str, mark: object = "") -> Path:
    path.write_bytes(jpeg_with(app1(exif({MAKE: make}, {ORIGINAL: time})), mark=mark or path.name))
    return path


def movie(path: Path, make: str, time: str) -> Path:
    """time as 2023-05-17T18:30:00+0200"""
    path.write_bytes(video(keys(make=make, creationdate=time, title=path.name)))
    return path


def cid(index: Index, path: Path) -> str | None:
    value: str | None = index.get(path)["metadata"]["live_photo_cid"]
    return value


def stack(index: Index, path: Path) -> str | None:
    value: str | None = index.get(path)["metadata"]["auto_stack_id"]
    return value


def test_F25_a_still_and_its_video(index: Index, photos: Path) -> None:
    photo = still(photos / "IMG_0001.JPG", "Apple", "2023:05:17 18:30:00")
    its = movie(photos / "IMG_0001.MOV", "Apple", "2023-05-17T18:30:01+0200")
    alone = still(photos / "IMG_0002.JPG", "Apple", "2023:05:17 18:31:00")
    index.scan([photos])
    assert cid(index, photo) is not None
    assert cid(index, photo) == cid(index, its)
    assert cid(index, alone) is None


def test_F25_two_phones_in_one_folder(index: Index, photos: Path) -> None:
    """The same number, another make or another moment: no pair."""
    first = still(photos / "IMG_0001.JPG", "Apple", "2023:05:17 18:30:00")
    other = movie(photos / "IMG_0001.MOV", "Samsung", "2023-05-17T18:30:00+0200")
    second = still(photos / "IMG_0002.JPG", "Apple", "2023:05:17 18:30:00")
    later = movie(photos / "IMG_0002.MOV", "Apple", "2023-05-17T18:30:10+0200")
    index.scan([photos])
    assert [cid(index, path) for path in (first, other, second, later)] == [None] * 4


def test_F25_the_files_own_word_counts(index: Index, photos: Path) -> None:
    """A video that says whose it is belongs to no other still of its name."""
    photo = still(photos / "IMG_0001.JPG", "Apple", "2023:05:17 18:30:00")
    (photos / "IMG_0001.MOV").write_bytes(
        video(keys(make="Apple", creationdate="2023-05-17T18:30:00+0200", content__identifier="OTHER"))
    )
    index.scan([photos])
    assert (cid(index, photo), cid(index, photos / "IMG_0001.MOV")) == (None, "OTHER")


def test_F25_raw_and_jpeg_of_one_shot(index: Index, photos: Path) -> None:
    camera = {MAKE: "NIKON CORPORATION"}
    for name, time in (("DSC_1.NEF", "2023:05:17 18:30:00"), ("DSC_2.NEF", "2023:05:17 18:40:00")):
        (photos / name).write_bytes(exif(camera, {ORIGINAL: time}))
    first, second = (
        still(photos / f"DSC_{number}.JPG", "NIKON CORPORATION", "2023:05:17 18:30:00") for number in (1, 2)
    )
    index.scan([photos])
    assert stack(index, first) is not None
    assert stack(index, first) == stack(index, photos / "DSC_1.NEF")
    assert stack(index, second) is None  # ten minutes apart
    ids = stack(index, first)
    index.scan()
    assert stack(index, first) == ids


def test_F25_pixels_names(index: Index, photos: Path) -> None:
    cover = still(photos / "PXL_20230517_163000000.RAW-01.COVER.jpg", "Google", "2023:05:17 18:30:00")
    raw = photos / "PXL_20230517_163000000.RAW-02.ORIGINAL.dng"
    raw.write_bytes(exif({MAKE: "Google"}, {ORIGINAL: "2023:05:17 18:30:00"}))
    photo = still(photos / "PXL_20230517_170000000.MP.jpg", "Google", "2023:05:17 19:00:00")
    its = movie(photos / "PXL_20230517_170000000.mp4", "Google", "2023-05-17T19:00:00+0200")
    index.scan([photos])
    assert stack(index, cover) == stack(index, raw) is not None
    assert cid(index, photo) == cid(index, its) is not None


def test_F25_shots_of_a_burst(index: Index, photos: Path) -> None:
    burst = [
        still(
            photos / f"0000{number}IMG_0000{number}_BURST20230517183000123{cover}.jpg",
            "Google",
            f"2023:05:17 18:30:0{number}",
        )
        for number, cover in ((0, ""), (1, "_COVER"), (2, ""))
    ]
    index.scan([photos])
    assert len({stack(index, path) for path in burst}) == 1
    assert stack(index, burst[0]) is not None


def test_a_pair_that_is_parted(index: Index, photos: Path) -> None:
    photo = still(photos / "IMG_0001.JPG", "Apple", "2023:05:17 18:30:00")
    its = movie(photos / "IMG_0001.MOV", "Apple", "2023-05-17T18:30:01+0200")
    index.scan([photos])
    assert cid(index, photo)
    its.rename(photos / "another.MOV")
    index.scan()
    assert cid(index, photo) is None
    assert cid(index, photos / "another.MOV") is None


def test_the_samples_pair(index: Index) -> None:
    index.scan([SAMPLES])
    sydney = SAMPLES / "Sydney"
    assert cid(index, sydney / "IMG_0412.JPG") == cid(index, sydney / "IMG_0412.MOV") is not None
