"""A read-only server."""

from __future__ import annotations

from indexer import Index

from ..conftest import Serve


def test_a_server_that_only_reads(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--read-only")
    (first, *_) = some.list()
    events = len(some.history.events(limit=1000))
    with server.http() as http:
        for method, path, body in (
            ("POST", "/api/assets/trash", {"ids": [first.id]}),
            ("DELETE", f"/api/assets/{first.id}", None),
            ("POST", "/api/albums", {"name": "x"}),
            ("POST", "/api/api-keys/", {"name": "x"}),
            ("PATCH", f"/api/people/person_{'2' * 22}", {"name": "x"}),
            ("POST", "/api/assets", None),
        ):
            assert http.request(method, path, json=body).status_code == 403, path
        assert http.post("/api/assets/exist", json={"checksums": []}).status_code == 200
        assert http.post("/api/search", data={"query": "x"}).status_code == 200
        assert http.get("/api/assets").status_code == 200
    assert len(some.history.events(limit=1000)) == events
