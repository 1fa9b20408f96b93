"""Authorize requests: `scope["actions"]` has the actions that the key or the session permits.

A session's cookie counts for pages of this server alone, and for a change only if the browser names such a page as the
origin."""

from __future__ import annotations

import sqlite3

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from ..keys import TOO_MANY, Keys, cookie_name, key_in
from ..settings import Settings
from .asgi import SAFE_METHODS, header_values, own_origins, refuse

# Public, since they reveal nothing about photos: that the server is running, and the API's description.
_OPEN = ("/", "/healthz", "/api/openapi.json", "/docs", "/api/session")


class ApiKey:
    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                refusal = await self._authorize(scope)
            except sqlite3.Error as error:
                refusal = 503, f"the index cannot be used now: {error}"
            if refusal is not None:
                await refuse(send, *refusal)
                return
        await self._app(scope, receive, send)

    async def _authorize(self, scope: Scope) -> tuple[int, str] | None:
        """Set the actions, or return the reason for refusing the request."""
        slowdown, authorization = self._keys.slowdown, header_values(scope, b"authorization")
        address, has_key = (scope.get("client") or ("", 0))[0], key_in(authorization) is not None
        if has_key and slowdown.is_full(address):
            return TOO_MANY
        session = None if authorization else self._session(scope)
        if session is not None and not _is_own_page(scope):
            if scope["method"] not in SAFE_METHODS:
                return 403, "a session may only change something from a page of this server (Origin)"
            session = None
        actions = self._keys.actions_of(authorization, session)
        scope["actions"] = actions or frozenset()
        if has_key and actions is not None:
            slowdown.forget(address)
        # Also before public routes, whose responses may reveal whether the key is right.
        if has_key and actions is None and not await slowdown.wait(address):
            return TOO_MANY
        if actions is not None or _is_open(scope):
            return None
        return 401, "a key is needed: Authorization: Bearer …"

    def _session(self, scope: Scope) -> str | None:
        """The hash of the key with which the session of the cookie was begun."""
        if not self._settings.needs_key:
            return None
        token = cookie_parser("; ".join(header_values(scope, b"cookie"))).get(cookie_name(self._settings.port))
        return None if token is None else self._keys.sessions.key_of(token)


def _is_own_page(scope: Scope) -> bool:
    origins = header_values(scope, b"origin")
    if not origins:
        sites = set(header_values(scope, b"sec-fetch-site"))
        return scope["method"] in SAFE_METHODS and sites <= {"same-origin", "none"}
    return len(origins) == 1 and origins[0] in own_origins(scope)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in _OPEN or path.startswith(("/docs/", "/gallery/")) or scope["method"] == "OPTIONS"
