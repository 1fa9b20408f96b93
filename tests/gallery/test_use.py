"""What people do in the gallery, on sample_media: look, open, zoom, turn pages, go back, edit, undo, search, reload."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer import Index

from ..conftest import SAMPLES, until
from ..serve.conftest import start
from .conftest import PHONE, Complaints, Findings, OpenPage, Screen, Server

TILES = "[role=gridcell] a[href]"
VIEWER = "[role=dialog]"


def ids_shown(page: Any) -> list[str]:
    """Of the photos that are drawn, from the top, once it is known which they are: a cell is drawn before its photo is."""
    drawn = list[str | None]()

    def are_known() -> bool:
        drawn[:] = page.evaluate(
            """() => [...document.querySelectorAll("[role=gridcell] a")]
                .map((link) => link.href && new URL(link.href).searchParams.get("photo"))"""
        )
        return all(drawn)

    until(are_known, what="the addresses of the photos drawn")
    return [photo for photo in drawn if photo]


def photo_in(page: Any) -> str | None:
    found = page.evaluate("new URLSearchParams(location.search).get('photo')")
    return None if found is None else str(found)


def is_sharp(page: Any) -> bool:
    """Whether each tile in the window shows its thumbnail, or that there is none."""
    return bool(
        page.evaluate(
            """() => [...document.querySelectorAll("[role=gridcell] img")]
                .filter((image) => { const at = image.getBoundingClientRect(); return at.bottom > 0 && at.top < innerHeight; })
                .every((image) => image.complete && (image.naturalWidth > 0 || !image.getAttribute("src")))"""
        )
    )


def opened(page: Any, number: int = 2) -> str:
    """The id of the photo that a click on a tile opens in the viewer."""
    page.wait_for_selector(TILES)
    page.locator(TILES).nth(number).click()
    page.wait_for_selector(VIEWER)
    until(lambda: photo_in(page) is not None, what="the photo's address")
    return photo_in(page) or ""


def record(site: Server, asset_id: str) -> dict[str, Any]:
    with site.http() as http:
        return http.get(f"/api/assets/{asset_id}/details").json()  # type: ignore[no-any-return]


def test_the_timeline_is_shown_sharp_and_accessible(
    site: Server, open_page: OpenPage, screen: Screen, findings: Findings
) -> None:
    page = open_page(site.url, screen)
    page.wait_for_selector(TILES)
    until(lambda: is_sharp(page), what="sharp thumbnails")
    assert page.evaluate("document.documentElement.scrollWidth") <= screen.width
    assert page.locator("[role=grid]").get_attribute("aria-rowcount") not in (None, "0")
    assert all(alt for alt in page.eval_on_selector_all(f"{TILES} img", "all => all.map((one) => one.alt)"))
    assert findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_is_accessible(site: Server, open_page: OpenPage, findings: Findings, scheme: str) -> None:
    page = open_page(site.url, color_scheme=scheme)
    opened(page)
    page.keyboard.press("i")
    page.wait_for_selector("text=On disk")
    assert findings(page) == []


def test_open_turn_zoom_and_go_back(page: Any) -> None:
    first = opened(page)
    before = page.evaluate("history.length")
    page.keyboard.press("ArrowRight")
    until(lambda: photo_in(page) != first, what="the next photo")
    second = photo_in(page)
    page.keyboard.press("ArrowLeft")
    until(lambda: photo_in(page) == first, what="the first photo")
    assert second != first
    assert page.evaluate("history.length") == before  # turning pages makes no entries
    for _ in range(4):
        page.keyboard.press("+")
    until(lambda: page.evaluate(
        "[...document.querySelectorAll('[role=dialog] img')].some((one) => one.getBoundingClientRect().width > innerWidth)"
    ), what="the photo larger than the window")  # fmt: skip
    page.go_back()
    page.wait_for_selector(VIEWER, state="detached")
    assert photo_in(page) is None
    page.wait_for_selector(TILES)


def test_the_address_of_a_photo_leads_to_it(site: Server, open_page: OpenPage) -> None:
    page = open_page(site.url)
    photo = opened(page, 4)
    again = open_page(f"{site.url}/?photo={photo}")
    again.wait_for_selector(VIEWER)
    again.reload()
    again.wait_for_selector(VIEWER)
    assert photo_in(again) == photo
    again.keyboard.press("Escape")
    again.wait_for_selector(VIEWER, state="detached")
    again.wait_for_selector(TILES)
    assert photo_in(again) is None


def test_edit_and_undo(site: Server, page: Any) -> None:
    photo = opened(page)
    before = record(site, photo)
    page.keyboard.press("4")
    until(lambda: record(site, photo)["asset"]["metadata"]["rating"] == 4, what="the rating")
    page.keyboard.press("h")
    until(lambda: record(site, photo)["is_favorite"], what="the favorite")
    page.get_by_role("button", name="Undo").last.click()
    until(lambda: not record(site, photo)["is_favorite"], what="the undone favorite")
    page.keyboard.press("Control+z")
    until(
        lambda: record(site, photo)["asset"]["metadata"]["rating"] == before["asset"]["metadata"]["rating"], what="undo"
    )

    page.keyboard.press("e")
    page.keyboard.type("A tower <b>at dusk</b>")
    page.keyboard.press("Enter")
    until(
        lambda: record(site, photo)["asset"]["metadata"]["description"] == "A tower <b>at dusk</b>",
        what="the description",
    )
    assert page.locator(f"{VIEWER} b").count() == 0


def test_select_many_and_move_them_to_the_trash_and_back(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    shown = ids_shown(page)
    page.locator(TILES).nth(0).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector("text=2 selected")
    page.get_by_role("button", name="Move to trash").click()
    page.wait_for_function("(before) => !document.querySelector(`a[href*='${before}']`)", arg=shown[0])
    page.goto(f"{site.url}/?state=trashed")
    page.wait_for_selector(TILES)
    assert set(ids_shown(page)) == set(shown[:2])
    page.goto(site.url)
    page.wait_for_selector(TILES)
    page.keyboard.press("Control+z")
    page.wait_for_selector(f"a[href*='{shown[0]}']")
    assert ids_shown(page) == shown


def test_the_keys_work_wherever_the_focus_is(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.matches('[role=gridcell] a')")
    page.get_by_role("link", name="Photos", exact=True).focus()
    page.keyboard.press("Control+a")
    with site.http() as http:
        total = http.get("/api/timeline").json()["total"]
    page.wait_for_selector(f"text={total} selected")
    page.keyboard.press("3")
    shown = ids_shown(page)
    until(lambda: all(record(site, one)["asset"]["metadata"]["rating"] == 3 for one in shown[:3]), what="the ratings")
    page.get_by_role("button", name="Undo").click()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.type("12 april 2024")
    page.keyboard.press("Enter")
    until(lambda: page.evaluate("document.activeElement.matches('[role=gridcell] a')"), what="a photo of that day")
    assert "April 12" in page.evaluate("document.activeElement.querySelector('img').alt")


def test_a_stack_goes_to_the_trash_as_one(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    with site.http() as http:
        found = http.get("/api/timeline/tiles", params={"start": 0, "stop": 15}).json()
        stacked = next(int(one) for one, count in found["stacks"].items() if count == 2)
        both = http.get("/api/timeline/ids", params={"start": stacked, "stop": stacked + 1, "members": True}).json()[
            "ids"
        ]
    assert len(both) == 2
    page.locator(f"{TILES}[href*='{both[0]}']").focus()
    page.keyboard.press("x")
    page.keyboard.press("Delete")
    until(lambda: all(record(site, one)["asset"]["trashed_at"] for one in both), what="both in the trash")
    page.keyboard.press("Control+z")
    until(lambda: not any(record(site, one)["asset"]["trashed_at"] for one in both), what="both back")


def test_search(site: Server, page: Any, complaints: Complaints) -> None:
    page.wait_for_selector(TILES)
    page.keyboard.press("/")
    page.keyboard.type("kyo")
    page.wait_for_selector("[role=option]")
    assert "place:" in json.dumps(httpx.get(f"{site.url}/api/search/suggestions", params={"q": "kyo"}).json())
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    page.wait_for_selector(TILES)
    with site.http() as http:
        query = page.evaluate("new URLSearchParams(location.search).get('q')")
        total = http.get("/api/timeline", params={"q": query}).json()["assets"]
    page.get_by_text(f"{total} photos", exact=True).wait_for()
    assert 0 < total < 20
    assert page.get_by_role("heading", level=1).inner_text() == f"“{query}”"
    page.get_by_role("button", name="Best match first").wait_for()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.querySelector('[role=gridcell] a')")

    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("rating:many")
    page.keyboard.press("Enter")
    error = page.get_by_role("alert")
    error.wait_for()
    assert "many" in error.inner_text()
    complaints.expect("422")  # the browser notes each answer that is an error
    page.keyboard.press("Control+a")
    page.keyboard.type("zzzzz")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing found")


def test_after_a_wrong_search_the_photos_are_there_again(page: Any, complaints: Complaints) -> None:
    page.wait_for_selector(TILES)
    page.keyboard.press("/")
    page.keyboard.type("foo:bar")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.get_by_role("link", name="Photos", exact=True).click()
    page.wait_for_selector(TILES)
    assert page.get_by_role("alert").count() == 0
    complaints.expect("422")


def test_an_album_and_a_person_are_timelines_too(site: Server, page: Any) -> None:
    page.wait_for_selector(TILES)
    shown = ids_shown(page)
    with site.http() as http:
        album = http.post("/api/albums", json={"name": "Best of <i>2024</i>"}).json()["id"]
        http.post(f"/api/albums/{album}/assets", json={"asset_ids": shown[1:3]})
        people = http.get("/api/people").json()["data"]
    page.goto(f"{site.url}/?album_id={album}")
    page.get_by_role("heading", name="Best of <i>2024</i>").wait_for()
    page.wait_for_selector(TILES)
    assert ids_shown(page) == shown[1:3]
    person = next(one for one in people if one["name"] and one["asset_count"])
    page.goto(f"{site.url}/?person_id={person['id']}")
    page.get_by_role("heading", name=person["name"]).wait_for()
    page.wait_for_selector(TILES)
    assert len(ids_shown(page)) == person["asset_count"]


def test_folders(site: Server, page: Any) -> None:
    page.get_by_role("link", name="Folders").click()
    page.get_by_role("treeitem", name="Kyoto").click()
    page.wait_for_url("**show=folders**")
    page.wait_for_selector(TILES)
    with site.http() as http:
        folder = page.evaluate("new URLSearchParams(location.search).get('folder')")
        total = http.get("/api/timeline", params={"folder": folder}).json()["assets"]
    assert folder.endswith("/Kyoto")
    page.get_by_text(f"{total} photos", exact=True).wait_for()


def test_back_and_reload_lead_to_the_same_place(site: Server, open_page: OpenPage) -> None:
    page = open_page(site.url, PHONE)
    page.wait_for_selector(TILES)
    page.evaluate("document.querySelector('[role=grid]').scrollTop = 600")
    page.wait_for_timeout(700)
    place = "() => [...document.querySelectorAll('[role=gridcell] a')].map((one) => [one.href, one.getBoundingClientRect().top])"
    before = dict(page.evaluate(place))
    page.reload()
    page.wait_for_selector(TILES)
    page.wait_for_timeout(500)
    after = dict(page.evaluate(place))
    both = before.keys() & after.keys()
    assert both and all(abs(before[one] - after[one]) < 1 for one in both)

    page.goto(f"{site.url}/?state=trashed")
    page.wait_for_selector("text=The trash is empty")
    page.go_back()
    page.wait_for_selector(TILES)
    page.wait_for_timeout(500)
    again = dict(page.evaluate(place))
    both = before.keys() & again.keys()
    assert both and all(abs(before[one] - again[one]) < 1 for one in both)


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(built: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Before open_page in a test's arguments, so that it stops when the pages are closed."""
    servers = list[Server]()

    def run(database: Path, *options: object) -> Server:
        servers.append(start(database, tmp_path / f"server{len(servers)}.log", *options))
        return servers[-1]

    yield run
    for server in servers:
        server.stop()
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def watched(start_server: StartServer, tmp_path: Path) -> tuple[Server, Path]:
    """A server with a watch on a folder of its own."""
    photos = tmp_path / "photos"
    shutil.copytree(SAMPLES / "Paris", photos)
    with Index.open(tmp_path / "watched.db") as index:
        index.scan([photos])
    return start_server(tmp_path / "watched.db", "--watch"), photos


