"""The files of asset_urls, as browsers and players request them."""

from __future__ import annotations

import hashlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image

from indexer import Index
from indexer.errors import Undecodable

from ..conftest import put, until
from .conftest import Serve, Server, raw
from .test_client import TOWER, named


@pytest.fixture
def original(server: Server, indexed: Index) -> tuple[str, Path]:
    """The URL of a photo, and where it lies."""
    tower = named(indexed, TOWER)
    (file,) = [one for one in indexed.assets.files(tower) if one.name == TOWER][:1]
    record = httpx.get(f"{server.url}/api/assets/{tower}").json()
    root = next(root.path for root in indexed.roots.list() if root.id == file.root_id)
    return record["asset_urls"]["original"]["url"], Path(root, file.folder, file.name)


def test_the_original_is_what_lies_there(original: tuple[str, Path]) -> None:
    url, path = original
    served = httpx.get(url)
    assert served.content == path.read_bytes()
    assert served.headers["content-type"] == "image/jpeg"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert served.headers["accept-ranges"] == "bytes"
    assert served.headers["content-disposition"].startswith(f'inline; filename="{TOWER}"')
    head = httpx.head(url)
    assert head.content == b"" and head.headers["content-length"] == str(path.stat().st_size)
    assert head.headers["etag"] == served.headers["etag"]
    # Without the version in its name it may be another one tomorrow.
    assert httpx.get(url.partition("?")[0]).headers["cache-control"] == "private, no-cache"
    saved = httpx.get(url, params={"v": url.partition("v=")[2], "download": "true"})
    assert saved.headers["content-disposition"].startswith("attachment;")


