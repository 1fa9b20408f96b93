"""Every method of the cloud's client except OAuth, sync and async, against `indexer serve`."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from gumnut import APIStatusError, Gumnut, NotFoundError, UnprocessableEntityError
from PIL import Image

from indexer import Index

from ..conftest import SAMPLES, jpeg, put, run
from .conftest import Client, Server

TOWER = "PXL_20240412_184115120.jpg"
NOWHERE = "asset_2222222222222222222222"


def named(index: Index, name: str) -> str:
    (row,) = index.query(f"SELECT id FROM asset WHERE original_file_name = '{name}'")
    return str(row["id"])


def everything(index: Index) -> list[str]:
    return [one.id for one in index.list(limit=1000)]


def test_an_asset(client: Client, indexed: Index) -> None:
    tower = named(indexed, TOWER)
    found = client("assets.retrieve", tower)
    ours, theirs = indexed.get(tower), client.json
    assert {**theirs, "asset_urls": None} == {**ours, "asset_urls": None}  # only the URLs are others
    assert list(theirs["asset_urls"]) == ["original", "thumbnail", "preview", "fullsize"]
    for name, one in theirs["asset_urls"].items():
        served = httpx.get(one["url"])
        assert served.status_code == 200 and served.headers["content-type"] == one["mimetype"], name
    assert theirs["asset_urls"]["thumbnail"]["width"] == ours["asset_urls"]["thumbnail"]["width"]
    assert found.local_datetime.utcoffset() == timedelta(hours=2)
    with pytest.raises(NotFoundError) as error:
        client("assets.retrieve", NOWHERE)
    assert error.value.response.json() == {"detail": f"there is no asset {NOWHERE}"}
    with pytest.raises(UnprocessableEntityError) as wrong:
        client("assets.retrieve", "asset_no")
    assert wrong.value.response.json()["detail"][0]["loc"] == ["path", "asset_id"]


def test_pages_of_assets(client: Client, indexed: Index, server: Server) -> None:
    ids = everything(indexed)
    assert len(ids) == 19
    page = client("assets.list", limit=7)
    assert [one.id for one in page.data] == ids[:7] and page.has_more
    page = client("assets.list", limit=7, starting_after_id=page.data[-1].id)
    assert [one.id for one in page.data] == ids[7:14] and page.has_more
    page = client("assets.list", limit=7, starting_after_id=page.data[-1].id)
    assert [one.id for one in page.data] == ids[14:] and not page.has_more
    # As the client goes through pages by itself.
    with Gumnut(api_key="any", base_url=server.url) as own:
        assert [one.id for one in own.assets.list(limit=3)] == ids
    some = [ids[3], ids[1], NOWHERE]
    assert [one.id for one in client("assets.list", ids=some).data] == [ids[1], ids[3]]
    for wrong in ({"limit": 0}, {"limit": 201}, {"ids": ids[:1] * 101}, {"state": "gone"}, {"album_id": "x"}):
        with pytest.raises(UnprocessableEntityError):
            client("assets.list", **wrong)
    for unknown in (
        {"starting_after_id": NOWHERE},
        {"album_id": "album_" + "2" * 22},
        {"person_id": "person_" + "2" * 22},
    ):
        with pytest.raises(NotFoundError):
            client("assets.list", **unknown)


def test_before_and_after(client: Client, indexed: Index, tmp_path: Path) -> None:
    folder = tmp_path / "clocks"
    moments = {"paris": ("2001:05:01 12:00:00", "+02:00"), "utc": ("2001:05:01 10:30:00", "+00:00"),
               "unknown": ("2001:05:01 11:00:00", None)}  # fmt: skip
    for name, (clock, offset) in moments.items():
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = clock
        if offset:
            exif.get_ifd(0x8769)[0x9011] = offset
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), (len(name), 0, 0)).save(folder / f"{name}.jpg", exif=exif)
    indexed.scan([folder])

    def found(**options: Any) -> list[str]:
        page = client("assets.list", local_datetime_before=datetime(2002, 1, 1), **options)
        return sorted(one.original_file_name.removesuffix(".jpg") for one in page.data)

    # A wall clock is compared with wall clocks,
    assert found(local_datetime_after=datetime(2001, 5, 1, 11, 30)) == ["paris"]
    assert found(local_datetime_after=datetime(2001, 5, 1, 11)) == ["paris"]
    assert found(local_datetime_after=datetime(2001, 5, 1, 10, 59, 59)) == ["paris", "unknown"]
    # an instant with instants: Paris is 10:00 there; what has no offset is a wall clock all the same.
    assert found(local_datetime_after=datetime(2001, 5, 1, 10, 15, tzinfo=UTC)) == ["unknown", "utc"]
    east = timezone(timedelta(hours=9))
    assert found(local_datetime_after=datetime(2001, 5, 1, 18, 59, tzinfo=east)) == ["paris", "utc"]
    assert found(local_datetime_after=datetime(2001, 5, 1, 19, tzinfo=east)) == ["utc"]


def test_counts_by_month(client: Client, indexed: Index) -> None:
    counts: dict[str, int] = {}
    options: dict[str, Any] = {}
    while True:
        page = client("assets.counts", limit=1, **options)
        for one in page.data:
            counts[one.time_bucket.strftime("%Y-%m")] = one.count
        if not page.has_more:
            break
        options = {"local_datetime_before": page.data[-1].time_bucket}
    wanted: dict[str, int] = {}
    for row in indexed.query("SELECT local_datetime FROM asset ORDER BY wall_clock DESC"):
        wanted[row["local_datetime"][:7]] = wanted.get(row["local_datetime"][:7], 0) + 1
    assert counts == wanted and list(counts) == sorted(counts, reverse=True)
    assert client("assets.counts", state="trashed").data == []
    with pytest.raises(UnprocessableEntityError):
        client("assets.counts", group_by="week")


def test_what_exists(client: Client, indexed: Index) -> None:
    tower = indexed.get(named(indexed, TOWER))
    none = base64.b64encode(hashlib.sha256(b"none").digest()).decode()
    (one,) = client("assets.check_existence", checksums=[tower["checksum"], none]).assets
    assert (one.id, one.device_asset_id) == (tower["id"], tower["device_asset_id"])
    assert client("assets.check_existence", checksum_sha1s=[tower["checksum_sha1"]]).assets == [one]
    own = {"device_id": tower["device_id"], "device_asset_ids": [tower["device_asset_id"], "nothing"]}
    assert client("assets.check_existence", **own).assets == [one]
    assert (
        client("assets.check_existence", device_id="another", device_asset_ids=[tower["device_asset_id"]]).assets == []
    )
    for wrong in (
        {},
        {"device_id": "x"},
        {"checksums": [none], "checksum_sha1s": [none]},
        {"checksums": [none] * 5001},
    ):
        with pytest.raises(UnprocessableEntityError):
            client("assets.check_existence", **wrong)


def test_the_trash(client: Client, indexed: Index) -> None:
    ids = everything(indexed)
    client("assets.trash", ids=[ids[0]])
    client("assets.trash", ids=[ids[1]])
    assert client.status == 204
    assert [one.id for one in client("assets.list", state="trashed").data] == [ids[1], ids[0]]
    assert [one.id for one in client("assets.list", limit=2).data] == ids[2:4]
    assert [one.id for one in client("assets.list", limit=2, state="all").data] == ids[:2]
    client("assets.restore", ids=ids[:3])  # those that are live too
    assert client("assets.list", state="trashed").data == []
    assert [one.id for one in client("assets.list", limit=200).data] == ids
    with pytest.raises(NotFoundError):
        client("assets.trash", ids=[ids[0], NOWHERE])
    assert client("assets.list", state="trashed").data == []  # all of them or none


def test_deleted_in_a_watched_folder_is_left_out(client: Client, indexed: Index, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name in "abcd":
        put(folder / f"{name}.jpg", name)
    indexed.scan([folder])
    ids = {name: indexed.session.resolve(folder / f"{name}.jpg") for name in "abcd"}
    client("assets.delete", ids["a"])
    client("assets.delete_list", ids=[ids["b"]])
    client("assets.trash", ids=[ids["c"]])
    client("assets.empty_trash")
    for name in "abc":
        assert (folder / f"{name}.jpg").read_bytes() == jpeg(name)  # files are not touched
        with pytest.raises(NotFoundError):
            client("assets.retrieve", ids[name])
    (folder / "a.jpg").rename(folder / "renamed.jpg")
    put(folder / "again" / "b.jpg", "b")
    summary = indexed.scan()
    assert summary.new == 0
    assert "you deleted it" in indexed.status.why(folder / "renamed.jpg").sentence
    assert indexed.scan([folder]).bytes_read == 0  # nor are they read again
    said = run("roots", "--take-back", "--dry-run", database=indexed.path).stdout
    assert said.startswith("3 photos would no longer be excluded")
    assert run("roots", "--take-back", database=indexed.path).stdout.startswith("3 photos are no longer excluded")
    assert indexed.scan([folder]).new == 3
    assert client("assets.retrieve", ids["a"]).device_asset_id == "renamed.jpg"
    with pytest.raises(NotFoundError):
        client("assets.delete", NOWHERE)


def test_albums(client: Client, indexed: Index) -> None:
    ids = everything(indexed)
    made = client("albums.create", name="Trip", description="by train")
    assert client.status == 201 and (made.name, made.description, made.asset_count) == ("Trip", "by train", 0)
    assert made.start_date is None and made.asset_urls == {}
    added = client("albums.assets_associations.add", made.id, asset_ids=[ids[2], ids[5], NOWHERE])
    assert (added.added_assets, added.duplicate_assets, added.not_found_assets) == ([ids[2], ids[5]], [], [NOWHERE])
    again = client("albums.assets_associations.add", made.id, asset_ids=[ids[2], ids[1]])
    assert (again.added_assets, again.duplicate_assets) == ([ids[1]], [ids[2]])
    album = client("albums.retrieve", made.id)
    assert album.asset_count == 3 and album.album_cover_asset_id == ids[1]
    assert httpx.get(album.asset_urls["thumbnail"].url).headers["content-type"] == "image/jpeg"
    dates = [indexed.get(one)["local_datetime"] for one in (ids[1], ids[5])]
    assert [client.json["end_date"], client.json["start_date"]] == dates
    assert [one.id for one in client("assets.list", album_id=made.id).data] == [ids[1], ids[2], ids[5]]
    assert sum(one.count for one in client("assets.counts", album_id=made.id).data) == 3

    links = client("album_assets.list", album_id=made.id).data
    assert {one.asset_id for one in links} == {ids[1], ids[2], ids[5]}
    assert client("album_assets.get", links[0].id) == links[0]
    page = client("album_assets.list", limit=2)
    assert page.has_more and [one.id for one in page.data] == sorted(one.id for one in links)[:2]
    rest = client("album_assets.list", limit=2, starting_after_id=page.data[-1].id)
    assert len(rest.data) == 1 and not rest.has_more
    assert [one.album_id for one in client("album_assets.list", asset_id=ids[2]).data] == [made.id]
    assert client("album_assets.list", ids=[links[1].id]).data == [links[1]]

    client("albums.assets_associations.remove", made.id, asset_ids=[ids[5], ids[7]])
    assert client("albums.retrieve", made.id).asset_count == 2
    changed = client("albums.update", made.id, name="Journey")
    assert (changed.name, changed.description) == ("Journey", "by train")
    other = client("albums.create")
    assert other.name == ""
    assert [one.id for one in client("albums.list").data] == [other.id, made.id]
    first = client("albums.list", limit=1)
    assert first.has_more and first.data == [other]
    assert [one.id for one in client("albums.list", starting_after_id=other.id).data] == [made.id]
    assert [one.id for one in client("albums.list", asset_id=ids[2]).data] == [made.id]
    assert [one.id for one in client("albums.list", ids=[other.id]).data] == [other.id]
    client("albums.delete", made.id)
    for method in ("retrieve", "delete", "update"):
        with pytest.raises(NotFoundError):
            client(f"albums.{method}", made.id)
    assert client("assets.retrieve", ids[1]).id == ids[1]


def test_people_and_faces(client: Client, indexed: Index, server: Server) -> None:
    (captain,) = client("people.list").data
    assert (captain.name, captain.asset_count) == ("Captain", 1)
    assert httpx.get(captain.asset_urls["thumbnail"].url).headers["content-type"] == "image/jpeg"
    (face,) = client("faces.list").data
    assert (face.person_id, captain.thumbnail_face_id) == (captain.id, face.id)
    assert client("faces.retrieve", face.id) == face
    assert httpx.get(face.asset_urls["thumbnail"].url).status_code == 200
    shown = client("assets.retrieve", face.asset_id)
    assert shown.faces[0].asset_urls["thumbnail"].url == face.asset_urls["thumbnail"].url
    assert shown.people[0].asset_urls["thumbnail"].url == face.asset_urls["thumbnail"].url
    assert httpx.get(shown.people[0].asset_urls["thumbnail"].url).status_code == 200
    assert [one.id for one in client("assets.list", person_id=captain.id).data] == [face.asset_id]

    ada = client("people.create", name="Ada", birth_date="1815-12-10", is_favorite=True)
    assert client.status == 201 and str(ada.birth_date) == "1815-12-10" and ada.is_favorite and not ada.is_hidden
    assert [one.id for one in client("people.list").data] == [ada.id, captain.id]  # favorites first
    assert [one.id for one in client("people.list", name="cAPt").data] == [captain.id]
    assert client("people.list", name_filter="unnamed").data == []
    assert [one.id for one in client("people.list", asset_id=face.asset_id).data] == [captain.id]
    first = client("people.list", limit=1)
    assert first.has_more
    assert [one.id for one in client("people.list", starting_after_id=ada.id).data] == [captain.id]
    album = indexed.albums.create("Ferry", [face.asset_id])
    assert [one.id for one in client("people.list", album_id=album.id).data] == [captain.id]
    changed = client("people.update", ada.id, name="Ada L.", is_hidden=True)
    assert (changed.name, changed.is_hidden, str(changed.birth_date)) == ("Ada L.", True, "1815-12-10")
    assert client("people.update", ada.id, birth_date=None).birth_date is None
    assert client("people.retrieve", ada.id).name == "Ada L."

    moved = client("faces.update", face.id, person_id=ada.id)
    assert moved.person_id == ada.id
    assert client("people.retrieve", ada.id).asset_count == 1
    assert client("faces.list", person_id=ada.id).data == [moved]
    assert client("faces.update", face.id, person_id=None).person_id is None
    assert client("faces.list", asset_id=face.asset_id).data[0].person_id is None
    client("faces.update", face.id, person_id=captain.id)
    merged = client("people.merge", ada.id, source_person_ids=[captain.id])
    assert (merged.id, merged.name, merged.asset_count) == (ada.id, "Ada L.", 1)
    with pytest.raises(NotFoundError):
        client("people.retrieve", captain.id)
    assert client("people.list", ids=[ada.id], include="cluster_metrics").data[0].id == ada.id
    assert client("faces.retrieve", face.id, include="cluster_assignment").cluster_assignment is not None
    for method in ("people.list", "faces.list"):
        with pytest.raises(UnprocessableEntityError):
            client(method, include="everything")
    client("people.delete", ada.id)
    assert client("faces.retrieve", face.id).person_id is None
    client("faces.delete", face.id)
    with pytest.raises(NotFoundError):
        client("faces.retrieve", face.id)
    assert client("assets.retrieve", face.asset_id).faces == []


def test_search(client: Client, indexed: Index) -> None:
    (first, *_) = client("search.search", query="eiffel").data or client("search.search", query="paris").data
    paris = {one["id"] for one in map(indexed.get, everything(indexed)) if one["metadata"]["city"] == "Paris"}
    found = client("search.search", query="paris", limit=200).data
    assert {one.asset.id for one in found} == paris and first.asset.id in paris
    pages = [client("search.search", query="paris", limit=1, page=number).data for number in range(1, len(paris) + 2)]
    assert [one.asset.id for page in pages for one in page] == [one.asset.id for one in found]
    assert client("search.search", query="nothing of the sort").data == []
    newest = client("search.search", limit=3).data
    assert [one.asset.id for one in newest] == everything(indexed)[:3] and newest[0].distance is None
    (captain,) = indexed.people.list()
    both = client("search.search", person_ids=[captain.id]).data
    assert [one.asset.people[0].name for one in both] == ["Captain"]
    assert client("search.search", person_ids=f"{captain.id},person_{'2' * 22}").data == []
    after = client("search.search", query="paris", captured_after=datetime(2024, 4, 12, 18)).data
    assert 0 < len(after) < len(paris)
    assert all(one.asset.local_datetime.replace(tzinfo=None) > datetime(2024, 4, 12, 18) for one in after)
    with pytest.raises(UnprocessableEntityError) as error:
        client("search.search", query="taken:sometime")
    assert "sometime" in error.value.response.json()["detail"][0]["msg"]
    # By a picture: a smaller copy of one finds it.
    tower = named(indexed, TOWER)
    content = indexed.renditions.get(tower, "thumbnail").read_bytes()
    alike = client("search.search_assets", image=("small.jpg", content), threshold=0.3).data
    assert alike[0].asset.id == tower and alike[0].distance < 0.1
    assert [one.distance for one in alike] == sorted(one.distance for one in alike)
    assert [one.asset.id for one in client("search.search_assets", query="paris", limit=200).data] == [
        one.asset.id for one in found
    ]
    with pytest.raises(UnprocessableEntityError):
        client("search.search_assets", image=("text.jpg", b"no picture"))


def test_libraries(client: Client, indexed: Index, tmp_path: Path) -> None:
    (default,) = client("libraries.list")
    assert default.asset_count == 19
    made = client("libraries.create", name="Scans", description="of slides")
    assert client.status == 201 and (made.name, made.asset_count) == ("Scans", 0)
    assert [one.id for one in client("libraries.list")] == [default.id, made.id]
    put(tmp_path / "slides" / "1.jpg", "slide")
    indexed.scan([tmp_path / "slides"])
    said = run("roots", "--library", "Scans", tmp_path / "slides", database=indexed.path).stdout
    assert said == f"{tmp_path / 'slides'} is in Scans.\n"
    assert client("libraries.retrieve", made.id).asset_count == 1
    assert client("libraries.retrieve", default.id).asset_count == 19
    assert [one.original_file_name for one in client("assets.list", library_id=made.id).data] == ["1.jpg"]
    assert len(client("assets.list", library_id=default.id, limit=200).data) == 19
    assert len(client("assets.list", limit=200).data) == 20
    renamed = client("libraries.update", made.id, name="Slides")
    assert (renamed.name, renamed.description) == ("Slides", "of slides")
    assert client("libraries.update", default.id, name="Mine").name == "Mine"
    assert client("libraries.list")[0].id == default.id
    client("libraries.delete", made.id)
    assert [one.asset_count for one in client("libraries.list")] == [20]
    with pytest.raises(NotFoundError):
        client("assets.list", library_id=made.id)
    with pytest.raises(APIStatusError) as error:
        client("libraries.delete", default.id)
    assert error.value.status_code == 409


def test_events(client: Client, indexed: Index) -> None:
    first = client("events.get", limit=2)
    assert first.has_more and len(first.data) == 2
    seen, cursor = list(first.data), first.data[-1].cursor
    while True:
        page = client("events.get", limit=50, after_cursor=cursor)
        seen += page.data
        if not page.has_more:
            break
        cursor = page.data[-1].cursor
    assert [int(one.cursor) for one in seen] == sorted(int(one.cursor) for one in seen)
    assert sum(one.event_type == "asset_created" for one in seen) == 19
    now = seen[-1].created_at
    album = client("albums.create", name="New")
    (made,) = client("events.get", after_cursor=seen[-1].cursor, entity_types="album, person").data
    assert (made.entity_id, made.event_type) == (album.id, "album_created")
    assert client("events.get", entity_types="album", created_at_lt=now).data == []
    assert client("events.get", entity_types="album", created_at_gte=now).data == [made]
    for wrong in ({"entity_types": "photo"}, {"after_cursor": "x"}):
        with pytest.raises(UnprocessableEntityError):
            client("events.get", **wrong)


def test_account(client: Client) -> None:
    assert client("ping.get") == "pong"
    me = client("users.me")
    assert me.id.startswith("intuser_") and me.is_active
    assert client("api_keys.list") == []
    made = client("api_keys.create", name="phone")
    assert client.status == 201 and len(made.api_key) > 40
    (known,) = client("api_keys.list")
    assert known.id == made.id and "api_key" not in client.json[0]
    assert client("api_keys.update", made.id, name="my phone").name == "my phone"
    client("api_keys.delete", made.id)
    assert client("api_keys.list") == []
    with pytest.raises(NotFoundError):
        client("api_keys.delete", made.id)


def test_oauth_is_said_not_to_be_there(client: Client) -> None:
    for method, options in {
        "oauth.auth_url": {"redirect_uri": "http://x"},
        "oauth.exchange": {"code": "x", "state": "y"},
        "oauth.logout_endpoint": {},
    }.items():
        with pytest.raises(APIStatusError) as error:
            client(method, **options)
        assert error.value.status_code == 501 and "no accounts" in error.value.response.json()["detail"]


def test_an_upload(client: Client, indexed: Index, tmp_path: Path) -> None:
    content = (SAMPLES / "Paris" / TOWER).read_bytes() + b"\0another"
    modified = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    options = {
        "device_asset_id": "phone/1",
        "device_id": "phone",
        "file_created_at": modified,
        "file_modified_at": modified,
    }
    made = client("assets.create", asset_data=(TOWER, content), **options)
    assert client.status == 201
    assert made.checksum == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (made.original_file_name, made.file_modified_at) == (TOWER, modified)
    stored = indexed.path.with_name("index.db.originals") / "2024" / "04" / TOWER
    assert stored.read_bytes() == content
    assert made.metadata.model == "Pixel 8"
    assert client("assets.retrieve", made.id).id == made.id
    (known,) = client("assets.check_existence", device_id="phone", device_asset_ids=["phone/1", "phone/2"]).assets
    assert (known.id, known.device_id, known.device_asset_id) == (made.id, "phone", "phone/1")
    # The same bytes again are the same asset, whatever they are called.
    again = client("assets.create", asset_data=("other.jpg", content), **{**options, "device_asset_id": "phone/2"})
    assert client.status == 200 and again.id == made.id
    assert len(list(stored.parent.iterdir())) == 1
    # Another photo of the same name gets another.
    other = client("assets.create", asset_data=(TOWER, content + b"\0"), **{**options, "device_asset_id": "phone/3"})
    assert other.original_file_name == TOWER.replace(".jpg", "-2.jpg")
    # Deleted, it goes to the trash; from there for good, with its file.
    client("assets.delete", made.id)
    assert client("assets.retrieve", made.id).trashed_at is not None and stored.exists()
    client("assets.delete", made.id)
    assert not stored.exists()
    with pytest.raises(NotFoundError):
        client("assets.retrieve", made.id)
    # Who uploads it again wants it again.
    assert client("assets.create", asset_data=(TOWER, content), **options).id == made.id and client.status == 201
    # The trash of the command line knows uploads too.
    client("assets.trash", ids=[made.id])
    assert run("trash", "empty", "--older-than", "0", "--yes", database=indexed.path).returncode == 0
    assert not stored.exists() and client("assets.list", state="trashed").data == []


def test_a_folder_that_is_merely_called_so_is_not_the_servers(client: Client, indexed: Index) -> None:
    """What lies in a user's folder is never deleted, whatever that is called."""
    folder = indexed.path.with_name("index.db.originals.copy")
    put(folder / "mine.jpg", "mine")
    indexed.scan([folder])
    asset_id = indexed.session.resolve(folder / "mine.jpg")
    client("assets.delete", asset_id)
    assert (folder / "mine.jpg").read_bytes() == jpeg("mine")
    with pytest.raises(NotFoundError):
        client("assets.retrieve", asset_id)
    # And what is lost, and deleted, and then comes back, is there again.
    put(folder / "lost.jpg", "lost")
    indexed.scan([folder])
    lost = indexed.session.resolve(folder / "lost.jpg")
    (folder / "lost.jpg").unlink()
    indexed.scan([folder])
    client("assets.delete", lost)
    put(folder / "lost.jpg", "lost")
    assert indexed.scan([folder]).new == 1


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.jpg", "C:\\photos\\x.jpg", ".hidden.jpg", "a\r\nb.jpg", "é" * 300 + ".jpg"]
)
def test_an_upload_stays_where_it_belongs(client: Client, indexed: Index, name: str, tmp_path: Path) -> None:
    options = {
        "device_asset_id": "1",
        "device_id": "d",
        "file_created_at": "2020-01-01",
        "file_modified_at": "2020-01-01",
    }
    before = {path for path in tmp_path.rglob("*") if ".originals" not in str(path)}
    made = client("assets.create", asset_data=(name, jpeg(name)), **options)
    (stored,) = indexed.path.with_name("index.db.originals").rglob("*.jpg")
    assert stored.read_bytes() == jpeg(name) and stored.parent.parent.name == "2020"
    assert made.original_file_name == stored.name and not stored.name.startswith(".")
    assert {path for path in tmp_path.rglob("*") if ".originals" not in str(path)} - before <= {
        tmp_path / "index.db-wal",
        tmp_path / "index.db-shm",
    }


def test_what_is_no_photo_is_refused(client: Client, indexed: Index) -> None:
    options = {
        "device_asset_id": "1",
        "device_id": "d",
        "file_created_at": "2020-01-01",
        "file_modified_at": "2020-01-01",
    }
    for content in (b"", b"MZ a program", b"<html>"):
        with pytest.raises(UnprocessableEntityError) as error:
            client("assets.create", asset_data=("photo.jpg", content), **options)
        assert error.value.response.json()["detail"][0]["loc"] == ["body", "asset_data"]
    with pytest.raises(UnprocessableEntityError):
        client("assets.create", asset_data=("photo.jpg", jpeg()), **{**options, "file_created_at": "yesterday"})
    left = [path for path in indexed.path.with_name("index.db.originals").rglob("*") if path.is_file()]
    assert left == []
