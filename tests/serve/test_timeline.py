"""/api/timeline: the data that the gallery lays out."""

from __future__ import annotations

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import brotli
import httpx
import pytest

from indexer import Index
from indexer.store import connection

from .conftest import Serve, Server


def timeline(server: Server, path: str = "", **params: object) -> Any:
    answer = httpx.get(f"{server.url}/api/timeline{path}", params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


def tile_ids(server: Server, **params: object) -> list[str]:
    found = timeline(server, "/tiles", start=0, stop=1000, **params)
    return [f"asset_{found['ids'][at : at + 22]}" for at in range(0, len(found["ids"]), 22)]


def named(index: Index, name: str) -> str:
    return next(one.id for one in index.list(limit=-1) if one.path.endswith(name))


def test_days_tiles_and_geometry_are_of_one_order(server: Server, indexed: Index) -> None:
    totals = timeline(server)
    live = indexed.list(limit=-1)
    assert totals["assets"] == len(live)
    assert totals["total"] == sum(totals["counts"]) + totals["undated"]
    assert totals["days"] == sorted(totals["days"], reverse=True)
    shape = httpx.get(f"{server.url}/api/timeline/geometry")
    tiles = timeline(server, "/tiles", start=0, stop=1000)
    assert list(shape.content) == tiles["ratios"] and len(shape.content) == totals["total"]
    assert shape.headers["etag"].strip('"').partition("-")[0] == str(totals["cursor"]) == str(tiles["cursor"])
    shown = tile_ids(server)
    assert [one.id for one in live if one.id in shown and one.id not in shown[-totals["undated"] :]] == shown[
        : -totals["undated"]
    ]
    for at, asset_id in enumerate(shown):
        record = indexed.get(asset_id)
        turned = (record["exif"]["orientation"] or 1) >= 5
        ratio = record["width"] / record["height"]
        assert 2 ** ((tiles["ratios"][at] - 128) / 32) == pytest.approx(1 / ratio if turned else ratio, rel=0.011)
        version = tiles["versions"][8 * at : 8 * at + 8]
        picture = httpx.get(f"{server.url}/files/{asset_id}/original", params={"v": version})
        assert "immutable" in picture.headers["cache-control"]
        assert tiles["ratings"].get(str(at)) == record["metadata"]["rating"]
        assert tiles["descriptions"].get(str(at)) == record["metadata"]["description"]


def test_kinds_and_stacks(server: Server, indexed: Index) -> None:
    tiles = timeline(server, "/tiles", start=0, stop=1000)
    ids = tile_ids(server)
    kind_of = dict(zip(ids, tiles["kinds"], strict=True))
    motion = named(indexed, "PXL_20240420_013155000.MP.jpg")
    assert kind_of[motion] & 4
    videos = {one.id for one in indexed.list(limit=-1) if indexed.get(one.id)["mime_type"].startswith("video/")}
    assert {one for one in ids if kind_of[one] & 1} == videos & set(ids) != set()
    stacked = [ids[int(at)] for at in tiles["stacks"]]
    assert stacked and all(kind_of[one] & 32 for one in stacked)
    # The video of a live photo is not counted: it is a part of the photo.
    live = [one for one in ids if kind_of[one] & 2]
    assert named(indexed, "IMG_0412.JPG") in live and named(indexed, "IMG_0412.JPG") not in stacked
    counted = sum(count - 1 for count in tiles["stacks"].values())
    assert counted + len(live) == len(indexed.list(limit=-1)) - len(ids)
    everybody = timeline(server, "/ids", start=0, stop=1000, members="true")["ids"]
    assert sorted(everybody) == sorted(one.id for one in indexed.list(limit=-1))
    for one in everybody:
        place = timeline(server, "/position", id=one)["ordinal"]
        assert (ids[place] == one) == (one in ids)
    undated = timeline(server)["undated"]
    assert [bool(kind & 128) for kind in tiles["kinds"]] == [False] * (len(ids) - undated) + [True] * undated


def test_geometry_is_packed_and_known_again(server: Server, indexed: Index) -> None:
    url = f"{server.url}/api/timeline/geometry"
    plain = httpx.get(url, headers={"accept-encoding": "identity"})
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip, br;q=0"}) as packed:
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip, deflate, br"}) as packed:
        assert packed.headers["content-encoding"] == "br"
        assert brotli.decompress(b"".join(packed.iter_raw())) == plain.content
    known = {"accept-encoding": "identity", "if-none-match": f'"1", W/{plain.headers["etag"]}'}
    assert httpx.get(url, headers=known).status_code == 304
    # A tag is of some bytes: those of one encoding are not those of another.
    tags = {one: httpx.get(url, headers={"accept-encoding": one}).headers["etag"] for one in ("identity", "gzip", "br")}
    assert len(set(tags.values())) == 3
    for taken in tags:
        for tag in tags.values():
            again = httpx.get(url, headers={"accept-encoding": taken, "if-none-match": tag})
            assert again.status_code == (304 if tag == tags[taken] else 200), (taken, tag)
            assert again.headers["etag"] == tags[taken]
    indexed.assets.set([indexed.list()[0].id], rating=3, is_favorite=True)
    assert httpx.get(url, headers=known).status_code == 304
    indexed.trash.put([indexed.list()[0].id])
    changed = httpx.get(url, headers=known)
    assert changed.status_code == 200 and len(changed.content) == len(plain.content) - 1


def test_views(server: Server, indexed: Index) -> None:
    live = indexed.list(limit=-1)
    folder = live[0].path.rpartition("/")[0]
    inside = {one.id for one in live if one.path.startswith(folder + "/")}
    assert set(timeline(server, "/ids", start=0, stop=99, members=True, folder=folder)["ids"]) == inside
    album = indexed.albums.create("Some", [live[1].id, live[3].id]).id
    assert set(tile_ids(server, album_id=album)) == {live[1].id, live[3].id}
    assert tile_ids(server, album_id=album, order="oldest") == tile_ids(server, album_id=album)[::-1]
    assert tile_ids(server, album_id=album, q="name:nothing") == []
    person = indexed.people.list()[0].id
    assert tile_ids(server, person_id=person)
    found = tile_ids(server, q="paris")
    best = tile_ids(server, q="paris", order="best")
    assert set(found) == set(best) == {one.id for one in indexed.search("paris", limit=-1)} & set(tile_ids(server))
    assert timeline(server, q="paris", order="best")["days"] == []
    for query in ("type:photo", "near:48.86,2.29,500km", "£"):  # no words to rank by
        best = tile_ids(server, q=query, order="best")
        assert sorted(best) == sorted(tile_ids(server, q=query)) and (best or query == "£")
    indexed.trash.put([live[1].id])
    assert tile_ids(server, state="trashed") == tile_ids(server, q="is:trashed") == [live[1].id]
    assert timeline(server, album_id=album)["total"] == 1
    assert live[1].id not in tile_ids(server)
    assert timeline(server, "/position", id=live[1].id)["ordinal"] is None
    assert timeline(server, "/position", id=f"asset_{'2' * 22}")["ordinal"] is None


@pytest.mark.parametrize(
    ("path", "params", "status", "told"),
    [
        ("", {"q": "plce:Paris"}, 422, "Did you mean"),
        ("", {"order": "best"}, 422, "best needs q"),
        ("", {"album_id": f"album_{'2' * 22}"}, 404, "there is no album"),
        ("", {"person_id": f"person_{'2' * 22}"}, 404, "there is no person"),
        ("", {"folder": "/nowhere"}, 404, "there is no indexed folder /nowhere"),
        ("/tiles", {"start": 0, "stop": 1001}, 422, "more than 1,000"),
        ("/tiles", {"start": 5, "stop": 4}, 422, "before start"),
        ("/position", {"id": "x"}, 422, "pattern"),
        ("/ids", {"start": 0, "stop": 60_000}, 422, "more than 50,000"),
    ],
)
def test_what_makes_no_sense(server: Server, path: str, params: dict[str, object], status: int, told: str) -> None:
    answer = httpx.get(f"{server.url}/api/timeline{path}", params=params)  # type: ignore[arg-type]
    assert answer.status_code == status and told in json.dumps(answer.json())


def test_past_the_end_is_nothing(server: Server) -> None:
    assert timeline(server, "/tiles", start=10_000, stop=10_010)["ids"] == ""
    assert timeline(server, "/ids", start=10_000, stop=10_010) == {"ids": []}


def test_a_search_that_waits_for_who_writes_holds_up_nobody(serve: Serve, some: Index) -> None:
    """The words are brought up to date first: that takes the lock of whoever writes."""
    server = serve(some.path)
    assert timeline(server, q="jpg")["total"] == 3
    asset = some.list()[0].id
    some.assets.set([asset], description="a heron")
    writing = connection.open_for_writing(some.path)
    writing.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(4) as many:
        searches = [many.submit(timeline, server, q=f"heron x{number}") for number in range(4)]
        time.sleep(0.3)
        for _ in range(5):
            assert len(tile_ids(server)) == timeline(server)["total"] == 3
        assert httpx.get(f"{server.url}/files/{asset}/thumbnail").status_code == 200
        assert not any(one.done() for one in searches)
        writing.execute("ROLLBACK")
        writing.close()
        assert all(one.result()["total"] == 0 for one in searches)
    assert tile_ids(server, q="heron") == [asset]


def test_a_change_of_a_view_moves_its_cursor_and_no_other(server: Server, indexed: Index) -> None:
    folder = indexed.list()[0].path.rpartition("/")[0]
    album = indexed.albums.create("Some", [indexed.list()[0].id]).id
    views: list[dict[str, object]] = [{}, {"folder": folder}, {"album_id": album}, {"q": "paris"}, {"state": "trashed"}]
    before = [timeline(server, **view) for view in views]
    other = next(one for one in indexed.list(limit=-1) if not one.path.startswith(folder) and "Kyoto" in one.path)
    indexed.assets.set([other.id], description="what the tile says")
    assert [timeline(server, **view) for view in views] == before
    indexed.trash.put([other.id])
    after = [timeline(server, **view) for view in views]
    assert [one["cursor"] > two["cursor"] for one, two in zip(after, before, strict=True)] == [
        True, False, False, False, True
    ]  # fmt: skip
    assert [after[at] == before[at] for at in (1, 2, 3)] == [True] * 3


def test_what_was_chosen_by_ordinal_is_what_was_seen(server: Server, indexed: Index) -> None:
    """Else another photo than the chosen one would be put into the trash."""
    cursor = timeline(server)["cursor"]
    chosen = timeline(server, "/ids", start=1, stop=2, cursor=cursor)["ids"]
    indexed.assets.set(chosen, rating=2)
    assert timeline(server, "/ids", start=1, stop=2, cursor=cursor)["ids"] == chosen
    indexed.trash.put([tile_ids(server)[0]])
    answer = httpx.get(f"{server.url}/api/timeline/ids", params={"start": 1, "stop": 2, "cursor": cursor})
    assert answer.status_code == 409 and "choose them again" in answer.json()["detail"]
    now = timeline(server)["cursor"]
    assert timeline(server, "/ids", start=0, stop=1, cursor=now)["ids"] == chosen
