"""The gallery in a real browser, on a real server: whatever the page complains of, or asks of another machine, fails
the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from indexer import Index

from ..conftest import sized
from ..serve.conftest import Server, sampled, start

__all__ = ["Complaints", "OpenPage", "Screen", "Server", "alone", "sampled"]

TOP = Path(__file__).parents[2]
STATIC = TOP / "indexer" / "serve" / "static"
# The browser resolves no name and asks for nothing by itself.
_CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery as its sources are now, built by the hook that builds it for installs."""
    pytest.importorskip("hatchling", reason="hatchling builds the gallery: it comes with the extra [test]")
    has_node = shutil.which("node") is not None and shutil.which("npm") is not None
    if not has_node and not (STATIC / "index.html").is_file():
        pytest.skip("the gallery is not built, and there is no Node.js to build it")
    if has_node:
        with alone(tmp_path_factory.getbasetemp().parent / "gallery.lock"):
            _build(tmp_path_factory.mktemp("hook"))
    if not (STATIC / "index.html").is_file():
        why = STATIC / "not-built.txt"
        pytest.skip(f"the gallery is not built: {why.read_text() if why.exists() else 'the hook said nothing'}")
    return STATIC


def _build(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "INDEXER_SKIP_GALLERY"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "--hooks-only", "-d", str(folder)]
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    # Where the sources are there but cannot be built, the page that the tests would see is an old one.
    if "not built" in done.stderr and "registry cannot be reached" not in done.stderr:
        pytest.fail(done.stderr)


class alone:  # noqa: N801
    """One process of a parallel run builds or makes something, the others wait for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        import fcntl

        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Screen(NamedTuple):
    width: int
    height: int
    dpr: float = 1
    is_touched: bool = False


PHONE = Screen(390, 844, 2, True)
DESKTOP = Screen(1280, 800)
SCREENS = {"phone": PHONE, "desktop": DESKTOP, "desktop@2": Screen(1280, 800, 2), "wide": Screen(2560, 1440)}


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> Screen:
    """For tests that hold on every screen."""
    return SCREENS[request.param]


@dataclass
class Complaints:
    """Of all pages of a test: errors of the console and of scripts, requests that leave this machine."""

    texts: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()
    is_over: bool = False  # the server ends, and pages miss it

    def add(self, text: str) -> None:
        if not self.is_over and not any(part in text for part in self.allowed):
            self.texts.append(text)

    def expect(self, *parts: str) -> None:
        """Each of these was complained of, at least once, and that is as it should be."""
        for part in parts:
            assert any(part in text for text in self.texts), (part, self.texts)
        self.allow(*parts)

    def allow(self, *parts: str) -> None:
        """What is complained of with one of these in it is not looked at, nor what was: of two answers to one search,
        the second may come later."""
        self.allowed += parts
        self.texts = [text for text in self.texts if not any(part in text for part in parts)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    found = Complaints()
    yield found
    assert found.texts == []


# Starting one takes a second. Not for the session: while Playwright runs, asyncio.run() of other tests does not.
@pytest.fixture(scope="module")
def browser(built: Path) -> Iterator[Any]:
    # The shell is the same engine without a browser's own window, which takes a second of processor time for each page.
    browsers = ("chromium", "chromium-browser", "google-chrome")
    names = sized(("chromium-headless-shell", *browsers), browsers)
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("there is no chromium: 'apt-get install chromium'")
    api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright drives the browser: it comes with the extra [test]"
    )
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM))
        yield running
        running.close()


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, complaints: Complaints) -> Iterator[OpenPage]:
    """Opens a URL in a browser profile of its own, and returns Playwright's Page. Options are those of new_context."""
    contexts = []

    def open_one(url: str, screen: Screen = DESKTOP, **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            device_scale_factor=screen.dpr,
            has_touch=screen.is_touched,
            is_mobile=screen.is_touched,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        _listen(page, url, complaints)
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # of requests whose answer nobody waits for any more
        context.close()


def _listen(page: Any, url: str, complaints: Complaints) -> None:
    own = urlsplit(url).netloc

    def on_console(message: Any) -> None:
        if message.type == "error":
            complaints.add(f"console: {message.text} ({message.location.get('url', '')})")

    def on_request(request: Any) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob", "about") and asked.netloc != own:
            complaints.add(f"request: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.add(f"script: {error}"))
    page.on("request", on_request)


@pytest.fixture
def site(sampled: Path, tmp_path: Path, built: Path, complaints: Complaints) -> Iterator[Server]:
    """A server with an index of its own of sample_media, whose photos are everybody's: they are only looked at."""
    folder = tmp_path / "site"
    folder.mkdir()
    with Index.open(sampled / "index.db") as index:
        index.maintenance.backup(folder / "index.db")
    shutil.copytree(sampled / "index.db.indexer-cache", folder / "index.db.indexer-cache")
    server = start(folder / "index.db", folder / "serve.log")
    yield server
    complaints.is_over = True
    server.stop()
    assert "Traceback" not in server.log.read_text()


@pytest.fixture
def page(site: Server, open_page: OpenPage) -> Any:
    """The gallery at 1280 × 800."""
    return open_page(site.url)


def eventually(page: Any, expression: str, seconds: float = 10.0) -> Any:
    """Waits until this JavaScript is true of the page. (Playwright's wait_for_function needs eval, which the page's policy
    forbids.)"""
    deadline = time.monotonic() + seconds * sized(1, 5)
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < deadline, f"{expression} did not become true"
        page.wait_for_timeout(30)
    return value


Findings = Callable[[Any], list[str]]


@pytest.fixture(scope="session")
def findings() -> Findings:
    """What axe-core finds in a page that is serious or critical."""
    script = TOP / "gallery" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed: 'npm ci' in gallery/")
    source = script.read_text(encoding="utf-8")

    def find(page: Any) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run().then((results) => results.violations)")
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    return find
