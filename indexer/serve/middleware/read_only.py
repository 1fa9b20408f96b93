"""Refuse every change on a read-only server."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from .asgi import SAFE_METHODS, refuse

# POSTs that change nothing, and signing in and out.
_READING = ("/api/search", "/api/assets/exist", "/api/session")


class ReadOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and scope["path"] not in _READING:
            await refuse(send, 403, "this server only reads")
            return
        await self._app(scope, receive, send)
