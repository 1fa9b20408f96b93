"""indexer open, and serve --open: open the gallery in the user's browser."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from indexer import Index

from ..conftest import Command, interruptible, put, run, until


@dataclass
class Browser:
    """A program that stands for the user's browser: it notes what it is to open."""

    program: Path
    opened: Path
    environment: dict[str, str]

    def urls(self) -> list[str]:
        return self.opened.read_text().splitlines() if self.opened.exists() else []


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    program, opened = tmp_path / "browser", tmp_path / "opened"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1], file=open({str(opened)!r}, 'a'))\n")
    program.chmod(0o755)
    return Browser(program, opened, {**os.environ, "BROWSER": f"{program} %s", "PYTHONUNBUFFERED": "1"})


@dataclass
class Running:
    process: Command
    log: Path

    @property
    def url(self) -> str:
        found = re.search(r"http://[\d.]+:\d+", self.log.read_text())
        assert found, self.log.read_text()
        return found[0]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


class Starter:
    def __init__(self, folder: Path, database: Path, environment: dict[str, str]) -> None:
        self._folder, self._database, self._environment = folder, database, environment
        self.started: list[Running] = []

    def __call__(self, *arguments: str, **more: str) -> Running:
        log = self._folder / f"server{len(self.started)}.log"
        with log.open("w") as out:
            process = Command(
                ["--db", self._database, *arguments],
                stdout=out,
                stderr=out,
                text=True,
                env={**self._environment, **more},
                preexec_fn=interruptible,
            )
        self.started.append(Running(process, log))
        until(lambda: process.poll() is not None or "Serving" in log.read_text(), what="the server")
        return self.started[-1]


@pytest.fixture
def start(tmp_path: Path, index: Index, browser: Browser) -> Iterator[Starter]:
    starter = Starter(tmp_path, index.path, browser.environment)
    yield starter
    for one in starter.started:
        one.stop()


@pytest.fixture
def photo(index: Index, photos: Path) -> Path:
    path = put(photos / "a b & c" / "é=1.jpg", 1)
    index.scan([photos])
    return path


def shown(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query))


def test_a_photo_a_folder_and_a_search_are_opened(
    index: Index, photo: Path, photos: Path, start: Starter, browser: Browser
) -> None:
    server = start("serve", "--port", "0")
    asset_id = index.session.resolve(photo)

    def opens(*words: object, cwd: Path = photos) -> dict[str, list[str]]:
        before = len(browser.urls())
        done = run("open", *words, database=index.path, env=browser.environment, cwd=cwd)
        assert (done.returncode, done.stderr) == (0, "")
        (url,) = browser.urls()[before:]
        assert done.stdout == f"Opening {url}\n" and url.startswith(f"{server.url}/")
        assert httpx.get(url).status_code == 200
        printed = run("open", "--print", *words, database=index.path, cwd=cwd)
        assert (printed.stdout, printed.stderr) == (f"{url}\n", "")
        as_json = run("open", "--json", *words, database=index.path, cwd=cwd)
        assert json.loads(as_json.stdout) == {"url": url}
        assert len(browser.urls()) == before + 1
        return shown(url)

    assert opens() == {}
    assert opens(asset_id) == {"photo": [asset_id]}
    assert opens(photo) == {"photo": [asset_id]}
    assert opens("é=1.jpg", cwd=photo.parent) == {"photo": [asset_id]}
    assert opens("a b & c") == {"folder": [str(photo.parent)]}
    assert opens(".") == {"folder": [str(photos)]}
    assert opens(photos.parent) == {"folder": [str(photos.parent)]}  # indexed folders lie in it
    assert opens("paris", "camera:Pixel 8", "-snow") == {"q": ['paris camera:"Pixel 8" -snow']}
    assert opens("type:photo") == {"q": ["type:photo"]}
    photo.unlink()  # the index knows it still
    assert opens(photo) == {"photo": [asset_id]}


