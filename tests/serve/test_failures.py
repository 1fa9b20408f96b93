"""Every failure has a response and at most one log line: no traceback, and no 500."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from indexer import Index
from indexer.errors import IndexUnusable, UsageError

from ..conftest import jpeg, put, run, until
from .conftest import UPLOAD, Serve, raw


def test_what_is_no_text_and_no_number_is_malformed(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    some_id = some.list()[0].id
    with server.http(headers={"content-type": "application/json"}) as http:
        for method, path, body in (
            ("POST", "/api/albums", b'{"name": NaN}'),
            ("POST", "/api/albums", b'{"name": [Infinity, -Infinity]}'),
            ("POST", "/api/albums", b'{"name": "\\ud800"}'),
            ("POST", "/api/albums", b'{"\\ud800": 1}'),
            ("POST", "/api/albums", b'{"name": "\xff"}'),
            ("POST", "/api/albums", "{}".encode("utf-16")[:-1]),
            ("POST", "/api/albums", b"[" * 100_000),
            ("POST", "/api/albums", b"1" * 10_000),
            ("POST", "/api/albums", b"NaN"),
            ("PATCH", f"/api/people/person_{'2' * 22}", b'{"birth_date": NaN}'),
            ("POST", "/api/assets/trash", b'{"ids": ["\\udfff"]}'),
            ("POST", "/api/assets/exist", b'{"checksums": ["\\ud800"]}'),
            ("POST", "/api/api-keys/", b'{"name": "x", "actions": ["\\ud800"]}'),
        ):
            answer = http.request(method, path, content=body)
            assert answer.status_code == 422, (path, body[:40], answer.text)
            assert set(answer.json()["detail"][0]) >= {"loc", "msg", "type"}
    for query in ("threshold=nan", "threshold=inf", "limit=1e400", "page=99999999999999999999", "query=%ED%A0%80", "%ED%A0%80=1",
                  "captured_after=NaN", "person_ids=%FF", "query=%00", "query=%F0%9F%98%80"):  # fmt: skip
        answer = httpx.get(f"{server.url}/api/search?{query}")
        assert answer.status_code in (200, 422), query
        json.loads(answer.content)
    for path in (
        "/api/assets/%ED%A0%80",
        "/files/%ED%A0%80/original",
        f"/files/{some_id}/%FF",
        "/docs/%ED%A0%80",
        "/%FF",
    ):
        assert httpx.get(f"{server.url}{path}").status_code in (404, 422), path
    for header in (b"Authorization: Bearer \xed\xa0\x80", b"Range: bytes=\xff", b"If-None-Match: \xff\xed\xa0\x80",
                   b"If-Modified-Since: NaN", b"Content-Type: multipart/form-data; boundary=\xff", b"Accept: \xff"):  # fmt: skip
        for path in (f"/files/{some_id}/original", "/api/assets"):
            request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode() + header + b"\r\n\r\n"
            status = int(raw(server, request).split(b" ")[1])
            assert status < 500, header
    for charset in ("unicode_escape", "utf-16", "no-such", "rot13", "idna"):
        kind = {"content-type": f"multipart/form-data; boundary=b; charset={charset}"}
        part = b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\n\\ud800\r\n--b--\r\n'
        for path in ("/api/search", "/api/assets"):
            assert httpx.post(f"{server.url}{path}", content=part, headers=kind).status_code < 500, charset
    assert "Traceback" not in server.log.read_text()


def test_who_goes_away_leaves_a_line(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    at = urlsplit(server.url)
    part = b'--b\r\nContent-Disposition: form-data; name="NAME"; filename="half.jpg"\r\n\r\n' + jpeg("half")
    for path, kind, beginning in (
        ("/api/assets", "multipart/form-data; boundary=b", part.replace(b"NAME", b"asset_data")),
        ("/api/search", "multipart/form-data; boundary=b", part.replace(b"NAME", b"image")),
        ("/api/albums", "application/json", b'{"name": '),
        ("/api/assets/empty-trash", "application/json", b"{"),
    ):
        before = len(server.log.read_text().splitlines())
        with closing(socket.create_connection((at.hostname, at.port))) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nContent-Type: {kind}\r\n\r\n".encode()
                + beginning
            )
            assert httpx.get(f"{server.url}/healthz").status_code == 200
        if path != "/api/albums":  # FastAPI takes it for a body that cannot be read, which nobody is there to be told
            until(lambda: len(server.log.read_text().splitlines()) > before, what="the line")  # noqa: B023
            assert path in server.log.read_text().splitlines()[before]
        assert len(server.log.read_text().splitlines()) <= before + 1
    # In the middle of an answer, too.
    large = put(Path(str(some.roots.list()[0].path)) / "large.jpg", "large", 30_000_000)
    some.scan()
    with closing(socket.create_connection((at.hostname, at.port))) as connection:
        path = f"/files/{some.session.resolve(large)}/original"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        connection.recv(1000)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_said(serve: Serve, disk: Path, samples: Path) -> None:
    with Index.open(disk / "index.db") as index:
        index.scan([samples])
        photo = next(one.id for one in index.list(limit=200) if one.path and "DSC00142" in one.path)
        server = serve(index.path)
        with server.http() as http:
            upload = http.post("/api/assets", data=UPLOAD, files={"asset_data": ("x.jpg", jpeg("x", 3_000_000))})
            assert upload.status_code == 507, upload.text
            with suppress(OSError), (disk / "full").open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            answers = [http.post("/api/albums", json={"name": "x" * 100_000}) for _ in range(3)]
            answers.append(http.post("/api/assets", data=UPLOAD, files={"asset_data": ("x.jpg", jpeg("x", 300_000))}))
            for answer in answers:
                assert answer.status_code == 507 and "full" in answer.json()["detail"], (answer.url, answer.text)
            assert http.get(f"/files/{photo}/preview").status_code == 200  # shown, and kept another time
            assert http.get("/api/assets").status_code == 200
            (disk / "full").unlink()
            assert http.post("/api/albums", json={"name": "x"}).status_code == 201
            assert http.get(f"/files/{photo}/thumbnail").status_code == 200
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_only_reads_writes_nothing(serve: Serve, samples: Path, tmp_path: Path) -> None:
    """Neither a picture that is made for a client, nor that it was asked for, nor the words that searches need."""
    database = tmp_path / "index.db"
    with Index.open(database) as index:
        index.scan([samples])
        index.enrich(["renditions"])
        index.api_keys.create("x")
        ids = [one.id for one in index.list(limit=200) if one.mime_type.startswith("image/")]
        with index.session.transaction() as tx:
            tx.connection.execute("UPDATE rendition SET used_at = '2020-01-01T00:00:00.000Z'")
        index.assets.set([ids[0]], description="unheard-of")
    shutil.rmtree(next(one for one in database.with_name("index.db.indexer-cache").iterdir() if one.is_dir()))
    before = all_files(tmp_path)
    server = serve(database, "--read-only")
    for asset_id in ids[:6]:
        for name in ("thumbnail", "preview", "fullsize"):
            shown = httpx.get(f"{server.url}/files/{asset_id}/{name}", timeout=60)
            assert shown.status_code == 200 and shown.content[:1] == b"\xff", (asset_id, name)
            headers = {"if-none-match": shown.headers["etag"]}
            assert httpx.get(f"{server.url}/files/{asset_id}/{name}", headers=headers).status_code == 304
    assert httpx.get(f"{server.url}/api/search?query=Kyoto").status_code == 200
    with server.http() as http:
        assert http.get("/api/assets").status_code == http.get("/api/people").status_code == 200
    assert server.stop() == 0
    after = all_files(tmp_path)
    shared = ("index.db-shm", "index.db-wal")
    assert not after.get("index.db-wal")
    assert {name: data for name, data in after.items() if name not in shared} == before
    with Index.open(database, read_only=True) as index:
        assert index.search("Kyoto") is not None and index.renditions.render(ids[0], "thumbnail")
        for change in (lambda: index.trash.put([ids[0]]), lambda: index.scan(), lambda: index.enrich()):
            with pytest.raises(UsageError, match="reading only"):
                change()


def all_files(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file() and one.suffix != ".log"
    }


def test_an_older_index_is_not_updated_for_one_who_only_reads(tmp_path: Path) -> None:
    from ..store.test_migrations import fill_old

    fill_old(path := tmp_path / "old.db", assets=2)
    before = path.read_bytes()
    done = run("serve", "--read-only", "--port", "0", database=path)
    assert done.returncode == 1 and "version 7" in done.stderr and len(done.stderr.splitlines()) == 1
    with Index.open(path, read_only=True) as index, pytest.raises(IndexUnusable, match="version 7"):
        index.list()
    assert path.read_bytes() == before and not path.with_name("old.db.v7").exists()
