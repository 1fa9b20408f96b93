"""Web pages that may use the server."""

from __future__ import annotations

import httpx

from indexer import Index

from ..conftest import Serve


def test_no_page_of_another_site_may_use_it(serve: Serve, some: Index) -> None:
    """Nor have something done whose answer it would not see, as a page may with a form."""
    closed, opened = serve(some.path), serve(some.path, "--allow-origin", "https://mine.example")
    some.trash.put([some.list()[0].id])
    asked = {"origin": "https://mine.example", "access-control-request-method": "POST"}
    for origin in ("https://mine.example", "null", "http://127.0.0.1", "http://localhost:1", "http://evil.example:80"):
        for method, path in (("POST", "/api/assets/empty-trash"), ("GET", "/api/assets"), ("OPTIONS", "/api/assets")):
            answer = httpx.request(method, f"{closed.url}{path}", headers={**asked, "origin": origin})
            assert answer.status_code == 403, (origin, method)
            assert "access-control-allow-origin" not in answer.headers
    assert len(some.trash.list()) == 1
    # Our own page may.
    assert httpx.get(f"{closed.url}/api/assets", headers={"origin": closed.url}).status_code == 200
    answer = httpx.get(f"{opened.url}/api/assets", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://mine.example"
    assert httpx.options(f"{opened.url}/api/assets", headers=asked).status_code == 200
    assert httpx.get(f"{opened.url}/api/assets", headers={"origin": "https://evil.example"}).status_code == 403
    (first, *_) = some.list()
    shown = httpx.get(f"{closed.url}/files/{first.id}/original")
    assert shown.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_browser_says_whose_page_asks(serve: Serve, some: Index) -> None:
    """Also where it sends no Origin: for pictures, scripts and frames of a page of another site."""
    closed, opened = serve(some.path), serve(some.path, "--allow-origin", "https://mine.example")
    (first, *_) = some.list()
    paths = ("/api/assets", f"/files/{first.id}/original", "/docs", "/")
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")):
            asked = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
            for path in paths:
                for more in ({}, {"referer": "https://evil.example/x"}, {"referer": "https://mine.example/x"}):
                    assert httpx.get(f"{closed.url}{path}", headers={**asked, **more}).status_code == 403, (path, dest)
            for path in paths[:3]:
                answer = httpx.get(f"{opened.url}{path}", headers={**asked, "referer": "https://mine.example/x"})
                assert answer.status_code == 200, (path, dest)
                assert httpx.get(f"{opened.url}{path}", headers={**asked, "referer": "http://["}).status_code == 403
                assert httpx.get(f"{opened.url}{path}", headers=asked).status_code == 403
        # Somebody follows a link: to a page of ours, and no further.
        link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert httpx.get(f"{closed.url}/docs", headers=link).status_code == 200
        assert httpx.get(f"{closed.url}/api/assets", headers=link).status_code == 403
    for site in ("none", "same-origin"):
        asked = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert httpx.get(f"{closed.url}/api/assets", headers=asked).status_code == 200
    own = [("origin", closed.url), ("origin", "https://evil.example")]
    for two in (
        own,
        own[::-1],
        [("origin", closed.url)] * 2,
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    ):
        assert httpx.get(f"{closed.url}/api/assets", headers=two).status_code == 403
