"""Thumbnails on request: they do not wait for other work, and are not drawn for clients that have disconnected."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from PIL import Image, ImageStat

from indexer import Index
from indexer.config import cache_folder
from indexer.enrich import render_processes
from indexer.enrich.renditions import encode
from indexer.errors import NotFound
from indexer.serve import renditions
from indexer.serve.renditions import Left
from indexer.serve.settings import Settings
from indexer.serve.state import State
from indexer.store import connection

from ..conftest import put, rows, until
from .conftest import Serve, Server


@pytest.fixture
def photo(index: Index, photos: Path) -> str:
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(photos / "a.jpg", quality=90)
    index.scan([photos])
    return index.list()[0].id


def test_it_does_not_wait_for_whoever_writes(serve: Serve, index: Index, photo: str) -> None:
    server = serve(index.path)
    writing = connection.open_for_writing(index.path)
    writing.execute("BEGIN IMMEDIATE")
    for name, side in (("thumbnail", 360), ("preview", 1440), ("thumbnail", 360)):
        answer = httpx.get(f"{server.url}/files/{photo}/{name}", timeout=20)
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert max(image.size) == side
    assert rows(index, "SELECT count(*) FROM rendition") == [(0,)]
    writing.execute("ROLLBACK")
    writing.close()
    until(lambda: rows(index, "SELECT name FROM rendition ORDER BY 1") == [("preview",), ("thumbnail",)], what="rows")
    before = {path: path.stat().st_mtime_ns for path in cache_folder(index.path).rglob("*.jpg")}
    assert len(before) == 2
    assert httpx.get(f"{server.url}/files/{photo}/thumbnail").headers["last-modified"]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_portraits_do_not_either(server: Server, indexed: Index) -> None:
    """Nor for searches, which do."""
    (face,) = (one for (one,) in rows(indexed, "SELECT id FROM face LIMIT 1"))
    kept = f"SELECT name FROM rendition WHERE name = '{face}'"
    writing = connection.open_for_writing(indexed.path)
    writing.execute("DELETE FROM rendition")
    writing.execute("BEGIN IMMEDIATE")
    try:
        for _ in range(6):
            with suppress(httpx.ReadTimeout):
                httpx.post(f"{server.url}/api/search", data={"query": "a ferry"}, timeout=0.2)
        answer = httpx.get(f"{server.url}/files/faces/{face}", timeout=10)
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (answer.headers["content-type"], image.size) == ("image/jpeg", (256, 256))
        assert rows(indexed, kept) == []
    finally:
        writing.execute("ROLLBACK")
        writing.close()
    until(lambda: rows(indexed, kept) == [(face,)], what="its row")
    again = httpx.get(f"{server.url}/files/faces/{face}")
    assert again.content == answer.content and again.headers["last-modified"]


def test_one_who_only_reads_keeps_none(serve: Serve, index: Index, photo: str) -> None:
    server = serve(index.path, "--read-only")
    first, second = (httpx.get(f"{server.url}/files/{photo}/thumbnail") for _ in range(2))
    assert first.status_code == 200 and first.content == second.content
    assert not list(cache_folder(index.path).rglob("*.jpg"))


def test_what_was_used_long_ago_is_sent_at_once_and_counts_as_used(serve: Serve, index: Index, photo: str) -> None:
    index.renditions.get(photo, "thumbnail")
    with connection.open_for_writing(index.path) as database:
        database.execute("UPDATE rendition SET used_at = '2020-01-01T00:00:00.000Z'")
    server = serve(index.path)
    assert httpx.get(f"{server.url}/files/{photo}/thumbnail").status_code == 200
    until(lambda: rows(index, "SELECT used_at > '2021' FROM rendition") == [(1,)], what="its row")


def test_an_edited_photo_is_not_shown_as_it_was(serve: Serve, index: Index, photos: Path, photo: str) -> None:
    """Not even before it is enriched again: a browser keeps what it gets for a version for ever."""
    index.renditions.get(photo, "thumbnail")
    server = serve(index.path)

    def thumbnail() -> tuple[httpx.Response, float]:
        version = httpx.get(f"{server.url}/api/assets/{photo}/details").json()["version"]
        answer = httpx.get(f"{server.url}/files/{photo}/thumbnail", params={"v": version})
        with Image.open(io.BytesIO(answer.content)) as image:
            return answer, ImageStat.Stat(image.convert("L")).mean[0]

    first = rows(index, "SELECT file FROM rendition")
    before, gray = thumbnail()
    assert "immutable" in before.headers["cache-control"] and 90 < gray < 160
    Image.new("RGB", (1600, 1200), "white").save(photos / "a.jpg", quality=90)
    assert index.scan().modified == 1
    after, white = thumbnail()
    assert white > 250 and after.headers["etag"] != before.headers["etag"]
    until(lambda: rows(index, "SELECT file FROM rendition") != first, what="its row")
    Image.new("RGB", (1600, 1200), "black").save(photos / "a.jpg", quality=90)
    assert index.scan().modified == 1
    (photos / "a.jpg").unlink()
    outdated, white = thumbnail()  # better than nothing, but not for ever
    assert white > 250 and "immutable" not in outdated.headers["cache-control"]
    assert outdated.headers["etag"] not in (before.headers["etag"], after.headers["etag"])


def test_a_file_that_was_edited_since_is_not_taken_for_the_indexed_one(
    serve: Serve, index: Index, photos: Path, photo: str
) -> None:
    """Its rendition would count as one of the old picture, which another file may still have."""
    server = serve(index.path)
    Image.new("RGB", (1600, 1200), "white").save(photos / "a.jpg", quality=90)
    assert httpx.get(f"{server.url}/files/{photo}/thumbnail").status_code == 404
    with pytest.raises(NotFound, match="has changed"):
        index.renditions.get(photo, "thumbnail")
    assert index.scan().modified == 1
    with Image.open(io.BytesIO(httpx.get(f"{server.url}/files/{photo}/thumbnail").content)) as image:
        assert image.getpixel((9, 9)) == (255, 255, 255)


def test_clients_that_leave_are_not_worked_for(serve: Serve, index: Index, photos: Path) -> None:
    """As a browser whose user flings through a timeline: of what it gave up little is drawn, and nothing is logged."""
    buffer = io.BytesIO()
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    for number in range(40):
        (photos / f"{number}.jpg").write_bytes(data[:-2] + f"{number:04d}".encode() + data[-2:])
    index.scan([photos])
    server = serve(index.path)
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    ids = [one.id for one in index.list(limit=-1)]
    for asset_id in ids[:-1]:
        with socket.create_connection(address) as client:
            client.sendall(f"GET /files/{asset_id}/thumbnail HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            time.sleep(0.01)
    assert httpx.get(f"{server.url}/files/{ids[-1]}/thumbnail", timeout=30).status_code == 200
    time.sleep(1.5)
    assert rows(index, "SELECT count(*) FROM rendition")[0][0] < 30
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text() and "disconnected" not in server.log.read_text()


# In this process, with a drawer of one's own


class Client:
    """Asks, and leaves when it is told to."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.request = Request({"type": "http", "method": "GET", "headers": []}, self._receive)

    async def _receive(self) -> dict[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}


