"""/api/changes: pages are notified at once, at low cost."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from indexer import Index
from indexer.serve import live
from indexer.serve.app import make_app
from indexer.serve.keys import cookie_name
from indexer.serve.middleware import limits
from indexer.serve.settings import Settings

from ..conftest import put, until
from .conftest import Serve, Server


@contextmanager
def listening(server: Server, **options: object) -> Iterator[Iterator[str]]:
    with server.http() as http, http.stream("GET", "/api/changes", timeout=30, **options) as answer:  # type: ignore[arg-type]
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        yield answer.iter_lines()


def cursor_of(lines: Iterator[str]) -> int:
    for line in lines:
        if line.startswith("data: "):
            return int(json.loads(line.removeprefix("data: "))["cursor"])
    raise EOFError


def test_a_change_is_told_at_once(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    last = some.session.connection.execute("SELECT max(id) FROM event").fetchone()[0]
    asset = some.list()[0].id
    with listening(server) as one, listening(server) as other:
        assert (cursor_of(one), cursor_of(other)) == (last, last)
        for favorite in (True, False, True):
            some.assets.set([asset], is_favorite=favorite)
            began = time.monotonic()
            last += 1
            assert (cursor_of(one), cursor_of(other)) == (last, last)
            assert time.monotonic() - began < 5.0


def test_a_drive_that_goes_and_comes_back_is_told(serve: Serve, index: Index, photos: Path) -> None:
    """Of which the feed has no event: no record changes."""
    put(photos / "a.jpg")
    index.scan([photos])
    server = serve(index.path)
    with listening(server) as lines:
        last = cursor_of(lines)
        for there, gone in ((photos, photos.with_name("away")), (photos.with_name("away"), photos)):
            there.rename(gone)
            index.scan()
            assert cursor_of(lines) == last


def test_many_changes_are_gathered(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    asset = some.list()[0].id
    with listening(server) as lines:
        told = [cursor_of(lines)]
        for rating in range(1, 40):
            some.assets.set([asset], rating=1 + rating % 5)
        last = some.session.connection.execute("SELECT max(id) FROM event").fetchone()[0]
        while told[-1] < last:
            told.append(cursor_of(lines))
    assert len(told) < 39 and told == sorted(told)


def test_it_ends_with_the_server(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(server)) for _ in range(5)]
        for one in streams:
            cursor_of(one)
        # One that does not read what comes.
        silent = stack.enter_context(socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))))
        silent.sendall(b"GET /api/changes HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert server.stop() == 0
        for one in streams:
            assert [line for line in one if line.startswith("data")] == []
    log = server.log.read_text()
    assert not [words for words in ("Traceback", "without completing", "graceful shutdown exceeded") if words in log]


def test_those_who_left_make_room(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    most = live._MOST_LISTENERS
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(server)) for _ in range(most)]
        for one in streams:
            cursor_of(one)
        refused = httpx.get(f"{server.url}/api/changes")
        assert refused.status_code == 503 and "too many" in refused.json()["detail"]
        assert httpx.get(f"{server.url}/api/assets").status_code == 200

    def is_heard() -> bool:
        with server.http() as http, http.stream("GET", "/api/changes") as answer:
            return answer.status_code == 200

    until(is_heard, what="room for another")


def test_it_asks_for_a_key_and_for_the_right_page(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--key", "a key of some length")
    assert httpx.get(f"{server.url}/api/changes").status_code == 401
    other = {"authorization": "Bearer a key of some length", "origin": "https://example.org"}
    assert httpx.get(f"{server.url}/api/changes", headers=other).status_code == 403
    with listening(server, headers={"authorization": "Bearer a key of some length"}) as lines:
        assert cursor_of(lines) > 0


Send = Callable[[dict[str, object]], Awaitable[None]]


async def listen(app: FastAPI, send: Send, left: asyncio.Event, *headers: tuple[bytes, bytes]) -> None:
    asked = asyncio.Event()

    async def receive() -> dict[str, object]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "method": "GET", "path": "/api/changes", "raw_path": b"/api/changes", "root_path": "",
        "query_string": b"", "headers": [(b"host", b"localhost"), *headers], "scheme": "http",
        "server": ("localhost", 80), "client": ("127.0.0.1", 1), "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await asyncio.wait_for(app(scope, receive, send), 20)  # type: ignore[arg-type]


def test_it_goes_on_when_nothing_happens(some: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a body is waited for."""
    monkeypatch.setattr(limits, "_TIMEOUT", 0.1)
    monkeypatch.setattr(live, "_COMMENT_AFTER", 0.1)
    sent: list[bytes] = []

    async def run() -> None:
        app = make_app(Settings(some.path))
        async with app.router.lifespan_context(app):
            left = asyncio.Event()

            async def send(message: dict[str, object]) -> None:
                sent.append(bytes(message.get("body", b"")))  # type: ignore[call-overload]
                if len(sent) == 8:
                    left.set()

            await listen(app, send, left)

    asyncio.run(run())
    assert sent.count(b":\n\n") >= 4


@pytest.mark.parametrize("by_cookie", [False, True])
@pytest.mark.parametrize("is_busy", [False, True])
def test_it_ends_with_the_key_or_the_session(
    some: Index, monkeypatch: pytest.MonkeyPatch, by_cookie: bool, is_busy: bool
) -> None:
    monkeypatch.setattr(live, "_COMMENT_AFTER", 0.3)
    made, key = some.api_keys.create("for a while", ["read"])
    (photo, *_) = some.list()
    sent: list[bytes] = []

    async def run() -> None:
        app = make_app(Settings(some.path, needs_key=True))
        async with app.router.lifespan_context(app):
            header = (b"authorization", f"Bearer {key}".encode())
            if by_cookie:
                token = app.state.keys.begin_session(key)
                header = (b"cookie", f"{cookie_name(app.state.indexer.settings.port)}={token}".encode())

            async def send(message: dict[str, object]) -> None:
                sent.append(bytes(message.get("body", b"")))  # type: ignore[call-overload]
                if is_busy:
                    some.assets.set([photo.id], rating=1 + len(sent) % 5)
                if len(sent) == 6 and by_cookie:
                    app.state.keys.sessions.end(token)
                elif len(sent) == 6:
                    some.api_keys.delete(made.id)

            await listen(app, send, asyncio.Event(), header)

    asyncio.run(run())
    assert 6 <= len(sent) < 12 and sent[-1] == b""
