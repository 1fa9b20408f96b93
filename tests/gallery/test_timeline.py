"""The timeline under a real mouse, keyboard and finger: nothing moves by itself, and every tile can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from indexer import Index

from ..conftest import SAMPLES, until
from .conftest import Complaints, Findings, OpenPage, Screen, Server, eventually

SMALL = Screen(700, 460)
PHONE = Screen(390, 600, 2, True)

# Href -> left, top, width and height of each tile's picture that is in view.
_SEEN = """() => {
    const view = document.querySelector(".tl-scroller").getBoundingClientRect();
    const found = {};
    for (const link of document.querySelectorAll(".tl-link[href]")) {
        const { left, top, width, height, bottom } = link.getBoundingClientRect();
        if (bottom > view.top && top < view.bottom) found[link.href] = [left, top, width, height];
    }
    return found;
}"""
_FOCUSED = "document.activeElement.href ?? document.activeElement.className"


def test_every_tile_can_be_pointed_at(site: Server, open_page: OpenPage, screen: Screen) -> None:
    """Small days lie side by side in one row."""
    page = _opened(open_page, site, screen)
    hit = """() => [...document.querySelectorAll(".tl-cell")].map((cell) => {
        const { left, top, width, height } = cell.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const view = document.querySelector(".tl-scroller").getBoundingClientRect();
        return y < view.top + 44 || y > view.bottom || x > innerWidth - 70
            ? null : cell.contains(document.elementFromPoint(x, y));
    }).filter((one) => one !== null)"""
    found = page.evaluate(hit)
    assert len(found) >= 2 and all(found)


def test_arrows_move_by_where_photos_lie(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    page.evaluate("document.querySelector('.tl-scroller').focus()")
    page.keyboard.press("ArrowDown")
    first = page.evaluate(_FOCUSED)
    assert first == next(iter(page.evaluate(_SEEN)))
    seen, before = [first], _box(page)
    for _ in range(30):
        page.keyboard.press("ArrowDown")
        now = page.evaluate(_FOCUSED)
        if now == seen[-1]:
            break
        seen.append(now)
        box, view = _box(page), page.locator(".tl-scroller").bounding_box()
        assert view["y"] <= box["y"] and box["y"] + box["height"] <= view["y"] + view["height"] + 1
    assert len(seen) > 3 and len(set(seen)) == len(seen)
    page.keyboard.press("Home")
    assert page.evaluate(_FOCUSED) == first and _box(page) == before
    page.keyboard.press("ArrowRight")
    second = page.evaluate(_FOCUSED)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(_FOCUSED) == first != second
    page.keyboard.press("End")
    assert page.evaluate(_FOCUSED) not in seen[:3]
    assert page.evaluate("document.querySelectorAll('.tl-link[tabindex=\"0\"]').length") == 1


def test_focus_survives_that_its_tile_leaves_the_view(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    page.evaluate("document.querySelector('.tl-scroller').focus()")
    page.keyboard.press("ArrowDown")
    first = page.evaluate(_FOCUSED)
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 1e6")
    page.wait_for_timeout(300)
    assert first not in page.evaluate(_SEEN) and page.evaluate(_FOCUSED) == first
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert first in page.evaluate(_SEEN)


def test_selecting_by_keys_and_by_mouse(site: Server, open_page: OpenPage, findings: Findings) -> None:
    page = _opened(open_page, site, Screen(1280, 800))
    page.evaluate("document.querySelector('.tl-scroller').focus()")
    for key in ("ArrowRight", "x", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert _selected(page) == 3
    page.keyboard.press("Shift+ArrowLeft")
    assert _selected(page) == 2
    assert findings(page) == []
    page.keyboard.press("Escape")
    assert _selected(page) == 0

    boxes = list(page.evaluate(_SEEN).values())
    _corner(page, boxes[0])
    assert _selected(page) == 1
    page.keyboard.down("Shift")
    _point(page, boxes[4])
    assert page.locator(".tl-preview").inner_text() == "Click to select 5"
    assert page.locator(".is-previewed").count() == 5 and _selected(page) == 1
    page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Shift")
    assert _selected(page) == 5
    page.keyboard.press("Escape")

    day = page.locator(".tl-header").first
    day.hover()
    day.get_by_role("checkbox").click()
    selected = _selected(page)
    assert selected >= 1 and day.get_by_role("checkbox").get_attribute("aria-checked") == "true"
    day.get_by_role("checkbox").click()
    assert _selected(page) == 0


def test_a_finger_that_stays_selects(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, PHONE)
    boxes = [box for box in page.evaluate(_SEEN).values() if box[1] > 60]
    with _touch(page) as touch:
        touch("touchStart", [(boxes[0][0] + 20, boxes[0][1] + 20)])
        page.wait_for_timeout(700)
        touch("touchEnd", [])
        page.wait_for_timeout(100)
    assert _selected(page) == 1 and "photo=" not in page.url
    boxes = [box for box in page.evaluate(_SEEN).values() if box[1] > 200]
    page.touchscreen.tap(boxes[-1][0] + 10, boxes[-1][1] + 10)
    page.wait_for_timeout(100)
    assert _selected(page) in (0, 2) and "photo=" not in page.url  # 0: it was the same one


def test_two_fingers_change_the_size_and_hold_what_is_between_them(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, PHONE)
    height = page.locator(".tl-row").first.bounding_box()["height"]
    with _touch(page) as touch:
        touch("touchStart", [(150, 300)])
        touch("touchStart", [(150, 300), (190, 330)])
        for step in range(0, 60, 10):
            touch("touchMove", [(150 - step, 300 - step), (190 + step, 330 + step)])
            page.wait_for_timeout(30)
        touch("touchEnd", [])
    assert page.locator(".tl-row").first.bounding_box()["height"] > 1.5 * height


@pytest.mark.parametrize("screen", [SMALL, Screen(700, 460, 2), PHONE], ids=["small", "small@2", "phone"])
def test_reload_resize_and_zoom_return_to_the_same_place(site: Server, open_page: OpenPage, screen: Screen) -> None:
    page = _opened(open_page, site, screen)
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 333")
    page.wait_for_timeout(800)
    before = page.evaluate(_SEEN)
    page.reload()
    _wait_for_tiles(page)
    assert page.evaluate(_SEEN) == before
    for width in (500, 900, 390, screen.width):
        page.set_viewport_size({"width": width, "height": screen.height})
        page.wait_for_timeout(100)
    assert page.evaluate(_SEEN) == before
    if screen.is_touched:
        return
    page.mouse.move(200, 250)
    page.keyboard.down("Control")
    for step in (100, 200, -200, -100):
        page.mouse.wheel(0, step)
        page.wait_for_timeout(100)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    assert page.evaluate(_SEEN) == before


def test_nothing_moves_while_it_loads(site: Server, open_page: OpenPage) -> None:
    page = open_page(site.url)
    page.add_init_script("""window.moved = 0;
        const tops = new Map();
        const look = () => {
            for (const link of document.querySelectorAll(".tl-link[href]")) {
                const { top } = link.getBoundingClientRect();
                window.moved = Math.max(window.moved, Math.abs((tops.get(link.href) ?? top) - top));
                tops.set(link.href, top);
            }
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);""")
    page.reload()
    _wait_for_tiles(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.moved") == 0


def test_a_new_photo_does_not_move_what_is_looked_at(site: Server, open_page: OpenPage, tmp_path: Path) -> None:
    page = _opened(open_page, site, SMALL)
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 400")
    page.wait_for_timeout(500)
    before = page.evaluate(_SEEN)
    height = page.evaluate("document.querySelector('.tl-spacer').offsetHeight")
    photo = (SAMPLES / "Kyoto" / "DSC00123.JPG").read_bytes().replace(b"2024:04", b"2025:06")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "new.jpg").write_bytes(photo)
    with Index.open(site.database) as index:
        index.scan([tmp_path / "new"])
    until(lambda: page.evaluate("document.querySelector('.tl-spacer').offsetHeight") > height, what="the new photo")
    assert page.evaluate(_SEEN) == before
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 0")
    page.wait_for_timeout(300)
    assert "2025" in page.locator(".tl-header").first.inner_text()


def test_the_scrubber_by_mouse_and_keys(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    scrubber = page.get_by_role("scrollbar", name="Timeline")
    box = scrubber.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 5)
    position = "document.querySelector('.tl-scroller').scrollTop"
    end = page.evaluate("(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)"
                        "(document.querySelector('.tl-scroller'))")  # fmt: skip
    until(lambda: page.evaluate(position) == end, what="the end of the timeline")
    # Aside it is finer: the same way up leads less far.
    page.mouse.move(box["x"] - 300, box["y"] + box["height"] - 5)
    page.mouse.move(box["x"] - 300, box["y"] + box["height"] - 105)
    assert end - 60 < page.evaluate(position) < end
    page.mouse.up()
    scrubber.press("Home")
    assert page.evaluate(position) == 0 and scrubber.get_attribute("aria-valuenow") == "0"
    assert "20" in scrubber.get_attribute("aria-valuetext")
    scrubber.press("PageDown")
    assert page.evaluate(position) > 0 and scrubber.get_attribute("aria-valuenow") != "0"
    scrubber.press("PageUp")
    assert page.evaluate(position) == 0


def test_the_scrubber_shows_where_it_was_let_go_and_leaves_the_keys_to_the_photos(
    site: Server, open_page: OpenPage
) -> None:
    page = _opened(open_page, site, SMALL)
    page.keyboard.press("ArrowRight")  # the focus would be shown
    box = page.get_by_role("scrollbar", name="Timeline").bounding_box()
    x = box["x"] + 30
    page.mouse.move(x, box["y"] + 20)
    assert page.locator(".tl-bubble").count() == 1
    page.mouse.down()
    page.mouse.move(x, box["y"] + 180, steps=3)
    page.mouse.move(x, box["y"] + 300, steps=3)
    page.mouse.up()
    bubble = page.locator(".tl-bubble").bounding_box()
    assert abs(bubble["y"] + bubble["height"] / 2 - (box["y"] + 300)) < 20
    assert page.evaluate("document.activeElement.className") == "tl-scroller"
    size = "Number(document.querySelector('.tl-density input').value)"
    before = page.evaluate(size)
    page.keyboard.press("+")
    eventually(page, f"{size} > {before}")
    # Who comes by Tab stays there.
    scrubber = page.get_by_role("scrollbar", name="Timeline")
    scrubber.focus()
    page.keyboard.press("-")
    eventually(page, f"{size} === {before}")
    assert page.evaluate("document.activeElement.role") == "scrollbar"


def test_tab_passes_one_heading_and_one_photo(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    page.locator(".tl-density input").fill("40")
    bottom = page.evaluate("(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)"
                           "(document.querySelector('.tl-scroller'))")  # fmt: skip
    for top in (*range(0, bottom, 130), bottom):
        page.evaluate(f"document.querySelector('.tl-scroller').scrollTop = {top}")
        page.wait_for_timeout(200)
        page.get_by_role("button", name="Dark or light").focus()
        passed = []
        for _ in range(3):
            page.keyboard.press("Tab")
            passed.append(page.evaluate("document.activeElement.className.split(' ')[0]"))
            page.wait_for_timeout(50)
        assert passed == ["tl-check", "tl-link", "tl-scrubber"], top
        page.evaluate("document.activeElement.blur()")
        page.reload()
        _wait_for_tiles(page)


def test_tiles_say_that_their_file_or_preview_is_not_there(
    site: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    page = open_page(site.url)

    def without_files(route: Any) -> None:
        answer = route.fetch()
        found = answer.json()
        found["kinds"] = [kind | 64 for kind in found["kinds"]]
        route.fulfill(response=answer, json=found)

    page.route("**/api/timeline/tiles*", without_files)
    page.route("**/thumbnail*", lambda route: route.fulfill(status=404))
    page.reload()
    _wait_for_tiles(page)
    tile = page.locator(".tl-link").first
    eventually(page, "document.querySelector('.tl-link').title === 'No preview'")
    assert tile.locator("img").get_attribute("alt").endswith("its file cannot be reached now, no preview")
    assert tile.get_by_title("Its file cannot be reached now").count() == 1
    complaints.expect("404")


def test_on_a_phone_headings_stand_over_their_photos_and_nothing_covers_them(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, PHONE)
    lefts = page.evaluate("""() => [...document.querySelectorAll(".tl-group")].map((group) => [
        group.querySelector("h2").getBoundingClientRect().left,
        group.nextElementSibling.querySelector(".tl-cell").getBoundingClientRect().left,
    ])""")
    assert lefts and all(heading == photo for heading, photo in lefts)
    page.locator(".tl-link").first.focus()
    page.keyboard.press("x")
    bar = page.get_by_role("toolbar", name="Selection")
    bar.wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.querySelector('.tl-header').getBoundingClientRect().top") >= (
        bar.bounding_box()["y"] + bar.bounding_box()["height"]
    )
    for name in ("No rating", "Not favorite", "Move to trash"):
        assert bar.get_by_role("button", name=name).is_visible()
    assert "5" in bar.get_by_role("button", name="Rate 5").inner_text()


def test_tiles_that_leave_ask_for_nothing(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.images = [...document.querySelectorAll('.tl-image')]")
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 1e6")
    page.wait_for_timeout(500)
    assert page.evaluate("images.filter((one) => one.getAttribute('src') && !one.isConnected).length") == 0


@pytest.mark.parametrize(("width", "path"), [(640, ""), (900, "/?show=folders"), (390, "")])
def test_headers_are_as_high_as_there_is_room(site: Server, open_page: OpenPage, width: int, path: str) -> None:
    """At widths of the window and of the timeline on both sides of a narrow one's."""
    page = open_page(site.url + path, Screen(width, 700))
    if path:
        page.get_by_role("treeitem").first.get_by_role("link").click()
    _wait_for_tiles(page)
    rooms = page.evaluate("""() => [...document.querySelectorAll(".tl-group")].map((group) => {
        const row = group.nextElementSibling.getBoundingClientRect();
        return row.top - group.querySelector(".tl-header").getBoundingClientRect().bottom;
    })""")
    assert rooms and all(abs(room) < 1 for room in rooms[1:])  # the first one may stick to the top


