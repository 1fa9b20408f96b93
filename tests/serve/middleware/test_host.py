"""A page whose host name was pointed at this machine gets nothing (DNS rebinding)."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from indexer import Index

from ..conftest import Serve, raw


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
