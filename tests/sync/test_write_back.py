"""Users' edits written into sidecars next to the photos; nothing else is touched."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import put, rows, run
from ..media.test_xmp_write import OTHERS


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def album(index: Index, photos: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        put(photos / name, name)
    (photos / "b.jpg.xmp").write_bytes(OTHERS)
    (photos / "c.xmp").write_bytes(OTHERS)
    index.scan([photos])
    return photos


def test_only_sidecars_are_written_and_read_again_alike(index: Index, album: Path) -> None:
    before = digests(album)
    index.assets.set([album / name for name in ("a.jpg", "b.jpg", "c.jpg")], rating=5, description="Tea in Gion")
    index.assets.set([album / "a.jpg"], city="Kyoto", country="Japan", country_code="JP")
    rehearsed, _ = index.assets.write_back(dry_run=True)
    assert [(one.sidecar.name, one.state) for one in rehearsed] == [
        ("a.jpg.xmp", "made"), ("b.jpg.xmp", "changed"), ("c.xmp", "changed"),
    ]  # fmt: skip
    assert digests(album) == before
    done, kept = index.assets.write_back()
    assert [one.state for one in done] == ["made", "changed", "changed"]
    after = digests(album)
    assert {name for name in after if after[name] != before.get(name)} == {"a.jpg.xmp", "b.jpg.xmp", "c.xmp"}
    assert kept is not None and [path.read_bytes() for path in sorted(kept.iterdir())] == [OTHERS, OTHERS]
    # Another index, which knows nothing but the files, has the same words.
    with Index.open(index.path.with_name("other.db")) as other:
        other.scan([album])
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            metadata = other.get(album / name)["metadata"]
            assert (metadata["rating"], metadata["description"]) == (5, "Tea in Gion")
        assert other.get(album / "a.jpg")["metadata"]["city"] == "Kyoto"
        assert other.assets.keywords(album / "b.jpg") == ["tea"]
    again, kept = index.assets.write_back()
    assert [one.state for one in again] == ["same", "same", "same"] and kept is None
    # The scan takes in what was written, and what the user says goes on counting.
    assert index.scan().refreshed == 3
    index.assets.set([album / "a.jpg"], rating=2)
    assert index.get(album / "a.jpg")["metadata"]["rating"] == 2


def test_faces_that_the_user_named(index: Index, album: Path) -> None:
    asset = index.session.resolve(album / "d.jpg")
    from indexer.store import connection

    with connection.open_for_writing(index.path) as database:
        for number, by in enumerate(("user", "similarity")):
            person = (f"person_{number}", f"Person {number}")
            database.execute("INSERT INTO person (id, name, created_at, updated_at) VALUES (?, ?, 'x', 'x')", person)
            database.execute(
                "INSERT INTO face (id, asset_id, person_id, x, y, w, h, source, assigned_by, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, 8, 10, 12, 'faces', ?, 'x', 'x')",
                (f"face_{number}", asset, person[0], 10 + 30 * number, by),
            )
    database.close()
    ((one,), _) = index.assets.write_back([album / "d.jpg"])
    assert one.state == "made"
    text = one.sidecar.read_text()
    assert "Person 0" in text and "Person 1" not in text  # a guess is not written down as a fact
    index.scan()
    record = index.get(album / "d.jpg")
    assert len(record["faces"]) == 2  # what was written is the user's word, and no face of the file's
    assert rows(index, "SELECT source, assigned_by FROM face WHERE person_id = 'person_0'") == [("faces", "user")]


def test_what_cannot_be_written_is_told_and_the_others_are(index: Index, album: Path) -> None:
    (album / "b.jpg.xmp").write_bytes(OTHERS[:300])
    (album / "d.jpg.xmp").mkdir()
    index.scan()
    index.assets.set([album / name for name in ("a.jpg", "b.jpg", "d.jpg")], rating=3)
    done = run("write-back", "--json", database=index.path)
    assert done.returncode == 2
    states = {Path(one["sidecar"]).name: one["state"] for one in json.loads(done.stdout)}
    assert states == {"a.jpg.xmp": "made", "b.jpg.xmp": "failed", "d.jpg.xmp": "failed"}
    assert (
        "b.jpg.xmp was not written: it is not well-formed XML" in done.stderr
        and "d.jpg.xmp was not written" in done.stderr
    )
    assert (album / "b.jpg.xmp").read_bytes() == OTHERS[:300]
    assert not list(album.glob("*.part")) and not list(album.glob(".*"))


def test_on_the_command_line(index: Index, album: Path) -> None:
    assert run("set", album / "a.jpg", "rating=4", database=index.path).returncode == 0
    assert "1 sidecar would be created" in run("write-back", "--dry-run", database=index.path).stdout
    assert not (album / "a.jpg.xmp").exists()
    assert "1 sidecar created, 0 updated" in run("write-back", album / "a.jpg", database=index.path).stdout
    assert "1 up to date" in run("write-back", database=index.path).stdout
    assert run("write-back", "asset_2222222222222222222222", database=index.path).returncode == 3
    # "album" will do for "albums"
    assert "Japan" in run("album", "create", "Japan", album / "a.jpg", database=index.path).stdout


@pytest.mark.parametrize("is_scanned", [False, True])
def test_what_was_undone_does_not_come_back_from_the_sidecar(index: Index, album: Path, is_scanned: bool) -> None:
    """It was the user's word there too. What the sidecar said before counts again, and so does what others write."""
    names = ("a.jpg", "b.jpg")

    def said() -> list[tuple[object, object, object]]:
        metadata = [index.get(album / name)["metadata"] for name in names]
        return [(one["rating"], one["description"], one["city"]) for one in metadata]

    before = said()
    assert [one[0] for one in before] == [None, 1]
    index.assets.set([album / name for name in names], rating=5, description="Tea in Gion", city="Kyoto")
    states = [one.state for one in index.assets.write_back()[0]]
    assert states == ["made", "changed"]
    if is_scanned:
        assert index.scan().refreshed == 2
        assert said() == [(5, "Tea in Gion", "Kyoto")] * 2
    index.history.undo()
    assert said() == before
    index.scan()
    assert said() == before
    explained = run("explain", album / "a.jpg", database=index.path).stdout
    assert "Tea in Gion" not in explained and "Kyoto" not in explained
    # Another program adds a keyword, and leaves the rest: that is still ours.
    sidecar = album / "a.jpg.xmp"
    text = sidecar.read_text()
    sidecar.write_text(text.replace("</rdf:Description>", "<!-- seen --></rdf:Description>"))
    assert index.scan().refreshed == 1
    assert said() == before
    # It says something else: that counts, and so does the same again from then on.
    for rating in (4, 5):
        sidecar.write_text(text.replace("<xmp:Rating>5", f"<xmp:Rating>{rating}").replace("Kyoto", "Nara"))
        assert index.scan().refreshed == 1
        assert said() == [(rating, None, "Nara"), before[1]]


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_a_write_back_that_was_killed_still_wrote_the_users_values(
    index: Index, album: Path, tmp_path: Path, is_written: bool, again: bool
) -> None:
    """Killed just before or just after the sidecar is in place, and the second time that it is written."""
    dies = (
        "import os, pathlib\nreal = pathlib.Path.replace\n"
        "def replace(path, target):\n"
        "    if str(target).endswith('.xmp'):\n"
        f"        {is_written} and real(path, target)\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return real(path, target)\n"
        "pathlib.Path.replace = replace\n"
    )
    photo = album / "a.jpg"
    index.assets.set([photo], rating=5)
    index.assets.write_back([photo])
    index.scan()
    index.assets.set([photo], rating=2)
    index.close()
    assert run("write-back", photo, database=index.path, code=dies).returncode == -9
    assert ("<xmp:Rating>2" in (album / "a.jpg.xmp").read_text()) == is_written
    if again:
        index.assets.write_back([photo])
    index.history.undo()
    index.history.undo()
    index.scan()
    assert index.get(photo)["metadata"]["rating"] is None
    if is_written or again:  # else nothing has been read since
        assert rows(index, "SELECT * FROM written_value WHERE name GLOB 'new:*'") == []


