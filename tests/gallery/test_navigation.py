"""Where the page is: views that are slow, gone or empty; the history; the focus; keys that scroll."""

from __future__ import annotations

from typing import Any

from ..conftest import until
from .conftest import PHONE, Complaints, OpenPage, Server, eventually
from .test_use import TILES, VIEWER, ids_shown, opened, photo_in

IN_TIMELINE = "document.activeElement.matches('.tl-scroller, .tl-scroller *')"
FOCUSED = "new URL(document.activeElement.href ?? location).searchParams.get('photo')"


def search(page: Any, query: str) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type(query)
    page.keyboard.press("Enter")


def test_an_address_that_was_cut_off_names_no_photo(site: Server, page: Any) -> None:
    page.goto(f"{site.url}/?photo=asset_nonexist")
    page.get_by_text("not here any more").wait_for()
    page.wait_for_selector(TILES)
    assert "photo=" not in page.url


def test_a_slow_search_is_not_mistaken_for_its_photos(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    requests = []
    page.route("**/api/timeline?q=*", lambda route: requests.append(route))
    search(page, "kyoto")
    eventually(
        page, "document.querySelector('main').ariaBusy === 'true' || document.querySelector('main[aria-busy=true]')"
    )
    until(lambda: (page.wait_for_timeout(50), bool(requests))[1], what="the search")
    assert page.title() == "Photos · indexer"
    assert page.get_by_text("“kyoto”").count() == 0
    page.locator(TILES).nth(1).click()  # of photos that are about to go
    page.wait_for_timeout(300)
    assert page.get_by_text("not here any more").count() == 0
    for route in requests:
        route.continue_()
    page.get_by_role("heading", name="“kyoto”").wait_for()
    assert page.title() == "“kyoto” · indexer"
    assert page.locator("main[aria-busy=true]").count() == 0


def test_views_that_were_left_are_not_opened(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    failed = list[str]()
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.route("**/api/timeline?q=kyoto*", lambda route: None)  # is never answered
    search(page, "kyoto")
    eventually(page, "document.querySelector('main[aria-busy=true]')")
    search(page, "sydney")
    page.get_by_role("heading", name="“sydney”").wait_for()
    until(lambda: (page.wait_for_timeout(50), any("kyoto" in url for url in failed))[1], what="the request given up")


def test_an_album_that_was_deleted_elsewhere_says_so(site: Server, page: Any, complaints: Complaints) -> None:
    page.wait_for_selector(TILES)
    shown = ids_shown(page)
    with site.http() as http:
        album = http.post("/api/albums", json={"name": "Short-lived"}).json()["id"]
        http.post(f"/api/albums/{album}/assets", json={"asset_ids": shown[1:3]})
        page.goto(f"{site.url}/?album_id={album}")
        page.wait_for_selector(TILES)
        http.delete(f"/api/albums/{album}")
    page.locator("main [role=alert]").wait_for()
    assert page.locator(TILES).count() == 0
    page.get_by_role("link", name="Photos", exact=True).click()
    page.wait_for_selector(TILES)
    complaints.allow("404")


def test_what_the_viewer_could_not_be_loaded_for_can_be_tried_again(
    site: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    page = open_page(site.url)
    page.route("**/gallery/Viewer-*.js", lambda route: route.abort())
    page.reload()
    page.wait_for_selector(TILES)
    page.wait_for_timeout(2500)  # it is preloaded, and the page is loaded again once
    page.wait_for_selector(TILES)
    page.locator(TILES).nth(2).click()
    page.get_by_text("A part of the page could not be loaded").wait_for()
    assert page.locator("[inert]").count() == 0
    page.unroute("**/gallery/Viewer-*.js")
    page.locator(TILES).nth(2).click()
    page.wait_for_selector(VIEWER)
    complaints.texts.clear()  # of the browser, on what it could not load


def test_the_place_is_kept_by_two_reloads(site: Server, open_page: OpenPage) -> None:
    page = open_page(site.url, PHONE)
    page.wait_for_selector(TILES)
    page.evaluate("document.querySelector('[role=grid]').closest('.tl-scroller').scrollTop = 500")
    page.wait_for_timeout(700)
    top = "document.querySelector('.tl-scroller').scrollTop"
    before = page.evaluate(top)
    assert before > 100
    page.route("**/api/timeline/tiles*", lambda route: None)  # no photo is known before it is left
    page.reload()
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_timeout(500)
    page.unroute("**/api/timeline/tiles*")
    page.reload()
    page.wait_for_selector(TILES)
    until(lambda: abs(page.evaluate(top) - before) < 2, what="the place")

    page.route("**/api/timeline/tiles*", lambda route: None)
    page.reload()
    page.wait_for_timeout(500)
    page.evaluate("document.querySelector('.tl-scroller').scrollTop = 300")
    page.wait_for_timeout(700)
    page.unroute("**/api/timeline/tiles*")
    page.reload()
    page.wait_for_selector(TILES)
    until(lambda: abs(page.evaluate(top) - 300) < 2, what="the place where no photo was known")


def test_keys_scroll_from_wherever_the_focus_is(site: Server, open_page: OpenPage) -> None:
    page = open_page(site.url, PHONE)
    page.wait_for_selector(TILES)
    page.get_by_role("link", name="Photos", exact=True).focus()
    page.keyboard.press("PageDown")
    eventually(page, "document.querySelector('.tl-scroller').scrollTop > 100")


def test_the_focus_is_in_the_timeline_after_the_viewer(site: Server, page: Any) -> None:
    opened(page, 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    third = ids_shown(page)[3]
    until(lambda: photo_in(page) == third, what="the address of the photo")
    page.go_back()
    page.wait_for_selector(VIEWER, state="detached")
    eventually(page, f"{FOCUSED} === '{third}'")
    page.keyboard.press("g")
    page.get_by_label("Go to date").wait_for()
    page.keyboard.press("Escape")
    eventually(page, IN_TIMELINE)
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Clear the selection").click()
    eventually(page, IN_TIMELINE)


def test_the_title_is_that_of_the_view_after_a_link_in_the_viewer(site: Server, page: Any) -> None:
    opened(page, 1)
    page.keyboard.press("i")
    page.wait_for_timeout(600)  # the photo names the page
    page.locator("aside a[href*='folder=']").first.click()
    page.wait_for_selector(VIEWER, state="detached")
    page.locator("h1").wait_for()
    eventually(page, "document.title === document.querySelector('h1').textContent + ' · indexer'")


def test_it_works_where_the_browser_keeps_nothing(site: Server, open_page: OpenPage, complaints: Complaints) -> None:
    page = open_page(site.url)
    page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
    )
    page.reload()
    opened(page, 1)
    page.keyboard.press("i")
    page.wait_for_selector("text=On disk")
    page.keyboard.press("4")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate("document.documentElement.dataset.theme")
    complaints.allow("/panorama-")  # its library reports what it cannot keep, and goes on
