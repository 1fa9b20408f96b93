"""The gallery's files at / and /gallery/…: with their policy, cacheable, and nothing else from the disk."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import brotli
import httpx
import pytest

from indexer import Index

from ..conftest import until
from .conftest import KEY, Serve, Server, raw

SCRIPT = b"console.log('built')\n" * 50


def build(folder: Path, mark: str = "") -> Path:
    """What Vite leaves there, in small."""
    parts = folder / "gallery"
    parts.mkdir(parents=True, exist_ok=True)
    (parts / "index-abc.js").write_bytes(SCRIPT)
    (parts / "index-abc.js.br").write_bytes(brotli.compress(SCRIPT))
    (parts / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (parts / "index-def.css").write_text("body { color: red }")
    (parts / "secret.txt").write_text("secret")
    (folder / "digest").write_text("secret")
    (folder / "index.html.new").write_text(f"<!doctype html><title>built{mark}</title>")
    os.replace(folder / "index.html.new", folder / "index.html")
    return folder


def start(serve: Serve, index: Index, folder: Path, *options: str) -> Server:
    """A server that takes its page from this folder."""
    code = f"import pathlib\nimport indexer.serve.routes.gallery as one\none.FOLDER = pathlib.Path({str(folder)!r})\n"
    return serve(index.path, *options, code=code)


@pytest.fixture
def built(serve: Serve, some: Index, tmp_path: Path) -> Server:
    return start(serve, some, build(tmp_path / "static"))


def test_the_page_runs_only_what_is_ours(built: Server) -> None:
    for path in ("/", "/?q=paris&photo=asset_x&anything=1", "/?photo=a&photo=b"):
        page = httpx.get(f"{built.url}{path}")
        assert page.status_code == 200 and "built" in page.text
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-cache"
        policy = dict(one.strip().split(" ", 1) for one in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" == policy["style-src"]
        assert policy["frame-ancestors"] == "'none'" == policy["base-uri"] and "unsafe" not in str(policy)
        assert page.headers["x-content-type-options"] == "nosniff" and page.headers["x-frame-options"] == "DENY"
    assert httpx.post(f"{built.url}/").status_code == 405


def test_files_are_sent_once_and_compressed(built: Server) -> None:
    url = f"{built.url}/gallery/index-abc.js"
    tags = set()
    for taken, encoding in (
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
    ):
        answer = httpx.get(url, headers={"accept-encoding": taken})
        assert answer.headers.get("content-encoding") == encoding and answer.content == SCRIPT
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "accept-encoding"
        head = httpx.head(url, headers={"accept-encoding": taken})
        assert head.status_code == 200 and head.content == b""
        for name in ("content-length", "etag", "content-encoding", "cache-control"):
            assert head.headers.get(name) == answer.headers.get(name), name
        tag = answer.headers["etag"]
        tags.add(tag)
        for known in (tag, f'"other", W/{tag}', "*"):
            again = httpx.get(url, headers={"accept-encoding": taken, "if-none-match": known})
            assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
        assert httpx.get(url, headers={"accept-encoding": taken, "if-none-match": '"x"'}).status_code == 200
    assert len(tags) == 3
    assert httpx.head(built.url).status_code == 200
    tag = httpx.get(built.url).headers["etag"]
    assert httpx.get(built.url, headers={"if-none-match": tag}).status_code == 304


def test_nothing_else_of_the_folder_is_served(built: Server) -> None:
    for path in (
        "/gallery/secret.txt", "/gallery/", "/gallery/.", "/gallery/..", "/gallery/../digest", "/gallery/..%2fdigest",
        "/gallery/%2e%2e%2fdigest", "/gallery/..%5cdigest", "/gallery/index-abc.js.br", "/gallery/index-abc.js/..",
        "/gallery//etc/passwd", "/gallery/%2fetc%2fpasswd", "/gallery/index-abc.js%00", "/digest", "/static/digest",
        "/gallery/index.html", "/index.html", "/gallery/%ff", "/gallery/not-there.js",
    ):  # fmt: skip
        answer = raw(built, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 40[04] ", answer), (path, answer[:200])
        assert b"built" not in answer and b"root:" not in answer and not answer.endswith(b"secret"), path


def test_a_new_build_is_shown_by_a_server_that_runs(built: Server, tmp_path: Path) -> None:
    before = httpx.get(built.url)
    build(tmp_path / "static", " anew")
    (tmp_path / "static" / "gallery" / "later-1.js").write_text("later")
    after = httpx.get(built.url, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200 and "built anew" in after.text
    assert httpx.get(f"{built.url}/gallery/later-1.js").text == "later"


def test_while_an_install_puts_a_new_build_there_the_old_one_is_shown(built: Server, tmp_path: Path) -> None:
    """A folder takes the place of another by two renames, and for a moment there is none."""
    script = f"{built.url}/gallery/index-abc.js"
    assert httpx.get(script).content == SCRIPT and "built" in httpx.get(built.url).text
    (tmp_path / "static").rename(tmp_path / "old")
    assert "title>built<" in httpx.get(built.url).text and httpx.get(script).content == SCRIPT
    build(tmp_path / "new", " anew").rename(tmp_path / "static")
    assert "built anew" in httpx.get(built.url).text
    # A folder that is there and has no page has none.
    (tmp_path / "static" / "index.html").unlink()
    assert "not part of this installation" in httpx.get(built.url).text and httpx.get(script).status_code == 404


def test_the_page_is_for_all_and_its_photos_are_not(serve: Serve, some: Index, tmp_path: Path) -> None:
    server = start(serve, some, build(tmp_path / "static"), "--key", KEY, "--read-only")
    for path in ("/", "/gallery/index-abc.js", "/gallery/index-def.css"):
        assert httpx.get(f"{server.url}{path}").status_code == 200
        assert httpx.get(f"{server.url}{path}", headers={"host": "evil.example"}).status_code == 421
        embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
        assert httpx.get(f"{server.url}{path}", headers=embedded).status_code == 403
    assert httpx.get(f"{server.url}/api/assets").status_code == 401
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert httpx.get(f"{server.url}/?photo=x", headers=link).status_code == 200


def test_where_it_was_not_built_the_page_says_so(serve: Serve, some: Index, tmp_path: Path) -> None:
    """And how many photos there are, and where to go on; without a key, no number."""
    folder = tmp_path / "static"
    folder.mkdir()
    server = start(serve, some, folder)
    page = httpx.get(server.url)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"] and "<script" not in page.text
    assert "gallery is not part of this installation." in page.text and "pip install" in page.text
    (folder / "not-built.txt").write_text("no <i>registry</i>")
    assert "installation (no &lt;i&gt;registry&lt;/i&gt;)." in httpx.get(server.url).text
    assert "3 photos" in page.text and "http" not in page.text
    some.trash.put([some.list()[0].id])
    assert "2 photos" in httpx.get(server.url).text
    links = re.findall(r'href="(/[^"]*)"', page.text)
    assert {"/docs", "/api/openapi.json", "/api/assets"} <= set(links)
    for link in links:
        assert httpx.get(f"{server.url}{link}").status_code == 200, link
    closed = start(serve, some, folder.with_name("none"), "--key", KEY)
    page = httpx.get(closed.url)
    assert page.status_code == 200 and not re.search(r"\d+ photos", page.text) and "/api/assets" not in page.text
    page = httpx.get(closed.url, headers={"authorization": f"Bearer {KEY}"})
    assert "2 photos" in page.text
    build(folder)  # and once it is built, it is shown
    until(lambda: "built" in httpx.get(server.url).text, what="the page")
