"""The most that a request may cost the server and its other clients."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from indexer import Index

from .conftest import Serve, Server


@pytest.mark.parametrize("query", ["a OR " * 10_000, "iso:100 " * 3000, "-x " * 101, "near:1,2 " * 200])
def test_a_search_has_bounds(server: Server, query: str) -> None:
    began = time.monotonic()
    with server.http() as http:
        posted = http.post("/api/search", data={"query": query})
        asked = http.get("/api/search", params={"query": query[:6000]})
    assert posted.status_code == asked.status_code == 422
    assert "more than" in posted.json()["detail"][0]["msg"] and posted.json()["detail"][0]["loc"] == ["query", "query"]
    assert time.monotonic() - began < 5


def test_a_list_has_bounds(server: Server) -> None:
    """A hundred people, and event types without end, are looked up in no time."""
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    people = [f"person_{alphabet[number // 50] * 11}{alphabet[number % 50] * 11}" for number in range(100)]
    began = time.monotonic()
    with server.http() as http:
        assert http.get("/api/search", params={"person_ids": people}).json() == {"data": []}
        assert http.get("/api/search", params={"person_ids": [*people, people[0]]}).status_code == 422
        events = http.get("/api/events", params={"entity_types": ",".join(["asset"] * 4000)})
        assert events.status_code == 200 and events.json()["data"]
    assert time.monotonic() - began < 5


def test_silent_connections_keep_nobody_out(serve: Serve, some: Index) -> None:
    """Nor do those that begin a request and do not end it, where the system gives the server few files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    server = serve(some.path)
    psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE, (1024, 1024))
    at = urlsplit(server.url)
    with ExitStack() as stack:
        for number in range(1100):
            one = stack.enter_context(socket.create_connection((at.hostname, at.port), timeout=10))
            with suppress(ConnectionError):
                one.sendall(b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\n" if number % 2 else b"")
        began = time.monotonic()
        for _ in range(10):
            assert httpx.get(f"{server.url}/api/assets", timeout=5).status_code == 200
        assert time.monotonic() - began < 5
    assert "Traceback" not in server.log.read_text()


def test_who_asks_is_not_taken_for_silent(serve: Serve, some: Index) -> None:
    """A connection that is being answered, or used again and again, stays while hundreds of silent ones come and go."""
    server = serve(some.path)
    at = urlsplit(server.url)
    with ExitStack() as stack, server.http() as http:
        for number in range(300):
            stack.enter_context(socket.create_connection((at.hostname, at.port), timeout=10))
            if number % 50 == 0:
                assert http.get("/api/assets").status_code == 200
        assert http.get("/api/assets").status_code == 200
