"""A real server on a real socket, used by the cloud's own client, unmodified."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gumnut import AsyncGumnut, Gumnut
from pydantic import BaseModel

from indexer import Index
from indexer.store import connection
from indexer.store.backup import open_backup, restore_into

from ..conftest import SAMPLES, Command, put, until

KEY = "a key of some length"
# The fields that an upload needs besides its file.
UPLOAD = {"device_asset_id": "1", "device_id": "d", "file_created_at": "2020-01-01", "file_modified_at": "2020-01-01"}
# Each new client of HTTP, also httpx.get(), would read all certificates for TLS, 25 ms of processor time; none speaks it.
ssl.create_default_context = functools.cache(ssl.create_default_context)


@dataclass
class Server:
    """`indexer serve` as a process."""

    process: Command
    url: str
    log: Path
    database: Path

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=180)

    def http(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **options)


Serve = Callable[..., Server]


def raw(server: Server, request: bytes, wait: float = 10.0) -> bytes:
    """What the server answers to bytes that no library would send."""
    at = urlsplit(server.url)
    with closing(socket.create_connection((at.hostname, at.port), timeout=wait)) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                break
    return answer


def start(database: Path, log: Path, *options: object, code: str = "", **environment: str) -> Server:
    with log.open("w") as out:
        process = Command(
            ["--db", database, "serve", "--port", 0, *options],
            code=code,
            stdout=out,
            stderr=out,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
    until(lambda: process.poll() is not None or "Serving" in log.read_text(), what="the server")
    found = re.search(r"http://\S+?:\d+", log.read_text())
    assert found, log.read_text()
    return Server(process, found[0].replace("0.0.0.0", "127.0.0.1"), log, database)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started: list[Server] = []

    def run(database: Path, *options: object, code: str = "", **environment: str) -> Server:
        log = tmp_path / f"serve{len(started)}.log"
        started.append(start(database, log, *options, code=code, **environment))
        return started[-1]

    yield run
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def some(index: Index, photos: Path) -> Index:
    for number in range(3):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    return index


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of sample_media, with all that can be worked out of it; to be copied."""
    folder = tmp_path_factory.mktemp("sampled")
    shutil.copytree(SAMPLES, folder / "photos")
    with Index.open(folder / "index.db") as index:
        index.scan([folder / "photos"])
        index.enrich(["places", "renditions", "quality", "perceptual_hashes", "portraits"])
    return folder


@pytest.fixture(scope="session")
def running(sampled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for many tests: its index is put back to what it was before each of them, while it runs."""
    folder = tmp_path_factory.mktemp("running")
    with Index.open(sampled / "index.db") as index:
        index.maintenance.backup(sampled / "backup.db", overwrite=True)
        index.maintenance.backup(folder / "index.db")
    server = start(folder / "index.db", folder / "serve.log")
    yield server
    server.stop()


@pytest.fixture
def indexed(sampled: Path, running: Server) -> Iterator[Index]:
    """An index of one's own of sample_media; its photos are everybody's: they are only looked at."""
    database = running.database
    for folder in database.parent.glob("index.db.originals*"):
        shutil.rmtree(folder)
    writer = connection.open_for_writing(database)
    with closing(open_backup(sampled / "backup.db")) as backup:
        restore_into(backup, writer)
    writer.close()
    shutil.copytree(
        sampled / "index.db.indexer-cache", database.with_name("index.db.indexer-cache"), dirs_exist_ok=True
    )
    with Index.open(database) as index:
        yield index


@pytest.fixture
def server(running: Server, indexed: Index) -> Server:
    return running


class Client:
    """Calls a method of the cloud's client by its name, and checks that what came is what its models say, strictly."""

    def __init__(self, url: str, key: str, *, is_async: bool) -> None:
        self._url, self._key, self._is_async = url, key, is_async

    def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        raw = self._call(method, arguments, options)
        self.status = raw.status_code
        parsed = raw.parse() if not self._is_async else raw.parsed
        text = raw.http_response.content
        if raw.http_response.headers.get("content-type") == "application/json":
            self.json = json.loads(text)
            _check(parsed, self.json)
        return parsed

    def _call(self, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self._is_async:
            return asyncio.run(self._async_call(method, arguments, options))
        with Gumnut(api_key=self._key, base_url=self._url, max_retries=0) as client:
            return _found(client, method)(*arguments, **options)

    async def _async_call(self, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        async with AsyncGumnut(api_key=self._key, base_url=self._url, max_retries=0) as client:
            raw = await _found(client, method)(*arguments, **options)
            raw.parsed = await raw.parse()
            return raw


def _found(client: Any, method: str) -> Any:
    *rooms, name = method.split(".")
    for room in rooms:
        client = getattr(client, room)
    return getattr(client.with_raw_response, name)


def _check(parsed: Any, raw: Any) -> None:
    if isinstance(parsed, BaseModel):
        again = type(parsed).model_validate_json(json.dumps(raw), strict=True)
        assert again.model_dump() == parsed.model_dump()
    elif isinstance(parsed, list):
        for one, value in zip(parsed, raw, strict=True):
            _check(one, value)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, server: Server) -> Client:
    return Client(server.url, "any key will do", is_async=request.param == "async")
