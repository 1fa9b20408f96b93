"""F12: a malicious picture to search by blocks nobody, and uses no more than a photo may."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from indexer import Index

from ..media import bombs
from .conftest import Serve


def _search(url: str, content: bytes) -> httpx.Response:
    return httpx.post(f"{url}/api/search", files={"image": ("x.jpg", content)}, timeout=300)


def test_a_picture_that_is_searched_by_holds_nobody_up(some: Index, serve: Serve, tmp_path: Path) -> None:
    code = "from indexer.enrich import task_limits, render_processes\n"
    limits = f"{code}render_processes._SECONDS_OF_SENT, task_limits._BYTES_PER_SECOND = 2.0, 10**9\n"
    server = serve(some.path, code=limits)
    slow = bombs.jpeg_of_many_scans(60_000)
    with server.http() as http:
        http.get("/api/assets")
        answers: list[httpx.Response] = []
        sender = threading.Thread(target=lambda: answers.append(_search(server.url, slow)))
        sender.start()
        waited = []
        while sender.is_alive():
            started = time.monotonic()
            assert http.get("/api/assets").status_code == 200
            waited.append(time.monotonic() - started)
            time.sleep(0.1)
        sender.join()
    (answer,) = answers
    assert answer.status_code == 422
    assert "the decoder was stopped after 2 seconds of work on it" in answer.json()["detail"][0]["msg"]
    assert len(waited) > 10 and max(waited) < 4, max(waited)  # the upload itself is parsed meanwhile


@pytest.mark.parametrize("name", ["progressive.jpg", "three scans.jpg", "lossless.webp"])
def test_a_bomb_that_is_searched_by_is_refused(name: str, some: Index, serve: Serve) -> None:
    server = serve(some.path)
    answer = _search(server.url, bombs.OF_MEMORY[name]())
    assert answer.status_code == 422
    assert "too large to decode" in answer.json()["detail"][0]["msg"]
    tree = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    if Path("/proc/self/status").exists():
        peaks = [int(Path(f"/proc/{one.pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024 for one in tree]
        assert max(peaks) < 300, peaks


def test_a_server_ends_soon_whatever_is_being_decoded(index: Index, photos: Path, serve: Serve) -> None:
    """For somebody who asked for it, and of new photos."""
    (photos / "slow.jpg").write_bytes(bombs.jpeg_of_many_scans(100_000))
    index.scan([photos])
    server = serve(index.path)
    url = f"{server.url}/files/{index.get(photos / 'slow.jpg')['id']}/thumbnail"
    asker = threading.Thread(target=lambda: _ask(url))
    asker.start()
    time.sleep(4)
    assert asker.is_alive()
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 20  # those that are being answered have ten seconds
    asker.join()
    assert "indexer-pool" not in server.log.read_text()


def _ask(url: str) -> None:
    with suppress(httpx.HTTPError):
        httpx.get(url, timeout=300)


def test_of_many_pictures_to_search_by_few_are_in_memory(some: Index, serve: Serve, tmp_path: Path) -> None:
    """Those beyond wait, and those beyond that are refused."""
    code = (
        "from indexer.enrich import task_limits, render_processes\n"
        "import indexer.serve.state as state\n"
        "render_processes._SECONDS_OF_SENT, task_limits._BYTES_PER_SECOND = 2.0, 10**9\n"
        "render_processes.WORKERS, state._MOST_WAITING = 1, 2\n"
    )
    server = serve(some.path, code=code)
    slow = bombs.jpeg_of_many_scans(30_000) + bytes(20 << 20)
    answers: list[httpx.Response] = []
    senders = [threading.Thread(target=lambda: answers.append(_search(server.url, slow))) for _ in range(7)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(answer.status_code for answer in answers) == [422, 422, 422, 503, 503, 503, 503]
    assert "too many pictures" in next(one for one in answers if one.status_code == 503).json()["detail"]
    assert server.http().get("/api/assets").status_code == 200