def test_a_new_photo_appears_by_itself_and_moves_nothing(watched: tuple[Server, Path], open_page: OpenPage) -> None:
    site, photos = watched
    page = open_page(site.url)
    page.wait_for_selector(TILES)
    until(lambda: len(httpx.get(f"{site.url}/healthz").json()["watch"]) and is_watching(site), what="the watch")
    shown = ids_shown(page)
    shutil.copy(SAMPLES / "Sydney" / "IMG_0412.JPG", photos / "new.jpg")
    page.wait_for_function("(before) => document.querySelectorAll('[role=gridcell] a').length > before", arg=len(shown))
    assert set(shown) < set(ids_shown(page))


def test_an_open_photo_follows_its_file(watched: tuple[Server, Path], open_page: OpenPage) -> None:
    """It is edited, moved away, and put back, by other programs."""
    from PIL import Image

    site, photos = watched
    photo = photos / "red.jpg"
    Image.new("RGB", (1200, 800), (200, 0, 0)).save(photo)
    page = open_page(site.url)
    until(lambda: is_watching(site), what="the watch")
    with Index.open(site.database, read_only=True) as index:
        until(
            lambda: photo.name in {asset.path.rpartition("/")[2] for asset in index.list(limit=-1) if asset.path},
            what="the photo",
        )
        asset = index.get(photo)["id"]
    page.goto(f"{site.url}/?photo={asset}")
    page.wait_for_selector(".viewer:not(.opening) .box .picture")
    page.keyboard.press("i")
    page.locator(".panel").get_by_text("1200 × 800").wait_for()
    assert color_in(page) == "red"
    Image.new("RGB", (900, 900), (0, 0, 200)).save(photo)
    page.locator(".panel").get_by_text("900 × 900").wait_for()
    until(lambda: color_in(page) == "blue", what="the edited picture")
    page.reload()
    page.locator(".panel").get_by_text("900 × 900").wait_for()
    until(lambda: color_in(page) == "blue", what="the edited picture")
    away = photos.parent / "away.jpg"
    photo.rename(away)
    page.locator(".absent", has_text="Its file is missing").wait_for()
    away.rename(photo)
    page.locator(".absent").wait_for(state="detached")


