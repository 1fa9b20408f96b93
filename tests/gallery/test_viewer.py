"""The viewer: one photo as large as the window, by keys, mouse and touch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from indexer import Index

from ..conftest import SAMPLES, until
from ..serve.conftest import start
from .conftest import TOP, Complaints, OpenPage, Screen, Server

TILES = "[role=gridcell] a[href]"
VIEWER = ".viewer"
# The photo's place in the window, and the width of the sharpest picture of it, in its own pixels.
_PLACE = """() => {
    const { x, y, width, height } = document.querySelector(".viewer .box").getBoundingClientRect();
    const pictures = [...document.querySelectorAll(".viewer .box .picture")];
    return { x, y, width, height, natural: Math.max(0, ...pictures.map((one) => one.naturalWidth)) };
}"""


def draw(path: Path, width: int, height: int, seed: int, taken: str, **options: Any) -> None:
    """A photo of coarse noise, which is large enough that its preview is another picture."""
    noise = np.random.default_rng(seed).integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).text((20, 20), path.name, fill="white", font_size=80)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Canon", "Canon EOS R5", taken
    exif.get_ifd(0x8769).update({0x9003: taken, 0x829D: 2.8, 0x829A: 0.004, 0x8827: 400, 0x920A: 35.0})
    image.save(path, quality=80, exif=exif, **options)


def make_video(path: Path, codec: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, 10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(10):
            pixels = np.full((240, 320, 3), number * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of some photos of every kind that the viewer knows; first.jpg is the newest, then in order."""
    folder = tmp_path_factory.mktemp("album")
    photos = folder / "photos"
    photos.mkdir()
    for number, name in enumerate(("first", "second", "third", "fourth")):
        draw(photos / f"{name}.jpg", 3000, 2000, number, f"2024:06:0{9 - number} 10:00:00")
    draw(photos / "tall.jpg", 1500, 3000, 9, "2024:06:04 10:00:00")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
        ' GPano:ProjectionType="equirectangular"/></rdf:RDF></x:xmpmeta>'
    )
    draw(photos / "sphere.jpg", 2000, 1000, 10, "2024:06:03 10:00:00", xmp=packet.encode())
    draw(photos / "small.jpg", 200, 140, 11, "2024:06:02 10:00:00")
    for number in (1, 2, 3):
        draw(photos / f"IMG_20240601_100000_BURST00{number}.jpg", 600, 400, 20 + number, f"2024:06:01 10:00:0{number}")
    for name in ("IMG_0412.JPG", "IMG_0412.MOV", "PXL_20240420_013210000.mp4"):
        shutil.copy(SAMPLES / "Sydney" / name, photos)
    shutil.copy(SAMPLES / "Kyoto" / "DSC00141.TIF", photos)
    make_video(photos / "VID_20240401_100000.avi", "mpeg4")
    with Index.open(folder / "index.db") as index:
        index.scan([photos])
        index.enrich(["places", "renditions", "perceptual_hashes"])
    return folder


@pytest.fixture
def shop(album: Path, tmp_path: Path, built: Path, complaints: Complaints) -> Iterator[Server]:
    with Index.open(album / "index.db") as index:
        index.maintenance.backup(tmp_path / "index.db")
    shutil.copytree(album / "index.db.indexer-cache", tmp_path / "index.db.indexer-cache")
    server = start(tmp_path / "index.db", tmp_path / "serve.log")
    yield server
    complaints.is_over = True
    server.stop()
    assert "Traceback" not in server.log.read_text()


Look = Callable[..., Any]


@pytest.fixture
def look(shop: Server, open_page: OpenPage) -> Look:
    """Opens the viewer at a photo, by its name, from its tile in the timeline."""

    def look_at(name: str, *screen: Screen, **options: Any) -> Any:
        page = open_page(shop.url, *screen, locale="en-US", **options)
        page.wait_for_selector(TILES)
        page.locator(f'{TILES}[href*="{id_of(shop, name)}"]').click()
        page.wait_for_selector(".viewer:not(.opening) .box .picture")
        return page

    return look_at


def id_of(server: Server, name: str) -> str:
    with Index.open(server.database, read_only=True) as index:
        ((found,),) = index.session.connection.execute(
            "SELECT id FROM asset WHERE original_file_name = ?", (name,)
        ).fetchall()
        return str(found)


def trashed(server: Server) -> list[str]:
    with Index.open(server.database, read_only=True) as index:
        return [id for (id,) in index.session.connection.execute("SELECT id FROM asset WHERE trashed_at IS NOT NULL")]


def described(server: Server, asset_id: str) -> str:
    with Index.open(server.database, read_only=True) as index:
        return index.get(asset_id)["metadata"]["description"] or ""


