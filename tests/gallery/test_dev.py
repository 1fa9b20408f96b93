"""`npm run dev`: Vite serves the sources, and passes what its page asks on to a server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from indexer import Index

from ..conftest import until
from ..serve.conftest import Serve, serve, some
from .conftest import TOP

__all__ = ["serve", "some"]
VITE = TOP / "gallery" / "node_modules" / "vite" / "bin" / "vite.js"


@pytest.fixture
def dev(serve: Serve, some: Index) -> Iterator[str]:
    if shutil.which("node") is None or not VITE.is_file():
        pytest.skip("Vite is not installed: 'npm ci' in gallery/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["node", str(VITE), "--host", "127.0.0.1", "--port", str(port), "--strictPort"],
        cwd=TOP / "gallery",
        env={**os.environ, "INDEXER_SERVER": serve(some.path).url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _answers(url), what="Vite")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_its_page_may_do_what_the_servers_own_may_and_others_may_not(dev: str) -> None:
    assert "/src/main.ts" in httpx.get(dev).text
    assert len(httpx.get(f"{dev}/api/assets").json()["data"]) == 3
    for origin, status in ((dev, 201), ("https://evil.example", 403), (dev.replace("127.0.0.1", "localhost"), 403)):
        made = httpx.post(f"{dev}/api/albums", json={"name": origin}, headers={"origin": origin})
        assert made.status_code == status, origin
    assert httpx.get(f"{dev}/api/assets", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert httpx.get(f"{dev}/api/assets", headers={"host": "evil.example"}).status_code == 403
