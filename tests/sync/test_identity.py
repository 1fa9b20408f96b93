"""A photo keeps its identity when its path or bytes change (failures.md F6, F9, F20, F21, F22)."""

from __future__ import annotations

import os
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer import Index
from indexer.store.connection import open_for_writing

from ..conftest import SAMPLES, Watcher, jpeg, put, rows, run, statuses, until
from .drives import mounted

__all__ = ["mounted"]
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)


def adorn(index: Index, asset: str) -> None:
    """What users and enrichers add to a photo."""
    with open_for_writing(index.path) as database:
        database.executescript(
            f"""
            INSERT INTO user_value (asset_id, rating, description) VALUES ('{asset}', 5, 'mine');
            INSERT INTO person (id, name, created_at, updated_at) VALUES ('person_{asset}', 'Ada', 'x', 'x');
            INSERT INTO face (id, asset_id, person_id, x, y, w, h, source, created_at, updated_at)
            VALUES ('face_{asset}', '{asset}', 'person_{asset}', 1, 2, 3, 4, 'enricher', 'x', 'x');
            INSERT INTO album (id, name, created_at, updated_at) VALUES ('album_{asset}', 'Best', 'x', 'x');
            INSERT INTO album_asset VALUES ('aa_{asset}', 'album_{asset}', '{asset}', 'x', 'x');
            INSERT INTO metric SELECT number, 'quality', 0.5 FROM asset WHERE id = '{asset}';
            INSERT INTO caption SELECT number, 'a photo' FROM asset WHERE id = '{asset}';
            """
        )
    database.close()


def belongings(index: Index, asset: str) -> list[object]:
    record = index.get(asset)
    return [
        record["id"],
        record["people"],
        record["faces"],
        record["metadata"]["rating"],
        record["metadata"]["description"],
        record["description"],
        record["metrics"],
        record["trashed_at"],
        rows(index, "SELECT album_id FROM album_asset WHERE asset_id = ?", asset),
    ]


@pytest.fixture
def trio(index: Index, tmp_path: Path) -> Iterator[tuple[Path, str, list[object]]]:
    """A photo with its sidecar and its video, indexed in root a, with all that belongs to it."""
    folder = tmp_path / "a" / "2024"
    photo = put(folder / "IMG_1.JPG", 1)
    (folder / "IMG_1.xmp").write_text(XMP)
    shutil.copy(next(SAMPLES.rglob("*.mp4")), folder / "IMG_1.MP4")
    put(tmp_path / "a" / "stays.jpg", "stays")
    put(tmp_path / "b" / "other.jpg", "other")
    index.scan([tmp_path / "a", tmp_path / "b"])
    asset = index.get(photo)["id"]
    adorn(index, asset)
    yield photo, asset, belongings(index, asset)


MOVES: dict[str, Callable[[Path, Path], None]] = {
    "a file": lambda photo, root: _move(photo, photo.with_name("renamed.jpg")),
    "a file into a new folder": lambda photo, root: _move(photo, root / "a" / "new" / "deep" / "IMG_1.JPG"),
    "a folder": lambda photo, root: _move(photo.parent, root / "a" / "Holidays"),
    "the three together": lambda photo, root: (
        [_move(one, root / "a" / "x" / one.name) for one in sorted(photo.parent.iterdir())] and None
    ),
    "to another root": lambda photo, root: _move(photo, root / "b" / "IMG_1.JPG"),
    "a folder to another root": lambda photo, root: _move(photo.parent, root / "b" / "2024"),
    "only its case": lambda photo, root: _move(photo, photo.with_name("img_1.jpg")),
    "out and back": lambda photo, root: _move(photo, root / "x.jpg") or _move(root / "x.jpg", photo),
}


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


