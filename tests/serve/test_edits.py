"""Editing photos and undoing edits, as the gallery does it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from indexer import Index
from indexer.store.connection import open_for_writing

from ..conftest import put
from .conftest import Serve, Server
from .test_client import named

KEY = "a key of some length"
PHOTO, OTHER = "DSC00141.JPG", "DSC00123.JPG"


def test_an_edit_is_one_change_with_a_name(server: Server, indexed: Index) -> None:
    ids = [named(indexed, PHOTO), named(indexed, OTHER)]
    before = [indexed.get(one)["metadata"]["description"] for one in ids]
    with server.http() as http:
        values = {"rating": 4, "is_favorite": True, "description": "Two\nlines"}
        change = http.patch("/api/assets", json={"ids": ids, **values}).json()["change"]
        assert (
            change["what"] == "rated 2 photos 4 stars, added 2 photos to favorites, changed the description of 2 photos"
        )
        for one in ids:
            details = http.get(f"/api/assets/{one}/details").json()
            assert details["asset"]["metadata"]["rating"] == 4 and details["is_favorite"] is True
            assert details["asset"]["metadata"]["description"] == "Two\nlines"
            assert {"rank": 0, "source": "you, in the index"}.items() <= next(
                origin for origin in details["provenance"] if origin["field"] == "rating"
            ).items()
        assert http.patch("/api/assets", json={"ids": ids, **values}).json() == {"change": None}
        last = http.get("/api/undo").json()["change"]
        assert {key: last[key] for key in change} == change
        undone = http.post("/api/undo", json={"id": change["id"]})
        assert undone.status_code == 200 and undone.json()["undone"]["id"] == change["id"]
        assert sorted(undone.json()["undone"]["asset_ids"]) == sorted(ids)
        assert [indexed.get(one)["metadata"]["description"] for one in ids] == before
        assert http.get(f"/api/assets/{ids[0]}/details").json()["is_favorite"] is False
        assert http.post("/api/undo", json={"id": change["id"]}).status_code == 409


def test_what_is_not_named_stays_and_null_lets_the_file_speak(server: Server, indexed: Index) -> None:
    (rated,) = indexed.query("SELECT id, rating FROM asset WHERE rating > 0 LIMIT 1")
    photo = rated["id"]
    with server.http() as http:
        for values, rating, description in (
            ({"rating": 0}, 0, None),
            ({"description": "x"}, 0, "x"),
            ({"is_favorite": True}, 0, "x"),
            ({"rating": None}, rated["rating"], "x"),
            ({"description": ""}, rated["rating"], ""),
        ):
            assert http.patch("/api/assets", json={"ids": [photo], **values}).json()["change"], values
            metadata = indexed.get(photo)["metadata"]
            assert metadata["rating"] == rating, values
            if description is not None:
                assert metadata["description"] == description, values


def test_an_undo_takes_back_nothing_that_came_before_another_change(server: Server, indexed: Index) -> None:
    photo = named(indexed, PHOTO)
    with server.http() as http:
        first = http.patch("/api/assets", json={"ids": [photo], "rating": 1}).json()["change"]
        second = http.patch("/api/assets", json={"ids": [photo], "is_favorite": True}).json()["change"]
        refused = http.post("/api/undo", json={"id": first["id"]})
        assert refused.status_code == 409 and "added 1 photo to favorites" in refused.json()["detail"]
        assert indexed.get(photo)["metadata"]["rating"] == 1
        for one in (second, first):
            assert http.post("/api/undo", json={"id": one["id"]}).status_code == 200
        indexed.albums.create("Best")
        http.post("/api/undo", json={"id": http.get("/api/undo").json()["change"]["id"]})
        assert [album.name for album in indexed.albums.list()] == []


def test_what_cannot_be_undone_is_not_offered(server: Server, indexed: Index) -> None:
    photo = named(indexed, PHOTO)
    with server.http() as http:
        assert http.get("/api/undo").json() == {"change": None}
        change = http.patch("/api/assets", json={"ids": [photo], "rating": 1}).json()["change"]
        indexed.trash.delete([named(indexed, OTHER)])
        assert http.get("/api/undo").json() == {"change": None}
        assert http.post("/api/undo", json={"id": change["id"]}).status_code == 409


def test_the_trash_is_an_edit_too(server: Server, indexed: Index) -> None:
    """Of more photos than the cloud's own route takes, as one change."""
    ids = [one.id for one in indexed.list(limit=-1)]
    with server.http() as http:

        def edit(**values: object) -> dict[str, object] | None:
            answer = http.patch("/api/assets", json={"ids": ids, **values})
            assert answer.status_code == 200, answer.text
            return answer.json()["change"]  # type: ignore[no-any-return]

        change = edit(is_trashed=True)
        assert change is not None and change["what"] == f"moved {len(ids)} photos to the trash"
        assert indexed.list() == [] and len(indexed.trash.list()) == len(ids)
        assert edit(is_trashed=True) is None
        undone = http.post("/api/undo", json={"id": change["id"]}).json()["undone"]
        assert sorted(undone["asset_ids"]) == sorted(ids) and len(indexed.list(limit=-1)) == len(ids)
        edit(is_trashed=True)
        change = edit(is_trashed=False, rating=5)
        assert change is not None
        assert change["what"] == f"rated {len(ids)} photos 5 stars, restored {len(ids)} photos from the trash"
        assert indexed.trash.list() == []
        assert http.patch("/api/assets", json={"ids": ids}).status_code == 422


