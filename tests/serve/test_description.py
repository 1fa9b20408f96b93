"""The server behaves as the API's description states, for valid and many invalid requests."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gumnut
import httpx
import pytest
from gumnut import Gumnut
from gumnut.types import AlbumResponse, AssetResponse, FaceResponse, PersonResponse

from indexer.serve import examples

from ..conftest import sized
from .conftest import Server

# Of the first the answer is 501, as the description says, and the tool takes that for a failure; that of the second has
# no end.
_NOT_ASKED = "/api/oauth|/api/changes"
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def test_the_server_does_what_it_says(server: Server, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/api/openapi.json"]
        + ["--exclude-path-regex", _NOT_ASKED, "--checks", ",".join(_CHECKS), "--max-examples", str(sized(3, 500))],
        capture_output=True,
        text=True,
        timeout=sized(300, 3600),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-6000:] + server.log.read_text()[-3000:]
    assert re.search(r"[1-9]\d{2,} generated", done.stdout), done.stdout[-2000:]
    log = server.log.read_text()
    assert "Traceback" not in log, log[-3000:]


def test_every_route_of_the_client_is_described(server: Server) -> None:
    described = httpx.get(f"{server.url}/api/openapi.json").json()
    known = {(path.rstrip("/"), method) for path, some in described["paths"].items() for method in some}
    known = {(re.sub(r"\{\w+\}", "{}", path), method) for path, method in known}
    resources = Path(gumnut.__file__).parent / "resources"
    text = "\n".join(path.read_text() for path in resources.rglob("*.py"))
    called = re.findall(
        r'self\._(get|post|put|patch|delete|get_api_list)\(\s*(?:path_template\(\s*)?"(/api/[^"]*)"', text
    )
    wanted = {
        (re.sub(r"\{\w+\}", "{}", path).rstrip("/"), "get" if verb == "get_api_list" else verb) for verb, path in called
    }
    assert len(wanted) > 40
    assert not wanted - known


def test_every_method_of_the_client_is_tested() -> None:
    """But those of OAuth, of which there is a test of their own."""
    tests = (Path(__file__).parent / "test_client.py").read_text()
    called = set(re.findall(r'client\(\s*f?"([\w.{}]+)"', tests))
    with Gumnut(api_key="any", base_url="http://localhost") as client:
        methods = {
            f"{room}.{name}"
            for room, resource in _resources(client)
            for name in dir(type(resource))
            if not name.startswith("_") and not name.startswith("with_") and callable(getattr(type(resource), name))
        }
    assert len(methods) > 45
    assert {one for one in methods if not one.startswith("oauth.")} - called == set()


def _resources(client: Gumnut) -> list[tuple[str, object]]:
    rooms = ("album_assets", "albums", "api_keys", "assets", "events", "faces", "libraries", "oauth", "people", "ping",
             "search", "users")  # fmt: skip
    found: list[tuple[str, object]] = [(name, getattr(client, name)) for name in rooms]
    return [*found, ("albums.assets_associations", client.albums.assets_associations)]


def test_the_docs_need_nothing_from_elsewhere(server: Server) -> None:
    page = httpx.get(f"{server.url}/docs")
    assert page.status_code == 200 and "http" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for part in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        found = httpx.get(f"{server.url}{part}")
        assert found.status_code == 200 and len(found.content) > 50, part
    assert httpx.get(f"{server.url}/docs/secrets.txt").status_code == 404
    described = json.loads(httpx.get(f"{server.url}/api/openapi.json").text)
    for path, some in described["paths"].items():
        for method, one in some.items():
            assert {"401", "422"} & set(one["responses"]), (path, method)


def test_examples_are_what_they_are_examples_of(server: Server) -> None:
    for model, example in (
        (AssetResponse, examples.ASSET),
        (FaceResponse, examples.FACE),
        (PersonResponse, examples.PERSON),
        (AlbumResponse, examples.ALBUM),
    ):
        model.model_validate_json(json.dumps(example), strict=True)
    described = httpx.get(f"{server.url}/api/openapi.json").json()
    assert described["components"]["schemas"]["Asset"]["examples"] == [examples.ASSET]


def test_the_example_of_a_photo_is_of_sample_media(server: Server) -> None:
    """But for what differs with every index: times, ids of devices, faces and people, and where the server listens."""

    def comparable(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: comparable(part) for name, part in value.items() if not name.endswith("_at")}
        if isinstance(value, list):
            return [comparable(part) for part in value]
        if isinstance(value, str):
            value = value.replace("http://127.0.0.1:8765", server.url)
            return re.sub(r"\b(device|face|person)_[0-9A-Za-z]{22}\b", r"\1", value)
        return value

    record = httpx.get(f"{server.url}/api/assets/{examples.ASSET['id']}").json()
    assert comparable(record) == comparable(examples.ASSET)


@pytest.mark.parametrize("status", [401, 404, 413, 421, 503])
def test_errors_are_described(server: Server, status: int) -> None:
    described = httpx.get(f"{server.url}/api/openapi.json").json()
    answer = described["paths"]["/api/assets/{asset_id}"]["get"]["responses"][str(status)]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Detail")