def test_what_the_browser_has_is_not_sent_again(original: tuple[str, Path]) -> None:
    url, _ = original
    first = httpx.get(url)
    for known in (
        {"if-none-match": first.headers["etag"]},
        {"if-none-match": f'"other", W/{first.headers["etag"]}'},
        {"if-none-match": "*"},
        {"if-modified-since": first.headers["last-modified"]},
    ):
        again = httpx.get(url, headers=known)
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["etag"] == first.headers["etag"]
    for other in (
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": first.headers["last-modified"]},  # the tag is what counts
        {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ):
        assert httpx.get(url, headers=other).status_code == 200, other


def test_parts_of_a_file(original: tuple[str, Path]) -> None:
    url, path = original
    content = path.read_bytes()
    for asked, start, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=5-5", 5, 6),
    ):
        part = httpx.get(url, headers={"range": asked})
        assert part.status_code == 206 and part.content == content[start:end], asked
        first = start if start >= 0 else len(content) + start
        assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(content)}"
    assert httpx.get(url, headers={"range": f"bytes={len(content)}-"}).status_code == 416
    etag = httpx.head(url).headers["etag"]
    assert httpx.get(url, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert httpx.get(url, headers={"range": "bytes=0-9", "if-range": '"other"'}).status_code == 200


def test_a_video_can_be_sought_in(server: Server, indexed: Index) -> None:
    (video,) = indexed.query("SELECT id FROM asset WHERE mime_type = 'video/quicktime' LIMIT 1")
    record = httpx.get(f"{server.url}/api/assets/{video['id']}").json()
    assert list(record["asset_urls"]) == ["original"]
    url = record["asset_urls"]["original"]["url"]
    assert httpx.head(url).headers["content-type"] == "video/quicktime"
    with av.open(url) as container:  # FFmpeg asks for the parts that it needs
        container.seek(0)
        assert next(container.decode(video=0)).width > 0


def test_rendition_are_made_once_under_many_requests(serve: Serve, index: Index, photos: Path) -> None:
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(photos / "large.jpg", quality=90)
    index.scan([photos])
    server = serve(index.path)
    (asset,) = index.list()
    url = f"{server.url}/files/{asset.id}/preview"
    with ThreadPoolExecutor(24) as many:
        served = list(many.map(lambda _: httpx.get(url, timeout=60), range(24)))
    assert {one.status_code for one in served} == {200}
    assert len({hashlib.sha256(one.content).digest() for one in served}) == 1

    def kept() -> int:
        return sum(one.event_type == "asset_updated" for one in index.history.events(limit=1000))

    until(lambda: kept() > 0, what="its row")
    time.sleep(1)
    assert kept() == 1  # one rendition came to be, once
    with Image.open(index.renditions.get(asset.id, "preview")) as image:
        assert max(image.size) == 1440


def test_names_are_told_in_every_language(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / 'été "à" la mer;\x7f.jpg', "name")
    index.scan([photos])
    server = serve(index.path)
    (asset,) = index.list()
    said = httpx.get(f"{server.url}/files/{asset.id}/original").headers["content-disposition"]
    assert said.startswith('inline; filename="_t_ ___ la mer;_.jpg"; ')
    assert "filename*=UTF-8''%C3%A9t%C3%A9%20%22%C3%A0%22%20la%20mer%3B%7F.jpg" in said
    assert "\n" not in said and "\r" not in said


def test_what_cannot_be_had_is_said(serve: Serve, index: Index, photos: Path) -> None:
    put(photos / "a.jpg", 1)
    (photos / "text.jpg").write_text("no picture")
    index.scan([photos])
    server = serve(index.path)
    a, text = index.session.resolve(photos / "a.jpg"), index.session.resolve(photos / "text.jpg")
    assert httpx.get(f"{server.url}/files/{text}/preview", timeout=60).status_code == 404
    assert httpx.get(f"{server.url}/files/{a}/poster").status_code == 422
    (photos / "a.jpg").unlink()
    gone = httpx.get(f"{server.url}/files/{a}/original")
    assert gone.status_code == 404 and "drive is disconnected" in gone.json()["detail"]
    assert httpx.get(f"{server.url}/files/faces/face_{'2' * 22}").status_code == 404


def test_a_known_failure_is_answered_without_another_try(serve: Serve, index: Index, photos: Path) -> None:
    """What lies there by now could be decoded: it is not looked at before a scan has seen that it is another picture."""
    picture = photos / "a.jpg"
    picture.write_text("no picture")
    index.scan([photos])
    assert index.enrich(["renditions"]).failed == 1
    (failure,) = index.enrichments.failures()
    put(photos.parent / "sound.jpg", 1)
    (photos.parent / "sound.jpg").replace(picture)
    server = serve(index.path)
    url = f"{server.url}/files/{index.session.resolve(picture)}"
    for name in ("preview", "thumbnail"):
        refused = httpx.get(f"{url}/{name}", timeout=60)
        assert (refused.status_code, failure.error in refused.json()["detail"]) == (404, True), refused.text
        with pytest.raises(Undecodable, match=failure.error):
            index.renditions.get(picture, name)
    index.scan([photos])
    assert httpx.get(f"{server.url}/files/{index.session.resolve(picture)}/preview", timeout=60).status_code == 200


def test_no_path_reaches_the_file_system(serve: Serve, some: Index, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    server = serve(some.path)
    (first, *_) = some.list()
    for path in (
        "/files/../secret.txt", f"/files/{first.id}/../../secret.txt", f"/files/{first.id}/..%2f..%2fsecret.txt",
        f"/files/{first.id}/original/../../../secret.txt", "/files/%2e%2e/%2e%2e/etc/passwd", "/docs/../../etc/passwd",
        "/docs/..%2f..%2f..%2fetc%2fpasswd", "//etc/passwd", "/files/faces/..%2f..%2fsecret.txt", f"/files/{first.id}%00/original",
        "/files/file:%2f%2f%2fetc%2fpasswd/original",
    ):  # fmt: skip
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        answer = raw(server, request)
        assert b"secret" not in answer.replace(b"secret.txt", b"") and b"root:" not in answer, path
        assert re.match(rb"HTTP/1.1 4\d\d", answer), (path, answer[:100])
