"""Users' edits of photos, and indexer undo."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from indexer import Index
from indexer.errors import CannotUndo
from indexer.store.connection import open_for_writing

from ..conftest import put, rows, run

USERS = ("user_value", "album", "album_asset", "person", "asset")


@pytest.fixture
def ids(index: Index, photos: Path) -> list[str]:
    for number in range(5):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    return [index.get(photos / f"{number}.jpg")["id"] for number in range(5)]


def state(index: Index) -> dict[str, object]:
    """All that users may have changed, but for when."""
    found: dict[str, object] = {
        "values": rows(index, "SELECT * FROM user_value ORDER BY 1"),
        "albums": rows(index, "SELECT id, name FROM album ORDER BY 1"),
        "links": rows(index, "SELECT album_id, asset_id FROM album_asset ORDER BY 1, 2"),
        "trash": rows(index, "SELECT id, trashed_at IS NULL, trash_override FROM asset ORDER BY 1"),
    }
    return found


def test_every_change_of_a_user_is_undone_one_after_the_other(index: Index, photos: Path, ids: list[str]) -> None:
    steps = [
        ("set", *ids[:3], "rating=5"),
        ("set", ids[0], "description=a fine day", "city=Atlantis"),
        ("albums", "create", "Best", *ids[:2]),
        ("albums", "add", "Best", ids[2], ids[3]),
        ("albums", "remove", "Best", ids[0]),
        ("albums", "rename", "Best", "Very best"),
        ("set", ids[1], "rating="),
        ("set", *ids[:2], "favorite=yes"),
        ("set", ids[0], "favorite=no"),
        ("trash", "put", ids[4], ids[3]),
        ("trash", "restore", ids[3]),
        ("albums", "delete", "Very best"),
    ]
    states = [state(index)]
    for step in steps:
        shown = run(*step, "--dry-run", database=index.path)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "would be" in shown.stdout.lower()
        assert state(index) == states[-1]
        done = run(*step, database=index.path)
        assert (done.returncode, done.stderr) == (0, "")
        states.append(state(index))
        assert states[-1] != states[-2]
    for before in reversed(states[:-1]):
        assert "Would undo" in run("undo", "--dry-run", database=index.path).stdout
        assert "Undone" in run("undo", database=index.path).stdout
        assert state(index) == before
    assert "nothing to undo" in run("undo", database=index.path).stdout
    assert rows(index, "PRAGMA foreign_key_check") == []


def test_ratings_show_in_the_record_and_win_over_the_file(index: Index, photos: Path, ids: list[str]) -> None:
    before = index.get(ids[0])
    assert run("set", photos / "0.jpg", "rating=4", database=index.path).returncode == 0
    after = index.get(ids[0])
    assert (after["metadata"]["rating"], after["exif"]["rating"]) == (4, 4)
    assert after["updated_at"] > before["updated_at"]
    put(photos / "0.jpg", 0, words="edited")
    index.scan()
    assert index.get(ids[0])["metadata"]["rating"] == 4
    index.history.undo()
    assert index.get(ids[0])["metadata"]["rating"] is None
    assert "asset_updated" in [event.event_type for event in index.history.events(of=ids[0])]


def test_what_was_changed_again_since_stays(index: Index, ids: list[str]) -> None:
    index.assets.set(ids[:2], rating=5)
    with open_for_writing(index.path) as database:  # by another program
        database.execute("UPDATE user_value SET rating = 1 WHERE asset_id = ?", (ids[0],))
    database.close()
    change = index.history.undo()
    assert change is not None
    assert (change.rows, change.kept) == (2, 1)
    assert rows(index, "SELECT asset_id, rating FROM user_value") == [(ids[0], 1)]


def test_all_or_nothing(index: Index, ids: list[str]) -> None:
    before = state(index)
    unknown = "asset_2222222222222222222222"
    for step in (
        ("set", "rating=5", ids[0], unknown),
        ("albums", "create", "x", unknown),
        ("trash", "put", ids[0], unknown),
    ):
        assert run(*step, database=index.path).returncode == 3
    assert run("set", ids[0], "rating=6", database=index.path).returncode == 2
    assert run("albums", "add", "no such album", ids[0], database=index.path).returncode == 3
    assert state(index) == before
    assert "nothing to undo" in run("undo", database=index.path).stdout


def test_albums_are_listed(index: Index, ids: list[str]) -> None:
    assert "no albums" in run("albums", "list", database=index.path).stdout
    for _ in range(2):
        index.albums.create("Trip", ids[:2])
    shown = json.loads(run("albums", "list", "--json", database=index.path).stdout)
    assert [(one["name"], one["assets"]) for one in shown] == [("Trip", 2)] * 2
    twice = run("albums", "delete", "Trip", database=index.path)
    assert twice.returncode == 2
    assert "by its id" in twice.stderr
    assert run("albums", "list", shown[0]["id"], database=index.path).stdout.split() == sorted(ids[:2])


def test_what_scans_do_is_not_the_users(index: Index, photos: Path, ids: list[str]) -> None:
    (photos / "0.jpg").unlink()
    put(photos / "1.jpg", "edited")
    index.scan()
    assert index.history.last_change() is None


def test_a_scan_is_rehearsed_on_a_copy(index: Index, photos: Path, ids: list[str], tmp_path: Path) -> None:
    (photos / "0.jpg").rename(photos / "moved.jpg")
    put(photos / "new.jpg", "new")
    (photos / "4.jpg").unlink()
    before = rows(index, "SELECT * FROM file")
    shown = run("scan", "--dry-run", database=index.path)
    assert shown.returncode == 0
    assert shown.stdout.startswith("Would be: 1 new, 1 moved, 1 gone, 3 unchanged")
    assert rows(index, "SELECT * FROM file") == before
    rehearsed = index.scan(dry_run=True)
    real = index.scan()
    assert {**rehearsed.as_dict(), "seconds": 0} == {**real.as_dict(), "seconds": 0}
    none = tmp_path / "none" / "index.db"
    assert "Would be: 5 new" in run("scan", photos, "--dry-run", database=none).stdout
    assert not none.exists()


def test_a_place_that_the_user_sets_stays(index: Index, samples: Path) -> None:
    photo = samples / "Paris" / "PXL_20240412_184115120.jpg"
    index.scan([samples])
    index.enrich(["places"])
    looked_up = index.get(photo)["metadata"]
    assert looked_up["city"] == "Paris"
    done = run("set", photo, "city=Lutetia", "place_name=The tower", database=index.path)
    assert (done.returncode, done.stdout) == (0, "1 photo changed.\n")
    index.enrich(["places"], redo=True)
    photo.touch()
    index.scan()
    said = index.get(photo)["metadata"]
    assert (said["city"], said["place_name"], said["country"]) == ("Lutetia", "The tower", looked_up["country"])
    assert said["display_label"].startswith("The tower, Lutetia")
    assert "you, in the index" in run("explain", photo, database=index.path).stdout
    assert run("set", photo, "city=", "place_name=", database=index.path).returncode == 0
    assert index.get(photo)["metadata"]["city"] == "Paris"
    for wrong in (("town=x",), ("rating=6",), ("rating=good",), ("favorite=maybe",), ()):
        done = run("set", photo, *wrong, database=index.path)
        assert done.returncode == 2, wrong
        assert done.stderr


FINAL = {
    "roots": ("forgot the folder", "indexer scan"),
    "merge": ("merged", "indexer restore"),
    "restore": ("restored", "indexer restore"),
    "empty": ("emptied the trash of 1 photo", "indexer restore"),
    "delete": ("deleted 1 photo from the index", "roots --take-back"),
    "take back": ("had 1 photo indexed again", "Delete again"),
}


@pytest.mark.parametrize("action", FINAL)
def test_nothing_is_undone_past_what_cannot_be_undone(
    index: Index, photos: Path, ids: list[str], tmp_path: Path, action: str
) -> None:
    index.assets.set([ids[0]], rating=5)
    index.maintenance.backup(tmp_path / "backup.db")
    if action == "roots":
        put(tmp_path / "more" / "x.jpg", "x")
        index.scan([tmp_path / "more"])
        index.roots.remove(tmp_path / "more")
    elif action == "merge":
        with Index.open(tmp_path / "other.db") as other:
            other.scan([photos])
        index.maintenance.merge(tmp_path / "other.db")
    elif action == "restore":
        index.maintenance.restore(tmp_path / "backup.db")
    elif action == "empty":
        (photos / "4.jpg").unlink()
        index.scan()
        index.trash.empty(0)
    else:
        index.trash.delete([ids[4]])
        if action == "take back":
            index.trash.unexclude()
    index.assets.set([ids[0]], description="later")
    assert "changed the description of 1 photo" in run("undo", "--dry-run", database=index.path).stdout
    assert "changed the description of 1 photo" in run("undo", database=index.path).stdout
    before = state(index)
    for options in (("--dry-run",), ()):
        done = run("undo", *options, database=index.path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "cannot be undone" in done.stderr
        assert all(words in done.stderr for words in FINAL[action])
    with pytest.raises(CannotUndo):
        index.history.undo()
    assert state(index) == before
    assert index.get(ids[0])["metadata"]["rating"] == 5


def test_the_advice_after_a_merge_is_sound(index: Index, ids: list[str], tmp_path: Path) -> None:
    index.assets.set([ids[0]], rating=5)
    with Index.open(tmp_path / "other.db") as other:
        other.scan([put(tmp_path / "others" / "x.jpg", "x").parent])
    before = state(index)
    index.maintenance.merge(tmp_path / "other.db")
    assert state(index) != before
    advised = re.search(r"'indexer (restore \S+)'", run("undo", database=index.path).stderr)
    assert advised
    assert run(*advised[1].split(), database=index.path).returncode == 0
    assert state(index) == before


def test_what_changed_nothing_is_not_recorded(index: Index, ids: list[str]) -> None:
    index.assets.set(ids[:1], rating=5)
    assert index.trash.restore(ids[:2]) == []
    index.assets.set(ids[:1], rating=5)
    assert index.trash.empty(0) == [] and index.trash.unexclude() == 0
    assert rows(index, "SELECT count(*) FROM user_change") == [(1,)]
    assert "rated 1 photo 5 stars" in run("undo", database=index.path).stdout
    assert "nothing to undo" in run("undo", database=index.path).stdout