def test_one_temporary_folder_for_all_sidecars_of_a_folder(index: Index, photos: Path) -> None:
    for number in range(12):
        put(photos / f"{number % 2}" / f"{number}.jpg", number)
    index.scan([photos])
    index.assets.set([photos / f"{number % 2}" / f"{number}.jpg" for number in range(12)], rating=3)
    made: list[str] = []
    watching = [True]
    sys.addaudithook(
        lambda event, args: made.append(str(args[0])) if event == "os.mkdir" and watching else None,
    )
    done, _ = index.assets.write_back()
    watching.clear()
    assert [one.state for one in done] == ["made"] * 12
    assert [Path(path).parent.name for path in made] == ["0", "1"]
    assert not list(photos.glob("*/.*"))


def test_what_the_user_takes_back_is_gone_from_the_sidecar_too(index: Index, album: Path) -> None:
    """Not from the file, which is written to by `write-back` alone, but from what it counts for."""
    for rating in (5, 2):
        index.assets.set([album / "a.jpg"], rating=rating)
        index.assets.write_back()
        index.scan()
    index.assets.set([album / "a.jpg"], rating=None)
    index.scan()
    assert index.get(album / "a.jpg")["metadata"]["rating"] is None
    (album / "a.jpg").rename(album / "moved.jpg")
    (album / "a.jpg.xmp").rename(album / "moved.jpg.xmp")
    for _ in range(2):
        index.scan()
        assert index.get(album / "moved.jpg")["metadata"]["rating"] is None


@pytest.mark.parametrize("is_scanned", [False, True])
def test_a_name_that_was_undone_does_not_come_back_from_the_sidecar(
    index: Index, album: Path, is_scanned: bool
) -> None:
    """What the file, or another program, names there counts as ever."""
    from indexer.store import connection

    asset = index.session.resolve(album / "d.jpg")
    with connection.open_for_writing(index.path) as database:
        database.execute(
            "INSERT INTO face (id, asset_id, x, y, w, h, source, created_at, updated_at)"
            " VALUES ('face_1', ?, 8, 10, 12, 10, 'faces', 'x', 'x')",
            (asset,),
        )
    database.close()
    ada = index.people.create(name="Ada")
    index.people.give("face_1", ada.id)
    ((one,), _) = index.assets.write_back([album / "d.jpg"])
    assert one.state == "made" and "Ada" in one.sidecar.read_text()

    def faces() -> list[tuple[object, ...]]:
        return rows(index, "SELECT person.name, assigned_by FROM face LEFT JOIN person ON person.id = person_id")

    if is_scanned:
        assert index.scan().refreshed == 1
        assert faces() == [("Ada", "user")]
    index.history.undo()
    assert faces() == [(None, None)]
    for _ in range(2):
        one.sidecar.write_text(one.sidecar.read_text() + "\n")
        assert index.scan().refreshed == 1
        assert faces() == [(None, None)]
    one.sidecar.write_text(one.sidecar.read_text().replace("Ada", "Grace"))
    index.scan()
    assert faces() == [("Grace", "file")]