def test_what_is_not_there_is_not_opened(
    index: Index, photo: Path, start: Starter, browser: Browser, tmp_path: Path
) -> None:
    start("serve", "--port", "0")
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere / "x.jpg", 2)
    for words, code, why in (
        ([f"asset_{'2' * 22}"], 3, "asset_2222"),
        ([elsewhere], 3, "not in an indexed folder"),
        ([elsewhere / "x.jpg"], 3, "no record"),
        (["/not/there.jpg"], 3, "no record"),
        (["type:foto"], 2, "foto"),
        (["taken:yesterday"], 2, "yesterday"),
    ):
        done = run("open", *words, database=index.path, env=browser.environment)
        assert done.returncode == code and why in done.stderr and len(done.stderr.splitlines()) == 1, words
    assert run("open", database=tmp_path / "none.db", env=browser.environment).returncode == 1
    assert browser.urls() == []


def test_where_no_server_runs_one_is_started(index: Index, photo: Path, start: Starter, browser: Browser) -> None:
    """At its port, or another one where that is taken; it ends with Ctrl-C."""
    done = run("open", "--print", database=index.path)
    assert done.returncode == 3 and "'indexer serve'" in done.stderr
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8765))
            taken.listen()
        except OSError:
            pass  # somebody else has it: as well
        running = start("open", "type:photo")
    until(browser.urls, what="the browser")
    assert browser.urls() == [f"{running.url}/?q=type%3Aphoto"] and not running.url.endswith(":8765")
    assert run("open", "--print", database=index.path).stdout == f"{running.url}/\n"
    assert running.stop() == 0 and "Stopped." in running.log.read_text()
    assert run("open", "--print", database=index.path).returncode == 3


def test_serve_opens_it_when_it_is_ready(index: Index, photo: Path, start: Starter, browser: Browser) -> None:
    browser.program.write_text(
        f"#!{sys.executable}\nimport sys, urllib.request\n"
        f"print(sys.argv[1], urllib.request.urlopen(sys.argv[1]).status, file=open({str(browser.opened)!r}, 'a'))\n"
    )
    running = start("serve", "--open", "--port", "0")
    until(browser.urls, what="the browser")
    assert browser.urls() == [f"{running.url}/ 200"]
    first, second = [line for line in running.log.read_text().splitlines() if "http" in line and "HTTP/1" not in line]
    assert first.startswith(("Gallery: http://127.0.0.1:", "The web gallery is not built"))
    assert second.startswith("Serving ")


@pytest.mark.parametrize("program", ["/not/there %s", "false %s", ""])
def test_a_browser_that_does_not_open_stops_nothing(
    index: Index, photo: Path, start: Starter, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that would take the terminal: where there is no screen, the address is printed."""
    nowhere = {"BROWSER": program, "DISPLAY": "", "WAYLAND_DISPLAY": "", "PATH": "/usr/bin:/bin"}
    running = start("serve", "--open", "--port", "0", **nowhere)
    until(lambda: "No browser could be opened" in running.log.read_text(), what="the message")
    assert httpx.get(f"{running.url}/healthz").status_code == 200
    done = run("open", database=index.path, env={**os.environ, **nowhere})
    assert done.returncode == 1 and f"The gallery is at {running.url}/" in done.stderr


def test_a_browser_in_the_terminal_does_not_hold_up_the_server(
    index: Index, photo: Path, start: Starter, browser: Browser
) -> None:
    browser.program.write_text(f"#!{sys.executable}\nimport time\nopen({str(browser.opened)!r}, 'w')\ntime.sleep(20)\n")
    running = start("serve", "--open", "--port", "0")
    until(browser.opened.exists, what="the browser")
    assert httpx.get(f"{running.url}/healthz").status_code == 200
    assert running.stop() == 0


def test_status_tells_where_it_is_served(index: Index, photo: Path, start: Starter) -> None:
    running = start("serve", "--port", "0", "--read-only")
    assert f"running: serve at {running.url} since" in run("status", database=index.path).stdout
    (one,) = json.loads(run("status", "--json", database=index.path).stdout)["running"]
    assert (one["kind"], one["address"], one["pid"]) == ("serve", running.url, running.process.pid)
    running.process.kill()  # its lock is gone with it
    running.process.wait()
    assert run("open", "--print", database=index.path).returncode == 3
