"""The gallery in a real browser: how fast it loads, how smoothly it scrolls, and whether photos move unexpectedly.

    python -m benchmarks.gallery [--assets N ...] [--index INDEX] [--rounds N] [--json]

Each index is made by benchmarks.library, with pictures in its cache, served by `indexer serve`, and opened in Debian's
chromium, headless and without a GPU, at 1280 × 800: in chromium-headless-shell if there is one, since newer versions of
chromium draw a window even if nobody sees it. The gallery must be built (npm run build in gallery/). Frame times are
only meaningful on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .library import make_library
from .measuring import Row, row
from .serve import server

_STATIC = Path(__file__).parents[1] / "indexer" / "serve" / "static" / "index.html"
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync")  # fmt: skip
_JUMPS, _WHEELS = 20, 120

# Before any script of the page. sharp: when all pictures of the first row are there; drifts: how far tiles moved that
# were drawn and that nobody scrolled, in pixels.
_WATCH = """(() => {
    const seen = (window.seen = { sharp: null, frames: [], drift: 0, layouts: [] });
    new PerformanceObserver((list) => seen.layouts.push(...list.getEntries()
        .filter((one) => one.name === "timeline layout").map((one) => one.duration))).observe({ type: "measure" });
    const cells = () => [...document.querySelectorAll(".tl-cell")];
    // Videos of benchmarks.library have no picture, and no file behind them either.
    const isShown = (cell) => Boolean(cell.querySelector("img")?.naturalWidth || cell.querySelector(".tl-video"));
    seen.tops = () => new Map([...document.querySelectorAll(".tl-link[href]")]
        .map((link) => [link.href, link.getBoundingClientRect().top]));
    seen.compare = (before, after) => Math.max(0, ...[...before].filter(([key]) => after.has(key))
        .map(([key, top]) => Math.abs(after.get(key) - top)));
    seen.inView = () => {
        const view = document.querySelector(".tl-scroller").getBoundingClientRect();
        return cells().filter((cell) => {
            const { top, bottom } = cell.getBoundingClientRect();
            return bottom > view.top && top < view.bottom;
        });
    };
    seen.isSharp = () => { const some = seen.inView(); return some.length > 0 && some.every(isShown); };
    let last = null, tops = null;
    const frame = (now) => {
        if (last !== null) seen.frames.push(now - last);
        last = now;
        if (seen.sharp === null && document.querySelector(".tl-cell")) {
            const first = [...document.querySelector(".tl-cell").parentElement.querySelectorAll(".tl-cell")];
            const here = seen.tops();
            if (tops) seen.drift = Math.max(seen.drift, seen.compare(tops, here));
            tops = here;
            if (first.length && first.every(isShown)) seen.sharp = performance.now();
        }
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    addEventListener("pointerdown", (event) => {
        const [began, jump] = [event.timeStamp, { tiles: null, sharp: null }];
        seen.jump = jump;
        const look = () => {
            if (jump.tiles === null && seen.inView().length) jump.tiles = performance.now() - began;
            if (seen.isSharp()) jump.sharp = performance.now() - began;
            else if (seen.jump === jump) requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, { capture: true });
})()"""

_LOADED = "({ paint: performance.getEntriesByType('paint')[0].startTime, sharp: seen.sharp, drift: seen.drift })"


class _Targets(NamedTuple):
    """Milliseconds, kilobytes, megabytes."""

    paint: float
    sharp: float
    geometry: float
    layout: float
    heap: float


_TARGETS = {100_000: _Targets(250, 500, 45, 8, 40), 1_000_000: _Targets(300, 600, 500, 50, 80)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, nargs="+", default=[100_000])
    parser.add_argument("--index", type=Path, help="an index that benchmarks.library made, of --assets")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from .__main__ import line

    rows: list[Row] = []
    for assets in options.assets:
        with tempfile.TemporaryDirectory(prefix="indexer-benchmark-") as scratch:
            rows += _of_index(options.index or _made(Path(scratch), assets), assets, options.rounds)
    print(json.dumps([result._asdict() for result in rows], indent=2) if options.json else "\n".join(map(line, rows)))
    sys.exit(any(result.is_reached is False for result in rows))


def measure(scratch: Path, *, quick: bool, million: bool = False) -> list[Row]:
    if reason := _absent():
        return [Row("the gallery", absent=reason)]
    counts = [10_000] if quick else [100_000, *([1_000_000] if million else [])]
    rows = []
    for assets in counts:
        rows += _of_index(_made(scratch, assets), assets, 2 if quick else 5)
    return rows


def _absent() -> str | None:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed"
    if not _STATIC.is_file():
        return "the gallery is not built"
    return None if _program() else "chromium is not installed"


def _program() -> str | None:
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def _made(scratch: Path, assets: int) -> Path:
    folder = scratch / f"gallery-{assets}"
    folder.mkdir()
    make_library(folder / "index.db", assets, words=False)
    return folder / "index.db"


def _of_index(index: Path, assets: int, rounds: int) -> list[Row]:
    name, targets = f"gallery of {assets:,}", _TARGETS.get(assets, _TARGETS[100_000])
    command = [sys.executable, "-m", "indexer", "--db", str(index), "serve", "--port", "0"]
    with server(command) as (url, _):
        sizes = _sizes(url)
        loads: list[dict[str, float]] = []
        with _browser() as browser:
            with _page(browser, url):  # a first one warms the server
                pass
            for _ in range(rounds):
                with _page(browser, url) as page:
                    loads.append(page.evaluate(_LOADED))
            with _page(browser, url) as page:
                used = _use(page)
    return [
        row(f"{name}: first paint", [load["paint"] for load in loads], "ms", at_most=targets.paint),
        row(f"{name}: first row of sharp thumbnails", [load["sharp"] for load in loads], "ms", at_most=targets.sharp),
        row(f"{name}: geometry, compressed", [sizes["geometry"]], "kB", at_most=targets.geometry),
        row(f"{name}: first JavaScript, compressed", [sizes["script"]], "kB", at_most=60),
        row(f"{name}: layout on another density", used["layouts"], "ms", at_most=targets.layout),
        row(f"{name}: frames while scrolling, 95 %", [_share(used["frames"], 0.95)], "ms", at_most=16.8),
        row(f"{name}: frames while scrolling, 99 %", [_share(used["frames"], 0.99)], "ms", at_most=33),
        row(f"{name}: jump by the scrubber to tiles", used["tiles"], "ms", at_most=50),
        row(f"{name}: jump by the scrubber to sharp", used["sharp"], "ms", at_most=250),
        row(f"{name}: photos moved while loading", [max(load["drift"] for load in loads)], "px", at_most=0),
        row(f"{name}: photos moved by a reload", used["reload"], "px", at_most=0),
        row(f"{name}: photos moved by zooming out and in", used["zoom"], "px", at_most=0),
        row(f"{name}: nodes", used["nodes"], "", at_most=400),
        row(f"{name}: JavaScript heap with typed arrays", used["heap"], "MB", at_most=targets.heap),
    ]


def _sizes(url: str) -> dict[str, float]:
    """Kilobytes, compressed with brotli."""

    def size(path: str) -> float:
        request = urllib.request.Request(f"{url}/{path}", headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return len(answer.read()) / 1000

    with urllib.request.urlopen(url, timeout=60) as answer:
        parts = answer.read().decode().split('"')
    scripts = [part.removeprefix("./") for part in parts if part.startswith("./") and part.endswith(".js")]
    return {"geometry": size("api/timeline/geometry"), "script": sum(map(size, scripts))}


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def _page(browser: Any, url: str) -> Iterator[Any]:
    """In a profile of its own: nothing is in the browser's cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(url)
    _wait(page, "seen.sharp !== null")
    yield page
    context.close()


def _wait(page: Any, condition: str) -> None:
    """Playwright's own waiting is forbidden by the page's policy: it needs eval()."""
    for _ in range(1500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise SystemExit(f"the gallery did not get to: {condition}")


def _use(page: Any) -> dict[str, list[float]]:
    used: dict[str, list[float]] = {}
    page.wait_for_timeout(1000)
    page.mouse.move(600, 400)
    page.evaluate("seen.frames.splice(0)")
    for _ in range(_WHEELS):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(25)
    used["frames"] = page.evaluate("seen.frames.splice(0)")
    jumps = _jump(page)
    used["tiles"], used["sharp"] = [jump["tiles"] for jump in jumps], [jump["sharp"] for jump in jumps]
    page.wait_for_timeout(1000)
    used["reload"], used["zoom"] = [_reload(page)], [_zoom(page)]
    used["layouts"] = page.evaluate("seen.layouts.splice(0)")
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")  # typed arrays are not in usedSize
    used["heap"] = [(usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6]
    used["nodes"] = [page.evaluate("document.querySelectorAll('*').length")]
    return used


def _jump(page: Any) -> list[dict[str, float]]:
    dice, jumps = random.Random(1), []
    box = page.locator("[role=scrollbar]").bounding_box()
    for _ in range(_JUMPS):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * dice.uniform(0.05, 0.95))
        _wait(page, "seen.jump.sharp !== null")
        jumps.append(page.evaluate("seen.jump"))
        page.wait_for_timeout(200)
    return jumps


def _reload(page: Any) -> float:
    before = page.evaluate("[...seen.tops()]")
    page.reload()
    _wait(page, "seen.sharp !== null && seen.isSharp()")
    moved = page.evaluate("(before) => seen.compare(new Map(before), seen.tops())", before)
    held = page.evaluate("(before) => before.filter(([key]) => seen.tops().has(key)).length", before)
    return float(moved) if held else float("inf")


def _zoom(page: Any) -> float:
    """The point under the pointer, out and in again."""
    page.mouse.move(500, 450)
    page.wait_for_timeout(500)
    before = page.evaluate("[...seen.tops()]")
    page.keyboard.down("Control")
    for step in (100, 100, 100, -100, -100, -100):
        page.mouse.wheel(0, step)
        page.wait_for_timeout(100)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)
    return float(page.evaluate("(before) => seen.compare(new Map(before), seen.tops())", before))


def _share(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=1000)[round(share * 1000) - 1], 1)


if __name__ == "__main__":
    main()
