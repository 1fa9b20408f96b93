"""Require the Host header to name this server. A request for another host comes from a page whose own name was made to
point at this machine (DNS rebinding)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from ..settings import Settings
from .asgi import header_values, refuse


class TrustedHost:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = header_values(scope, b"host")
            if len(hosts) != 1 or not self._settings.may_be_called(hosts[0]):
                reason = f"this server is not called '{' and '.join(hosts)}': 'indexer serve --host-name' adds a name"
                await refuse(send, 421, reason)
                return
        await self._app(scope, receive, send)
