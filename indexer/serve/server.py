"""Run the app on uvicorn, with limits and timeouts for clients."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from indexer.errors import UsageError

from .app import make_app
from .settings import Settings

# Bytes of the request line and the headers together; seconds within which they have to come.
_MOST_HEADERS = 32_768
_TIMEOUT = 20.0
_CONNECTIONS = 1000
# Connections that have sent no request yet, or no further one; beyond this the oldest of them is closed.
_MOST_IDLE = 200
# Open files, of which each connection is one, as far as the system allows.
_FILES = 4096


class TimeoutProtocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive, or whose headers do not end; and if there are too many idle
    connections, the oldest, so that new clients can connect."""

    _idle: ClassVar[dict[TimeoutProtocol, None]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Bytes received that may belong to headers; bytes of the headers parsed so far.
        self._received = self._parsed = 0
        self._is_in_headers = True
        self._timer = self.loop.call_later(_TIMEOUT, self._time_out)
        self._set_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_headers:
            self._received += len(data)
        super().data_received(data)
        if self._is_in_headers and self._received > _MOST_HEADERS:
            self._refuse()

    def on_message_begin(self) -> None:
        self._is_in_headers, self._received, self._parsed = True, 0, 0
        self._timer.cancel()
        self._timer = self.loop.call_later(_TIMEOUT, self._time_out)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._parsed += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._idle.pop(self, None)
        self._is_in_headers = False
        self._timer.cancel()
        if self._parsed > _MOST_HEADERS:
            self._refuse()
        else:
            super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._set_idle()

    def _set_idle(self) -> None:
        self._idle[self] = None
        if len(self._idle) > _MOST_IDLE:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            oldest.transport.close()

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")
            self.transport.close()

    def _time_out(self) -> None:
        if self._is_in_headers and not self.transport.is_closing():
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Raises UsageError if the port is taken, or the address is not one of this machine."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot serve at {host}:{port}: {reason}: name another one with --port or --host") from error
    return bound


def serve(
    settings: Settings, bound: socket.socket, *, access_log: bool = False, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Run until SIGTERM or SIGINT; requests in progress are completed."""
    _raise_file_limit()
    app = make_app(settings)
    config = uvicorn.Config(
        app,
        http=TimeoutProtocol,
        ws="none",
        # uvloop is not faster here, and accepts one connection per iteration: of 200 at once, some wait for seconds.
        loop="asyncio",
        access_log=access_log,
        server_header=False,
        log_config=_logging(access_log),
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=10,
        # Accepted at once, too: some turns pass before the idle ones among them are closed.
        backlog=256,
    )
    server = _Server(config, on_ready, lambda: app.state.indexer.changes.close())
    server.run(sockets=[bound])


def _raise_file_limit() -> None:
    if sys.platform == "win32":  # has no such limit
        return
    with suppress(ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _Server(uvicorn.Server):
    """on_end: ends responses that would never end."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which raises the signal again at the end. Here a signal is a normal way to stop."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()
        await super().shutdown(sockets)


def _logging(access_log: bool) -> dict[str, Any]:
    """Log to stderr: requests with access_log, and errors."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "access": {
                "()": "uvicorn.logging.AccessFormatter",
                "fmt": '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s',
                "use_colors": False,
            },
            "plain": {"format": "indexer: %(message)s"},
        },
        "handlers": {
            "access": {"class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stderr"},
            "plain": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"},
        },
        "loggers": {
            "uvicorn": {"handlers": ["plain"], "level": "WARNING", "propagate": False},
            "uvicorn.error": {"level": "WARNING"},
            "indexer.serve": {"handlers": ["plain"], "level": "WARNING", "propagate": False},
            "python_multipart": {"level": "CRITICAL"},
            "uvicorn.access": {"handlers": ["access"] if access_log else [], "level": "INFO", "propagate": False},
        },
    }
