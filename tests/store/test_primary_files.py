"""An asset's primary file is a reachable one, if it has any."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from indexer import Index

from ..conftest import put, put_many, rows, run
from ..sync.drives import Drive, drive

__all__ = ["drive"]
COUNT = 5


def files(folder: Path) -> list[str]:
    return [str(folder / f"{number}.jpg") for number in range(COUNT)]


def shown(index: Index) -> list[str]:
    """The path of the original in each record."""
    originals = [record["asset_urls"]["original"] for record in map(json.loads, index.assets.list_json())]
    return sorted(str(original["url"]).removeprefix("file://") for original in originals if original)


def updates(index: Index) -> int:
    return len(rows(index, "SELECT 1 FROM event WHERE event_type = 'asset_updated'"))


def test_forgetting_a_folder_leaves_photos_that_also_lie_elsewhere_whole(index: Index, tmp_path: Path) -> None:
    first, second = put_many(COUNT, tmp_path / "first"), put_many(COUNT, tmp_path / "second")
    put(first / "alone.jpg", "alone")
    index.scan([first, second])
    assert shown(index) == sorted([*files(first), str(first / "alone.jpg")])
    index.roots.remove(first)
    assert shown(index) == files(second)
    assert [one.name for one in index.trash.list()] == ["alone.jpg"]
    assert run("doctor", database=index.path).returncode == 0
    again = index.scan([first])
    assert (again.copied, again.returned) == (COUNT, 1)
    assert index.trash.list() == []


def test_a_drive_that_is_away_leaves_its_photos_to_their_copies(
    index: Index, tmp_path: Path, drive: Callable[[], Drive]
) -> None:
    disk = drive()
    away, here = put_many(COUNT, disk.mount(tmp_path / "away")), tmp_path / "here"
    index.scan([away])
    before = index.get(files(away)[0])
    put_many(COUNT, here)
    index.scan([here])
    assert shown(index) == files(away)  # of those that are there, the first seen
    count = updates(index)
    disk.unmount()
    index.scan()
    assert shown(index) == files(here)
    assert updates(index) == count + COUNT
    assert index.duplicates.exact() == []  # as long as the other one cannot be reached
    index.scan()
    assert updates(index) == count + COUNT
    disk.mount(away)
    index.scan()
    assert shown(index) == files(away)
    assert index.get(files(away)[0]) == before | {"updated_at": index.get(files(away)[0])["updated_at"]}


def test_a_drive_inside_a_folder_that_is_away_leaves_its_photos_to_their_copies(
    index: Index, photos: Path, drive: Callable[[], Drive]
) -> None:
    disk = drive()
    put_many(COUNT, disk.mount(photos / "a"))
    put_many(COUNT, photos / "b")
    index.scan([photos])
    assert shown(index) == files(photos / "a")
    disk.unmount()
    index.scan()
    assert shown(index) == files(photos / "b")
    disk.mount(photos / "a")
    index.scan()
    assert shown(index) == files(photos / "a")


def test_an_index_and_its_photos_on_another_laptop_show_the_photos_that_are_there(index: Index, tmp_path: Path) -> None:
    old = put_many(COUNT, tmp_path / "old" / "Pictures")
    index.scan([old])
    index.assets.set([files(old)[0]], rating=5)
    index.close()
    shutil.copytree(old, tmp_path / "new" / "Photos")
    shutil.rmtree(tmp_path / "old")
    new = tmp_path / "new" / "Photos"
    index.scan([new])
    assert shown(index) == files(new)
    assert index.get(files(new)[0])["metadata"]["rating"] == 5
    assert index.trash.list() == []


def test_a_file_that_is_missing_leaves_its_photo_to_the_copy(index: Index, photos: Path) -> None:
    put_many(COUNT, photos / "a")
    put_many(COUNT, photos / "b")
    index.scan([photos])
    shutil.rmtree(photos / "a")
    index.scan([photos])
    assert shown(index) == files(photos / "b")


def break_places(index: Index) -> None:
    """As an older version left them."""
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute("UPDATE asset SET file_id = NULL WHERE number <= 2")
    connection.close()


def test_doctor_finds_and_mends_photos_without_a_place(index: Index, photos: Path) -> None:
    put_many(COUNT, photos)
    index.scan([photos])
    break_places(index)
    told = run("doctor", database=index.path)
    assert told.returncode == 1
    assert "2 photos" in told.stdout and "doctor --fix" in told.stdout
    mended = run("doctor", "--fix", database=index.path)
    assert mended.returncode == 0, mended.stdout
    assert "2 photos" in mended.stdout
    assert shown(index) == files(photos)
    assert "doctor --fix" not in run("doctor", database=index.path).stdout


def test_doctor_finds_photos_that_are_shown_where_they_cannot_be_reached(index: Index, tmp_path: Path) -> None:
    """Before any scan has met the folder that is away."""
    first, second = put_many(COUNT, tmp_path / "first"), put_many(COUNT, tmp_path / "second")
    index.scan([first, second])
    first.rename(tmp_path / "elsewhere")
    told = run("doctor", database=index.path)
    assert told.returncode == 1 and f"{COUNT} photos" in told.stdout
    assert run("doctor", "--fix", database=index.path).returncode == 0
    assert shown(index) == files(second)


def test_a_scan_mends_photos_without_a_place(index: Index, photos: Path) -> None:
    put_many(COUNT, photos)
    index.scan([photos])
    break_places(index)
    index.scan([photos])
    assert shown(index) == files(photos)
    assert index.trash.list() == []


RATED = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>'
)


def test_what_a_sidecar_says_stays_while_its_drive_is_away(index: Index, tmp_path: Path) -> None:
    first, second = put_many(COUNT, tmp_path / "first"), put_many(COUNT, tmp_path / "second")
    (first / "0.jpg.xmp").write_text(RATED)
    index.scan([first, second])

    def rating() -> object:
        return index.get(second / "0.jpg")["metadata"]["rating"]

    assert rating() == 5
    first.rename(tmp_path / "away")
    os.utime(second / "0.jpg", (1, 1))
    index.scan()
    assert (shown(index), rating()) == (files(second), 5)
    (tmp_path / "away").rename(first)
    index.scan()
    assert (shown(index), rating()) == (files(first), 5)
    # Forgotten, it has no more to say: the copy speaks for itself from the next scan on.
    index.roots.remove(first)
    index.scan()
    assert (shown(index), rating()) == (files(second), None)


def test_another_drive_with_the_number_of_one_that_is_away_is_no_root(index: Index, tmp_path: Path) -> None:
    """Numbers of devices are given to whatever is plugged in, and the top of every ext4 has the same inode."""
    root, away = tmp_path / "root", put_many(COUNT, tmp_path / "away")
    put_many(COUNT, root / "disk")
    put(root / "stays.jpg", "stays")
    index.scan([root, away])
    away.rename(tmp_path / "unplugged")
    info = os.stat(root / "disk")
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute(
            "UPDATE root SET device = ?, inode = ?, volume = 'uuid:of-the-other' WHERE path = ?",
            (info.st_dev, info.st_ino, str(away)),
        )
    connection.close()
    summary = index.scan([root])
    assert (summary.unchanged, summary.gone, summary.missing) == (COUNT + 1, 0, 0)
    assert shown(index) == [*files(root / "disk"), str(root / "stays.jpg")]