@pytest.mark.parametrize("how", MOVES)
def test_F6_moved_while_nothing_ran(
    index: Index, tmp_path: Path, trio: tuple[Path, str, list[object]], how: str
) -> None:
    photo, asset, before = trio
    MOVES[how](photo, tmp_path)
    summary = index.scan()
    # Back in its place with another ctime it may have been edited in between: that costs the one hash.
    assert summary.bytes_read == (photo.stat().st_size if how == "out and back" else 0)
    assert (summary.new, summary.gone, summary.modified) == (0, 0, 0)
    assert belongings(index, asset) == before
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("how", MOVES)
def test_F6_copied_away_and_deleted_costs_one_hash(
    index: Index, tmp_path: Path, trio: tuple[Path, str, list[object]], how: str
) -> None:
    """As between drives: other inodes, so one hash a file."""
    photo, asset, before = trio
    MOVES[how](photo, tmp_path)
    for path in [one for root in ("a", "b") for one in (tmp_path / root).rglob("*") if one.is_file()]:
        copy = path.with_name(path.name + ".copying")
        shutil.copy2(path, copy)
        copy.rename(path)
    summary = index.scan()
    assert summary.bytes_read <= sum(one.stat().st_size for root in ("a", "b") for one in (tmp_path / root).rglob("*"))
    assert (summary.new, summary.gone) == (0, 0)
    assert belongings(index, asset) == before


def test_F6_two_names_swapped(index: Index, photos: Path) -> None:
    paths = [put(photos / name, name) for name in ("a.jpg", "b.jpg")]
    index.scan([photos])
    ids = [index.get(path)["id"] for path in paths]
    for asset in ids:
        adorn(index, asset)
    before = [belongings(index, asset) for asset in ids]
    paths[0].rename(photos / "x")
    paths[1].rename(paths[0])
    (photos / "x").rename(paths[1])
    summary = index.scan()
    assert (summary.moved, summary.bytes_read) == (2, 0)
    assert [index.get(path)["id"] for path in paths] == ids[::-1]
    assert [belongings(index, asset) for asset in ids] == before


@pytest.mark.parametrize("how", [name for name in MOVES if name != "out and back"])
def test_F6_moved_under_watch(
    tmp_path: Path, index: Index, trio: tuple[Path, str, list[object]], watch: Callable[..., Watcher], how: str
) -> None:
    photo, asset, before = trio
    watcher = watch(tmp_path / "a", tmp_path / "b")
    until(lambda: watcher.printed().count("Watching") == 2)
    MOVES[how](photo, tmp_path)
    place = "SELECT root || '/' || path FROM path_status WHERE asset_id = ?"
    until(lambda: [Path(str(path)).is_file() for (path,) in rows(index, place, asset)] == [True], what="the move")
    assert watcher.stop() == 0
    assert belongings(index, asset) == before
    assert ("asset_trashed",) not in rows(index, "SELECT event_type FROM event")


