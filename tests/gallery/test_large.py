"""The gallery on an index of many photos: the ends, the scrubber, the place that is kept, how much is drawn."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.library import make_library

from ..conftest import sized, until
from ..serve.conftest import start
from .conftest import DESKTOP, Complaints, OpenPage, Screen, Server, alone
from .test_use import TILES, is_sharp, photo_in

SHARP = Screen(1280, 800, 2)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once for all processes of a parallel run; to be copied."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "library"
    with alone(folder.with_name("library.lock")):
        if not (folder / "made").exists():
            folder.mkdir()
            count, of_each_shape = sized((20_000, 3), (100_000, 26))
            make_library(folder / "index.db", count, words=False, of_each_shape=of_each_shape)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="module")
def large(built: Path, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("large")
    shutil.copytree(library, folder, dirs_exist_ok=True)
    server = start(folder / "index.db", folder / "serve.log")
    yield server
    server.stop()
    assert "Traceback" not in server.log.read_text()


def ids_at(server: Server, start: int, stop: int) -> list[str]:
    found = httpx.get(f"{server.url}/api/timeline/ids", params={"start": start, "stop": stop}, timeout=60)
    return found.json()["ids"]  # type: ignore[no-any-return]


def total_of(server: Server) -> int:
    return int(httpx.get(f"{server.url}/api/timeline", timeout=60).json()["total"])


def in_window(page: Any) -> dict[str, tuple[float, float]]:
    """Id → left and top of each tile in the window."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("[role=gridcell] a[href*=photo]")].map((link) => {
            const at = link.getBoundingClientRect();
            return [new URL(link.href).searchParams.get("photo"), at.left, at.top, at.bottom];
        }).filter(([, , top, bottom]) => bottom > 60 && top < innerHeight)"""
    )
    return {one[0]: (one[1], one[2]) for one in found}


@pytest.mark.parametrize("screen", [DESKTOP, SHARP], ids=["dpr 1", "dpr 2"])
def test_to_the_end_and_back(large: Server, open_page: OpenPage, screen: Screen) -> None:
    page = open_page(large.url, screen)
    page.wait_for_selector(TILES)
    until(lambda: is_sharp(page), what="sharp thumbnails")
    total = total_of(large)
    (newest,), (oldest,) = ids_at(large, 0, 1), ids_at(large, total - 1, total)
    assert newest in in_window(page)
    page.locator(TILES).first.focus()
    page.keyboard.press("End")
    until(lambda: oldest in in_window(page), what="the last photo")
    until(lambda: is_sharp(page), what="sharp thumbnails at the end")
    assert page.evaluate(
        "document.activeElement.closest('a')?.href ?? document.activeElement.querySelector('a')?.href"
    ).endswith(oldest)
    page.mouse.move(600, 400)
    for _ in range(6):
        page.mouse.wheel(0, -5000)
        page.wait_for_timeout(30)
    until(lambda: is_sharp(page), what="sharp thumbnails above the end")
    assert oldest not in in_window(page)
    page.keyboard.press("Home")
    until(lambda: newest in in_window(page), what="the first photo")
    assert page.evaluate("document.querySelectorAll('*').length") < 700


def test_the_scrubber_leads_anywhere_and_back_to_the_same_place(
    large: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    page = open_page(large.url)
    page.wait_for_selector(TILES)
    bar = page.get_by_role("scrollbar").bounding_box()
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] * 0.6)
    until(lambda: is_sharp(page), what="sharp thumbnails")
    page.wait_for_timeout(700)
    there = in_window(page)
    assert not there.keys() & set(ids_at(large, 0, 1000))

    page.reload()
    until(lambda: there.keys() & in_window(page).keys(), what="the same photos")
    after = in_window(page)
    assert all(abs(there[one][1] - after[one][1]) <= 1 for one in there.keys() & after.keys())

    middle = sorted(after, key=lambda one: after[one][1])[len(after) // 2]
    page.locator(f"{TILES}[href*='{middle}']").click()
    until(lambda: photo_in(page) == middle, what="the photo")
    page.keyboard.press("Escape")
    until(lambda: photo_in(page) is None, what="the timeline")
    page.wait_for_timeout(500)
    back = in_window(page)
    assert all(abs(after[one][1] - back[one][1]) <= 1 for one in after.keys() & back.keys())
    assert middle in back
    complaints.allow("/original", "/fullsize")  # there are no files behind this index


def test_the_photo_under_the_pointer_stays_there_when_tiles_grow(large: Server, open_page: OpenPage) -> None:
    page = open_page(large.url)
    page.wait_for_selector(TILES)
    bar = page.get_by_role("scrollbar").bounding_box()
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] * 0.4)
    page.wait_for_timeout(700)
    x, y = 500, 420
    under = f"""() => new URL(document.elementsFromPoint({x}, {y}).map((one) => one.closest("a[href*=photo]"))
        .find(Boolean)?.href ?? "x:?photo=none").searchParams.get("photo")"""
    page.mouse.move(x, y)
    before = page.evaluate(under)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)
    assert before in in_window(page)
    assert abs(in_window(page)[before][1] - y) < 400


def test_rows_and_headings_are_in_order_wherever_the_view_jumps(large: Server, open_page: OpenPage) -> None:
    page = open_page(large.url)
    page.wait_for_selector(TILES)
    page.locator(TILES).first.focus()
    order = "() => [...document.querySelectorAll('[role=row]')].map((row) => Number(row.ariaRowIndex))"
    for key in ("PageDown", "PageDown", "PageUp", "End", "PageUp", "Home"):
        page.keyboard.press(key)
        numbers = page.evaluate(order)
        assert len(numbers) > 2 and numbers == sorted(set(numbers)), key
    bar = page.get_by_role("scrollbar").bounding_box()
    for part in (0.5, 0.51, 0.49, 0.1):  # the focused row stays, far away
        page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] * part)
        page.locator(".tl-link[tabindex='0']").first.evaluate("(link) => link.focus({ preventScroll: true })")
        numbers = page.evaluate(order)
        assert len(numbers) > 2 and numbers == sorted(set(numbers)), part


def test_no_pictures_are_asked_for_while_flinging(large: Server, open_page: OpenPage) -> None:
    page = open_page(large.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/files/" in request.url else None)

    def fling() -> float:
        """Milliseconds of its longest pause: of a tenth of a second it is a rest, which a busy machine may cause."""
        until(lambda: is_sharp(page), what="sharp thumbnails")
        page.wait_for_load_state("networkidle")
        asked.clear()
        distance, pause = page.evaluate(
            """() => new Promise((resolve) => {
                const scroller = document.querySelector(".tl-scroller");
                const top = scroller.scrollTop;
                let [frames, last, pause] = [0, performance.now(), 0];
                const fling = () => {
                    pause = Math.max(pause, performance.now() - last);
                    last = performance.now();
                    scroller.scrollTop += 1500;
                    if (++frames < 40) requestAnimationFrame(fling);
                    else resolve([scroller.scrollTop - top, pause]);
                };
                requestAnimationFrame(fling);
            })"""
        )
        assert distance == 60_000
        return float(pause)

    until(lambda: fling() < 80, what="a fling without a rest")
    assert asked == []
    until(lambda: is_sharp(page) and bool(asked), what="sharp thumbnails where it came to rest")
    assert len(asked) < 120
