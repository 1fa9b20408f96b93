"""The server process: start, end, connections."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import httpx

from indexer import Index

from ..conftest import run, sized
from .conftest import Serve


def test_who_does_not_come_to_the_point_is_let_go(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    at = urlsplit(server.url)
    waiting = [socket.create_connection((at.hostname, at.port)) for _ in range(50)]
    for number, one in enumerate(waiting):
        one.sendall(b"GET /api/assets HTTP/1.1\r\nHost: localhost\r\n" if number % 2 else b"")
        one.settimeout(sized(30, 60))
    started = time.monotonic()
    assert httpx.get(f"{server.url}/api/assets").status_code == 200  # others do not wait for them
    for one in waiting:
        assert one.recv(1000) == b""
        one.close()
    assert 5 < time.monotonic() - started < 30


def test_it_ends_when_it_is_told_to(serve: Serve, some: Index) -> None:
    server = serve(some.path, "--access-log")
    assert httpx.get(f"{server.url}/api/assets").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=180) == 0
    log = server.log.read_text()
    assert "Stopped." in log and "Traceback" not in log
    assert '"GET /api/assets HTTP/1.1" 200' in log
    quiet = serve(some.path)
    httpx.get(f"{quiet.url}/api/assets")
    quiet.process.send_signal(signal.SIGINT)
    assert quiet.process.wait(timeout=180) == 0
    assert "GET" not in quiet.log.read_text()


def test_a_port_in_use_is_one_line(serve: Serve, some: Index) -> None:
    server = serve(some.path)
    port = str(urlsplit(server.url).port)
    done = run("serve", "--port", port, database=some.path)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert port in line and "in use" in line and "--port" in line
    none = run("serve", "--port", "0", database=some.path.with_name("none.db"))
    assert none.returncode == 1 and len(none.stderr.splitlines()) == 1


def test_serving_is_imported_by_serve_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, indexer.cli.get, indexer.cli.scan, indexer.index; print(*sys.modules)"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert not {"fastapi", "uvicorn", "starlette", "pydantic"} & set(done.stdout.split())
