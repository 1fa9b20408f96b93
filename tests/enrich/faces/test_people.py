"""People in photos: clustered by similarity, named by users and files, whose assignments are never overridden."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from indexer import Index
from indexer.errors import NotFound, UsageError
from indexer.store import connection
from indexer.store.faces import apply_clusters
from indexer.store.transaction import begin

from ...conftest import rows, run, sized
from .tiny import FACE, person, picture, save_embedder

Take = Callable[..., Path]
LONG_AGO = "2020-01-01T00:00:00.000Z"


def names(index: Index, path: Path) -> list[str | None]:
    """Who is in a photo, from left to right."""
    record = index.get(path)
    known = {person["id"]: person["name"] for person in record["people"]}
    faces = sorted(record["faces"], key=lambda face: face["bounding_box"]["x"])
    return [known[face["person_id"]] if face["person_id"] else None for face in faces]


def region(name: str, x: float, y: float, side: float) -> str:
    return (
        f"<rdf:li rdf:parseType='Resource'><mwg-rs:Name>{name}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>"
        f"<mwg-rs:Area stArea:x='{x + side / 2}' stArea:y='{y + side / 2}' stArea:w='{side}' stArea:h='{side}'"
        " stArea:unit='normalized'/></rdf:li>"
    )


def sidecar(photo: Path, *regions: str) -> None:
    photo.with_name(f"{photo.name}.xmp").write_text(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/'"
        " xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#' xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#'>"
        "<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:RegionList><rdf:Bag>"
        f"{''.join(regions)}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def test_the_same_person_is_found_again(index: Index, models: Path, take: Take) -> None:
    both, one, other = take("both.png", 1, 2), take("one.png", 1, noise=1), take("other.png", 2, noise=2)
    index.scan([both.parent])
    index.enrich()
    assert [person.assets for person in index.people.list()] == [2, 2]
    record = index.get(both)
    left, right = sorted(record["faces"], key=lambda face: face["bounding_box"]["x"])
    assert left["bounding_box"] == {"x": 16, "y": 64, "w": FACE, "h": FACE}
    assert left["timestamp_ms"] is None
    assert left["person_id"] == index.get(one)["faces"][0]["person_id"] == index.get(one)["people"][0]["id"]
    assert right["person_id"] == index.get(other)["faces"][0]["person_id"] != left["person_id"]
    person = next(person for person in record["people"] if person["id"] == left["person_id"])
    assert (person["name"], person["asset_count"], person["is_hidden"]) == (None, 2, False)
    assert person["thumbnail_face_id"] in {left["id"], index.get(one)["faces"][0]["id"]}
    assert index.enrich().total == 0


def test_who_was_named_is_named_in_photos_to_come(index: Index, models: Path, take: Take) -> None:
    first = take("first.png", 1, 2)
    index.scan([first.parent])
    index.enrich()
    faces = sorted(index.get(first)["faces"], key=lambda face: face["bounding_box"]["x"])
    before = index.get(first)["updated_at"]
    ada = index.people.name(faces[0]["id"], "Ada")
    assert ada.name == "Ada" and index.get(first)["updated_at"] > before
    later = take("later.png", 2, 1, noise=1)
    index.scan()
    index.enrich()
    assert names(index, later) == [None, "Ada"]
    assert [one.id for one in index.search("person:ada")] == [
        index.session.resolve(later),
        index.session.resolve(first),
    ]


def test_F29_no_name_is_lost_when_another_model_looks(index: Index, models: Path, take: Take) -> None:
    people = 20
    shots = [take(f"{number}.png", number, (number + 1) % people, noise=number + 1) for number in range(people)]
    index.scan([shots[0].parent])
    index.enrich()
    for number in range(people):
        face = min(index.get(shots[number])["faces"], key=lambda face: face["bounding_box"]["x"])
        index.people.name(face["id"], f"Person {number}")
    # One is given to another by hand, against all similarity.
    odd = max(index.get(shots[3])["faces"], key=lambda face: face["bounding_box"]["x"])
    index.people.split("Person 4", [odd["id"]], "Person 9")
    expected = {shot: names(index, shot) for shot in shots}
    assert expected[shots[3]] == ["Person 3", "Person 9"] and expected[shots[5]] == ["Person 5", "Person 6"]
    people_before = index.people.list()
    faces_before = rows(index, "SELECT id, person_id, assigned_by, created_at FROM face ORDER BY id")

    save_embedder(models / "embedder.onnx", mirrored=True)  # others who sees the same faces with other eyes
    (models / "embedder.onnx").rename(models / "another.onnx")
    due = index.enrichments.due(["faces"])["pictures"]
    summary = index.enrich()
    assert summary.pictures == due == people and summary.failed == 0
    assert all("another.onnx" in row[0] for row in rows(index, "SELECT DISTINCT model FROM face_embedding"))
    assert {shot: names(index, shot) for shot in shots} == expected
    assert rows(index, "SELECT id, person_id, assigned_by, created_at FROM face ORDER BY id") == faces_before
    assert index.people.list() == people_before
    # And the new model knows them.
    new = take("new.png", 7, 12, noise=99)
    index.scan()
    index.enrich()
    assert names(index, new) == ["Person 7", "Person 12"]


def test_files_name_the_clusters(index: Index, models: Path, take: Take) -> None:
    named, unnamed = take("named.png", 1), take("unnamed.png", 1, noise=1)
    index.scan([named.parent])
    index.enrich()
    assert names(index, unnamed) == [None]
    # The box that a person drew is larger, and not quite in the middle.
    sidecar(named, region("Marie Curie", 0.02, 0.17, 0.27))
    index.scan()
    assert names(index, named) == ["Marie Curie"]
    box = index.get(named)["faces"][0]["bounding_box"]
    assert box == {"x": 6, "y": 54, "w": 86, "h": 86}  # of 320: the file's own
    index.enrich()
    assert names(index, unnamed) == ["Marie Curie"]
    assert [(one.name, one.assets) for one in index.people.list()] == [("Marie Curie", 2)]
    # What the user says counts more than the file, also when it is read again.
    index.people.name(index.get(named)["faces"][0]["id"], "Maria Skłodowska")
    sidecar(named, region("Marie Curie", 0.02, 0.17, 0.27), region("Somebody Else", 0.6, 0.6, 0.2))
    index.scan()
    index.enrich()
    assert names(index, named) == ["Maria Skłodowska", "Somebody Else"]
    assert names(index, unnamed) == ["Maria Skłodowska"]


def test_a_face_that_the_file_names_no_more_is_still_a_face(index: Index, models: Path, take: Take) -> None:
    photo = take("a.png", 1)
    sidecar(photo, region("Ada", 0.05, 0.2, 0.2))
    index.scan([photo.parent])
    index.enrich()
    face = index.get(photo)["faces"][0]["id"]
    sidecar(photo)
    index.scan()
    index.enrich()
    record = index.get(photo)
    assert [one["id"] for one in record["faces"]] == [face] and record["people"][0]["name"] is None


def test_merged_people_stay_one(index: Index, models: Path, take: Take) -> None:
    first, second = take("first.png", 1), take("second.png", 2)
    sidecar(second, region("Grace Murray", 0.05, 0.2, 0.2))
    index.scan([first.parent])
    index.enrich()
    grace = index.people.name(index.get(first)["faces"][0]["id"], "Grace Hopper")
    index.people.set(grace.id, birth_date="1906-12-09")
    one = index.people.merge(["Grace Murray"], "Grace Hopper")
    assert (one.id, one.assets, one.birth_date) == (grace.id, 2, "1906-12-09")
    # A photo that has her old name in it, and one of her older self
    third, fourth = take("third.png", 5), take("fourth.png", 2, noise=4)
    sidecar(third, region("Grace Murray", 0.05, 0.2, 0.2))
    index.scan()
    index.enrich()
    for shot in (first, second, third, fourth):
        assert names(index, shot) == ["Grace Hopper"], shot
    index.history.undo()
    assert {names(index, shot)[0] for shot in (first, second)} == {"Grace Hopper", "Grace Murray"}


def test_to_name_as_somebody_is_named_is_to_say_they_are_one(index: Index, models: Path, take: Take) -> None:
    first, second = take("first.png", 1), take("second.png", 2)
    index.scan([first.parent])
    index.enrich()
    ada = index.people.name(index.get(first)["faces"][0]["id"], "Ada")
    again = index.people.name(index.get(second)["faces"][0]["id"], "Ada")
    assert again.id == ada.id and again.assets == 2
    assert index.people.name("Ada", "Ada").assets == 2


def test_a_face_that_was_split_off_does_not_come_back(index: Index, models: Path, take: Take) -> None:
    shots = [take(f"{number}.png", 1, noise=number + 1) for number in range(3)]
    index.scan([shots[0].parent])
    index.enrich()
    ada = index.people.name(index.get(shots[0])["faces"][0]["id"], "Ada")
    assert ada.assets == 3
    twin = index.people.split("Ada", [shots[1]])
    assert (twin.name, twin.assets) == (None, 1)
    index.enrich(["faces"], redo=True)
    assert [names(index, shot) for shot in shots] == [["Ada"], [None], ["Ada"]]
    assert index.people.get(twin.id).assets == 1
    index.history.undo()
    assert index.people.get("Ada").assets == 3
    nobody = take("nobody.png")
    index.scan()
    with pytest.raises(NotFound, match="has no face of Ada"):
        index.people.split("Ada", [nobody])


def test_nobody_is_twice_in_one_picture(index: Index, models: Path, take: Take) -> None:
    photo = take("twins.png", 1, 1)
    index.scan([photo.parent])
    index.enrich()
    assert len({face["person_id"] for face in index.get(photo)["faces"]}) == 2


def test_what_was_found_goes_with_the_picture(index: Index, models: Path, take: Take) -> None:
    photo = take("a.png", 1, 2)
    index.scan([photo.parent])
    index.enrich()
    index.people.name(min(index.get(photo)["faces"], key=lambda face: face["bounding_box"]["x"])["id"], "Ada")
    take("a.png", 3)  # others, where Ada was
    index.scan()
    index.enrich()
    # A name that the user gave stays with the place; the other face is gone, and so is who it was.
    assert names(index, photo) == ["Ada"]
    assert len(index.people.list()) == 1


def test_people_on_the_command_line(index: Index, models: Path, take: Take) -> None:
    for number in range(3):
        take(f"{number}.png", 1, noise=number + 1)
    alone = take("alone.png", 2)
    assert run("scan", alone.parent, database=index.path, enrich=True).returncode == 0
    listed = run("people", "list", database=index.path).stdout
    assert "unknown" in listed and "3 photos" in listed and "1 more person is hidden" in listed
    person = json.loads(run("people", "list", "--json", database=index.path).stdout)[0]
    assert run("people", "name", person["id"], "Ada Lovelace", "--dry-run", database=index.path).returncode == 0
    assert run("people", "show", "Ada Lovelace", database=index.path).returncode == 3
    assert "Ada Lovelace" in run("people", "name", person["id"], "Ada Lovelace", database=index.path).stdout
    said = run("people", "set", "ada lovelace", "--birth-date", "1815-12-10", "--favorite", database=index.path).stdout
    assert "born 1815-12-10" in said and "favorite" in said
    wrong = run("people", "set", "Ada Lovelace", "--birth-date", "10.12.1815", database=index.path)
    assert wrong.returncode == 2 and "write it as 1867-11-07" in wrong.stderr
    faces = json.loads(run("people", "show", "Ada Lovelace", "--json", database=index.path).stdout)["faces"]
    assert len(faces) == 3 and all(face["assigned_by"] == "similarity" for face in faces)
    assert run("people", "split", "Ada Lovelace", faces[0]["id"], database=index.path).returncode == 0
    assert "2 photos" in run("people", "show", "Ada Lovelace", database=index.path).stdout
    new = run("people", "name", index.get(alone)["faces"][0]["id"], "Charles", database=index.path).stdout
    assert run("people", "hide", "Charles", database=index.path).returncode == 0
    assert "Charles" not in run("people", "list", database=index.path).stdout
    assert "Charles" in run("people", "list", "--all", database=index.path).stdout
    assert "hidden" not in run("people", "hide", "--show", "Charles", database=index.path).stdout
    merged = run("people", "merge", new.split()[0], "Ada Lovelace", database=index.path).stdout
    assert "3 photos" in merged
    assert (
        "2 photos"
        in run("undo", database=index.path).stdout + run("people", "show", "Ada Lovelace", database=index.path).stdout
    )
    assert "people Ada Lovelace" in " ".join(run("info", faces[1]["path"], database=index.path).stdout.split())


def test_nobody_is_told_by_a_word(index: Index, models: Path, take: Take) -> None:
    index.scan([take("a.png", 1).parent])
    index.enrich()
    with pytest.raises(NotFound, match="nobody called 'Ada'"):
        index.people.get("Ada")
    person = index.people.list()[0]
    with pytest.raises(UsageError, match="is not a face of"):
        index.people.set(person.id, thumbnail_face_id="face_x")
    with pytest.raises(UsageError, match="cannot be set"):
        index.people.set(person.id, hair="grey")
    with pytest.raises(UsageError, match="name at least one other person"):
        index.people.merge([person.id], person.id)


def test_many_people_who_come_one_by_one(index: Index, models: Path, take: Take) -> None:
    """Scan after scan, each person stays one person."""
    people = sized(6, 30)
    for day in range(3):
        for number in range(people):
            take(f"{day} {number}.png", number + 1, noise=1 + day * people + number)
        index.scan([index.path.parent / "photos"])
        index.enrich()
        assert [one.assets for one in index.people.list()] == [day + 1] * people


def test_a_face_can_be_looked_at(index: Index, models: Path, take: Take, tmp_path: Path) -> None:
    photo = take("a.png", 1, 7)
    index.scan([photo.parent])
    index.enrich()
    faces = sorted(index.get(photo)["faces"], key=lambda face: face["bounding_box"]["x"])
    for face, who in zip(faces, (1, 7), strict=True):
        seen = index.people.portrait(face["id"], 170)  # the face and a third of it around
        middle = seen.crop((35, 35, 135, 135)).resize((4, 4)).convert("L")
        wanted = person(who).resize((4, 4)).convert("L")
        assert [shade > 127 for shade in middle.tobytes()] == [shade > 127 for shade in wanted.tobytes()]
    index.people.name(faces[0]["id"], "Ada")
    sheet = tmp_path / "sheet.png"
    assert run("people", "list", "--all", "--sheet", sheet, database=index.path).returncode == 0
    with Image.open(sheet) as image:
        assert image.size == (1200, 200)
    assert run("people", "show", "Ada", "--portrait", tmp_path / "ada.jpg", database=index.path).returncode == 0
    photo.unlink()
    lost = run("people", "show", "Ada", "--portrait", tmp_path / "ada.jpg", database=index.path)
    assert lost.returncode == 3 and "cannot be reached now" in lost.stderr
    # Of an id the beginning will do.
    unknown = next(one for one in index.people.list() if one.name is None)
    assert index.people.get(unknown.id[7:15]) == unknown


def test_portraits_are_upright_and_those_of_films_of_their_moment(index: Index, models: Path, photos: Path) -> None:
    image, exif = picture({(16, 64): 3}), Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(photos / "turned.png", exif=exif)
    index.scan([photos])
    index.enrich()
    (face,) = index.get(photos / "turned.png")["faces"]
    assert face["bounding_box"] == {"x": 64, "y": 320 - 16 - FACE, "w": FACE, "h": FACE}
    seen = index.people.portrait(face["id"], 170).crop((35, 35, 135, 135)).resize((4, 4)).convert("L")
    wanted = person(3).resize((4, 4)).convert("L")
    assert [shade > 127 for shade in seen.tobytes()] == [shade > 127 for shade in wanted.tobytes()]


def test_a_face_that_is_said_to_be_nobodys_stays_so(index: Index, models: Path, take: Take) -> None:
    first = take("first.png", 1)
    index.scan([first.parent])
    index.enrich()
    (face,) = index.get(first)["faces"]
    index.people.name(face["id"], "Ada")
    index.people.give(face["id"], None)
    take("later.png", 1, noise=1)
    index.scan()
    index.enrich()
    assert names(index, first) == [None]
    index.history.undo()
    assert names(index, first) == ["Ada"]
    index.people.delete("Ada")
    assert names(index, first) == [None]
    index.history.undo()
    assert names(index, first) == ["Ada"]


def looks_like(portrait: Image.Image, who: int) -> bool:
    """The face and a third of it around, against the face."""
    side = portrait.width
    edge = round(side * 0.35 / 1.7)
    seen = portrait.crop((edge, edge, side - edge, side - edge)).resize((4, 4)).convert("L")
    wanted = person(who).resize((4, 4)).convert("L")
    return [shade > 127 for shade in seen.tobytes()] == [shade > 127 for shade in wanted.tobytes()]


def kept(record: dict[str, Any]) -> list[Path]:
    """The files of the faces' portraits, from left to right."""
    faces = sorted(record["faces"], key=lambda face: face["bounding_box"]["x"])
    return [Path(face["asset_urls"]["thumbnail"]["url"].removeprefix("file://")) for face in faces]


