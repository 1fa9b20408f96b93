"""`serve --watch`: a watch run by the server."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil

from indexer import Index

from ..conftest import put, run, until
from .conftest import Serve


def test_the_watch_runs_beside_it(serve: Serve, some: Index, photos: Path) -> None:
    server = serve(some.path, "--watch")
    until(lambda: some.status.jobs(), what="the watch")
    until(lambda: "Watching" in server.log.read_text(), what="the watch to follow")
    put(photos / "new.jpg", "new")
    until(lambda: len(httpx.get(f"{server.url}/api/assets").json()["data"]) == 4, what="the new photo")
    (watcher,) = [one for one in psutil.Process(server.process.pid).children() if "watch" in one.cmdline()]
    assert server.stop() == 0
    assert not psutil.pid_exists(watcher.pid) or psutil.Process(watcher.pid).status() == psutil.STATUS_ZOMBIE


def test_a_watch_that_dies_is_started_again(serve: Serve, some: Index, photos: Path) -> None:
    """After a while, which is longer each time; /healthz and status say so."""
    server = serve(some.path, "--watch")

    def watch() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{server.url}/healthz").json()["watch"]
        return found

    def watching() -> list[int]:
        return [one.pid for one in some.status.jobs() if one.kind == "watch"]

    until(watching, what="the watch")
    assert watch() == {"running": True, "restarts": 0, "detail": None}
    for turn in range(2):
        (pid,) = watching()
        os.kill(pid, signal.SIGKILL)
        until(lambda: "is started again in" in (watch()["detail"] or ""), what="the end to be noticed")
        assert "ended with exit code -9" in run("status", database=some.path).stdout
        until(lambda pid=pid: watching() not in ([], [pid]), what="the next watch")  # type: ignore[misc]
        assert (watch()["running"], watch()["restarts"]) == (True, turn + 1)
    assert "ended with exit code -9" in run("status", database=some.path).stdout
    put(photos / "new.jpg", "new")
    until(lambda: len(httpx.get(f"{server.url}/api/assets").json()["data"]) == 4, what="the new photo")
    (pid,) = watching()
    assert server.stop() == 0
    assert not psutil.pid_exists(pid)
    assert some.status.jobs() == []
    assert server.log.read_text().count("is started again in") == 2


def test_no_watch_is_started_for_an_index_that_is_gone(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--watch")
    until(lambda: "Watching" in server.log.read_text(), what="the watch")
    some.close()
    for part in some.path.parent.glob("index.db*"):
        if part.is_file() and part.suffix != ".lock":
            part.unlink()
    until(lambda: "is not started again" in server.log.read_text(), what="the end of the watch")
    assert httpx.get(f"{server.url}/healthz").status_code == 503
    assert server.stop() == 0
    assert not some.path.exists()
