"""The server rejects what it does not know, so that a newer client's filter is never ignored."""

from __future__ import annotations

import re

import httpx
import pytest
from pydantic import BaseModel

from indexer import Index
from indexer.serve.app import ROUTERS, make_app
from indexer.serve.routing import PAGES, STREAMED, Route
from indexer.serve.settings import Settings

from ..conftest import jpeg
from .conftest import UPLOAD, Server

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
CALLS = [
    (method, route)
    for route in ROUTES
    for method in sorted((route.methods or set()) - {"HEAD"})
    if route.path_format not in PAGES
]


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+?)(_id)?\}", lambda found: f"{found[1]}_{'2' * 22}", route.path_format)


def test_all_routes_are_of_the_kind_that_looks(some: Index) -> None:
    app = make_app(Settings(some.path))
    flat = [one for route in app.routes for one in getattr(getattr(route, "original_router", None), "routes", [route])]
    assert len(flat) == len(ROUTES) > 40
    assert all(isinstance(one, Route) for one in flat)
    for route in ROUTES:
        if route.body_field is not None and type(route.body_field.field_info).__name__ == "Body":
            model = route.body_field.field_info.annotation
            assert issubclass(model, BaseModel) and model.model_config.get("extra") == "forbid", route


@pytest.mark.parametrize(("method", "route"), CALLS, ids=[f"{method} {route.path_format}" for method, route in CALLS])
def test_an_unknown_parameter_is_refused(server: Server, method: str, route: Route) -> None:
    answer = httpx.request(method, f"{server.url}{path_of(route)}", params={"camera_make": "Canon"})
    assert answer.status_code == 422
    (problem,) = [one for one in answer.json()["detail"] if one["loc"] == ["query", "camera_make"]]
    assert problem["type"] == "extra_forbidden"


@pytest.mark.parametrize(
    ("method", "route"),
    [one for one in CALLS if one[0] != "GET" and (one[0], one[1].path_format) not in STREAMED],
    ids=lambda one: one if isinstance(one, str) else one.path_format,
)
def test_an_unknown_field_is_refused(server: Server, indexed: Index, method: str, route: Route) -> None:
    is_form = route.body_field is not None and type(route.body_field.field_info).__name__ != "Body"
    sent: dict[str, object] = {"data" if is_form else "json": {"camera_make": "Canon"}}
    answer = httpx.request(method, f"{server.url}{path_of(route)}", **sent)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert [one for one in answer.json()["detail"] if one["type"] == "extra_forbidden"], answer.text


def test_emptying_the_trash_takes_no_list(server: Server, indexed: Index) -> None:
    """Of two photos in it one is named: not both are deleted."""
    first, second, *_ = [one.id for one in indexed.list()]
    indexed.trash.put([first, second])
    for body in ({"json": {"ids": [first]}}, {"content": iter([b"{}"])}, {"data": {"ids": first}}):
        assert httpx.post(f"{server.url}/api/assets/empty-trash", **body).status_code == 422  # type: ignore[arg-type]
    assert len(indexed.trash.list()) == 2


def test_an_upload_with_more_is_refused(server: Server, indexed: Index) -> None:
    count = indexed.status.counts().assets
    photo = ("asset_data", ("x.jpg", jpeg("x"), "image/jpeg"))
    for fields, files in (
        ({**UPLOAD, "album_id": f"album_{'2' * 22}"}, [photo]),
        (UPLOAD, [photo, ("sidecar", ("x.xmp", b"<x/>", "text/xml"))]),
        (UPLOAD, [photo, photo]),
        ({**UPLOAD, "device_id": ["a", "b"]}, [photo]),
    ):
        answer = httpx.post(f"{server.url}/api/assets", data=fields, files=files)  # type: ignore[arg-type]
        assert answer.status_code == 422, fields
    assert indexed.status.counts().assets == count


def test_what_counts_once_is_given_once(server: Server) -> None:
    for path in ("/api/assets?limit=1&limit=2", "/api/search?query=a&query=b", "/api/assets?state=live&state=trashed"):
        answer = httpx.get(f"{server.url}{path}")
        assert answer.status_code == 422 and "more than once" in answer.text
    assert httpx.post(f"{server.url}/api/search", data={"query": ["a", "b"]}).status_code == 422
    twice = httpx.get(f"{server.url}/api/assets", params={"ids": [f"asset_{'2' * 22}", f"asset_{'3' * 22}"]})
    assert twice.status_code == 200 and twice.json()["data"] == []


def test_a_search_that_is_no_form_is_refused(server: Server) -> None:
    """What it asks for would be passed over, and all photos found."""
    with server.http() as http:
        answer = http.post("/api/search", json={"query": "nikon"})
        assert answer.status_code == 422 and "multipart/form-data" in answer.text
        assert http.post("/api/search", data={"query": "nikon"}).status_code == 200
        assert http.post("/api/search").status_code == 200