class Drawer:
    """Draws when it is told to."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def drawing(self, *arguments: object) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]

    async def asked(self, times: int) -> None:
        while len(self.futures) < times:
            await asyncio.sleep(0.01)

    def draw(self) -> None:
        self.futures[-1].set_result([encode("thumbnail", Image.new("RGB", (360, 270)))])


Scene = Callable[[State, Drawer], Awaitable[None]]


@pytest.fixture
def play(index: Index, photo: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    drawer = Drawer()
    monkeypatch.setattr(render_processes, "drawing", drawer.drawing)
    monkeypatch.setattr(render_processes, "warm_up", lambda: None)

    def run(scene: Scene) -> None:
        async def playing() -> None:
            state = State(Settings(index.path))
            try:
                await asyncio.wait_for(scene(state, drawer), 20)
            finally:
                state.close()

        asyncio.run(playing())

    return run


def test_nobody_draws_for_one_who_has_left(play: Callable[[Scene], None], photo: str) -> None:
    async def scene(state: State, drawer: Drawer) -> None:
        client = Client()
        asking = asyncio.create_task(state.renditions.get(client.request, photo, "thumbnail"))
        await drawer.asked(1)
        client.leaves.set()
        with pytest.raises(Left):
            await asking
        await asyncio.sleep(0.05)
        assert drawer.futures[0].cancelled()
        again = asyncio.create_task(state.renditions.get(Client().request, photo, "thumbnail"))
        await drawer.asked(2)
        drawer.draw()
        assert isinstance(await again, bytes)

    play(scene)


def test_the_others_are_still_drawn_for(play: Callable[[Scene], None], photo: str) -> None:
    async def scene(state: State, drawer: Drawer) -> None:
        clients = [Client() for _ in range(3)]
        asking = [asyncio.create_task(state.renditions.get(one.request, photo, "thumbnail")) for one in clients]
        await drawer.asked(1)
        clients[0].leaves.set()
        with pytest.raises(Left):
            await asking[0]
        drawer.draw()
        first, second = await asyncio.gather(*asking[1:])
        assert first == second and len(drawer.futures) == 1

    play(scene)


def test_a_failure_is_told_to_all(play: Callable[[Scene], None], photo: str) -> None:
    async def scene(state: State, drawer: Drawer) -> None:
        asking = [asyncio.create_task(state.renditions.get(Client().request, photo, "thumbnail")) for _ in range(2)]
        await drawer.asked(1)
        drawer.futures[0].set_exception(OSError("gone"))
        results = await asyncio.gather(*asking, return_exceptions=True)
        assert [str(one) for one in results] == ["gone", "gone"]

    play(scene)


def test_what_waits_to_be_written_is_bounded(
    play: Callable[[Scene], None], index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever scans a large folder may keep the one who writes waiting for long."""
    for number in range(6):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    monkeypatch.setattr(renditions, "_GATHER", 0.0)

    async def scene(state: State, drawer: Drawer) -> None:
        freed, written = asyncio.Event(), []

        async def write(do: object) -> None:
            written.append(do)
            await freed.wait()

        monkeypatch.setattr(state, "write", write)

        async def ask(asset_id: str) -> None:
            asking = asyncio.create_task(state.renditions.get(Client().request, asset_id, "thumbnail"))
            await drawer.asked(len(drawer.futures) + 1)
            drawer.draw()
            monkeypatch.setattr(renditions, "_MOST_UNWRITTEN", 2 * len(await asking))

        ids = [one.id for one in index.list(limit=-1)]
        await ask(ids[0])
        while not written:
            await asyncio.sleep(0.01)
        for asset_id in ids[1:5]:
            await ask(asset_id)
        assert [one.asset_id for one in state.renditions._unwritten] == ids[1:2]
        freed.set()
        while state.renditions._writing is not None:
            await asyncio.sleep(0.01)
        assert state.renditions._unwritten_bytes == 0
        before = len(written)
        await ask(ids[5])
        while len(written) == before:
            await asyncio.sleep(0.01)

    play(scene)
