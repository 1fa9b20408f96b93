"""Helpers of middlewares: read a request's headers, and refuse it."""

from __future__ import annotations

import json

from starlette.types import Scope, Send

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def header_values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header == name]


def own_origins(scope: Scope) -> tuple[str, str]:
    """The origins of pages loaded from this server, under the host name that the client uses."""
    host = header_values(scope, b"host")[0]
    return f"http://{host}", f"https://{host}"


async def refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
