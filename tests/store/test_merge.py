"""Merging the indexes of two laptops: every photo once, no edits lost, no file considered gone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import IndexUnusable, UsageError
from indexer.store.uploads import record_upload

from ..conftest import SAMPLES, jpeg, put, rows, run, statuses


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    """A laptop: its photos, already scanned; no two are one machine."""
    opened = []

    def take_out(name: str, photos: dict[str, object]) -> Index:
        folder = tmp_path / name / "Pictures"
        folder.mkdir(parents=True)
        for path, mark in photos.items():
            put(folder / path, mark)
        index = Index.open(tmp_path / f"{name}.db")
        opened.append(index)
        index.scan([folder])
        with sqlite3.connect(index.path) as database:
            database.execute("UPDATE setting SET value = ? WHERE name = 'device_id'", (f"device_{name}",))
        database.close()
        return index

    yield take_out
    for one in opened:
        one.close()


def carry_off(index: Index, tmp_path: Path, name: str) -> None:
    """The other laptop is not here: only its index is."""
    shutil.move(tmp_path / name, tmp_path / f"{name} elsewhere")
    index.close()


def is_sound(index: Index) -> bool:
    found = rows(index, "PRAGMA integrity_check") + rows(index, "PRAGMA foreign_key_check")
    return found == [("ok",)]


def dump(index: Index) -> list[str]:
    with closing(sqlite3.connect(index.path)) as database:
        return list(database.iterdump())


def ids(index: Index) -> set[object]:
    return {row[0] for row in rows(index, "SELECT id FROM asset")}


def test_every_photo_once_and_all_that_was_said(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours = laptop("ada", {"both.jpg": "both", "ours.jpg": "ours"})
    theirs = laptop("bob", {"party/same.jpg": "both", "party/theirs.jpg": "theirs", "notes.jpg": "notes"})
    party = tmp_path / "bob" / "Pictures" / "party"
    theirs.assets.set([party / "same.jpg"], rating=5, description="the cake")
    theirs.assets.set([party / "theirs.jpg"], rating=4, city="Oslo")
    theirs.albums.create("Party", [party / "same.jpg", party / "theirs.jpg"])
    theirs.albums.create("Only there", [party / "theirs.jpg"])
    ours.albums.create("Party", [tmp_path / "ada" / "Pictures" / "ours.jpg"])
    ours.assets.set([tmp_path / "ada" / "Pictures" / "both.jpg"], rating=3)
    there, path = ids(theirs), theirs.path
    carry_off(theirs, tmp_path, "bob")

    merged = ours.maintenance.merge(path)
    assert (merged.assets, merged.known, merged.files, merged.albums) == (2, 1, 3, 1)
    assert (merged.values, merged.kept, merged.edited) == (1, 1, 0)
    assert is_sound(ours)
    assert len(ids(ours)) == 4 and there < ids(ours)

    both = ours.get(tmp_path / "ada" / "Pictures" / "both.jpg")
    assert (both["metadata"]["rating"], both["metadata"]["description"]) == (3, "the cake")
    new = ours.get(tmp_path / "bob" / "Pictures" / "party" / "theirs.jpg")
    assert (new["metadata"]["rating"], new["metadata"]["city"]) == (4, "Oslo")
    assert new["device_asset_id"] == "party/theirs.jpg"
    assert {album.name: album.assets for album in ours.albums.list()} == {"Party": 3, "Only there": 1}
    assert [one.id for one in ours.search("oslo")] == [new["id"]]

    # What lies on the other laptop is away, not missing: whatever is scanned, and however often.
    summary = ours.scan()
    assert summary.offline and not summary.gone and not summary.missing
    assert ours.status.path_counts() == {"indexed": 5}
    assert ours.status.counts().trashed == 0

    # Once more is nothing more.
    before = rows(ours, "SELECT count(*), max(id) FROM event")
    again = ours.maintenance.merge(path)
    assert (again.assets, again.files, again.albums, again.people, again.values, again.roots) == (0, 0, 0, 0, 0, [])
    assert rows(ours, "SELECT count(*), max(id) FROM event") == before


def test_both_ways_come_to_the_same(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ada = laptop("ada", {"a.jpg": 1, "b.jpg": 2})
    bob = laptop("bob", {"b.jpg": 2, "c.jpg": 3})
    ada.assets.set([tmp_path / "ada" / "Pictures" / "b.jpg"], rating=2)
    bob.assets.set([tmp_path / "bob" / "Pictures" / "b.jpg"], description="words")
    copy = bob.maintenance.backup(tmp_path / "bob's.db")
    bob.maintenance.merge(ada.path)
    ada.maintenance.merge(copy)
    assert ids(ada) == ids(bob) and len(ids(ada)) == 3
    said = "SELECT id, checksum, user_value.rating, user_value.description FROM asset JOIN user_value ON asset_id = id"
    query = f"{said} ORDER BY id"
    assert rows(ada, query) == rows(bob, query)
    for index in (ada, bob):
        told = "SELECT number FROM event LEFT JOIN asset ON asset.id = entity_id AND number = asset_number"
        assert (None,) not in rows(index, f"{told} WHERE entity_type IN ('asset', 'file', 'metadata')")
    places = "SELECT root, path, asset_id FROM path_status ORDER BY 1, 2"
    assert rows(ada, places) == rows(bob, places)


def test_a_folder_of_the_same_name_on_another_machine_is_another(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours = laptop("home", {"a.jpg": 1, "sub/b.jpg": 2})
    ours.close()
    path = ours.path.rename(tmp_path / "first.db")
    shutil.move(tmp_path / "home", tmp_path / "first laptop")
    ours = laptop("home", {"a.jpg": 3, "c.jpg": 4})
    with sqlite3.connect(ours.path) as database:
        database.execute("UPDATE setting SET value = 'device_second' WHERE name = 'device_id'")
    database.close()

    (root,) = ours.maintenance.merge(path).roots
    assert root == f"{tmp_path / 'home' / 'Pictures'} (device_home)"
    ours.scan()
    assert ours.status.path_counts() == {"indexed": 4} and ours.status.counts().trashed == 0
    away = next(one for one in ours.roots.list() if one.offline_at)
    assert away.path == root
    # And when the drive comes, it is known, without a photo being read.
    shutil.move(tmp_path / "first laptop", tmp_path / "drive")
    summary = ours.scan([tmp_path / "drive" / "Pictures"])
    assert (summary.unchanged, summary.bytes_read, summary.new) == (2, 0, 0)
    assert ours.status.path_counts() == {"indexed": 4} and len(ours.roots.list()) == 2


def test_two_indexes_of_one_machine(tmp_path: Path, photos: Path) -> None:
    for number in range(6):
        put(photos / f"{number}.jpg", number)
    with Index.open(tmp_path / "one.db") as one, Index.open(tmp_path / "two.db") as two:
        one.scan([photos])
        put(photos / "later.jpg", "later")
        two.scan([photos])
        two.assets.set([photos / "3.jpg"], rating=1)
        merged = one.maintenance.merge(two.path)
        assert (merged.roots, merged.assets, merged.files, merged.values) == ([], 1, 1, 1)
        assert one.get(photos / "3.jpg")["metadata"]["rating"] == 1
        summary = one.scan()
        assert (summary.unchanged, summary.bytes_read) == (7, 0)


def test_what_an_asset_once_was_is_remembered(laptop: Callable[..., Index], tmp_path: Path) -> None:
    """One copy is edited here, the other is as it was: one photo, though the bytes differ; and the other way round."""
    ours = laptop("ada", {"photo.jpg": "first", "other.jpg": "as it was"})
    theirs = laptop("bob", {"photo.jpg": "first", "other.jpg": "as it was"})
    here, there = tmp_path / "ada" / "Pictures", tmp_path / "bob" / "Pictures"
    put(here / "photo.jpg", "edited here")
    ours.scan()
    put(there / "other.jpg", "edited there")
    theirs.scan()
    theirs.assets.set([there / "photo.jpg"], rating=5)
    theirs.assets.set([there / "other.jpg"], description="better")
    edited = theirs.get(there / "other.jpg")["checksum"]
    ours.maintenance.merge(theirs.path)
    assert is_sound(ours)
    assert len(ids(ours)) == 2
    assert ours.get(here / "photo.jpg")["metadata"]["rating"] == 5
    assert ours.get(here / "other.jpg")["metadata"]["description"] == "better"
    assert [one.id for one in ours.assets.existing(checksums=[edited])] == [ours.session.resolve(here / "other.jpg")]
    # An index that came to know the photo only after it was edited calls it otherwise, and means the same.
    late = laptop("eve", {})
    shutil.copy(here / "photo.jpg", tmp_path / "eve" / "Pictures")
    late.scan()
    assert ids(late).isdisjoint(ids(ours))
    late.assets.set([tmp_path / "eve" / "Pictures" / "photo.jpg"], description="late")
    ours.maintenance.merge(late.path)
    assert len(ids(ours)) == 2
    assert ours.get(here / "photo.jpg")["metadata"]["description"] == "late"
    assert statuses(ours)


def test_people_places_and_previews_come_along(laptop: Callable[..., Index], tmp_path: Path) -> None:
    theirs = laptop("bob", {})
    folder = tmp_path / "bob" / "Pictures"
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    theirs.scan()
    theirs.enrich(["places", "renditions", "quality"])
    theirs.people.name("Captain", "Captain Cook")
    theirs.people.set("Captain Cook", birth_date="1728-11-07")
    record, path = theirs.get(folder / "Sydney" / "PXL_20240420_013155000.MP.jpg"), theirs.path
    tower = theirs.get(folder / "Paris" / "PXL_20240412_184115120.jpg")
    carry_off(theirs, tmp_path, "bob")

    ours = laptop("ada", {})
    shutil.copytree(SAMPLES / "Paris", tmp_path / "ada" / "Pictures", dirs_exist_ok=True)
    ours.scan()
    known = len(ids(ours))
    merged = ours.maintenance.merge(path)
    assert merged.people == 1 and merged.known == known
    found = ours.get(record["id"])
    assert found["people"][0]["name"] == "Captain Cook" and found["people"][0]["birth_date"] == "1728-11-07"
    assert found["faces"][0]["bounding_box"] == record["faces"][0]["bounding_box"]
    assert found["metadata"]["city"] == record["metadata"]["city"] == "Sydney"
    assert found["metrics"] == record["metrics"]
    assert ours.get(tower["id"])["metadata"]["city"] == "Paris"
    assert ours.get(tower["id"])["metrics"] == tower["metrics"]
    # Pictures that are far away can be looked at all the same.
    for one in (found, ours.get(tower["id"])):
        preview = Path(one["asset_urls"]["preview"]["url"].removeprefix("file://"))
        assert preview.is_file() and ours.path.name in str(preview)
    assert ours.renditions.get(record["id"], "thumbnail").is_file()
    # The same person, by whatever id: once more adds nobody.
    assert ours.maintenance.merge(path).people == 0
    assert [one.name for one in ours.people.list()] == ["Captain Cook"]


def test_only_one_of_the_same_name_is_the_same(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours, theirs = laptop("ada", {"a.jpg": 1}), laptop("bob", {"b.jpg": 2})
    for _ in range(2):
        ours.albums.create("Best")
    theirs.albums.create("Best", [tmp_path / "bob" / "Pictures" / "b.jpg"])
    ours.maintenance.merge(theirs.path)
    assert sorted(album.assets for album in ours.albums.list()) == [0, 0, 1]


def test_what_clients_did_there_comes_along(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours = laptop("ada", {"a.jpg": 1, "both.jpg": "both"})
    theirs = laptop("bob", {"b.jpg": 2, "unwanted.jpg": 3, "both.jpg": "both"})
    there = tmp_path / "bob" / "Pictures"
    library = theirs.libraries.create("Slides")
    theirs.libraries.assign(there, library)
    theirs.trash.delete([there / "unwanted.jpg", there / "both.jpg"])
    with theirs.session.transaction() as tx:
        record_upload(tx, "phone", "IMG_1", theirs.session.resolve(there / "b.jpg"))
    ours.maintenance.merge(theirs.path)
    assert is_sound(ours)
    assert [(one.name, one.assets) for one in ours.libraries.list()] == [("Photos", 2), ("Slides", 1)]
    assert rows(ours, "SELECT device_asset_id FROM upload") == [("IMG_1",)]
    assert rows(ours, "SELECT count(*) FROM excluded_content") == [(1,)]  # what is there here is not unwanted
    put(tmp_path / "ada" / "Pictures" / "again.jpg", 3)
    assert ours.scan().new == 0


def test_lost_here_and_there_still(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours = laptop("ada", {"a.jpg": 1, "b.jpg": 2})
    theirs = laptop("bob", {"a.jpg": 1, "b.jpg": 2})
    here = tmp_path / "ada" / "Pictures"
    gone, unwanted = ours.session.resolve(here / "a.jpg"), ours.session.resolve(here / "b.jpg")
    (here / "a.jpg").unlink()
    ours.scan()
    ours.trash.put([unwanted])
    assert ours.get(gone)["trashed_at"] is not None
    ours.maintenance.merge(theirs.path)
    assert ours.get(gone)["trashed_at"] is None
    assert ours.get(unwanted)["trashed_at"] is not None  # the user's own word stays


def test_nothing_changes_by_a_dry_run_or_by_what_is_no_index(laptop: Callable[..., Index], tmp_path: Path) -> None:
    ours, theirs = laptop("ada", {"a.jpg": 1}), laptop("bob", {"b.jpg": 2})
    before = dump(ours)
    assert ours.maintenance.merge(theirs.path, dry_run=True).assets == 1
    assert len(ids(ours)) == 1 and dump(ours) == before
    assert not list(tmp_path.glob("ada.db.before-merge*"))
    with pytest.raises(UsageError, match="is the index itself"):
        ours.maintenance.merge(ours.path)
    with pytest.raises(IndexUnusable, match="there is no index"):
        ours.maintenance.merge(tmp_path / "none.db")
    (tmp_path / "photo.db").write_bytes(jpeg())
    with pytest.raises(IndexUnusable):
        ours.maintenance.merge(tmp_path / "photo.db")

    done = run("merge", theirs.path, "--json", database=ours.path)
    assert json.loads(done.stdout)["assets"] == 1
    # It can be taken back.
    (kept,) = tmp_path.glob("ada.db.before-merge*")
    assert run("restore", kept, database=ours.path).returncode == 0
    assert len(ids(ours)) == 1
    done = run("merge", theirs.path, database=ours.path)
    assert "1 new asset, 1 file" in done.stdout and "Pictures" in done.stdout
