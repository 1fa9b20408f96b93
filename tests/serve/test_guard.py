"""Who may use the server, and what they can do to it: nothing that they may not."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from gumnut import AuthenticationError, Gumnut
from PIL import Image

from indexer import Index

from ..conftest import jpeg, put, run, sized, until
from .conftest import Serve, Server

KEY = "a key of some length"


def raw(server: Server, request: bytes, wait: float = 10.0) -> bytes:
    """What the server answers to bytes that no library would send."""
    at = urlsplit(server.url)
    with closing(socket.create_connection((at.hostname, at.port), timeout=wait)) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                break
    return answer


def test_a_page_that_points_its_name_here_gets_nothing(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    port = urlsplit(server.url).port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "10.0.0.1",
        "[::1].evil.example",
        f"[::1].evil.example:{port}",
        "[::1]evil",
        "localhost:80.evil.example",
        "localhost:evil",
        "::1",
    ):
        for path in ("/api/assets", "/files/x/original", "/docs", "/healthz", "/api/openapi.json"):
            answer = httpx.get(f"{server.url}{path}", headers={"host": host})
            assert answer.status_code == 421 and "asset_" not in answer.text, (host, path)
    for host in ("localhost", f"LOCALHOST:{port}", "127.0.0.1", f"[::1]:{port}", "localhost."):
        assert httpx.get(f"{server.url}/api/assets", headers={"host": host}).status_code == 200, host
    two = raw(server, b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert two.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    named = serve(some.path, "--host-name", "photos.lan")
    assert httpx.get(f"{named.url}/api/assets", headers={"host": "photos.lan"}).status_code == 200


def test_no_page_of_another_site_may_use_it(serve: Serve, some: Index) -> None:
    """Nor have something done whose answer it would not see, as a page may with a form."""
    closed, opened = serve(some.path), serve(some.path, "--allow-origin", "https://mine.example")
    some.trash.put([some.list()[0].id])
    asked = {"origin": "https://mine.example", "access-control-request-method": "POST"}
    for origin in ("https://mine.example", "null", "http://127.0.0.1", "http://localhost:1", "http://evil.example:80"):
        for method, path in (("POST", "/api/assets/empty-trash"), ("GET", "/api/assets"), ("OPTIONS", "/api/assets")):
            answer = httpx.request(method, f"{closed.url}{path}", headers={**asked, "origin": origin})
            assert answer.status_code == 403, (origin, method)
            assert "access-control-allow-origin" not in answer.headers
    assert len(some.trash.list()) == 1
    # Our own page may.
    assert httpx.get(f"{closed.url}/api/assets", headers={"origin": closed.url}).status_code == 200
    answer = httpx.get(f"{opened.url}/api/assets", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://mine.example"
    assert httpx.options(f"{opened.url}/api/assets", headers=asked).status_code == 200
    assert httpx.get(f"{opened.url}/api/assets", headers={"origin": "https://evil.example"}).status_code == 403
    (first, *_) = some.list()
    shown = httpx.get(f"{closed.url}/files/{first.id}/original")
    assert shown.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_browser_says_whose_page_asks(serve: Serve, some: Index) -> None:
    """Also where it sends no Origin: for pictures, scripts and frames of a page of another site."""
    closed, opened = serve(some.path), serve(some.path, "--allow-origin", "https://mine.example")
    (first, *_) = some.list()
    paths = ("/api/assets", f"/files/{first.id}/original", "/docs", "/")
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")):
            asked = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
            for path in paths:
                for more in ({}, {"referer": "https://evil.example/x"}, {"referer": "https://mine.example/x"}):
                    assert httpx.get(f"{closed.url}{path}", headers={**asked, **more}).status_code == 403, (path, dest)
            for path in paths[:3]:
                answer = httpx.get(f"{opened.url}{path}", headers={**asked, "referer": "https://mine.example/x"})
                assert answer.status_code == 200, (path, dest)
                assert httpx.get(f"{opened.url}{path}", headers={**asked, "referer": "http://["}).status_code == 403
                assert httpx.get(f"{opened.url}{path}", headers=asked).status_code == 403
        # Somebody follows a link: to a page of ours, and no further.
        link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert httpx.get(f"{closed.url}/docs", headers=link).status_code == 200
        assert httpx.get(f"{closed.url}/api/assets", headers=link).status_code == 403
    for site in ("none", "same-origin"):
        asked = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert httpx.get(f"{closed.url}/api/assets", headers=asked).status_code == 200
    own = [("origin", closed.url), ("origin", "https://evil.example")]
    for two in (
        own,
        own[::-1],
        [("origin", closed.url)] * 2,
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    ):
        assert httpx.get(f"{closed.url}/api/assets", headers=two).status_code == 403


def test_without_a_key_there_is_nothing(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--key", KEY)
    (first, *_) = some.list()
    paths = (
        "/api/assets",
        f"/api/assets/{first.id}",
        f"/files/{first.id}/original",
        "/api/users/me",
    )
    for path in paths:
        for given in (None, "", "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY):
            headers = {} if given is None else {"authorization": given}
            answer = httpx.get(f"{server.url}{path}", headers=headers)
            assert answer.status_code == 401, (path, given)
            assert answer.headers["www-authenticate"] == "Bearer" and "asset_" not in answer.text
        assert httpx.get(f"{server.url}{path}", headers={"authorization": f"bearer {KEY}"}).status_code == 200
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    # How to speak to it anybody may read.
    assert httpx.get(f"{server.url}/docs").status_code == 200
    described = httpx.get(f"{server.url}/api/openapi.json").json()
    assert described["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    with Gumnut(api_key=KEY, base_url=server.url) as client:
        assert len(client.assets.list().data) == 3
        made = client.api_keys.create(name="phone")
    with Gumnut(api_key=made.api_key, base_url=server.url) as phone:
        assert len(phone.assets.list().data) == 3
        until(lambda: phone.api_keys.list()[0].last_used_at is not None, what="the key's use to be noted")
        phone.api_keys.delete(made.id)
        with pytest.raises(AuthenticationError):
            phone.assets.list()
    # What is kept of a key is no key.
    assert made.api_key not in "".join(map(str, some.query("SELECT * FROM api_key"))) + server.log.read_text()


def test_others_get_in_by_a_key_alone(serve: Serve, some: Index) -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", database=some.path)
    assert refused.returncode == 2 and "--key" in refused.stderr and len(refused.stderr.splitlines()) == 1
    made = run("serve", "--new-key", "tv", database=some.path)
    assert made.returncode == 0 and "shown this once" in made.stderr
    server = serve(some.path, "--host", "0.0.0.0")
    assert httpx.get(f"{server.url}/api/assets").status_code == 401
    key = {"authorization": f"Bearer {made.stdout.strip()}"}
    assert httpx.get(f"{server.url}/api/assets", headers=key).status_code == 200
    assert httpx.get(f"{server.url}/api/assets", headers={**key, "host": "evil.example"}).status_code == 421
    assert httpx.get(f"{server.url}/api/assets", headers={**key, "host": socket.gethostname()}).status_code == 200


def test_a_server_that_only_reads(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--read-only")
    (first, *_) = some.list()
    events = len(some.history.events(limit=1000))
    with server.http() as http:
        for method, path, body in (
            ("POST", "/api/assets/trash", {"ids": [first.id]}),
            ("DELETE", f"/api/assets/{first.id}", None),
            ("POST", "/api/albums", {"name": "x"}),
            ("POST", "/api/api-keys/", {"name": "x"}),
            ("PATCH", f"/api/people/person_{'2' * 22}", {"name": "x"}),
            ("POST", "/api/assets", None),
        ):
            assert http.request(method, path, json=body).status_code == 403, path
        assert http.post("/api/assets/exist", json={"checksums": []}).status_code == 200
        assert http.post("/api/search", data={"query": "x"}).status_code == 200
        assert http.get("/api/assets").status_code == 200
    assert len(some.history.events(limit=1000)) == events


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


def test_too_much_is_refused(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    with server.http() as http:
        large = http.post("/api/albums", content=b'{"name":"' + b"x" * 3_000_000 + b'"}')
        assert large.status_code == 413
        # Also without a word of how much it is.
        endless = http.post("/api/albums", content=(b"x" * 100_000 for _ in range(30)))
        assert endless.status_code == 413
        assert http.post("/api/assets/trash", json={"ids": [some.list()[0].id] * 101}).status_code == 422
    head = b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n"
    assert raw(server, head).startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    many = b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: y\r\n" % one for one in range(9000))
    assert raw(server, many + b"\r\n").startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_who_does_not_come_to_the_point_is_let_go(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    at = urlsplit(server.url)
    waiting = [socket.create_connection((at.hostname, at.port)) for _ in range(50)]
    for number, one in enumerate(waiting):
        one.sendall(b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\n" if number % 2 else b"")
        one.settimeout(sized(30, 60))
    started = time.monotonic()
    assert httpx.get(f"{server.url}/api/assets").status_code == 200  # others do not wait for them
    for one in waiting:
        assert one.recv(1000) == b""
        one.close()
    assert 5 < time.monotonic() - started < 30


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


def test_a_large_upload_takes_little_memory(serve: Serve, some: Index, tmp_path: Path) -> None:
    size = sized(300, 2000) << 20
    server = serve(some.path)
    process = psutil.Process(server.process.pid)
    peak, done = 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.02)

    httpx.get(f"{server.url}/api/assets")
    before = process.memory_info().rss
    looker = threading.Thread(target=look)
    looker.start()
    boundary = "x" * 20
    words = {
        "device_asset_id": "1",
        "device_id": "d",
        "file_created_at": "2020-01-01",
        "file_modified_at": "2020-01-01",
    }
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in words.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="asset_data"; filename="large.jpg"\r\n\r\n'

    def body():  # type: ignore[no-untyped-def]
        yield head.encode() + jpeg("large")
        for _ in range(size >> 20):
            yield bytes(1 << 20)
        yield f"\r\n--{boundary}--\r\n".encode()

    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = httpx.post(f"{server.url}/api/assets", content=body(), headers=kind, timeout=600)
    done.set()
    looker.join()
    assert answer.status_code == 201 and answer.json()["file_size_bytes"] > size
    print(f"upload of {size >> 20} MB: at first {before >> 20} MB, at most {peak >> 20} MB")
    assert peak - before < 16 << 20 and peak < 100 << 20


def test_a_form_has_bounds(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    kind = {"content-type": "multipart/form-data; boundary=b"}
    word = b'--b\r\nContent-Disposition: form-data; name="device_id"\r\n\r\n'
    for body in (
        b"--b\r\nContent-Disposition: " + b"x" * 100_000,
        b"--b\r\n" + b"x" * 100_000,
        word + b"x" * 100_000 + b"\r\n--b--\r\n",
        (word + b"x\r\n") * 1000 + b"--b--\r\n",
        b"",
        b"--b--\r\n",
        b"no form at all",
    ):
        assert httpx.post(f"{server.url}/api/assets", content=body, headers=kind).status_code == 422, body[:60]
    assert (
        httpx.post(f"{server.url}/api/assets", content=b"x", headers={"content-type": "image/jpeg"}).status_code == 422
    )
    assert not [one for one in some.path.with_name(f"{some.path.name}.originals").rglob("*") if one.is_file()]


def test_half_an_upload_is_none(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    at = urlsplit(server.url)
    with closing(socket.create_connection((at.hostname, at.port))) as connection:
        connection.sendall(
            b"POST /api/assets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            b'--b\r\nContent-Disposition: form-data; name="asset_data"; filename="half.jpg"\r\n\r\n' + jpeg("half")
        )
        originals = some.path.with_name(some.path.name + ".originals")
        until(lambda: list(originals.rglob("half.jpg")), what="the beginning to arrive")
        some.scan()
        assert len(some.list()) == 3
    until(lambda: not list(originals.rglob("half.jpg")), what="the half to be removed")
    assert some.status.counts().assets == 3


def test_it_ends_when_it_is_told_to(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    assert httpx.get(f"{server.url}/api/assets").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=180) == 0
    log = server.log.read_text()
    assert "Stopped." in log and "Traceback" not in log
    assert '"GET /api/assets HTTP/1.1" 200' in log
    quiet = serve(some.path, "--no-access-log")
    httpx.get(f"{quiet.url}/api/assets")
    quiet.process.send_signal(signal.SIGINT)
    assert quiet.process.wait(timeout=180) == 0
    assert "GET" not in quiet.log.read_text()


def test_a_port_in_use_is_one_line(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    port = str(urlsplit(server.url).port)
    done = run("serve", "--port", port, database=some.path)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert port in line and "in use" in line and "--port" in line
    none = run("serve", "--port", "0", database=some.path.with_name("none.db"))
    assert none.returncode == 1 and len(none.stderr.splitlines()) == 1


def test_the_watch_runs_beside_it(serve: Serve, some: Index, photos: Path) -> None:
    server = serve(some.path, "--watch")
    until(lambda: some.status.jobs(), what="the watch")
    until(lambda: "Watching" in server.log.read_text(), what="the watch to follow")
    put(photos / "new.jpg", "new")
    until(lambda: len(httpx.get(f"{server.url}/api/assets").json()["data"]) == 4, what="the new photo")
    (watcher,) = [one for one in psutil.Process(server.process.pid).children() if "watch" in one.cmdline()]
    assert server.stop() == 0
    assert not psutil.pid_exists(watcher.pid) or psutil.Process(watcher.pid).status() == psutil.STATUS_ZOMBIE


def test_a_watch_that_dies_is_started_again(serve: Serve, some: Index, photos: Path) -> None:
    """After a while, which is longer each time; /healthz and status say so."""
    server = serve(some.path, "--watch")

    def watch() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{server.url}/healthz").json()["watch"]
        return found

    def watching() -> list[int]:
        return [one.pid for one in some.status.jobs() if one.kind == "watch"]

    until(watching, what="the watch")
    assert watch() == {"running": True, "restarts": 0, "detail": None}
    for turn in range(2):
        (pid,) = watching()
        os.kill(pid, signal.SIGKILL)
        until(lambda: "is started again in" in (watch()["detail"] or ""), what="the end to be noticed")
        assert "ended with exit code -9" in run("status", database=some.path).stdout
        until(lambda pid=pid: watching() not in ([], [pid]), what="the next watch")  # type: ignore[misc]
        assert (watch()["running"], watch()["restarts"]) == (True, turn + 1)
    assert "ended with exit code -9" in run("status", database=some.path).stdout
    put(photos / "new.jpg", "new")
    until(lambda: len(httpx.get(f"{server.url}/api/assets").json()["data"]) == 4, what="the new photo")
    (pid,) = watching()
    assert server.stop() == 0
    assert not psutil.pid_exists(pid)
    assert some.status.jobs() == []
    assert server.log.read_text().count("is started again in") == 2


def test_no_watch_is_started_for_an_index_that_is_gone(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--watch")
    until(lambda: "Watching" in server.log.read_text(), what="the watch")
    some.close()
    for part in some.path.parent.glob("index.db*"):
        if part.is_file() and part.suffix != ".lock":
            part.unlink()
    until(lambda: "is not started again" in server.log.read_text(), what="the end of the watch")
    assert httpx.get(f"{server.url}/healthz").status_code == 503
    assert server.stop() == 0
    assert not some.path.exists()


def test_serving_is_imported_by_serve_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, indexer.cli.get, indexer.cli.scan, indexer.index; print(*sys.modules)"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert not {"fastapi", "uvicorn", "starlette", "pydantic"} & set(done.stdout.split())
