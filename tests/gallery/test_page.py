"""The page as a whole: it loads under its policy, on every screen, and needs nobody but its server."""

from __future__ import annotations

from typing import Any

import httpx

from .conftest import Complaints, Findings, OpenPage, Screen, Server


def test_it_loads_on_every_screen(site: Server, open_page: OpenPage, screen: Screen, findings: Findings) -> None:
    page = open_page(site.url, screen)
    page.wait_for_selector("#app main")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("devicePixelRatio") == screen.dpr
    assert page.evaluate("document.documentElement.scrollWidth") <= screen.width
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)")
    scripts = [path for path in loaded if path.endswith((".js", ".css"))]
    assert scripts and all(path.startswith("/gallery/") for path in scripts)
    assert findings(page) == []


def test_what_is_not_of_the_page_is_neither_run_nor_fetched(page: Any, complaints: Complaints) -> None:
    """And would fail each of these tests."""
    run = """() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        const frame = document.createElement("div");
        frame.innerHTML = '<img src="x:y" onerror="window.ran = true"><iframe src="/docs"></iframe>';
        document.body.append(frame);
        setTimeout(() => { window.ran = new Function("return true")(); });
        return fetch("https://example.com/").catch(() => "refused");
    }"""
    assert page.evaluate(run) == "refused"
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    complaints.expect("inline script", "inline event handler", "'unsafe-eval'", "example.com", "x:y", "/docs")
    page.evaluate("setTimeout(() => { throw new Error('of a script') })")
    page.wait_for_timeout(100)
    complaints.expect("of a script")


def test_its_first_scripts_are_small(site: Server) -> None:
    """Compressed, what has to come before anything is shown: 60 KB at most."""
    with httpx.Client(base_url=site.url, headers={"accept-encoding": "br"}) as http:
        text = http.get("/").text
        parts = [part for part in text.split('"') if part.startswith("./gallery/")]
        assert any(part.endswith(".js") for part in parts)
        sizes = {part: int(http.head(part[1:]).headers["content-length"]) for part in parts}
        assert sum(sizes.values()) < 60_000, sizes
