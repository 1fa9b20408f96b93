"""Where a key is needed: the page asks for it, and photos load with the cookie that it gets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import Index

from .conftest import PHONE, Complaints, Findings, OpenPage, Server, eventually, start

KEY = "a key of some length"
Closed = Callable[..., Server]


@pytest.fixture
def closed(sampled: Path, tmp_path: Path, built: Path) -> Iterator[Closed]:
    """Servers of sample_media that ask for a key."""
    started: list[Server] = []

    def run(*options: str) -> Server:
        folder = tmp_path / f"closed{len(started)}"
        folder.mkdir()
        with Index.open(sampled / "index.db") as index:
            index.maintenance.backup(folder / "index.db")
        shutil.copytree(sampled / "index.db.indexer-cache", folder / "index.db.indexer-cache")
        started.append(start(folder / "index.db", folder / "serve.log", "--key", KEY, *options))
        return started[-1]

    yield run
    for one in started:
        one.stop()


def sign_in(page: Any, key: str = KEY) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()


def loaded_thumbnail(page: Any) -> None:
    eventually(page, "[...document.images].some((one) => one.src.includes('/files/') && one.naturalWidth > 0)")


def test_a_key_once_then_photos(
    closed: Closed, open_page: OpenPage, complaints: Complaints, findings: Findings
) -> None:
    server = closed()
    page = open_page(server.url)
    page.wait_for_selector("text=This server needs a key.")
    assert page.evaluate("document.activeElement.id") == "sign-in-key"
    assert findings(page) == []
    assert page.locator("img").count() == 0
    sign_in(page, "no such key")
    page.wait_for_selector("[role=alert]:has-text('does not know this key')")
    sign_in(page)
    loaded_thumbnail(page)
    assert page.evaluate("document.cookie") == ""  # no script can read it
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and KEY not in str(cookie)
    assert KEY not in page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
    page.reload()
    loaded_thumbnail(page)
    page.context.new_page().goto(server.url)  # another tab
    assert page.evaluate("fetch('/api/session', { method: 'DELETE' }).then((one) => one.status)") == 204
    page.reload()
    page.wait_for_selector("text=This server needs a key.")
    complaints.allow("401")  # which browsers tell of by themselves


def test_the_photo_that_was_asked_for_is_shown_after_it(
    closed: Closed, open_page: OpenPage, complaints: Complaints
) -> None:
    server = closed()
    with Index.open(server.database) as index:
        first, *_ = index.list()
    page = open_page(f"{server.url}/?photo={first.id}", PHONE)
    sign_in(page)
    eventually(page, f"[...document.images].some((one) => one.src.includes('{first.id}') && one.naturalWidth > 0)")
    assert f"photo={first.id}" in page.url
    complaints.allow("401")


def test_servers_at_two_ports_do_not_sign_each_other_out(
    closed: Closed, open_page: OpenPage, complaints: Complaints
) -> None:
    first, second = closed(), closed()
    page = open_page(first.url)
    sign_in(page)
    loaded_thumbnail(page)
    other = page.context.new_page()
    other.goto(second.url)
    sign_in(other)
    loaded_thumbnail(other)
    page.reload()
    loaded_thumbnail(page)
    complaints.allow("401")


def test_a_page_that_is_open_asks_for_the_key_when_the_server_is_back(
    closed: Closed, open_page: OpenPage, complaints: Complaints
) -> None:
    server = closed()
    page = open_page(server.url)
    sign_in(page)
    loaded_thumbnail(page)
    port = server.url.rpartition(":")[2]
    server.stop()
    page.get_by_text("The server cannot be reached.").wait_for()
    again = start(server.database, server.log, "--key", KEY, "--port", port)
    try:
        page.wait_for_selector("text=This server needs a key.")
        sign_in(page)
        loaded_thumbnail(page)
        assert page.get_by_text("The server cannot be reached.").count() == 0
        page.context.close()
    finally:
        again.stop()
    complaints.allow("401", "503", "ERR_", "Unable to preload", "Failed to fetch")


def test_a_server_that_ended_is_signed_in_to_again(closed: Closed, open_page: OpenPage, complaints: Complaints) -> None:
    """The token was in its memory; the page says that a key is needed, and goes on with it."""
    server = closed()
    page = open_page(server.url)
    sign_in(page)
    loaded_thumbnail(page)
    port = server.url.rpartition(":")[2]
    server.stop()
    again = start(server.database, server.log, "--key", KEY, "--port", port)
    try:
        page.reload()
        page.wait_for_selector("text=This server needs a key.")
        sign_in(page)
        loaded_thumbnail(page)
        page.context.close()
    finally:
        again.stop()
    complaints.allow("401", "503", "ERR_", "Unable to preload", "Failed to fetch")  # of what was asked for in between