def test_headings_come_before_their_photos(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    for top in (0, 700, 300, 1e6, 900, 0):
        page.evaluate(f"document.querySelector('.tl-scroller').scrollTop = {top}")
        page.wait_for_timeout(200)
        numbers = page.evaluate("""() => [...document.querySelectorAll(".tl-rows > *")]
            .map((row) => Number(row.ariaRowIndex))""")
        assert numbers == sorted(set(numbers)) and len(numbers) > 2
        names = page.evaluate("""() => [...document.querySelectorAll(".tl-rows > *")]
            .map((row) => row.className.split(" ")[0])""")
        assert "tl-group" in names and "tl-row" in names


def test_photos_that_are_in_both_views_do_not_fade_in_again(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, Screen(1280, 800))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    before = page.evaluate("document.querySelectorAll('.tl-image.is-shown').length")
    page.evaluate("""() => {
        window.faded = window.blurred = 0;
        new MutationObserver((changes) => {
            for (const { target, addedNodes } of changes) {
                if (target.matches?.(".tl-image.is-late")) window.faded++;
                window.blurred += [...addedNodes].filter((node) => node.matches?.(".tl-hash")).length;
            }
        }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
    }""")
    shown = "document.querySelectorAll('.tl-image.is-shown').length"
    search = page.get_by_role("combobox", name="Search photos")
    for query in ("type:photo", "is:favorite"):
        search.fill(query)
        search.press("Enter")
        eventually(page, f"{shown} {'> 5' if query == 'type:photo' else '== 0'}")
        page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        page.go_back()
        eventually(page, f"{shown} == {before}")
    assert before > 5 and page.evaluate("[window.faded, window.blurred]") == [0, 0]


def test_a_click_without_a_position_opens_the_photo(site: Server, open_page: OpenPage) -> None:
    """As assistive technology makes it: it would lie in the corner that selects."""
    page = _opened(open_page, site, Screen(1280, 800))
    page.evaluate("document.querySelector('.tl-link[href]').click()")
    eventually(page, "location.search.includes('photo=')")
    assert _selected(page) == 0


def test_a_photo_that_two_pages_hold_leaves_no_ghost(site: Server, open_page: OpenPage) -> None:
    """As where pages of two states of the view are side by side."""
    page = open_page(site.url, Screen(1280, 800))

    def repeat_the_first(route: Any) -> None:
        answer = route.fetch()
        columns = answer.json()
        columns["ids"] = columns["ids"][:22] * 3 + columns["ids"][66:]
        route.fulfill(response=answer, json=columns)

    page.route("**/api/timeline/tiles*", repeat_the_first)
    page.reload()
    _wait_for_tiles(page)
    for key in ("+", "+", "-", "-", "-", "+"):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
    columns = page.evaluate("""() => [...document.querySelectorAll(".tl-row")]
        .map((row) => [...row.children].map((cell) => Number(cell.ariaColIndex)))""")
    assert columns and all(row == list(range(1, len(row) + 1)) for row in columns)


def test_page_keys_scroll_wherever_the_focus_is(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, SMALL)
    position = "document.querySelector('.tl-scroller').scrollTop"
    page.keyboard.press("PageDown")
    below = page.evaluate(position)
    page.keyboard.press("PageDown")
    assert 300 < below < page.evaluate(position)
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.evaluate(position) == 0


def test_searching_keeps_suggestions_and_the_view(site: Server, open_page: OpenPage) -> None:
    page = _opened(open_page, site, Screen(1280, 800))
    page.route("**/api/search/suggestions?q=ky*", lambda route: None)  # never answered
    search = page.get_by_role("combobox", name="Search photos")
    options = page.get_by_role("option")
    search.press_sequentially("k")
    options.first.wait_for()
    for letter in "yo":
        search.press(letter)
        page.wait_for_timeout(250)
        assert options.count() > 0
    # Enter ends the composition of an input method.
    search.evaluate("""(input) => input.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }))""")
    assert page.evaluate("location.search") == ""
    page.get_by_role("link", name="Trash").click()
    search.fill("k")
    page.get_by_role("button", name="Clear the search").click()
    assert page.evaluate("location.search") == "?state=trashed" and search.input_value() == ""


def _opened(open_page: OpenPage, site: Server, screen: Screen) -> Any:
    page = open_page(site.url, screen)
    _wait_for_tiles(page)
    return page


def _wait_for_tiles(page: Any) -> None:
    page.wait_for_selector(".tl-link[href]")
    page.wait_for_timeout(300)


def _box(page: Any) -> Any:
    return page.locator(":focus").bounding_box()


def _selected(page: Any) -> int:
    return int(page.locator(".tl-cell[aria-selected=true]").count())


def _corner(page: Any, box: list[float]) -> None:
    page.mouse.click(box[0] + 15, box[1] + 15)


def _point(page: Any, box: list[float]) -> None:
    page.mouse.move(box[0] + box[2] / 2, box[1] + box[3] / 2, steps=3)


@contextmanager
def _touch(page: Any) -> Iterator[Any]:
    session = page.context.new_cdp_session(page)

    def touch(kind: str, points: list[tuple[float, float]]) -> None:
        some = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": some})

    yield touch
    session.detach()