def color_in(page: Any) -> str:
    """Of the viewer's sharpest picture, in its middle; "" without one."""
    red, blue = page.evaluate("""() => {
        const picture = [...document.querySelectorAll(".viewer .box .picture")].findLast((one) => one.complete);
        if (!picture) return [0, 0];
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 1;
        const context = canvas.getContext("2d");
        context.drawImage(picture, 0, 0, 1, 1);
        const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
        return [red, blue];
    }""")
    return "red" if red > 150 > blue else "blue" if blue > 150 > red else ""


def is_watching(site: Server) -> bool:
    with closing(sqlite3.connect(site.database)) as database:
        return bool(database.execute("SELECT count(*) FROM watch_state").fetchone()[0])


def test_words_of_files_are_text_and_nothing_else(
    tmp_path: Path, start_server: StartServer, open_page: OpenPage
) -> None:
    """Names, descriptions, keywords, people and places that are HTML: shown as they are, run as nothing."""
    from PIL import Image

    hostile = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
    photos = tmp_path / '<b onclick="ran=1">folder'
    photos.mkdir()
    exif = Image.Exif()
    exif[0x010E] = hostile
    exif[0x010F] = exif[0x0110] = hostile
    Image.new("RGB", (640, 480), (90, 120, 60)).save(photos / '"><svg onload="ran=1">.jpg', exif=exif)
    (photos / '"><svg onload="ran=1">.xmp').write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' photoshop:City="&lt;i onmouseover=ran=1&gt;city"><dc:subject><rdf:Bag>'
        "<rdf:li>&lt;u&gt;keyword</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    with Index.open(tmp_path / "hostile.db") as index:
        index.scan([photos])
    server = start_server(tmp_path / "hostile.db")
    page = open_page(server.url)
    opened(page, 0)
    page.keyboard.press("i")
    page.wait_for_selector("text=On disk")
    assert page.get_by_text(hostile).first.is_visible()
    assert page.get_by_text("<u>keyword").first.is_visible()
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/?show=folders")
    page.get_by_role("treeitem").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("<u>key")
    page.wait_for_selector("[role=option]")
    assert page.evaluate("window.ran") is None
    assert page.locator("main b, main u, main i, main script, svg[onload]").count() == 0