def place(page: Any) -> dict[str, float]:
    return page.evaluate(_PLACE)  # type: ignore[no-any-return]


def rests(page: Any, natural: int) -> dict[str, float]:
    """The photo's place once its full picture is there, and is laid out."""
    until(lambda: place(page)["natural"] == natural, what=f"a picture {natural} pixels wide")
    page.wait_for_timeout(200)
    return place(page)


def photo_in(page: Any) -> str | None:
    return page.evaluate("new URLSearchParams(location.search).get('photo')")  # type: ignore[no-any-return]


def test_the_thumbnail_grows_into_place_and_back(look: Look, shop: Server) -> None:
    page = look("second.jpg")
    whole = place(page)
    assert (whole["x"], whole["y"]) == (40, 0) and (whole["width"], whole["height"]) == (1200, 800)
    watch = """() => new Promise((done) => {
        const tile = [...document.querySelectorAll("[role=gridcell] a")].find((one) => one.href.includes("ID"));
        const goal = tile.getBoundingClientRect();
        const widths = [];
        const step = () => {
            const box = document.querySelector(".viewer .box");
            if (!box) return done({ widths, goal: goal.width, focused: document.activeElement === tile });
            widths.push(box.getBoundingClientRect().width);
            requestAnimationFrame(step);
        };
        step();
    })""".replace("ID", id_of(shop, "second.jpg"))
    page.evaluate(f"void (window.watched = ({watch})())")
    page.keyboard.press("Escape")
    page.wait_for_selector(VIEWER, state="detached")
    seen = page.evaluate("window.watched")
    assert seen["widths"] == sorted(seen["widths"], reverse=True)
    assert abs(seen["widths"][-1] - seen["goal"]) < 60  # the last frame before it is over
    until(lambda: page.evaluate("document.activeElement.href ?? ''").endswith(id_of(shop, "second.jpg")), what="focus")


def test_nothing_moves_for_who_wants_no_motion(look: Look) -> None:
    page = look("first.jpg", reduced_motion="reduce")
    moving = "document.getAnimations().filter((one) => one.effect.getTiming().duration > 1).length"  # in milliseconds
    assert page.evaluate(moving) == 0
    page.keyboard.press("Escape")
    page.wait_for_selector(VIEWER, state="detached")


@pytest.mark.parametrize("dpr", [1, 2])
def test_zoom_is_about_the_pointer_and_sharp(look: Look, dpr: int) -> None:
    page = look("first.jpg", Screen(1280, 800, dpr))
    start = rests(page, 3000)
    page.mouse.move(400, 300)
    seen = []
    for _ in range(40):
        page.mouse.wheel(0, -50)
        page.wait_for_timeout(20)
        seen.append(place(page))
        if seen[-1]["width"] > start["width"] * 3:
            break
    assert seen[-1]["width"] > start["width"] * 3
    covering = [one for one in seen if one["width"] > 1300]  # a narrower one is centered
    assert len(covering) > 3
    first = covering[0]
    under = ((400 - first["x"]) / first["width"], (300 - first["y"]) / first["height"])
    for now in covering:
        assert abs(now["x"] + under[0] * now["width"] - 400) < 1
        assert abs(now["y"] + under[1] * now["height"] - 300) < 1
    page.keyboard.press("a")
    actual = rests(page, 3000)
    assert abs(actual["width"] - 3000 / dpr) < 0.01
    for value in (actual["x"], actual["y"]):
        assert abs(value * dpr - round(value * dpr)) < 0.01  # on whole pixels of the screen
    assert page.locator(".percent").inner_text() == "100 %"
    page.mouse.down()
    page.mouse.move(100, 200, steps=4)
    page.mouse.up()
    edge = 1280 - actual["width"]  # no gap beside the photo
    assert abs(place(page)["x"] - max(edge, actual["x"] - 300)) < 1
    page.mouse.dblclick(600, 400)
    page.wait_for_timeout(200)
    assert place(page)["width"] == start["width"]


def test_the_zoom_is_kept_between_photos_on_request(look: Look) -> None:
    page = look("first.jpg")
    page.keyboard.press("a")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("z")
    before = rests(page, 3000)
    page.keyboard.press("ArrowRight")
    assert rests(page, 3000) == before
    page.keyboard.press("z")
    page.keyboard.press("ArrowRight")
    until(lambda: place(page)["width"] == 1200, what="the whole photo")


