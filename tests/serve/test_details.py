"""Details of a photo for the gallery: /api/assets/{id}/details, and videos of motion and live photos."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av
import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from indexer import Index
from indexer.index.assets import Assets
from indexer.index.details import Details
from indexer.media import panorama as panorama_module
from indexer.media import read as read_module
from indexer.media.source import Source
from indexer.serve.app import make_app
from indexer.serve.settings import Settings

from ..conftest import put, until
from .conftest import Serve, Server
from .test_client import TOWER, named

MOTION, STILL, VIDEO, TAGGED = "PXL_20240420_013155000.MP.jpg", "IMG_0412.JPG", "IMG_0412.MOV", "DSC00142.JPG"


def details(server: Server, asset_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/assets/{asset_id}/details")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_all_that_is_known(server: Server, indexed: Index) -> None:
    tower = named(indexed, TOWER)
    album = indexed.albums.create("Paris & more")
    indexed.albums.add(album.id, [tower])
    found = details(server, tower)
    assert found["asset"] == httpx.get(f"{server.url}/api/assets/{tower}").json()
    assert found["version"] == found["asset"]["asset_urls"]["original"]["url"].partition("v=")[2]
    assert found["date"] == {"source": "Exif DateTimeOriginal", "text": "from the camera"}
    assert found["albums"] == [{"id": album.id, "name": "Paris & more"}]
    assert [Path(one["path"]).is_file() for one in found["files"]] == [True] * 2  # it lies in two folders
    for one in found["files"]:
        assert one["path"] == str(Path(one["root"], one["folder"], one["name"]))
        assert (one["state"], one["checksum"]) == ("present", found["asset"]["checksum"])
    explained = indexed.assets.explain(tower).provenance
    assert [(one["field"], one["source"], one["value"], one["note"]) for one in found["provenance"]] == explained
    assert [one["rank"] for one in found["provenance"] if one["field"] == "local_datetime"][:1] == [0]
    assert (found["problems"], found["motion"], found["panorama"]) == ([], None, None)
    tagged = named(indexed, TAGGED)
    assert details(server, tagged)["keywords"] == indexed.assets.keywords(tagged) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("IMG_20200102_030405.jpg", "from the file name"),
        ("plain.jpg", "from the file's own time, which may not be when the photo was taken"),
    ],
)
def test_where_the_date_comes_from(serve: Serve, index: Index, photos: Path, name: str, text: str) -> None:
    put(photos / name)
    index.scan([photos])
    assert details(serve(index.path), index.list()[0].id)["date"]["text"] == text


def test_problems_are_told(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 2)
    (photos / "b.jpg").write_bytes((photos / "b.jpg").read_bytes()[:-60])
    index.scan([photos])
    index.enrich(["renditions"])
    whole, cut = index.get(photos / "a.jpg")["id"], index.get(photos / "b.jpg")["id"]
    server = serve(index.path)
    assert any("cut off" in one for one in details(server, cut)["problems"])
    (photos / "a.jpg").unlink()
    put(photos / "c.jpg", 3)
    index.scan([photos], accept_loss=1)
    found = details(server, whole)
    assert [one["state"] for one in found["files"]] == ["gone"] and found["files"][0]["checksum"] is None
    assert "its file is missing" in found["problems"]
    shutil.move(photos, photos.with_name("away"))
    index.scan()
    found = details(server, cut)
    assert found["files"][0]["state"] == "offline" and any("offline" in one for one in found["problems"])


def test_unknown_assets(server: Server) -> None:
    for path in ("/api/assets/{}/details", "/files/{}/motion"):
        url = server.url + path.format("asset_2222222222222222222222")
        assert httpx.get(url).status_code == 404


def test_the_video_of_a_motion_photo_is_played_in_parts(server: Server, indexed: Index) -> None:
    photo = named(indexed, MOTION)
    whole = indexed.assets.motion(photo)
    motion = details(server, photo)["motion"]
    assert motion["mimetype"] == "video/mp4"
    played = httpx.get(motion["url"])
    assert played.content == whole and played.headers["content-type"] == "video/mp4"
    assert played.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert played.headers["accept-ranges"] == "bytes"
    for asked, part in (
        ("bytes=0-99", whole[:100]),
        ("bytes=100-", whole[100:]),
        ("bytes=-50", whole[-50:]),
        (f"bytes=5-{len(whole) + 5}", whole[5:]),
    ):
        answer = httpx.get(motion["url"], headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, part), asked
        begin = whole.index(part)
        assert answer.headers["content-range"] == f"bytes {begin}-{begin + len(part) - 1}/{len(whole)}"
    for senseless in ("bytes=9-2", "bytes=-", "bytes=0-1,3-4", "lines=0-3", "bytes=a-b"):
        assert httpx.get(motion["url"], headers={"range": senseless}).content == whole, senseless
    beyond = httpx.get(motion["url"], headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{len(whole)}"
    etag = played.headers["etag"]
    assert httpx.get(motion["url"], headers={"if-none-match": etag}).status_code == 304
    assert httpx.get(motion["url"], headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert httpx.get(motion["url"], headers={"range": "bytes=0-9", "if-range": '"other"'}).status_code == 200
    head = httpx.head(motion["url"])
    assert (head.content, head.headers["content-length"]) == (b"", str(len(whole)))
    with av.open(motion["url"]) as container:
        assert next(container.decode(video=0)).width > 0


def test_the_video_of_a_live_photo(server: Server, indexed: Index) -> None:
    still, video = named(indexed, STILL), named(indexed, VIDEO)
    motion = details(server, still)["motion"]
    assert motion["mimetype"] == "video/quicktime"
    played = httpx.get(motion["url"], headers={"range": "bytes=0-9"})
    (file,) = indexed.assets.files(video)
    (root,) = indexed.roots.list()
    assert played.content == Path(root.path, file.folder, file.name).read_bytes()[:10]
    (version,) = parse_qs(urlsplit(motion["url"]).query)["v"]
    assert version == details(server, video)["version"] != details(server, still)["version"]
    url = f"{server.url}/files/{still}/motion"
    assert httpx.get(url, params={"v": version}).headers["cache-control"] == "private, max-age=31536000, immutable"
    other = {"v": details(server, still)["version"]}
    assert httpx.get(url, params=other).headers["cache-control"] == "private, no-cache"
    assert details(server, video)["motion"] is None
    assert httpx.get(f"{server.url}/files/{video}/motion").status_code == 404
    assert details(server, still)["stack"] == details(server, video)["stack"] == [still, video]
    assert details(server, named(indexed, TOWER))["stack"] == []
    indexed.trash.put([video])
    assert details(server, still)["motion"] is None
    # A busy server answers with the view of a moment before.
    until(lambda: details(server, still)["stack"] == [], what="its stack to be told without the video")
    assert details(server, video)["stack"] == []


def test_no_video(server: Server, indexed: Index) -> None:
    answer = httpx.get(f"{server.url}/files/{named(indexed, TOWER)}/motion")
    assert answer.status_code == 404 and "neither a motion photo nor a live photo" in answer.json()["detail"]


def test_a_motion_photo_that_was_cut_off_since(serve: Serve, index: Index, samples: Path) -> None:
    index.scan([samples])
    photo = samples / "Sydney" / MOTION
    asset_id = index.get(photo)["id"]
    photo.write_bytes(photo.read_bytes()[:-1000])
    answer = httpx.get(f"{serve(index.path).url}/files/{asset_id}/motion")
    assert answer.status_code == 404 and "shorter than it was" in answer.json()["detail"]


def test_a_panorama(serve: Serve, index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What says which part of the sphere it is can be turned; what does not is a wide photo."""
    numbers = {"FullPanoWidthPixels": 1200, "FullPanoHeightPixels": 600, "CroppedAreaImageWidthPixels": 900,
               "CroppedAreaImageHeightPixels": 200, "CroppedAreaLeftPixels": 100, "CroppedAreaTopPixels": 150,
               "PoseHeadingDegrees": 42.5}  # fmt: skip
    for name, known in (("partial", numbers), ("silent", {})):
        words = " ".join(f'GPano:{key}="{value}"' for key, value in known.items())
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
            f' GPano:ProjectionType="equirectangular" {words}/></rdf:RDF></x:xmpmeta>'
        )
        Image.new("RGB", (900, 200), (len(name), 9, 9)).save(photos / f"{name}.jpg", xmp=packet.encode())
    index.scan([photos])
    server = serve(index.path)
    found = details(server, index.get(photos / "partial.jpg")["id"])
    assert found["asset"]["metadata"]["projection_type"] == "equirectangular"
    assert found["panorama"] == {
        "full_width": 1200, "full_height": 600, "cropped_width": 900, "cropped_height": 200, "cropped_left": 100,
        "cropped_top": 150, "pose_heading": 42.5, "pose_pitch": None, "pose_roll": None, "initial_heading": None,
        "initial_pitch": None, "initial_fov": None,
    }  # fmt: skip
    assert details(server, index.get(photos / "silent.jpg")["id"])["panorama"] is None
    read, known = [], read_module.extract

    def counting(source: Source, name: str, *more: Any) -> Any:
        read.append(name)
        return known(source, name, *more)

    for module in (read_module, panorama_module):
        monkeypatch.setattr(module, "extract", counting)
    assert index.assets.details(photos / "partial.jpg").panorama is not None
    assert read == ["partial.jpg"]