def test_a_server_that_only_reads_offers_no_edits(
    sampled: Path, start_server: StartServer, open_page: OpenPage
) -> None:
    server = start_server(sampled / "index.db", "--read-only")
    page = open_page(server.url)
    photo = opened(page)
    page.keyboard.press("i")
    page.wait_for_selector("text=On disk")
    before = record(server, photo)
    page.keyboard.press("4")
    page.keyboard.press("h")
    page.wait_for_timeout(300)
    assert record(server, photo) == before
    assert page.get_by_role("button", name="Favorite").count() == 0


def test_where_a_key_is_needed_it_is_asked_for(
    sampled: Path, start_server: StartServer, open_page: OpenPage, complaints: Complaints
) -> None:
    server = start_server(sampled / "index.db", "--key", "a key of many letters")
    page = open_page(server.url)
    page.get_by_label("Key", exact=True).fill("a key of many letters")
    page.keyboard.press("Enter")
    page.wait_for_selector(TILES)
    until(lambda: is_sharp(page), what="sharp thumbnails")
    assert "key" not in json.dumps(page.evaluate("[document.cookie, {...localStorage}]")).replace("Keys", "")
    page.reload()
    page.wait_for_selector(TILES)
    complaints.allow("401")  # tiles may be asked for at this moment
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Key", exact=True).wait_for()
    page.reload()
    page.get_by_label("Key", exact=True).wait_for()


def test_the_page_goes_on_when_the_server_is_back(
    sampled: Path, start_server: StartServer, open_page: OpenPage, complaints: Complaints
) -> None:
    server = start_server(sampled / "index.db", "--read-only")
    page = open_page(server.url)
    page.wait_for_selector(TILES)
    port = server.url.rpartition(":")[2]
    server.stop()
    page.get_by_text("The server cannot be reached.").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("type:photo")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    start_server(sampled / "index.db", "--read-only", "--port", port)
    page.wait_for_selector(TILES)
    until(lambda: is_sharp(page), what="sharp thumbnails")
    until(lambda: page.get_by_text("The server cannot be reached.").count() == 0, what="the end of the notice")
    complaints.texts.clear()  # of the browser, on what it could not reach
