"""Requests that are too large."""

from __future__ import annotations

import httpx

from indexer import Index

from ..conftest import Serve, raw


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