def test_a_drive_that_hangs_holds_up_nobody_else(some: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the timeline nor the server's end; and what was asked for by who has left is not read."""
    begun, freed, known = [], threading.Event(), Assets.details

    def hanging(self: Assets, asset_id: str) -> Details:
        begun.append(asset_id)
        freed.wait(30)
        return known(self, asset_id)

    monkeypatch.setattr(Assets, "details", hanging)
    ids = [one.id for one in some.list()]

    async def run() -> None:
        app = make_app(Settings(some.path))
        async with app.router.lifespan_context(app):
            asking = [asyncio.create_task(_status(app, f"/api/assets/{one}/details")) for one in (*ids, *ids)]
            while len(begun) < 2:
                await asyncio.sleep(0.01)
            assert await asyncio.wait_for(_status(app, "/api/timeline/tiles"), 5) == 200
            assert await asyncio.wait_for(asyncio.gather(*asking), 5) == [499] * 6
        assert not freed.is_set() and len(begun) == 2

    asyncio.run(run())
    freed.set()


async def _status(app: FastAPI, path: str) -> int:
    """Of a client that leaves after a second."""
    asked, found = asyncio.Event(), 0

    async def receive() -> dict[str, object]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(1)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal found
        found = message.get("status", found)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"start=0&stop=10" if path.endswith("tiles") else b"", "headers": [(b"host", b"localhost")],
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    return found