def test_F6_an_edited_asset_is_known_by_what_it_was(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    first = index.get(path)
    put(path, "edited")
    index.scan()
    assert index.get(path)["id"] == first["id"]
    known = rows(index, "SELECT checksum, checksum_sha1 FROM former_checksum WHERE asset_id = ?", first["id"])
    assert known == [(first["checksum"], first["checksum_sha1"])]


@pytest.mark.parametrize("grows", [False, True])
def test_F9_an_edit_that_keeps_its_time_is_seen(index: Index, photos: Path, grows: bool) -> None:
    path = put(photos / "a.jpg", "aaaa")
    index.scan([photos])
    before, info = index.get(path), path.stat()
    path.write_bytes(jpeg("bbbbb" if grows else "bbbb"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    summary = index.scan()
    after = index.get(path)
    assert summary.modified == 1
    assert (after["id"], after["checksum"] != before["checksum"]) == (before["id"], True)


def test_F9_without_inodes_size_and_time_have_to_do(
    index: Index, tmp_path: Path, photos: Path, mounted: Callable[..., Path]
) -> None:
    for number in range(20):
        put(photos / f"{number}.jpg", number)
    root = mounted("bindfs", photos)
    index.scan([root])
    # Other inodes, as after another mount: nothing is read.
    for path in list(photos.iterdir()):
        shutil.copy2(path, tmp_path / "copy")
        (tmp_path / "copy").rename(path)
    summary = index.scan()
    assert (summary.unchanged, summary.bytes_read) == (20, 0)
    assert "keeps no inodes" in run("status", database=index.path).stdout
    (photos / "3.jpg").rename(photos / "moved.jpg")
    summary = index.scan()
    assert (summary.moved, summary.new, summary.gone) == (1, 0, 0)
    assert 0 < summary.bytes_read < 2000


def test_F20_unicode_forms(index: Index, photos: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "Ré é.jpg") for form in ("NFC", "NFD"))
    for name in (composed, apart):
        put(photos / name, name)
    assert index.scan([photos]).new == 2
    assert set(statuses(index)) == {composed, apart}
    for name in (composed, apart):
        record = index.get(photos / name)
        assert record["device_asset_id"] == composed
        assert run("get", photos / name, database=index.path).stdout.strip() == index.get_json(photos / name)
    # The same tree as another system writes it: renamed, nothing read, nothing lost.
    ids = {index.get(photos / composed)["id"]}
    (photos / apart).unlink()
    (photos / composed).rename(photos / apart)
    summary = index.scan()
    assert (summary.moved, summary.bytes_read, summary.gone) == (1, 0, 0)
    assert {index.get(photos / apart)["id"]} == ids


def test_F21_a_file_system_that_knows_no_case(index: Index, tmp_path: Path, mounted: Callable[..., Path]) -> None:
    if not shutil.which("mkntfs"):
        pytest.skip("mkntfs is not installed")
    image = tmp_path / "ntfs.img"
    with image.open("wb") as file:
        file.truncate(10 << 20)
    subprocess.run(["mkntfs", "-q", "-F", "-f", image], check=True, capture_output=True)
    root = mounted("lowntfs-3g", "-o", "ignore_case", image)
    for name in ("img.jpg", "b.JPG", "c.Jpg", "d.HEIC"):
        put(root / name, name)
    assert (root / "IMG.JPG").exists()
    assert index.scan([root]).new == 4
    asset = index.get(root / "img.jpg")["id"]
    adorn(index, asset)
    before = belongings(index, asset)
    (root / "img.jpg").rename(root / "tmp")
    (root / "tmp").rename(root / "IMG.JPG")
    shown = os.listdir(root)
    summary = index.scan()
    assert (summary.new, summary.gone, summary.copied) == (0, 0, 0)
    assert belongings(index, asset) == before
    assert set(statuses(index)) == set(shown)


def test_F22_no_folder_is_met_twice(index: Index, tmp_path: Path, photos: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("bind mounts need root")
    put(photos / "real" / "a.jpg", 1)
    put(tmp_path / "sibling" / "b.jpg", 2)
    (photos / "up").symlink_to(photos)
    (photos / "over").symlink_to(tmp_path / "sibling")
    index.scan([tmp_path / "sibling"])
    mounts = [("bound", photos / "real"), ("loop", photos), ("other", tmp_path / "sibling")]
    for name, _ in mounts:
        (photos / name).mkdir()
    try:
        for name, target in mounts:
            subprocess.run(["mount", "--bind", target, photos / name], check=True)
        index.scan([photos])
        places = rows(index, "SELECT asset_number, count(*) FROM file WHERE asset_number IS NOT NULL GROUP BY 1")
        assert sorted(count for _, count in places) == [1, 1]
        assert statuses(index)["other"] == "ignored"
    finally:
        for name, _ in mounts:
            subprocess.run(["umount", "--lazy", photos / name], check=False, capture_output=True)


def test_F22_the_index_inside_a_root(photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index = Index.open(photos / ".index" / "index.db")
    index.scan([photos])
    index.scan([photos])
    assert {path for path, status in statuses(index).items() if status == "indexed"} == {"a.jpg"}


def test_moved_and_edited_at_once_is_known_by_its_picture(index: Index, photos: Path) -> None:
    """A program that rates a photo and files it away."""
    path = put(photos / "IMG_1.jpg", 1)
    put(photos / "IMG_2.jpg", 2)
    index.scan([photos])
    asset = index.get(path)["id"]
    adorn(index, asset)
    before = belongings(index, asset)
    path.unlink()
    put(photos / "2024" / "rated.jpg", 1, words="five stars")
    summary = index.scan()
    assert (summary.new, summary.gone, summary.modified) == (0, 0, 1)
    assert index.get(photos / "2024" / "rated.jpg")["id"] == asset
    assert belongings(index, asset) == before
    told = rows(index, "SELECT event_type, payload ->> 'picture' FROM event WHERE entity_type = 'file'")
    assert told == [("file_edited", "same")]


def test_the_same_picture_beside_it_is_an_asset_of_its_own(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 1, words="with a title")
    assert index.scan([photos]).new == 2
    put(path, 2)
    index.scan()
    told = rows(index, "SELECT event_type, payload ->> 'picture' FROM event WHERE entity_type = 'file'")
    assert told == [("file_edited", "other")]
    assert len({index.get(photos / name)["id"] for name in ("a.jpg", "b.jpg")}) == 2


def test_two_copies_swapped_stay_two(index: Index, photos: Path) -> None:
    """Found by the machine of test_machine.py: each told the other's place to have been left."""
    paths = [put(photos / "a" / "1.jpg", 1), photos / "b.jpg"]
    shutil.copy(paths[0], paths[1])
    index.scan([photos])
    paths[0].rename(photos / "between")
    paths[1].rename(paths[0])
    (photos / "between").rename(paths[1])
    index.scan()
    assert set(statuses(index).items()) == {("a/1.jpg", "indexed"), ("b.jpg", "indexed")}


def test_another_photo_under_the_name_of_a_deleted_one_is_new(index: Index, photos: Path) -> None:
    """Cameras count from IMG_0001 again and again."""
    path = put(photos / "IMG_0001.jpg", 1)
    put(photos / "stays.jpg", "stays")
    index.scan([photos])
    first = index.get(path)["id"]
    adorn(index, first)
    path.unlink()
    assert index.scan().gone == 1
    put(path, 2)
    assert index.scan().new == 1
    second = index.get(path)
    assert second["id"] != first
    assert second["metadata"]["rating"] is None
    assert index.get(first)["trashed_at"]
    put(photos / "again.jpg", 1)  # and the first one comes back, elsewhere
    index.scan()
    assert index.get(photos / "again.jpg")["id"] == first
    assert index.get(first)["trashed_at"] is None
    # But the same picture with other words, in its old place, is the photo that was there.
    path.unlink()
    index.scan()
    put(path, 2, words="restored and rated")
    assert index.scan().modified == 1
    assert index.get(path)["id"] == second["id"]


def test_hundreds_of_copies_of_one_photo(index: Index, photos: Path) -> None:
    """More than it is worth to look at each: none is lost, and an edited one is a photo of its own."""
    for number in range(130):
        put(photos / f"{number % 7}" / f"{number}.jpg", "one")
    index.scan([photos])
    assert rows(index, "SELECT count(*) FROM asset") == [(1,)]
    for number in (0, 64, 129):
        put(photos / f"{number % 7}" / f"{number}.jpg", f"edited {number}")
    (photos / "1" / "1.jpg").rename(photos / "elsewhere.jpg")
    (photos / "2" / "2.jpg").unlink()
    put(photos / "another.jpg", "one")
    index.scan()
    assert rows(index, "SELECT count(*) FROM asset WHERE trashed_at IS NULL") == [(4,)]
    assert list(statuses(index).values()).count("indexed") == 130
    assert index.scan().bytes_read == 0


def test_what_an_asset_once_was_is_remembered(index: Index, photos: Path) -> None:
    """By either checksum, before and after an edit, and in the trash."""
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    before = index.get(path)
    put(path, 2)
    index.scan()
    after = index.get(path)
    assert after["id"] == before["id"] and after["checksum"] != before["checksum"]
    for record in (before, after):
        for found in (
            index.assets.existing([record["checksum"]]),
            index.assets.existing(checksum_sha1s=[record["checksum_sha1"]]),
        ):
            assert [(one.id, one.checksum) for one in found] == [(after["id"], after["checksum"])]
    (one,) = index.assets.existing(device_asset_ids=["a.jpg"])
    assert (one.id, one.device_asset_id, one.device_id) == (after["id"], "a.jpg", after["device_id"])
    index.trash.put([path])
    assert len(index.assets.existing([before["checksum"]])) == 1
    assert index.assets.existing(["nothing"], ["nothing"], ["nothing"]) == index.assets.existing() == []