def test_the_record_has_portraits(index: Index, models: Path, take: Take) -> None:
    photo, other = take("a.png", 1, 7), take("other.png", 7, noise=1)
    index.scan([photo.parent])
    summary = index.enrich()
    assert summary.portraits == 2 and index.enrich().total == 0
    record = index.get(photo)
    faces = sorted(record["faces"], key=lambda one: one["bounding_box"]["x"])
    for face, file, who in zip(faces, kept(record), (1, 7), strict=True):
        with Image.open(file) as image:
            assert looks_like(image, who)
            assert image.size == (face["asset_urls"]["thumbnail"]["width"],) * 2
        assert face["asset_urls"]["thumbnail"]["mimetype"] == "image/jpeg"
    # A person has the portrait of the face that stands for them, in whichever photo that is.
    everybody = {one["id"]: one for one in record["people"] + index.get(other)["people"]}
    by_id = {face["id"]: face for face in faces + index.get(other)["faces"]}
    assert len(everybody) == 2
    for one in everybody.values():
        assert one["asset_urls"] == by_id[one["thumbnail_face_id"]]["asset_urls"] != {}
    assert list(record["asset_urls"]) == ["original", "thumbnail", "preview", "fullsize"]

    # Made again when it is asked for, from the photo; and where it was lost, by the next run.
    lost = kept(record)[0]
    lost.unlink()
    face_id = faces[0]["id"]
    again = index.renditions.get(photo, face_id)
    with Image.open(again) as image:
        assert looks_like(image, 1) and image.width == 256
    with pytest.raises(NotFound):
        index.renditions.get(other, face_id)
    # Renditions that are made anew leave the portraits as they are.
    index.enrich(["renditions"], redo=True)
    assert all(file.is_file() for file in kept(index.get(photo)))
    # A face that is not there any more leaves none behind.
    with connection.open_for_writing(index.path) as database:
        database.execute("DELETE FROM face WHERE id = ?", (face_id,))
    assert len(kept(index.get(photo))) == 1
    assert rows(index, "SELECT count(*) FROM rendition WHERE name GLOB 'face_*'") == [(2,)]


