"""Add headers that keep browsers from running, framing or sharing the responses."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # Scripts in a file or text do not run, and nothing is loaded from other servers.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class SecurityHeaders:
    """Adds those that a response does not set itself. is_shared: pages of other sites may show our files."""

    def __init__(self, app: ASGIApp, *, is_shared: bool) -> None:
        self._app = app
        policy = b"cross-origin" if is_shared else b"same-origin"
        self._headers = (*_HEADERS, (b"cross-origin-resource-policy", policy))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                names = {name.lower() for name, _ in headers}
                message = {**message, "headers": [*headers, *(pair for pair in self._headers if pair[0] not in names)]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