def test_no_frame_is_empty_while_photos_are_turned(look: Look) -> None:
    """What was there stays until the next one is; and each is there in the end."""
    page = look("first.jpg")
    page.evaluate(
        """() => {
            window.empty = 0;
            const step = () => {
                const box = document.querySelector(".viewer .slide .box");
                if (!box || box.childElementCount === 0) window.empty++;
                requestAnimationFrame(step);
            };
            step();
        }"""
    )
    for key in ("ArrowRight",) * 6 + ("ArrowLeft",) * 4 + ("End", "Home", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    rests(page, 3000)
    assert page.evaluate("window.empty") == 0
    assert page.locator(".viewer .slide").count() == 1


@pytest.fixture
def walk(
    tmp_path: Path, built: Path, open_page: OpenPage, complaints: Complaints, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """The viewer at the first of some HEIC photos, whose full pictures the server makes when they are asked for."""
    photos = [*(SAMPLES / "Paris").glob("*.HEIC")]
    if request.param == "large":
        corpus = TOP.parent / "shared" / "corpus" / "heic"
        if not (large := [path for path in corpus.rglob("*") if path.suffix.lower() in (".heic", ".heif")]):
            pytest.skip(f"the large HEIC photos are not there: {corpus}")
        photos += large
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in photos:
        shutil.copy(path, folder)
    for number in range(24):
        draw(folder / f"small{number}.tif", 600, 400, number, f"2005:01:{28 - number:02} 10:00:00")
    with Index.open(tmp_path / "index.db") as index:
        index.scan([folder])
        index.enrich(["renditions"])
    server = start(tmp_path / "index.db", tmp_path / "serve.log")
    page = open_page(server.url)
    page.wait_for_selector(TILES)
    page.locator(TILES).first.click()
    page.wait_for_selector(".viewer:not(.opening) .box .picture")
    yield page
    complaints.is_over = True
    server.stop()


def is_sharp(page: Any) -> None:
    until(lambda: place(page)["natural"] >= 600, what="more than a thumbnail")


@pytest.mark.parametrize("walk", ["small", "large"], indirect=True)
def test_photos_go_on_to_be_loaded_however_many_are_passed_by(walk: Any) -> None:
    """A full picture that is given up while the server makes it gives its place to the next."""
    held: list[Any] = []
    walk.route("**/fullsize*", lambda route: held.append(route))  # as of a server that takes its time
    seen = set()
    for _ in range(8):
        walk.wait_for_timeout(700)  # so long that the full picture is asked for
        seen.add(photo_in(walk))
        walk.keyboard.press("ArrowRight")
        until(lambda: photo_in(walk) not in seen, what="the address of the next photo")
    assert len(seen) == 8 and len(held) > 3
    walk.unroute("**/fullsize*")
    for _ in range(3):
        walk.keyboard.press("ArrowLeft")
        is_sharp(walk)
    for key in ("ArrowRight",) * 18 + ("ArrowLeft",) * 20:  # without a pause
        walk.keyboard.press(key)
    is_sharp(walk)


def test_only_what_browsers_show_is_loaded_as_it_is(look: Look) -> None:
    page = look("DSC00141.TIF")
    page.wait_for_timeout(800)
    whole = place(page)
    assert whole["width"] == 1280 or whole["height"] == 800  # small as it is
    assert page.locator(".viewer .squares").count() == 0
    page.keyboard.press("a")
    rests(page, 480)
    asked = page.evaluate("performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)")
    tiff = [path for path in asked if path.endswith(("/original", "/fullsize"))]
    assert not any("original" in path for path in tiff if page.url.rpartition("photo=")[2] in path)


def test_a_live_photo_plays_once(look: Look) -> None:
    page = look("IMG_0412.JPG")
    page.locator(".badge").hover()
    page.wait_for_selector("video.motion.shown")
    assert page.evaluate("document.querySelector('video.motion').muted")
    page.wait_for_selector("video.motion", state="detached", timeout=20_000)
    assert page.locator(".viewer .failure, .viewer .problem").count() == 0


def test_a_video_plays_and_seeks(look: Look) -> None:
    page = look("PXL_20240420_013210000.mp4")
    still = place(page)
    assert still["height"] == 800  # as large as the video will be
    page.keyboard.press(" ")
    until(lambda: page.evaluate("document.querySelector('video').currentTime") > 0.2, what="the video to play")
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('video').paused")
    page.evaluate("document.querySelector('video').currentTime = 0.5")
    until(lambda: not page.evaluate("document.querySelector('video').seeking"), what="the seek")
    assert page.evaluate("document.querySelector('video').currentTime") == 0.5


def test_a_video_that_the_browser_cannot_play_is_offered(look: Look) -> None:
    page = look("VID_20240401_100000.avi")
    page.wait_for_selector("text=This browser cannot play this video.")
    with page.expect_download() as download:
        page.locator("text=Download the original").click()
    assert download.value.suggested_filename == "VID_20240401_100000.avi"


def test_a_panorama_turns_or_says_that_it_cannot(look: Look, complaints: Complaints) -> None:
    page = look("sphere.jpg")
    if page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"):
        page.wait_for_selector(".panorama.ready", timeout=20_000)
        page.evaluate("document.querySelector('.panorama canvas').dataset.same = 'yes'")
        page.keyboard.press("5")
        page.get_by_text("Rated 1 photo 5 stars").wait_for()
        page.wait_for_timeout(700)
        assert page.locator(".panorama canvas[data-same]").count() == 1  # not built anew
        page.keyboard.press("p")
        page.wait_for_selector(".panorama", state="detached")
    else:
        page.wait_for_selector("text=The panorama cannot be turned here")
        complaints.texts = [text for text in complaints.texts if "WebGL" not in text]
    assert place(page)["width"] == 1280


def test_the_panel_tells_what_is_known(look: Look, shop: Server, album: Path) -> None:
    page = look("first.jpg")
    page.keyboard.press("i")
    panel = page.locator(".panel")
    panel.locator("text=On disk").wait_for()
    text = panel.inner_text()
    for part in (
        "Sunday, June 9, 2024",
        "10:00:00 AM",
        "from the camera",
        "Canon EOS R5",
        "f/2.8",
        "1/250 s",
        "ISO 400",
    ):
        assert part in text, part
    assert "35 mm" in text and "3000 × 2000 · 6 MP" in text and f"{album}/photos/" in text
    until(lambda: place(page)["width"] == 920, what="the photo beside the panel, not under it")
    page.evaluate("document.querySelector('.panel').scrollTo(0, 200)")
    page.keyboard.press("ArrowRight")
    until(lambda: "June 8" in panel.inner_text(), what="the next photo's details")
    until(lambda: page.evaluate("document.querySelector('.panel').scrollTop") == 0, what="the panel's beginning")
    page.keyboard.press("ArrowLeft")
    until(lambda: "June 9" in panel.inner_text(), what="the first photo's details")
    page.keyboard.press("i")
    panel.wait_for(state="detached")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("i")
    panel.get_by_text("Where each value comes from").click()
    assert "Exif DateTimeOriginal" in panel.inner_text()


def test_a_description_is_edited_in_place_and_never_lost(look: Look, shop: Server, complaints: Complaints) -> None:
    page = look("first.jpg")
    first = photo_in(page)
    page.keyboard.press("e")
    area = page.locator(".panel textarea")
    area.wait_for()
    page.keyboard.type("By the <b>sea</b>")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("5 i f ArrowRight")  # keys of the viewer are only letters here
    page.keyboard.press("Enter")
    area.wait_for(state="detached")
    assert page.locator(".panel button.text").inner_text() == "By the <b>sea</b>\n5 i f ArrowRight"
    assert photo_in(page) == first
    page.keyboard.press("e")
    page.keyboard.type(" and on")
    page.keyboard.press("Escape")  # leaves the field, and saves as every way to leave it does
    area.wait_for(state="detached")
    assert page.locator(".panel button.text").inner_text().endswith("ArrowRight and on")
    assert page.locator(VIEWER).count() == 1
    assert described(shop, first or "").endswith("ArrowRight and on")
    page.keyboard.press("e")
    page.keyboard.type(" and on")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector(VIEWER, state="detached")
    until(lambda: described(shop, first or "").endswith(" and on and on"), what="the description to be saved")
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer:not(.opening) .box .picture")

    page.route("**/api/assets", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("precious")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved: The server cannot be reached").wait_for()
    assert area.input_value() == "precious"
    page.locator("[aria-label='Next photo']").click()
    until(lambda: photo_in(page) != first, what="the next photo")
    page.locator("[aria-label='Previous photo']").click()
    area.wait_for()
    assert area.input_value() == "precious"
    page.unroute("**/api/assets")
    page.get_by_text("Try again").click()
    area.wait_for(state="detached")
    assert described(shop, first or "") == "precious"
    complaints.expect("net::ERR_FAILED")


def test_a_description_is_saved_once_the_server_is_back(look: Look, shop: Server, complaints: Complaints) -> None:
    page = look("first.jpg")
    first = photo_in(page)
    page.keyboard.press("e")
    page.locator(".panel textarea").wait_for()
    complaints.is_over = True
    shop.stop()
    page.keyboard.type("written meanwhile")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved: The server cannot be reached").wait_for()
    again = start(shop.database, shop.log, "--port", str(urlsplit(shop.url).port))
    try:
        page.get_by_text("Enter and Esc save").wait_for(timeout=60_000)
        assert described(again, first or "") == "written meanwhile"
        page.keyboard.type(" and after")  # the field is still open: these are no keys of the viewer
        page.keyboard.press("Enter")
        page.locator(".panel button.text", has_text="written meanwhile and after").wait_for()
    finally:
        again.stop()


def test_what_is_wrong_with_a_photo_is_said_beside_it(site: Server, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/?photo={id_of(site, 'cut_off.jpg')}")
    page.locator(".badge", has_text="The picture is cut off").click()
    problems = page.locator(".panel section", has_text="Problems").locator("li")
    assert problems.all_inner_texts() == ["The picture is cut off: the file ends before its end marker"]


def test_a_rating_that_is_not_saved_is_taken_back(look: Look, complaints: Complaints) -> None:
    page = look("first.jpg")
    page.keyboard.press("i")
    lit = page.locator(".panel .stars .lit")
    page.locator(".panel .stars").wait_for()
    page.keyboard.press("4")
    until(lambda: lit.count() == 4, what="four stars")
    page.get_by_text("Rated 1 photo 4 stars").wait_for()
    page.route("**/api/assets", lambda route: route.fulfill(status=507, json={"detail": "the disk is full"}))
    page.keyboard.press("2")
    page.get_by_text("Not saved: the disk is full").wait_for()
    assert lit.count() == 4
    page.unroute("**/api/assets")
    page.locator("[aria-label='Remove the rating']").click()
    until(lambda: lit.count() == 0, what="no stars")
    complaints.expect("507")


def test_who_only_reads_is_offered_no_edits(
    album: Path, tmp_path: Path, built: Path, open_page: OpenPage, complaints: Complaints
) -> None:
    with Index.open(album / "index.db") as index:
        index.maintenance.backup(tmp_path / "index.db")
    server = start(tmp_path / "index.db", tmp_path / "serve.log", "--read-only")
    page = open_page(f"{server.url}/?photo={id_of(server, 'first.jpg')}")
    page.wait_for_selector(".viewer:not(.opening)")
    page.keyboard.press("i")
    page.locator(".panel >> text=On disk").wait_for()
    for key in ("4", "h", "e", "Delete"):
        page.keyboard.press(key)
    assert (
        page.locator(
            ".viewer :is(textarea, .stars button, [aria-label='Favorite'], [aria-label='Move to the trash'])"
        ).count()
        == 0
    )
    complaints.is_over = True
    server.stop()
    assert "PATCH" not in server.log.read_text()


def test_photos_are_put_into_the_trash_and_restored(look: Look, shop: Server, open_page: OpenPage) -> None:
    page = look("IMG_0412.JPG")  # a live photo goes with its video
    live, (still, video) = photo_in(page), [id_of(shop, name) for name in ("IMG_0412.JPG", "IMG_0412.MOV")]
    page.keyboard.press("Delete")
    until(lambda: photo_in(page) not in (None, live), what="the next photo")
    assert set(trashed(shop)) == {still, video}
    page.locator(".undo").click()
    until(lambda: trashed(shop) == [], what="the photo to be back")
    page.keyboard.press("End")
    page.wait_for_timeout(400)
    last = photo_in(page)
    page.locator("[aria-label='Move to the trash']").click()
    until(lambda: photo_in(page) not in (None, last), what="the photo before")
    assert trashed(shop) == [last]

    page = open_page(f"{shop.url}/?state=trashed&photo={last}")
    page.wait_for_selector(".viewer:not(.opening) .box .picture")
    page.locator("[aria-label='Restore']").click()
    page.wait_for_selector(VIEWER, state="detached")
    assert trashed(shop) == []
    page.get_by_text("The trash is empty").wait_for()


def test_undo_goes_back_to_the_photo(look: Look, shop: Server) -> None:
    page = look("second.jpg")
    second, third, fourth = [id_of(shop, f"{name}.jpg") for name in ("second", "third", "fourth")]
    for left in (third, fourth):
        page.keyboard.press("Delete")
        until(lambda left=left: photo_in(page) == left, what="the next photo")
    page.keyboard.press("Control+z")
    until(lambda: photo_in(page) == third, what="the photo that came back")
    page.locator(".title", has_text="June 7").wait_for()
    page.keyboard.press("Control+z")
    until(lambda: photo_in(page) == second, what="the one before it")
    page.keyboard.press("Delete")
    until(lambda: photo_in(page) == third, what="the next photo")
    page.keyboard.press("ArrowRight")
    until(lambda: photo_in(page) == fourth, what="the one after it")
    page.locator(".undo").click()
    until(lambda: trashed(shop) == [], what="the photo to be back")
    page.wait_for_timeout(600)
    assert photo_in(page) == fourth


def test_the_panel_names_the_file_as_it_is_now(look: Look) -> None:
    page = look("first.jpg")
    page.keyboard.press("i")
    file = page.locator(".panel section", has=page.get_by_role("heading", name="File", exact=True))
    file.wait_for()
    assert "first.jpg" in file.inner_text() and "was" not in file.inner_text()

    def rename(route: Any) -> None:
        details = route.fetch().json()
        details["files"][0]["name"] = "harbor.jpg"
        route.fulfill(json=details)

    page.route("**/details", rename)
    page.reload()
    file.get_by_text("was first.jpg").wait_for()
    assert "harbor.jpg" in file.inner_text()


@pytest.mark.parametrize("has_info", [False, True], ids=["photo", "panel"])
def test_no_message_covers_another(
    look: Look, shop: Server, complaints: Complaints, screen: Screen, has_info: bool
) -> None:
    name = "IMG_20240601_100000_BURST001.jpg"
    with urlopen(f"{shop.url}/api/assets/{id_of(shop, name)}/details") as answer:
        stack = json.load(answer)["stack"]
    with Index.open(shop.database, read_only=True) as index:
        page = look(index.get(stack[0])["original_file_name"], screen)

    def move_away(route: Any) -> None:
        details = route.fetch().json()
        for file in details["files"]:
            file["state"] = "offline"
        route.fulfill(json=details)

    page.route("**/details", move_away)
    page.reload()
    page.wait_for_selector(".viewer:not(.opening) .absent")
    if has_info:
        page.locator(".bar [aria-label=Info]").click()
    page.keyboard.press("h")
    page.locator(".notice .undo").hover()  # under the pointer it stays
    page.route("**/api/assets", lambda route: route.fulfill(status=507, json={"detail": "the disk is full " * 8}))
    page.keyboard.press("4")
    page.wait_for_selector(".problem")
    shown = page.evaluate("""() => [".absent", ".problem", ".notice", ".members", ".panel"].flatMap((name) => {
        const found = document.querySelector(`.viewer ${name}`);
        const { left, top, right, bottom, width } = found?.getBoundingClientRect() ?? { width: 0 };
        return width ? [[name, left, top, right, bottom]] : [];
    })""")
    assert len(shown) == 5 - (not has_info) - (has_info and screen.width <= 720)
    for index, (one, left, top, right, bottom) in enumerate(shown):
        assert left >= 0 and top >= 0 and right <= screen.width and bottom <= screen.height, shown
        for other, x, y, end, low in shown[index + 1 :]:
            assert right <= x or end <= left or bottom <= y or low <= top, (one, other, shown)
    complaints.expect("507")


def test_of_a_burst_the_chosen_photo_goes_alone(look: Look, shop: Server) -> None:
    name = "IMG_20240601_100000_BURST001.jpg"
    with urlopen(f"{shop.url}/api/assets/{id_of(shop, name)}/details") as answer:
        stack = json.load(answer)["stack"]
    assert len(stack) == 3
    with Index.open(shop.database, read_only=True) as index:
        page = look(index.get(stack[0])["original_file_name"])
    chosen = page.locator(".members [aria-pressed=true] img")
    button = page.locator(".bar [title$='(Delete)']")
    page.locator("[aria-label='Move all 3 of the stack to the trash']").wait_for()
    page.keyboard.press("PageDown")
    until(lambda: stack[1] in (chosen.get_attribute("src") or ""), what="the second of the burst")
    assert button.get_attribute("aria-label") == "Move this photo of the stack to the trash"
    page.keyboard.press("Delete")
    until(lambda: trashed(shop) == [stack[1]], what="the second in the trash")
    page.wait_for_selector("text=1 photo to the trash")
    until(lambda: page.locator(".members img").count() == 2, what="a stack of two")
    assert stack[2] in (chosen.get_attribute("src") or "")  # the next of the burst, not of the view
    page.locator(".undo").click()
    until(lambda: trashed(shop) == [], what="the photo to be back")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.locator("[aria-label='Move all 3 of the stack to the trash']").click()
    until(lambda: set(trashed(shop)) == set(stack), what="all of the burst in the trash")


def test_a_picture_that_failed_is_loaded_though_the_thumbnail_is_there(look: Look, complaints: Complaints) -> None:
    page = look("first.jpg")
    for part in ("**/preview*", "**/original*"):
        page.route(part, lambda route: route.abort())
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.reload()
    page.wait_for_selector(".viewer:not(.opening) .box .picture")
    page.wait_for_timeout(1000)
    assert place(page)["natural"] <= 360 and page.locator(".viewer [role=alert]").count() == 0
    first = photo_in(page)
    page.keyboard.press("s")  # a slideshow does not wait for it
    until(lambda: photo_in(page) != first, what="the next photo")
    page.keyboard.press("s")
    page.unroute("**/preview*")
    page.unroute("**/original*")
    rests(page, 3000)
    complaints.expect("net::ERR_FAILED")


def test_a_slideshow_passes_a_video_that_cannot_be_played(look: Look, complaints: Complaints) -> None:
    page = look("PXL_20240420_013210000.mp4")
    video = photo_in(page)
    page.keyboard.press("ArrowLeft")
    until(lambda: photo_in(page) != video, what="the photo before")
    page.route("**/original*", lambda route: route.abort())
    page.keyboard.press("ArrowRight")
    page.locator(".unplayable").wait_for()
    page.clock.install()
    page.keyboard.press("s")
    page.clock.run_for(6000)
    until(lambda: photo_in(page) != video, what="what comes after the video")
    complaints.expect("net::ERR_FAILED")


def test_a_small_photo_is_shown_at_its_size(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop.url)
    page.route("**/details", lambda route: None)  # as of a server that is slow
    page.goto(f"{shop.url}/?photo={id_of(shop, 'tall.jpg')}")
    page.wait_for_selector(".viewer:not(.opening) .box .picture")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    until(lambda: place(page)["natural"] == 200, what="the small photo")
    until(lambda: place(page)["width"] == 800, what="four times its size")
    page.unroute("**/details")
    page.keyboard.press("a")
    until(lambda: place(page)["width"] == 200, what="its actual size")
    assert page.locator(".percent").inner_text() == "100 %"
    page.mouse.dblclick(640, 400)
    until(lambda: place(page)["width"] == 800, what="the whole photo")


def test_a_video_has_its_own_keys_and_no_zoom(look: Look) -> None:
    page = look("PXL_20240420_013210000.mp4")
    video = photo_in(page)
    page.mouse.move(640, 300)
    page.mouse.wheel(0, -300)
    page.keyboard.press("+")
    page.wait_for_timeout(200)
    assert page.locator(".percent").count() == 0 and place(page)["height"] == 800
    page.evaluate("document.querySelector('video').focus()")  # as by Tab: keys were used before
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    page.wait_for_timeout(400)
    assert photo_in(page) == video
    page.keyboard.press("Escape")
    page.wait_for_selector(VIEWER, state="detached")


def test_messages_and_titles_end_with_their_photo(
    look: Look, shop: Server, album: Path, complaints: Complaints
) -> None:
    page = look("second.jpg")
    page.route("**/api/assets", lambda route: route.fulfill(status=507, json={"detail": "the disk is full"}))
    page.keyboard.press("2")
    page.get_by_text("Not saved: the disk is full").wait_for()
    page.keyboard.press("ArrowRight")
    until(lambda: page.locator(".viewer .problem").count() == 0, what="no message")
    until(lambda: "June 7" in page.title(), what="the photo's title")
    page.go_back()
    page.wait_for_selector(VIEWER, state="detached")
    assert page.title() == "Photos · indexer"
    third = id_of(shop, "third.jpg")
    until(lambda: page.evaluate("document.activeElement.href ?? ''").endswith(third), what="focus on the last photo")
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer:not(.opening)")
    page.keyboard.press("i")
    until(lambda: "June 7" in page.title(), what="the photo's title")
    page.locator(".panel .path a").first.click()
    page.wait_for_selector(VIEWER, state="detached")
    until(lambda: page.title() == f"{album}/photos · indexer", what="the folder's title")
    complaints.expect("507")


def test_faces_stay_shown_and_highlights_end_with_their_photo(site: Server, open_page: OpenPage) -> None:
    with Index.open(site.database, read_only=True) as index:
        ((photo,),) = index.session.connection.execute("SELECT asset_id FROM face LIMIT 1").fetchall()
    page = open_page(f"{site.url}/?photo={photo}")
    page.wait_for_selector(".viewer:not(.opening)")
    page.keyboard.press("i")
    faces, checkbox = page.locator(".viewer .face"), page.locator(".panel input[type=checkbox]")
    page.locator(".panel a[href*=person_id]").first.hover()
    until(lambda: page.locator(".face.highlighted").count() == 1, what="the face of the person")
    page.keyboard.press("ArrowRight")
    until(lambda: photo_in(page) != photo and faces.count() == 0, what="no face")
    page.keyboard.press("ArrowLeft")
    checkbox.focus()
    page.keyboard.press(" ")
    until(lambda: faces.count() >= 1, what="all faces")
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(400)
    until(lambda: checkbox.is_checked() and faces.count() >= 1, what="the faces again")


def test_a_draft_outlives_a_reload_and_is_saved_by_back(look: Look, shop: Server) -> None:
    page = look("first.jpg")
    first = photo_in(page) or ""
    page.keyboard.press("e")
    area = page.locator(".panel textarea")
    area.wait_for()
    page.keyboard.type("half a thou")
    page.reload()
    page.wait_for_selector(".viewer:not(.opening)")
    page.keyboard.press("i")
    area.wait_for()
    assert area.input_value() == "half a thou"
    area.focus()
    page.keyboard.press("End")
    page.keyboard.type("ght")
    page.evaluate("history.back()")
    until(lambda: described(shop, first) == "half a thought", what="the description to be saved")


def test_what_failed_is_there_when_the_server_is_back(
    shop: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    page = open_page(shop.url)
    away = ("**/files/**", "**/details")
    for part in away:
        page.route(part, lambda route: route.abort())
    page.goto(f"{shop.url}/?photo={id_of(shop, 'third.jpg')}")
    page.get_by_text("This photo cannot be shown.").wait_for()
    page.get_by_text("The server cannot be reached").wait_for()
    for part in away:
        page.unroute(part)
    rests(page, 3000)
    until(lambda: page.locator(".viewer [role=alert]").count() == 0, what="no message")
    complaints.expect("net::ERR_FAILED")


def test_a_slideshow_goes_on_until_it_is_interrupted(look: Look) -> None:
    page = look("first.jpg")
    first = photo_in(page)
    page.clock.install()
    page.keyboard.press("s")
    page.clock.run_for(5500)
    until(lambda: photo_in(page) != first, what="the next photo")
    second = photo_in(page)
    page.mouse.wheel(0, -100)
    page.clock.run_for(8000)
    assert photo_in(page) == second
    assert page.locator("[aria-label='Slideshow']").get_attribute("aria-pressed") == "false"


def test_focus_stays_in_the_viewer(look: Look) -> None:
    page = look("second.jpg")
    assert page.get_by_role("dialog", name="Photo viewer").count() == 1
    reached = set()
    for key in ("Tab",) * 12 + ("Shift+Tab",) * 4:
        page.keyboard.press(key)
        assert page.evaluate("document.querySelector('.viewer').contains(document.activeElement)")
        reached.add(page.evaluate("document.activeElement.ariaLabel"))
    assert {"Close", "Slideshow", "Info", "Next photo", "Previous photo"} <= reached
    spoken = page.locator(".viewer > p[aria-live=polite]")
    until(lambda: "Photo 2 of" in spoken.inner_text(), what="the announcement")
    assert "Saturday, June 8, 2024" in spoken.inner_text()


class Fingers:
    """Touches, as the browser tells them."""

    def __init__(self, page: Any) -> None:
        self._page, self._session = page, page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})

    def move(self, *ways: tuple[tuple[float, float], tuple[float, float]], steps: int = 8) -> None:
        self.send("Start", *(begin for begin, _ in ways))
        for step in range(1, steps + 1):
            part = step / steps
            self.send("Move", *((a + (c - a) * part, b + (d - b) * part) for (a, b), (c, d) in ways))
            self._page.wait_for_timeout(12)
        self.send("End")


def test_a_second_finger_ends_a_drag(look: Look) -> None:
    page = look("second.jpg", Screen(390, 844, 2, True))
    fingers = Fingers(page)
    fingers.send("Start", (200, 300))
    for y in range(310, 420, 10):
        fingers.send("Move", (200, y))
    style = "document.querySelector('.viewer .slide').style.transform"
    until(lambda: page.evaluate(style) != "", what="the photo to be dragged")
    fingers.send("Start", (200, 410), (300, 410))
    fingers.send("Move", (195, 410), (305, 410))
    assert page.evaluate(style) == ""
    assert page.evaluate("document.querySelector('.viewer .ground').style.opacity") == "1"
    fingers.send("End")


def test_by_touch(look: Look) -> None:
    page = look("second.jpg", Screen(390, 844, 2, True))
    fingers, second = Fingers(page), photo_in(page)
    fingers.move(((330, 400), (60, 405)))
    until(lambda: photo_in(page) != second, what="the next photo")
    fingers.move(((60, 400), (330, 405)))
    until(lambda: photo_in(page) == second, what="the photo before")
    page.wait_for_timeout(300)
    fingers.move(((160, 400), (60, 380)), ((230, 420), (330, 440)))
    page.wait_for_timeout(300)
    assert place(page)["width"] > 390 * 2
    fingers.move(((300, 400), (100, 400)))  # within the photo, not to the next one
    page.wait_for_timeout(300)
    assert photo_in(page) == second
    for _ in range(2):
        fingers.send("Start", (200, 400))
        fingers.send("End")
        page.wait_for_timeout(60)
    until(lambda: place(page)["width"] == 390, what="the whole photo")
    page.wait_for_timeout(400)
    fingers.move(((200, 500), (200, 250)))
    page.locator(".panel >> text=On disk").wait_for()
    assert page.evaluate("document.querySelector('.panel').getBoundingClientRect().top") > 300  # a sheet from below
    page.locator("[aria-label='Close the info panel']").tap()
    page.wait_for_timeout(300)
    fingers.move(((200, 300), (205, 620)))
    page.wait_for_selector(VIEWER, state="detached")
    assert photo_in(page) is None
