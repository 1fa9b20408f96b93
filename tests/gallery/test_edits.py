"""Edits of many photos, their undo, and what happens when they fail."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from indexer import Index

from ..conftest import until
from .conftest import Complaints, OpenPage, Server, eventually, start
from .test_use import TILES, VIEWER, ids_shown, opened, photo_in, record


def rating(site: Server, photo: str) -> Any:
    return record(site, photo)["asset"]["metadata"]["rating"]


def stars(page: Any, photo: str) -> str:
    """What the tile of a photo says, which includes its rating."""
    return str(page.locator(f"{TILES}[href*='{photo}'] img").get_attribute("alt"))


def select(page: Any, count: int) -> list[str]:
    """Selects the first tiles by keys."""
    page.wait_for_selector(TILES)
    page.locator(TILES).nth(0).focus()
    page.keyboard.press("x")
    for _ in range(count - 1):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(f"text={count} selected")
    return ids_shown(page)[:count]


def test_each_undo_is_seen_on_the_tiles(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    first, second = ids_shown(page)[:2]
    before = [stars(page, first), stars(page, second)]
    for number, photo in enumerate((first, second)):
        page.locator(TILES).nth(number).focus()
        page.keyboard.press("x")
        page.keyboard.press("4")
        until(lambda photo=photo: "rated 4 of 5" in stars(page, photo), what="the rating on the tile")
        page.keyboard.press("Escape")
        page.wait_for_selector("text=selected", state="detached")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    until(lambda: [stars(page, first), stars(page, second)] == before, what="the tiles as they were")
    assert page.locator(".notice.error").count() == 0


def test_a_key_that_is_held_undoes_once(site: Server, page: Any) -> None:
    first, second = select(page, 2)
    page.keyboard.press("4")
    until(lambda: rating(site, second) == 4, what="the first rating")
    page.keyboard.press("Escape")
    select(page, 1)
    page.keyboard.press("5")
    until(lambda: rating(site, first) == 5, what="the second rating")
    page.keyboard.down("Control")
    for _ in range(5):
        page.keyboard.down("z")
    page.keyboard.up("z")
    page.keyboard.up("Control")
    page.get_by_text("Undone: rated 1 photo 5 stars").wait_for()
    page.wait_for_timeout(500)
    assert (rating(site, first), rating(site, second)) == (4, 4)


def test_no_rating_also_removes_the_one_of_the_file(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    photo = next(photo for photo in ids_shown(page) if rating(site, photo))
    page.locator(f"{TILES}[href*='{photo}']").focus()
    page.keyboard.press("x")
    page.get_by_role("button", name="No rating").click()
    until(lambda: not rating(site, photo), what="no rating")
    assert page.evaluate("document.activeElement.textContent") == "No rating"
    page.get_by_role("button", name="Clear the selection").click()
    assert page.evaluate("document.activeElement.matches('.tl-scroller, .tl-scroller *')")


def test_photos_stay_selected_until_they_go_to_the_trash(site: Server, page: Any) -> None:
    chosen = select(page, 2)
    page.keyboard.press("5")
    page.keyboard.press("2")  # before the first is saved
    page.get_by_role("button", name="♥ Favorite").click()
    until(lambda: all(record(site, one)["is_favorite"] for one in chosen), what="the favorites")
    assert [rating(site, one) for one in chosen] == [2, 2]
    assert page.get_by_text("2 selected").is_visible()
    page.get_by_role("button", name="Not favorite").click()
    until(lambda: not any(record(site, one)["is_favorite"] for one in chosen), what="no favorites")
    page.keyboard.press("Delete")
    page.wait_for_selector("text=selected", state="detached")
    assert all(record(site, one)["asset"]["trashed_at"] for one in chosen)


def test_what_could_not_be_edited_stays_selected(site: Server, page: Any, complaints: Complaints) -> None:
    select(page, 3)
    page.route("**/api/assets", lambda route: route.fulfill(status=507, json={"detail": "The disk is full."}))
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_text("The disk is full.").wait_for()
    assert page.get_by_text("3 selected").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Move to trash"
    complaints.expect("507")
    page.unroute("**/api/assets")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=selected", state="detached")


def test_notices_in_the_viewer_are_reached_by_tab_and_stay(site: Server, page: Any) -> None:
    photo = opened(page)
    before = rating(site, photo)
    page.keyboard.press("4")
    undo = page.get_by_role("button", name="Undo")
    undo.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Undo":
            break
    page.wait_for_timeout(9000)
    assert undo.is_visible()
    page.keyboard.press("Enter")
    until(lambda: rating(site, photo) == before, what="the rating as it was")
    page.keyboard.press("Escape")
    page.wait_for_selector(VIEWER, state="detached")
    page.get_by_text("Undone").wait_for()


def test_a_key_that_may_not_delete_offers_no_trash(
    sampled: Path, tmp_path: Path, built: Path, open_page: OpenPage, complaints: Complaints
) -> None:
    with Index.open(sampled / "index.db") as index:
        index.maintenance.backup(tmp_path / "index.db")
    shutil.copytree(sampled / "index.db.indexer-cache", tmp_path / "index.db.indexer-cache")
    with Index.open(tmp_path / "index.db") as index:
        _, key = index.api_keys.create("tablet", ("read", "write"))
    server = start(tmp_path / "index.db", tmp_path / "serve.log", "--key", "the key of another client")
    try:
        page = open_page(server.url)
        page.get_by_label("Key", exact=True).fill(key)
        page.keyboard.press("Enter")
        select(page, 2)
        page.get_by_role("button", name="Rate 4").wait_for()
        assert page.get_by_role("button", name="Move to trash").count() == 0
        page.keyboard.press("Delete")
        page.keyboard.press("?")
        page.get_by_role("heading", name="Keys and search").wait_for()
        assert page.get_by_text("Rate the selected photos, remove their rating").count() == 1
        assert page.get_by_text("o the trash").count() == 0
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        photo = opened(page, 3)
        page.get_by_role("button", name="Favorite", exact=True).wait_for()
        assert page.get_by_role("button", name="Move to the trash").count() == 0
        page.keyboard.press("Delete")
        page.keyboard.press("4")
        page.get_by_text("Rated 1 photo").wait_for()
        assert photo_in(page) == photo
        complaints.allow("401")
        page.context.close()
    finally:
        server.stop()


def test_a_server_that_only_reads_shows_no_keys_for_edits(
    sampled: Path, tmp_path: Path, built: Path, open_page: OpenPage
) -> None:
    server = start(sampled / "index.db", tmp_path / "serve.log", "--read-only")
    try:
        page = open_page(server.url)
        page.wait_for_selector(TILES)
        page.keyboard.press("?")
        page.get_by_role("heading", name="Keys and search").wait_for()
        shown = page.locator("dialog").inner_text()
        assert "Go to a date" in shown
        for text in ("Undo", "Rate", "trash", "Select"):
            assert text not in shown
        page.context.close()
    finally:
        server.stop()


def test_a_person_who_uses_the_size_slider_can_still_use_keys(site: Server, page: Any) -> None:
    select(page, 2)
    slider = page.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("4")
    page.get_by_text("Rated 2 photos 4 stars").wait_for()
    slider.focus()
    page.keyboard.press("Control+z")
    page.get_by_text("Undone").wait_for()
    slider.focus()
    page.keyboard.press("g")
    page.get_by_label("Go to date").wait_for()
    page.keyboard.press("Escape")
    eventually(page, "document.activeElement.matches('.tl-scroller, .tl-scroller *')")
    assert photo_in(page) is None


def test_ratings_that_were_set_elsewhere_are_shown(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    photo = ids_shown(page)[2]
    for number in (5, 2, 4):
        with site.http() as http:
            http.patch("/api/assets", json={"ids": [photo], "rating": number})
        until(lambda number=number: f"rated {number} of 5" in stars(page, photo), what=f"{number} stars on the tile")


def test_hundreds_of_photos_are_moved_to_the_trash_at_once(tmp_path: Path, built: Path, open_page: OpenPage) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(240):
        Image.new("RGB", (8, 6), (number, 90, 60)).save(photos / f"{number}.png")
    with Index.open(tmp_path / "many.db") as index:
        index.scan([photos])
    server = start(tmp_path / "many.db", tmp_path / "serve.log")
    try:
        page = open_page(server.url)
        page.wait_for_selector(TILES)
        page.keyboard.press("Control+a")
        page.wait_for_selector("text=240 selected")
        page.keyboard.press("Delete")
        page.get_by_text("No photos yet").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.wait_for_selector(TILES)
        with server.http() as http:
            until(lambda: http.get("/api/timeline").json()["total"] == 240, what="all of them back")
        page.context.close()
    finally:
        server.stop()
