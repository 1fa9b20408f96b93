"""Signing in with a browser: a cookie that replaces a key, on this server's pages only."""

from __future__ import annotations

import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import httpx
import pytest

from indexer import Index
from indexer.serve.keys import SESSION_SECONDS, Sessions

from ..conftest import rows, run
from .conftest import KEY, Serve, Server, raw

ALL = ["read", "write", "delete", "delete_permanently"]


def sign_in(server: Server, key: str = KEY, **headers: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/session", json={"key": key}, headers=headers)


def cookie_of(answer: httpx.Response) -> str:
    """As a browser sends it back."""
    ((name, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
    return f"{name}={morsel.value}"


@pytest.fixture
def closed(serve: Serve, some: Index) -> Server:
    return serve(some.path, "--key", KEY)


def test_who_signs_in_sees_photos_with_a_cookie_alone(closed: Server, some: Index) -> None:
    session = f"{closed.url}/api/session"
    assert httpx.get(session).json() == {"needs_key": True, "signed_in": False, "read_only": False, "actions": []}
    answer = sign_in(closed)
    assert answer.status_code == 204 and answer.content == b""
    ((name, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
    assert name == f"indexer_session_{urlsplit(closed.url).port}"  # not that of a server at another port
    assert morsel["httponly"] and morsel["samesite"] == "strict" and morsel["path"] == "/" and not morsel["secure"]
    assert not morsel["domain"] and int(morsel["max-age"]) == SESSION_SECONDS
    assert KEY not in answer.headers["set-cookie"] and len(morsel.value) > 40
    cookie = {"cookie": cookie_of(answer)}
    (first, *_) = some.list()
    for path in ("/api/assets", f"/files/{first.id}/original"):
        assert httpx.get(f"{closed.url}{path}").status_code == 401
        for more in (
            {}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": closed.url},
            {"cookie": f"other=1; {cookie['cookie']}; theme=dark"},
        ):  # fmt: skip
            assert httpx.get(f"{closed.url}{path}", headers={**cookie, **more}).status_code == 200, (path, more)
    found = httpx.get(session, headers=cookie)
    assert found.json() == {"needs_key": True, "signed_in": True, "read_only": False, "actions": ALL}
    assert found.headers["cache-control"] == "no-store"
    assert httpx.get(session, headers={"authorization": f"Bearer {KEY}"}).json()["signed_in"]
    assert cookie["cookie"].partition("=")[2] not in closed.log.read_text()


def test_behind_https_the_cookie_is_for_https(closed: Server) -> None:
    answer = sign_in(closed, **{"x-forwarded-proto": "https"})
    assert SimpleCookie(answer.headers["set-cookie"]).popitem()[1]["secure"]


def test_a_change_has_to_come_from_a_page_of_ours(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--key", KEY, "--allow-origin", "https://mine.example")
    cookie = {"cookie": cookie_of(sign_in(server))}
    port = urlsplit(server.url).port
    (first, *_) = some.list()

    def trash(**headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(
            f"{server.url}/api/assets/trash", json={"ids": [first.id]}, headers={**cookie, **names}
        ).status_code

    for headers in (
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://mine.example"},  # it may use the server, but not as who is signed in
        {"origin": f"http://localhost:{port}"},
        {"origin": f"http://127.0.0.1:{port + 1}"},
        {"origin": f"{server.url}.evil.example"},
        {"referer": f"{server.url}/"},
        {"origin": server.url, "host": "evil.example"},
    ):
        assert trash(**headers) in (403, 421), headers
    for method, path in (("DELETE", f"/api/assets/{first.id}"), ("PATCH", "/api/people/x"), ("DELETE", "/api/session")):
        assert httpx.request(method, f"{server.url}{path}", headers=cookie).status_code == 403
    two = raw(
        server,
        f"POST /api/assets/empty-trash HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {server.url}\r\n"
        f"Origin: https://evil.example\r\nCookie: {cookie['cookie']}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert two.startswith(b"HTTP/1.1 403")
    assert len(some.list()) == 3
    # Nor may others look.
    for headers in (
        {"origin": "https://mine.example"},
        {"sec-fetch-site": "same-site", "referer": "https://mine.example/"},
    ):
        assert httpx.get(f"{server.url}/api/assets", headers={**cookie, **headers}).status_code == 401
    assert trash(origin=server.url) in (200, 204)
    assert len(some.list()) == 2
    # A key that is sent counts by itself, wherever it comes from.
    bearer = {"authorization": f"Bearer {KEY}", "origin": "https://mine.example"}
    answer = httpx.post(f"{server.url}/api/assets/restore", json={"ids": [first.id]}, headers={**cookie, **bearer})
    assert answer.status_code in (200, 204)


def test_a_session_may_do_what_its_key_may(serve: Serve, some: Index) -> None:
    key = run("serve", "--new-key", "tv", database=some.path).stdout.strip()
    ((made,),) = rows(some, "SELECT id FROM api_key")
    server = serve(some.path, "--key", KEY)
    cookie = {"cookie": cookie_of(sign_in(server, key)), "origin": server.url}
    session = f"{server.url}/api/session"
    assert httpx.get(session, headers=cookie).json()["actions"] == ALL
    with server.http(headers={"authorization": f"Bearer {KEY}"}) as http:
        reading = http.post("/api/api-keys/", json={"name": "frame", "actions": ["read"]})
        assert reading.status_code in (200, 201), reading.text
        frame = {"cookie": cookie_of(sign_in(server, reading.json()["api_key"])), "origin": server.url}
        assert httpx.get(session, headers=frame).json()["actions"] == ["read"]
        (first, *_) = some.list()
        trash = f"{server.url}/api/assets/trash"
        assert httpx.post(trash, json={"ids": [first.id]}, headers=frame).status_code == 403
        assert httpx.get(f"{server.url}/api/assets", headers=frame).status_code == 200
        assert httpx.get(f"{server.url}/api/assets", headers=cookie).status_code == 200
        assert http.delete(f"/api/api-keys/{made}").status_code == 204
    assert httpx.get(f"{server.url}/api/assets", headers=cookie).status_code == 401
    assert not httpx.get(session, headers=cookie).json()["signed_in"]
    assert httpx.get(f"{server.url}/api/assets", headers=frame).status_code == 200


def test_signing_out_ends_it_for_whoever_has_the_cookie(closed: Server) -> None:
    mine, other = ({"cookie": cookie_of(sign_in(closed)), "origin": closed.url} for _ in range(2))
    out = httpx.delete(f"{closed.url}/api/session", headers=mine)
    assert out.status_code == 204
    (gone,) = SimpleCookie(out.headers["set-cookie"]).values()
    assert gone.value == "" and gone["max-age"] == "0" and gone["path"] == "/"
    assert out.headers["clear-site-data"] == '"cache"'  # photos that the browser keeps for a year
    assert httpx.get(f"{closed.url}/api/assets", headers=mine).status_code == 401
    assert httpx.get(f"{closed.url}/api/assets", headers=other).status_code == 200
    again = {"cookie": cookie_of(sign_in(closed, **other)), "origin": closed.url}  # it takes the place of the former
    assert httpx.get(f"{closed.url}/api/assets", headers=other).status_code == 401
    assert httpx.get(f"{closed.url}/api/assets", headers=again).status_code == 200
    assert httpx.delete(f"{closed.url}/api/session").status_code == 204


def test_with_the_server_its_sessions_end(serve: Serve, some: Index) -> None:
    first = serve(some.path, "--key", KEY)
    token = cookie_of(sign_in(first)).partition("=")[2]
    first.stop()
    second = serve(some.path, "--key", KEY)
    cookie = {"cookie": f"indexer_session_{urlsplit(second.url).port}={token}"}
    assert httpx.get(f"{second.url}/api/assets", headers=cookie).status_code == 401


def test_a_wrong_key_or_cookie_is_none(closed: Server) -> None:
    assert sign_in(closed, KEY + "x").status_code == 401 and "set-cookie" not in sign_in(closed, "x").headers
    name = cookie_of(sign_in(closed)).partition("=")[0]
    for cookie in (
        f"{name}=",
        f"{name}=x",
        f"{name}={KEY}",
        f"{name}",
        f"other={KEY}",
        f'{name}="\\777"',
        "=;;=",
        f"{name}=" + "x" * 9000,
    ):
        assert httpx.get(f"{closed.url}/api/assets", headers={"cookie": cookie}).status_code == 401, cookie
        assert httpx.get(f"{closed.url}/api/session", headers={"cookie": cookie}).status_code == 200
    for body in ({}, {"key": ""}, {"key": 1}, {"key": KEY, "more": 1}, {"key": "x" * 1001}, {"key": None}):
        assert httpx.post(f"{closed.url}/api/session", json=body).status_code == 422, body
    assert sign_in(closed, KEY, origin="https://evil.example").status_code == 403
    assert sign_in(closed, KEY, host="evil.example").status_code == 421


def test_wrong_keys_slow_down_here_too(closed: Server) -> None:
    started = time.monotonic()
    for _ in range(4):
        assert sign_in(closed, "wrong").status_code == 401
    assert time.monotonic() - started > 0.1 + 0.2 + 0.4 + 0.8
    started = time.monotonic()
    assert sign_in(closed).status_code == 204  # who knows it does not wait
    assert sign_in(closed, "wrong").status_code == 401
    assert time.monotonic() - started < 1


def test_a_server_that_only_reads_lets_sign_in(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--key", KEY, "--read-only")
    cookie = {"cookie": cookie_of(sign_in(server)), "origin": server.url}
    assert httpx.get(f"{server.url}/api/session", headers=cookie).json()["read_only"]
    (first, *_) = some.list()
    trash = httpx.post(f"{server.url}/api/assets/trash", json={"ids": [first.id]}, headers=cookie)
    assert trash.status_code == 403 and "only reads" in trash.text
    assert httpx.delete(f"{server.url}/api/session", headers=cookie).status_code == 204


def test_where_no_key_is_needed_there_is_nothing_to_sign_in_to(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    open_to_all = {"needs_key": False, "signed_in": False, "read_only": False, "actions": ALL}
    assert httpx.get(f"{server.url}/api/session").json() == open_to_all
    answer = sign_in(server, "any")
    assert answer.status_code == 204 and "set-cookie" not in answer.headers
    stale = {"cookie": f"indexer_session_{urlsplit(server.url).port}=of-a-server-before"}
    assert httpx.get(f"{server.url}/api/session", headers=stale).json() == open_to_all


def test_sessions_are_bounded_in_number_and_age() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    first = sessions.begin("a")
    tokens = []
    for number in range(1000):
        now += 1
        tokens.append(sessions.begin(str(number)))
    assert sessions.key_of(first) is None and sessions.key_of(tokens[0]) == "0"
    assert [sessions.key_of(token) for token in tokens] == [str(number) for number in range(1000)]
    now = 1 + SESSION_SECONDS
    assert sessions.key_of(tokens[0]) is None and sessions.key_of(tokens[1]) == "1"
    assert len(set(tokens)) == 1000
