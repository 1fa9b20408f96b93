"""Edits of photos and their undoing, as the gallery asks for them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from indexer import Index

from ..conftest import put
from .conftest import Serve, Server
from .test_client import named

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
                origin for origin in details["origins"] if origin["field"] == "rating"
            ).items()
        assert http.patch("/api/assets", json={"ids": ids, **values}).json() == {"change": None}
        last = http.get("/api/undo").json()["change"]
        assert {key: last[key] for key in change} == change
        undone = http.post("/api/undo", json={"id": change["id"]})
        assert undone.status_code == 200 and undone.json()["undone"]["id"] == change["id"]
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
        indexed.delete([named(indexed, OTHER)])
        assert http.get("/api/undo").json() == {"change": None}
        assert http.post("/api/undo", json={"id": change["id"]}).status_code == 409


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
    assert refused.status_code == 422 and indexed.last_change() is None


def test_all_or_none(server: Server, indexed: Index) -> None:
    photo, unknown = named(indexed, PHOTO), "asset_2222222222222222222222"
    with server.http() as http:
        assert http.patch("/api/assets", json={"ids": [photo, unknown], "rating": 3}).status_code == 404
        assert http.patch("/api/assets", json={"ids": [], "rating": 3}).status_code == 422
    assert indexed.last_change() is None


def test_who_only_reads_changes_nothing(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    photo = index.list()[0].id
    index.set([photo], rating=2)
    server = serve(index.path, "--read-only")
    with server.http() as http:
        assert http.patch("/api/assets", json={"ids": [photo], "rating": 3}).status_code == 403
        last = http.get("/api/undo").json()["change"]
        assert last["what"] == "rated 1 photo 2 stars"
        assert http.post("/api/undo", json={"id": last["id"]}).status_code == 403
        assert http.get(f"/api/assets/{photo}/details").status_code == 200