def test_a_photo_restored_without_its_file_is_said(serve: Serve, index: Index, photos: Path) -> None:
    for name in "abc":
        put(photos / f"{name}.jpg", name)
    index.scan([photos])
    ids = [index.session.resolve(photos / f"{name}.jpg") for name in "abc"]
    (photos / "a.jpg").unlink()
    index.scan(accept_loss=1)
    index.trash.put(ids)
    server = serve(index.path)
    with server.http() as http:
        for chosen, what in (
            (ids[:1], "restored 1 photo from the trash, whose file is gone"),
            (ids, "restored 3 photos from the trash (1 of them without a file)"),
            (ids[1:], "restored 2 photos from the trash"),
        ):
            change = http.patch("/api/assets", json={"ids": chosen, "is_trashed": False}).json()["change"]
            assert change["what"] == what
            index.trash.put(chosen)


def test_who_may_not_delete_moves_nothing_to_the_trash(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    (photo,) = (one.id for one in index.list())
    _, key = index.api_keys.create("frame", ["read", "write"])
    server = serve(index.path, "--key", KEY)
    with server.http() as http:
        http.headers["authorization"] = f"Bearer {key}"
        refused = http.patch("/api/assets", json={"ids": [photo], "is_trashed": True, "rating": 5})
        assert refused.status_code == 403 and rating_of(index, photo) is None
        index.trash.put([photo])
        assert http.patch("/api/assets", json={"ids": [photo], "is_trashed": False}).status_code == 200
        assert len(index.list()) == 1


def rating_of(index: Index, photo: str) -> int | None:
    return index.get(photo)["metadata"]["rating"]  # type: ignore[no-any-return]


def test_who_may_not_delete_does_not_by_undo(serve: Serve, index: Index, photos: Path) -> None:
    """What takes something away needs the right to, also as the undo of what somebody else did."""
    put(photos / "a.jpg")
    index.scan([photos])
    (photo,) = (one.id for one in index.list())
    _, key = index.api_keys.create("frame", ["read", "write"])
    server = serve(index.path, "--key", KEY)
    writer, everybody = ({"authorization": f"Bearer {one}"} for one in (key, KEY))
    with server.http() as http:

        def undo(headers: dict[str, str]) -> int:
            change = http.get("/api/undo", headers=headers).json()["change"]
            return http.post("/api/undo", json={"id": change["id"]}, headers=headers).status_code

        for changes in (
            lambda: index.albums.create("Mine", [photo]),
            lambda: index.people.create(name="Ada"),
            lambda: (index.trash.put([photo]), index.trash.restore([photo])),
        ):
            changes()
            before = index.history.last_change()
            assert undo(writer) == 403 and index.history.last_change() == before
            assert undo(everybody) == 200
        assert index.history.last_change().what == "1 photo put in the trash"  # type: ignore[union-attr]
        # What only puts back, or says something else, may be undone by who may write.
        assert undo(writer) == 200 and len(index.list()) == 1
        http.patch("/api/assets", json={"ids": [photo], "rating": 3}, headers=writer)
        assert undo(writer) == 200
        album = index.albums.create("Mine").id
        http.post(f"/api/albums/{album}/assets", json={"asset_ids": [photo]}, headers=writer)
        assert undo(writer) == 200
        index.albums.delete(album)
        assert undo(writer) == 200 and [one.name for one in index.albums.list()] == ["Mine"]
        assert undo(writer) == 403


def test_an_undo_says_what_it_left(server: Server, indexed: Index) -> None:
    ids = [named(indexed, PHOTO), named(indexed, OTHER)]
    with server.http() as http:
        change = http.patch("/api/assets", json={"ids": ids, "rating": 4}).json()["change"]
        with open_for_writing(indexed.path) as database:  # by another program
            database.execute("UPDATE user_value SET rating = 1 WHERE asset_id = ?", (ids[0],))
        database.close()
        assert http.post("/api/undo", json={"id": change["id"]}).json()["undone"]["kept"] == 1
    assert indexed.get(ids[0])["metadata"]["rating"] == 1


def test_a_description_of_many_has_a_bound(server: Server, indexed: Index) -> None:
    """It is written once for each of them."""
    ids = [f"asset_{number:0>22}".replace("0", "2").replace("1", "z") for number in range(200)]
    with server.http() as http:
        refused = http.patch("/api/assets", json={"ids": ids, "description": "x" * 10_001})
        assert refused.status_code == 422 and "2,000,000 characters" in refused.text
        assert http.patch("/api/assets", json={"ids": ids, "description": "x" * 10_000}).status_code == 404
        assert http.patch("/api/assets", json={"ids": ids * 25, "rating": 3}).status_code == 404
        assert http.patch("/api/assets", json={"ids": [named(indexed, PHOTO)], "description": "x" * 20_000}).is_success


@pytest.mark.parametrize(
    "values",
    [{}, {"rating": 6}, {"rating": "4"}, {"rating": 2.5}, {"is_favorite": None}, {"is_favorite": 1}]
    + [{"stars": 4}, {"description": "a\0b"}, {"description": "x" * 20_001}],
)
def test_what_makes_no_sense_is_refused(server: Server, indexed: Index, values: dict[str, object]) -> None:
    photo = named(indexed, PHOTO)
    refused = httpx.patch(f"{server.url}/api/assets", json={"ids": [photo], **values})
    assert refused.status_code == 422 and indexed.history.last_change() is None


def test_all_or_none(server: Server, indexed: Index) -> None:
    photo, unknown = named(indexed, PHOTO), "asset_2222222222222222222222"
    with server.http() as http:
        assert http.patch("/api/assets", json={"ids": [photo, unknown], "rating": 3}).status_code == 404
        assert http.patch("/api/assets", json={"ids": [], "rating": 3}).status_code == 422
    assert indexed.history.last_change() is None


def test_who_only_reads_changes_nothing(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    photo = index.list()[0].id
    index.assets.set([photo], rating=2)
    server = serve(index.path, "--read-only")
    with server.http() as http:
        assert http.patch("/api/assets", json={"ids": [photo], "rating": 3}).status_code == 403
        last = http.get("/api/undo").json()["change"]
        assert last["what"] == "rated 1 photo 2 stars"
        assert http.post("/api/undo", json={"id": last["id"]}).status_code == 403
        assert http.get(f"/api/assets/{photo}/details").status_code == 200
