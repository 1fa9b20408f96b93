"""If a key is required, nothing works without one."""

from __future__ import annotations

import socket

import httpx
import pytest
from gumnut import AuthenticationError, Gumnut

from indexer import Index

from ...conftest import run, until
from ..conftest import KEY, Serve


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
    assert made.returncode == 0 and "shown only this once" in made.stderr
    server = serve(some.path, "--host", "0.0.0.0")
    assert httpx.get(f"{server.url}/api/assets").status_code == 401
    key = {"authorization": f"Bearer {made.stdout.strip()}"}
    assert httpx.get(f"{server.url}/api/assets", headers=key).status_code == 200
    assert httpx.get(f"{server.url}/api/assets", headers={**key, "host": "evil.example"}).status_code == 421
    assert httpx.get(f"{server.url}/api/assets", headers={**key, "host": socket.gethostname()}).status_code == 200
