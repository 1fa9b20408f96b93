"""Who may use the server, and how much they may send. Before everything else, as plain ASGI.

A request that names another host than this one comes from a page that had its name point here (DNS rebinding); a body
that does not end is cut off; a client that stops in the middle of one is not waited for. And a page of another site may
not even have something done of which it gets no answer: browsers say whose page asks (Origin), and do not let others
show our files (Cross-Origin-Resource-Policy)."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.store import clients

from .settings import Settings
from .state import State

# Bytes of a body that is no upload; of one with a picture to search by.
MOST_BODY = 2_000_000
MOST_PICTURE = 50_000_000
# Seconds within which the next part of a body has to come.
_PATIENCE = 60.0
# A key's last use is noted no more often than this.
_NOTED_SECONDS = 60.0
# POSTs that change nothing.
_ONLY_READING = ("/api/search", "/api/assets/exist")
# What says nothing of anybody's photos: that the server is there, and how it is spoken to.
_OPEN = ("/healthz", "/api/openapi.json", "/docs")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # Whatever a file or a text holds: nothing of it runs, and nothing is fetched from elsewhere.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class _Broken(Exception):
    """The body is too long, or does not come."""


class Guard:
    def __init__(self, app: ASGIApp, settings: Settings, state_of: Callable[[], State]) -> None:
        self._app = app
        self._settings = settings
        self._state_of = state_of
        self._noted: dict[str, float] = {}
        shown_by = b"cross-origin" if settings.origins else b"same-origin"
        self._headers = (*_HEADERS, (b"cross-origin-resource-policy", shown_by))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, self._headers)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        bounds = _Bounds(receive, send, self._most(scope))
        try:
            await self._app(scope, bounds.receive, bounds.send)
        except _Broken:
            await bounds.refuse()

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        settings = self._settings
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not settings.may_be_called(hosts[0]):
            called = " and ".join(hosts)
            return 421, f"this server is not called '{called}': 'indexer serve --host-name' adds a name"
        origin = headers.get(b"origin")
        if origin is not None and not self._may_use(origin, hosts[0]):
            return 403, f"no page of {origin} may use this server: 'indexer serve --allow-origin' says which may"
        path, method = scope["path"], scope["method"]
        if path in _OPEN or path.startswith("/docs/"):
            return None
        if settings.needs_key and method != "OPTIONS" and not self._is_known(headers.get(b"authorization", "")):
            return 401, "a key is needed: Authorization: Bearer …"
        if settings.read_only and method not in ("GET", "HEAD", "OPTIONS") and path not in _ONLY_READING:
            return 403, "this server only reads"
        length = headers.get(b"content-length", "")
        if length.isdigit() and int(length) > self._most(scope):
            return 413, f"more than {self._most(scope):,} bytes"
        return None

    def _may_use(self, origin: str, host: str) -> bool:
        return origin in self._settings.origins or origin in (f"http://{host}", f"https://{host}")

    def _most(self, scope: Scope) -> int:
        """Bytes of a body, by the path alone: what else is sent there is refused before it is read."""
        if scope["method"] != "POST":
            return MOST_BODY
        return {"/api/assets": self._settings.max_upload, "/api/search": MOST_PICTURE}.get(scope["path"], MOST_BODY)

    def _is_known(self, authorization: str) -> bool:
        """Keys are compared by their hashes, in a time that says nothing of how much of one is right."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return False
        given = clients.hash_of(key.strip())
        if self._settings.key is not None and hmac.compare_digest(given, clients.hash_of(self._settings.key)):
            return True
        state = self._state_of()
        found = [
            key_id for known, key_id in clients.key_hashes(state.looks).items() if hmac.compare_digest(given, known)
        ]
        for key_id in found:
            self._note(state, key_id)
        return bool(found)

    def _note(self, state: State, key_id: str) -> None:
        now = time.monotonic()
        if self._settings.read_only or now - self._noted.get(key_id, -_NOTED_SECONDS) < _NOTED_SECONDS:
            return
        self._noted[key_id] = now
        task = asyncio.ensure_future(state.write(lambda index: index.clients.used_key(key_id)))
        task.add_done_callback(lambda done: done.exception())


class _Bounds:
    """Of one request: how long its body may be, and how long it is waited for. Who reads the body may take what is
    raised for a mistake in it: whatever they then answer, the client is told the reason."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._taken = 0
        self._broken: tuple[int, str] | None = None
        self._is_answered = False

    async def receive(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), _PATIENCE)
        except TimeoutError as error:
            self._broken = 408, "the rest of the request did not come"
            raise _Broken from error
        self._taken += len(message.get("body", b""))
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
