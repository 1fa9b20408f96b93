"""Who may use the server, and how much they may send. Before everything else, as plain ASGI.

A request that names another host than this one comes from a page that had its name point here (DNS rebinding); a body
that does not end is cut off; a client that stops in the middle of one is not waited for. And a page of another site may
not even have something done of which it gets no answer: browsers say whose page asks (Origin; Sec-Fetch-Site where they
send none), and do not let others show our files (Cross-Origin-Resource-Policy). A session's cookie counts for pages of
this server alone, and for a change only where the browser says that such a page asks (Origin)."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote, urlsplit

from starlette.requests import ClientDisconnect, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .keys import Keys, cookie_name, key_in
from .settings import Settings

# Bytes of a body that is no upload; of one with a picture to search by.
MOST_BODY = 2_000_000
MOST_PICTURE = 50_000_000
# Seconds within which the next part of a body has to come.
_PATIENCE = 60.0
# POSTs that change nothing, and signing in and out.
_ONLY_READING = ("/api/search", "/api/assets/exist", "/api/session")
_SAFE = ("GET", "HEAD", "OPTIONS")
# What says nothing of anybody's photos: that the server is there, and how it is spoken to.
_OPEN = ("/", "/healthz", "/api/openapi.json", "/docs", "/api/session")
TOO_MANY = 429, "too many wrong keys at once"
# Where a link on a page of another site may lead.
_PAGES = ("/", "/docs")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # Whatever a file or a text holds: nothing of it runs, and nothing is fetched from elsewhere.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


_log = logging.getLogger(__name__)


class _Broken(Exception):
    """The body is too long, or does not come."""


class Guard:
    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        shown_by = b"cross-origin" if settings.origins else b"same-origin"
        self._headers = (*_HEADERS, (b"cross-origin-resource-policy", shown_by))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, self._headers)
        try:
            refusal = self._stranger(scope) or await self._keyless(scope) or self._too_much(scope)
        except sqlite3.Error as error:
            refusal = 503, f"the index cannot be used now: {error}"
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        bounds = _Bounds(receive, send, self._most(scope))
        try:
            await self._app(scope, bounds.receive, bounds.send)
        except _Broken:
            await bounds.refuse()
        except ClientDisconnect:
            _log.warning("a client went away in the middle of %s %s", scope["method"], quote(scope["path"]))

    def _stranger(self, scope: Scope) -> tuple[int, str] | None:
        """Why the page that asks, if it is one, may not."""
        settings = self._settings
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or not settings.may_be_called(hosts[0]):
            called = " and ".join(hosts)
            return 421, f"this server is not called '{called}': 'indexer serve --host-name' adds a name"
        for origin in origins:
            if len(origins) > 1 or not self._may_use(origin, hosts[0]):
                return 403, f"no page of {origin} may use this server: 'indexer serve --allow-origin' says which may"
        sites = set(_values(scope, b"sec-fetch-site"))
        if origins or sites <= {"same-origin", "none"} or self._is_followed(scope):
            return None
        pages = [_origin_of(one) for one in _values(scope, b"referer")]
        if len(pages) == 1 and self._may_use(pages[0], hosts[0]):
            return None
        return 403, "no page of another site may use this server: 'indexer serve --allow-origin' says which may"

    @staticmethod
    def _is_followed(scope: Scope) -> bool:
        """Whether somebody followed a link to a page of ours, which shows itself to nobody else."""
        asked = [_values(scope, name) for name in (b"sec-fetch-mode", b"sec-fetch-dest")]
        return scope["method"] == "GET" and scope["path"] in _PAGES and asked == [["navigate"], ["document"]]

    async def _keyless(self, scope: Scope) -> tuple[int, str] | None:
        """Notes what the key or the session may do, or says that there is none."""
        authorization = _values(scope, b"authorization")
        address, has_key = (scope.get("client") or ("", 0))[0], key_in(authorization) is not None
        if has_key and self._keys.slowdown.is_full(address):
            return TOO_MANY
        session = None if authorization else self._session(scope)
        if session is not None and not self._is_of_own_page(scope):
            if scope["method"] not in _SAFE:
                return 403, "what a session changes has to be asked for by a page of this server (Origin)"
            session = None
        actions = self._keys.actions_of(authorization, session)
        scope["actions"] = actions or frozenset()
        if has_key and actions is not None:
            self._keys.slowdown.forget(address)
        # Before what is open to all, too: its answer may say whether the key is the right one.
        if has_key and actions is None and not await self._keys.slowdown.wait(address):
            return TOO_MANY
        if actions is not None or _is_open(scope):
            return None
        return 401, "a key is needed: Authorization: Bearer …"

    def _session(self, scope: Scope) -> str | None:
        """The hash of the key with which the session of the cookie was begun."""
        if not self._settings.needs_key:
            return None
        token = cookie_parser("; ".join(_values(scope, b"cookie"))).get(cookie_name(self._settings.port))
        return None if token is None else self._keys.sessions.key_of(token)

    @staticmethod
    def _is_of_own_page(scope: Scope) -> bool:
        origins, (host,) = _values(scope, b"origin"), _values(scope, b"host")
        if not origins:
            sites = set(_values(scope, b"sec-fetch-site"))
            return scope["method"] in _SAFE and sites <= {"same-origin", "none"}
        return len(origins) == 1 and origins[0] in _origins_of(host)

    def _too_much(self, scope: Scope) -> tuple[int, str] | None:
        path, method = scope["path"], scope["method"]
        if self._settings.read_only and method not in _SAFE and path not in _ONLY_READING:
            return 403, "this server only reads"
        length = "".join(_values(scope, b"content-length"))
        if length.isdigit() and int(length) > self._most(scope):
            return 413, f"more than {self._most(scope):,} bytes"
        return None

    def _may_use(self, origin: str, host: str) -> bool:
        return origin in self._settings.origins or origin in _origins_of(host)

    def _most(self, scope: Scope) -> int:
        """Bytes of a body, by the path alone: what else is sent there is refused before it is read."""
        if scope["method"] != "POST":
            return MOST_BODY
        return {"/api/assets": self._settings.max_upload, "/api/search": MOST_PICTURE}.get(scope["path"], MOST_BODY)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in _OPEN or path.startswith(("/docs/", "/gallery/")) or scope["method"] == "OPTIONS"


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for known, value in scope["headers"] if known == name]


def _origins_of(host: str) -> tuple[str, str]:
    return f"http://{host}", f"https://{host}"


def _origin_of(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"
    return ""


class _Bounds:
    """Of one request: how long its body may be, and how long it is waited for. Who reads the body may take what is
    raised for a mistake in it: whatever they then answer, the client is told the reason."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._taken = 0
        self._is_whole = False
        self._broken: tuple[int, str] | None = None
        self._is_answered = False

    async def receive(self) -> Message:
        if self._is_whole:  # what comes is that the client has left
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), _PATIENCE)
        except TimeoutError as error:
            self._broken = 408, "the rest of the request did not come"
            raise _Broken from error
        self._taken += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._taken > self._limit:
            self._broken = 413, f"more than {self._limit:,} bytes"
            raise _Broken
        return message

    async def send(self, message: Message) -> None:
        if self._broken is not None and not self._is_answered:
            await self.refuse()
        if self._broken is None:
            self._is_answered = True
            await self._send(message)

    async def refuse(self) -> None:
        if self._broken is not None and not self._is_answered:
            self._is_answered = True
            await _refuse(self._send, *self._broken)


def _with_headers(send: Send, headers: Sequence[tuple[bytes, bytes]]) -> Send:
    """Besides those that an answer brings."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            more = [pair for pair in headers if pair[0] not in there]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"detail": why}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
