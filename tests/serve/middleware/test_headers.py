"""Headers of responses: content from files and requests is never executed."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from PIL import Image

from indexer import Index

from ..conftest import Serve, raw


def test_nothing_is_put_into_headers(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    (first, *_) = some.list()
    for path in (
        f"/api/assets/{first.id}%0d%0aX-Evil:%201",
        f"/files/{first.id}/original?v=1%0d%0aX-Evil:%201",
        "/api/assets?state=%0d%0aX-Evil:%201",
    ):
        answer = httpx.get(f"{server.url}{path}")
        assert "x-evil" not in answer.headers
    # What a client calls this server goes into URLs, and only where it is a name of ours.
    answer = raw(server, b'GET /api/assets HTTP/1.1\r\nHost: localhost"><script>\r\nConnection: close\r\n\r\n')
    assert b" 421 " in answer.split(b"\r\n")[0] and b"text/html" not in answer
    odd = raw(server, b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert odd.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200"))


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}\u2028\x00"


def test_texts_of_files_are_texts(serve: Serve, index: Index, photos: Path) -> None:
    """Whatever a photo says of itself comes out as it is, as JSON, and is never a page."""
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x013B):
        exif[tag] = HOSTILE.replace("\x00", "").replace("\u2028", "")
    name = "<img src=x onerror=alert(1)>.jpg"
    Image.new("RGB", (40, 30)).save(photos / name, exif=exif)
    index.scan([photos])
    asset_id = index.session.resolve(photos / name)
    index.assets.set([asset_id], description=HOSTILE, city=HOSTILE)
    album = index.albums.create(HOSTILE, [asset_id])
    server = serve(index.path)
    with server.http() as http:
        for path in (
            f"/api/assets/{asset_id}", "/api/assets", "/api/albums", f"/api/albums/{album.id}", "/api/search?query=script",
            "/api/events", "/api/assets/<script>alert(1)</script>", "/api/search?query=taken:<script>alert(1)</script>", "/<script>",
        ):  # fmt: skip
            answer = http.get(path)
            assert answer.headers["content-type"] == "application/json", path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            json.loads(answer.text)
        assert http.get(f"/api/assets/{asset_id}").json()["metadata"]["description"] == HOSTILE
        original = http.get(f"/files/{asset_id}/original")
        assert original.headers["content-type"] == "image/jpeg"
        assert "default-src 'none'" in original.headers["content-security-policy"]
