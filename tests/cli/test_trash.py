"""indexer trash and indexer log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer import Index
from indexer.store.connection import open_for_writing

from ..conftest import put, rows, run
from ..sync.test_identity import adorn, belongings


def age(index: Index, days: int) -> None:
    with open_for_writing(index.path) as database:
        database.execute(
            "UPDATE asset SET trashed_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) WHERE trashed_at IS NOT NULL",
            (f"-{days} days",),
        )
    database.close()


@pytest.fixture
def trashed(index: Index, photos: Path) -> str:
    """A photo whose file is gone, with all that belonged to it, beside one that stays."""
    path = put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 2)
    index.scan([photos])
    asset = index.get(path)["id"]
    adorn(index, asset)
    path.unlink()
    assert index.scan().gone == 1
    return asset  # type: ignore[no-any-return]


def test_it_is_listed_and_restored_though_the_file_is_gone(index: Index, photos: Path, trashed: str) -> None:
    assert trashed in run("trash", "list", database=index.path).stdout
    assert json.loads(run("trash", "list", "--json", database=index.path).stdout)[0]["id"] == trashed
    assert "would be restored" in run("trash", "restore", trashed, "--dry-run", database=index.path).stdout
    assert index.get(trashed)["trashed_at"]
    assert run("trash", "restore", trashed, database=index.path).returncode == 0
    assert index.get(trashed)["trashed_at"] is None
    index.scan()  # a full look, which finds the file as gone as before
    assert index.get(trashed)["trashed_at"] is None
    before = belongings(index, trashed)
    put(photos / "a.jpg", 1)
    index.scan()
    assert belongings(index, trashed) == before
    (photos / "a.jpg").unlink()
    index.scan()
    assert index.get(trashed)["trashed_at"]  # a new loss


def test_what_is_back_is_live_with_all_it_had(index: Index, photos: Path, trashed: str) -> None:
    before = belongings(index, trashed)
    put(photos / "another place.jpg", 1)
    assert index.scan().moved == 1
    assert belongings(index, trashed)[:-2] == before[:-2]
    assert index.get(trashed)["trashed_at"] is None


def test_emptying_waits_for_thirty_days_and_a_yes(index: Index, trashed: str) -> None:
    assert "Nothing in the trash is that old" in run("trash", "empty", database=index.path).stdout
    age(index, 31)
    assert "would be forgotten" in run("trash", "empty", "--dry-run", database=index.path).stdout
    assert run("trash", "empty", database=index.path, input="n\n").returncode == 1
    assert index.get(trashed)
    assert "1 record" in run("trash", "empty", "--yes", database=index.path).stdout
    assert run("get", trashed, database=index.path).returncode == 3
    assert rows(index, "PRAGMA foreign_key_check") == []
    assert rows(index, "SELECT count(*) FROM file WHERE status = 'gone'") == [(0,)]
    assert rows(index, "SELECT event_type FROM event ORDER BY id DESC LIMIT 1")[0][0].endswith("deleted")


def test_what_the_user_put_there_stays_there(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    assert run("trash", "put", path, database=index.path).returncode == 0
    path.rename(photos / "moved.jpg")
    index.scan()
    (photos / "moved.jpg").rename(photos.with_name("away.jpg"))
    index.scan()
    photos.with_name("away.jpg").rename(path)
    index.scan()
    assert index.get(path)["trashed_at"]
    age(index, 99)
    assert index.trash.empty() == []  # its file is there
    assert "its file is still there" in run("trash", "list", database=index.path).stdout
    assert run("trash", "restore", "--all", database=index.path).returncode == 0
    assert index.get(path)["trashed_at"] is None


def test_what_is_on_a_drive_that_is_away_is_never_forgotten(index: Index, photos: Path, trashed: str) -> None:
    put(photos / "a.jpg", 1)
    index.scan()
    index.trash.put([trashed])
    age(index, 99)
    photos.rename(photos.with_name("away"))
    index.scan()
    assert index.trash.empty() == []
    assert index.get(trashed)


def test_unknown_assets_are_said_and_nothing_is_done(index: Index, photos: Path, trashed: str) -> None:
    done = run("trash", "restore", trashed, "asset_2222222222222222222222", database=index.path)
    assert done.returncode == 3
    assert index.get(trashed)["trashed_at"]
    assert run("trash", "restore", database=index.path).returncode == 2


def test_the_log_of_a_photo(index: Index, photos: Path) -> None:
    path = put(photos / "a.jpg", 1)
    put(photos / "stays.jpg", 2)
    index.scan([photos])
    asset = index.get(path)["id"]
    path.rename(photos / "b.jpg")
    index.scan()
    put(photos / "b.jpg", 1, words="rated")
    index.scan()
    (photos / "b.jpg").unlink()
    index.scan()
    lines = run("log", asset, database=index.path).stdout.splitlines()
    words = " | ".join(line.split(asset + "  ")[1] for line in lines)
    assert words == (
        f"added | moved  {photos}/a.jpg → {photos}/b.jpg | record changed"
        f" | edited, the same picture  {photos}/b.jpg | record changed | missing  {photos}/b.jpg"
        f" | gone  {photos}/b.jpg | moved to the trash | record changed"
    )
    cursor = lines[3].split()[0]
    rest = run("log", "--after", cursor, "--json", database=index.path).stdout.splitlines()
    assert [json.loads(line)["event_type"] for line in rest][:2] == ["asset_updated", "file_missing"]


def test_every_change_is_in_the_feed_in_order(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    asset = index.get(photos / "a.jpg")["id"]
    adorn(index, asset)
    with open_for_writing(index.path) as database:
        database.execute("UPDATE person SET name = 'Grace'")
        database.execute("UPDATE album SET name = 'Better'")
        database.execute("DELETE FROM album_asset")
        database.execute("DELETE FROM album")
        database.execute("DELETE FROM face")
        database.execute("DELETE FROM person")
    database.close()
    happened = [event.event_type for event in index.history.events()]
    assert happened == [
        "asset_created", "person_created", "face_created", "album_created", "album_asset_created",
        "person_updated", "album_updated", "album_asset_deleted", "album_deleted", "face_deleted", "person_deleted",
    ]  # fmt: skip
    first = index.history.events(limit=4)
    assert [event.event_type for event in index.history.events(first[-1].id)] == happened[4:]
    assert [event.event_type for event in index.history.events(entity_types=["album"])] == happened[3:4] + [
        "album_updated",
        "album_deleted",
    ]


def test_the_trash_says_why_something_is_in_it(index: Index, photos: Path, trashed: str) -> None:
    index.trash.put([photos / "b.jpg"])
    shown = run("trash", "list", database=index.path).stdout
    assert "its file is gone" in shown and "put here by you" in shown
    assert "in the trash since" in run("why", photos / "b.jpg", database=index.path).stdout
    index.trash.restore([photos / "b.jpg"])
    index.roots.remove(photos)
    shown = run("trash", "list", database=index.path).stdout
    assert shown.count("its folder was forgotten") == 2  # of none of them anything is known to be gone
