"""Limit the size of a request's body, and the time to wait for it."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .asgi import header_values, refuse

# Most bytes of a body that is not an upload; of one with a picture to search by.
_MOST_BODY, _MOST_PICTURE = 2_000_000, 50_000_000
# Seconds within which the next part of a body has to come.
_TIMEOUT = 60.0

_log = logging.getLogger(__name__)


class BodyLimits:
    """max_upload: bytes."""

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        self._app = app
        # By path alone: what else is sent there is refused before it is read.
        self._limits = {"/api/assets": max_upload, "/api/search": _MOST_PICTURE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], _MOST_BODY) if scope["method"] == "POST" else _MOST_BODY
        length = "".join(header_values(scope, b"content-length"))
        if length.isdigit() and int(length) > limit:
            await refuse(send, 413, _too_long(limit))
            return
        body = _LimitedBody(receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except _Broken:
            await body.refuse()
        except ClientDisconnect:
            _log.warning("a client disconnected during %s %s", scope["method"], quote(scope["path"]))


class _Broken(Exception):
    """The body is too long, or does not arrive."""


class _LimitedBody:
    """Handlers may mistake _Broken for a malformed body: whatever they answer, the client gets the reason."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._received = 0
        self._is_complete = False
        self._refusal: tuple[int, str] | None = None
        self._is_answered = False

    async def receive(self) -> Message:
        if self._is_complete:  # the next message is that the client has left
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), _TIMEOUT)
        except TimeoutError as error:
            self._refusal = 408, "the rest of the request did not come"
            raise _Broken from error
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._received > self._limit:
            self._refusal = 413, _too_long(self._limit)
            raise _Broken
        return message

    async def send(self, message: Message) -> None:
        if self._refusal is not None and not self._is_answered:
            await self.refuse()
        if self._refusal is None:
            self._is_answered = True
            await self._send(message)

    async def refuse(self) -> None:
        if self._refusal is not None and not self._is_answered:
            self._is_answered = True
            await refuse(self._send, *self._refusal)


def _too_long(limit: int) -> str:
    return f"more than {limit:,} bytes"
