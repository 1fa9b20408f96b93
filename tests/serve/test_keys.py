"""What keys permit, and what happens to requests without one."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import httpx
import pytest
from gumnut import Gumnut, PermissionDeniedError

from indexer import Index
from indexer.errors import UsageError
from indexer.serve.app import ROUTERS
from indexer.serve.keys import Slowdown
from indexer.serve.routing import NEEDS, Route

from ..conftest import run
from .conftest import Serve, Server

KEY = "a key of some length"
ACTIONS = ["read", "write", "delete", "delete_permanently"]
ROUTES = [route for router in ROUTERS for route in router.routes]


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_every_route_says_which_actions_it_needs() -> None:
    known = set()
    for route in ROUTES:
        assert isinstance(route, Route), route
        for method in route.methods or ():
            known.add((method, route.path_format))
            assert method in ("GET", "HEAD") or (method, route.path_format) in NEEDS, route
    assert len(known) > 50
    assert not NEEDS.keys() - known


def test_a_key_does_what_it_was_made_for_and_no_more(serve: Serve, some: Index) -> None:
    """Every route with every kind of key: one that lacks an action gets 403 before anything is looked at."""
    server = serve(some.path, "--key", KEY)
    kinds = (["read"], ["read", "write"], ["read", "delete"], ["read", "delete_permanently"])
    with server.http(headers=bearer(KEY)) as http:
        made = [http.post("/api/api-keys/", json={"name": "x", "actions": one}).json() for one in kinds]
        assert [one["actions"] for one in made] == list(kinds)
        assert [one["actions"] for one in http.get("/api/api-keys/").json()] == list(kinds)
        assert http.post("/api/api-keys/", json={"name": "x"}).json()["actions"] == ACTIONS
    last = list(some.query("SELECT max(id) AS last FROM event"))
    with server.http() as http:
        for route in ROUTES:
            for method in route.methods or ():  # type: ignore[attr-defined]
                needed = NEEDS.get((method, route.path_format), {"read"})  # type: ignore[attr-defined]
                path = re.sub(r"\{(\w+?)(_id)?\}", lambda one: f"{one[1]}_{'2' * 22}", route.path_format)  # type: ignore[attr-defined]
                for kind, one in zip(kinds, made, strict=True):
                    if needed <= set(kind):
                        continue
                    answer = http.request(method, path, headers=bearer(one["api_key"]))
                    assert answer.status_code == 403 and "key" in answer.text, (method, path, kind)
    assert list(some.query("SELECT max(id) AS last FROM event")) == last
    with Gumnut(api_key=made[0]["api_key"], base_url=server.url, max_retries=0) as reader:
        assert len(reader.assets.list().data) == 3
        with pytest.raises(PermissionDeniedError):
            reader.albums.create(name="x")
        with pytest.raises(PermissionDeniedError):
            reader.api_keys.create(name="x")
    with Gumnut(api_key=made[1]["api_key"], base_url=server.url, max_retries=0) as writer:
        album = writer.albums.create(name="x")
        with pytest.raises(PermissionDeniedError):
            writer.albums.delete(album.id)


def test_a_key_for_less_is_so_where_none_is_needed_too(serve: Serve, some: Index) -> None:
    _, key = some.api_keys.create("reader", ["read"])
    server = serve(some.path)
    assert httpx.post(f"{server.url}/api/albums", json={"name": "x"}, headers=bearer(key)).status_code == 403
    assert httpx.get(f"{server.url}/api/albums", headers=bearer(key)).status_code == 200
    assert httpx.post(f"{server.url}/api/albums", json={"name": "x"}, headers=bearer("any")).status_code == 201


def test_a_key_for_nothing_that_is_known_is_not_made(server: Server, indexed: Index) -> None:
    for wanted in (
        {"actions": []},
        {"actions": ["write"]},
        {"actions": ["read", "fly"]},
        {"actions": "read"},
        {"library_scope_mode": "selected_libraries"},
        {"library_ids": [f"lib_{'2' * 22}"]},
    ):
        answer = httpx.post(f"{server.url}/api/api-keys/", json={"name": "x", **wanted})
        assert answer.status_code == 422, wanted
    for actions in ([], ["write"], ["read", "fly"]):
        with pytest.raises(UsageError):
            indexed.api_keys.create("x", actions)
    assert not indexed.api_keys.list()


def test_a_short_key_does_not_keep_others_out(some: Index) -> None:
    for key in ("", "x", "123456789012345"):
        refused = run("serve", "--host", "0.0.0.0", "--port", "0", "--key", key, database=some.path)
        assert refused.returncode == 2 and "16 characters" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_wrong_keys_are_answered_ever_slower(serve: Serve, some: Index) -> None:
    """To the address that they come from: others do not wait."""
    server = serve(some.path, "--key", KEY)
    signed_in = httpx.post(f"{server.url}/api/session", json={"key": KEY})
    cookie = {"cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    times = []
    for number in range(5):
        began = time.monotonic()
        assert httpx.get(f"{server.url}/api/assets", headers=bearer(f"wrong {number}")).status_code == 401
        times.append(time.monotonic() - began)
    assert times[4] > 1.5 and times[4] > times[2] > times[0]
    answers: list[int] = []
    many = [threading.Thread(target=_try, args=(server, f"wrong {number}", answers)) for number in range(40)]
    for one in many:
        one.start()
    time.sleep(0.5)
    began = time.monotonic()
    elsewhere = httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"))
    assert elsewhere.get(f"{server.url}/api/assets", headers=bearer("wrong")).status_code == 401
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert elsewhere.get(f"{server.url}/api/assets", headers=bearer(KEY)).status_code == 200
    assert httpx.get(f"{server.url}/api/assets", headers=cookie).status_code == 200
    # While so many wait, no key from there is looked at: the answer would say at once whether it is the right one.
    for path in ("/api/assets", "/api/session", "/"):
        for key in (KEY, "wrong"):
            assert httpx.get(f"{server.url}{path}", headers=bearer(key)).status_code == 429, (path, key)
    for key in (KEY, "wrong"):
        assert httpx.post(f"{server.url}/api/session", json={"key": key}).status_code == 429
    assert time.monotonic() - began < 4  # the others wait for five
    for one in many:
        one.join()
    assert httpx.get(f"{server.url}/api/assets", headers=bearer(KEY)).status_code == 200
    # No more than some are kept waiting at a time.
    assert set(answers) == {401, 429} and answers.count(401) <= 16


@pytest.mark.parametrize("path", ["/api/session", "/", "/healthz"])
def test_wrong_keys_are_slow_also_where_none_is_needed(serve: Serve, some: Index, path: str) -> None:
    """What is answered tells a right key from a wrong one."""
    server = serve(some.path, "--key", KEY)
    times = []
    for number in range(4):
        answer = httpx.get(f"{server.url}{path}", headers=bearer(f"wrong {number}"))
        assert answer.status_code == 200
        times.append(answer.elapsed.total_seconds())
    assert times[3] > 0.8 and times[2] > 0.4, times
    began = time.monotonic()
    assert httpx.get(f"{server.url}{path}", headers=bearer(KEY)).status_code == 200
    assert httpx.get(f"{server.url}{path}").status_code == 200
    assert time.monotonic() - began < 1


def test_a_session_makes_nobody_forget_wrong_keys(serve: Serve, some: Index) -> None:
    """A gallery that is open asks all the time."""
    server = serve(some.path, "--key", KEY)
    signed_in = httpx.post(f"{server.url}/api/session", json={"key": KEY})
    cookie = {"cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    for number in range(4):
        answer = httpx.get(f"{server.url}/api/assets", headers=bearer(f"wrong {number}"))
        assert answer.status_code == 401
        assert httpx.get(f"{server.url}/api/assets", headers=cookie).status_code == 200
    assert answer.elapsed.total_seconds() > 0.8


def test_a_right_key_does_not_free_the_places_of_wrong_ones() -> None:
    async def tried() -> list[bool]:
        slowdown = Slowdown()
        waiting = [asyncio.ensure_future(slowdown.wait("::1")) for _ in range(16)]
        await asyncio.sleep(0)
        full = [slowdown.is_full("::1"), slowdown.is_full("127.0.0.1")]
        slowdown.forget("::1")
        full.append(slowdown.is_full("::1"))
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return [*full, slowdown.is_full("::1")]

    assert asyncio.run(tried()) == [True, False, True, False]


def _try(server: Server, key: str, answers: list[int]) -> None:
    answers.append(httpx.get(f"{server.url}/api/assets", headers=bearer(key), timeout=60).status_code)