def test_portraits_are_cut_from_the_upright_picture(index: Index, models: Path, photos: Path) -> None:
    for orientation, turn in {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270,
                              2: Image.Transpose.FLIP_LEFT_RIGHT}.items():  # fmt: skip
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture({(16, 64): 3}, noise=orientation).transpose(turn).save(photos / f"{orientation}.png", exif=exif)
    index.scan([photos])
    index.enrich()
    for file in photos.iterdir():
        (portrait,) = kept(index.get(file))
        with Image.open(portrait) as image:
            assert looks_like(image, 3), file.name


def test_without_the_extra_what_files_name_is_there(index: Index, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexer.enrich.faces import models as of_faces

    monkeypatch.setattr(of_faces, "_PACKAGES", ("a_package_that_is_not_there",))
    photo = take("a.png", 1)
    sidecar(photo, region("Marie Curie", 0.05, 0.2, 0.2))
    index.scan([photo.parent])
    index.enrich()
    assert "faces" not in index.enrichments.counts() and names(index, photo) == ["Marie Curie"]
    with Image.open(kept(index.get(photo))[0]) as image:
        assert image.width == round(64 * 1.7)
    with pytest.raises(UsageError, match=r"pip install 'photo-indexer\[faces\]'"):
        index.enrich(["faces"])
    (finding,) = [one for one in index.doctor.examine() if one.subject == "faces"]
    assert finding.state == "ok" and "photo-indexer[faces]" in (finding.advice or "")


def test_the_doctor_looks_at_the_models(index: Index, models: Path, take: Take) -> None:
    index.scan([take("a.png", 1).parent])
    (finding,) = [one for one in index.doctor.examine() if one.subject == "faces"]
    assert finding.state == "ok" and str(models) in finding.words
    (models / "embedder.onnx").write_bytes(b"cut off")
    (finding,) = [one for one in index.doctor.examine() if one.subject == "faces"]
    assert finding.state == "warning" and "embedder.onnx is not a usable model" in finding.words
    asked = run("enrich", "faces", database=index.path)
    assert asked.returncode == 2 and "embedder.onnx is not a usable model" in asked.stderr
    # When it is not asked for, all the others run.
    done = run("enrich", database=index.path)
    assert (
        done.returncode == 0
        and "faces was skipped" in done.stderr
        and "embedder.onnx is not a usable model" in done.stderr
    )
    assert (
        set(index.enrichments.counts()) == {"renditions", "quality", "perceptual_hashes"}
        and index.enrichments.failures() == []
    )
    save_embedder(models / "embedder.onnx")
    assert index.enrich().pictures == 1 and len(index.people.list()) == 1


def test_who_was_not_told_apart_yet_is_at_the_next_run(index: Index, models: Path, take: Take) -> None:
    """A run that was killed when the faces were written, and before anybody looked whose they are."""
    take("a.png", 1, 2)
    index.scan([take("b.png", 2, noise=1).parent])
    index.enrich()
    with connection.open_for_writing(index.path) as database:
        database.execute("DELETE FROM person")
        database.execute("UPDATE face SET assigned_by = NULL")
    database.close()
    assert index.people.list() == []
    assert index.enrich().pictures == 0
    assert [one.assets for one in index.people.list()] == [2, 1]


def test_two_people_found_to_be_one_are_merged(index: Index, models: Path, take: Take) -> None:
    """Their photos have changed then: clients ask for what was updated since."""
    shots = [take(f"{number}.png", number + 1) for number in range(2)]
    index.scan([shots[0].parent])
    index.enrich()
    stays, goes = (index.get(shot)["people"][0]["id"] for shot in shots)
    writing = connection.open_for_writing(index.path)
    writing.execute("UPDATE asset SET updated_at = ?", (LONG_AGO,))
    with begin(writing) as tx:
        apply_clusters(tx, {}, {goes: stays})
    writing.close()
    assert [person.id for person in index.people.list()] == [stays]
    assert [index.get(shot)["people"][0]["id"] for shot in shots] == [stays, stays]
    assert [index.get(shot)["updated_at"] > LONG_AGO for shot in shots] == [False, True]
    assert index.people.get(goes).id == stays


def test_a_photo_changes_when_its_face_gets_a_person(index: Index, models: Path, take: Take) -> None:
    photo = take("a.png", 1)
    index.scan([photo.parent])
    index.enrich()
    face = index.get(photo)["faces"][0]["id"]
    writing = connection.open_for_writing(index.path)
    writing.execute("UPDATE face SET person_id = NULL, assigned_by = NULL")
    writing.execute("UPDATE asset SET updated_at = ?", (LONG_AGO,))
    with begin(writing) as tx:
        apply_clusters(tx, {face: 1}, {})
    writing.close()
    assert index.get(photo)["updated_at"] > LONG_AGO


def test_what_is_said_while_similarity_is_judged_counts_more(index: Index, models: Path, take: Take) -> None:
    """Between the judgement and the writing of it the user names, merges, and purges."""
    shots = [take(f"{number}.png", number, number + 2, noise=number + 1) for number in range(2)]
    index.scan([shots[0].parent])
    index.enrich()
    ids = [face["id"] for shot in shots for face in index.get(shot)["faces"]]
    with connection.open_for_writing(index.path) as database:
        database.execute("UPDATE face SET person_id = NULL, assigned_by = NULL WHERE id = ?", (ids[0],))
    database.close()
    ada = index.people.name(ids[0], "Ada")
    unnamed = [one.id for one in index.people.list() if one.name is None]
    index.people.set(unnamed[0], is_favorite=True)
    writing = connection.open_for_writing(index.path)
    with begin(writing) as tx:
        gone = "person_of_whom_nobody_knows"
        apply_clusters(tx, {ids[0]: 7, "face_that_is_gone": 8}, {unnamed[0]: ada.id, unnamed[1]: gone, gone: ada.id})
    writing.close()
    assert {one["name"] for one in index.get(shots[0])["people"]} >= {"Ada"}
    assert index.people.get(ids[0]) == index.people.get("Ada")
    assert index.people.get(unnamed[0]).is_favorite  # settled by that, and not merged away
    assert len(rows(index, "SELECT 1 FROM face WHERE person_id IS NULL")) == 0


def test_a_name_that_looks_like_an_id_is_a_name(index: Index, models: Path, take: Take) -> None:
    photo = take("a.png", 1, 2)
    index.scan([photo.parent])
    index.enrich()
    ada, other = index.people.list()
    index.people.name(ada.id, "Ada")
    index.people.name(other.id, ada.id[7:13])
    assert {one.name for one in index.people.list()} == {"Ada", ada.id[7:13]}
