"""Uploads: large, broken, interrupted."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from indexer import Index

from ..conftest import jpeg, sized, until
from .conftest import UPLOAD, Serve


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
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in UPLOAD.items()
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


def test_the_default_library_may_be_named(serve: Serve, some: Index) -> None:
    """It may have no row, and a folder of its own like any other."""
    server = serve(some.path)
    (default,) = httpx.get(f"{server.url}/api/libraries").json()
    answer = httpx.post(
        f"{server.url}/api/assets",
        data={**UPLOAD, "library_id": default["id"]},
        files={"asset_data": ("new.jpg", jpeg("new"))},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    assert [library["id"] for library in httpx.get(f"{server.url}/api/libraries").json()] == [default["id"]]


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
