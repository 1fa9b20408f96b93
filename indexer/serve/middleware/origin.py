"""Restrict the web pages that may use the server. A page of another site may not even send a request whose response it
cannot see: browsers name the page's site in Origin or, if they send none, in Sec-Fetch-Site."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from .asgi import header_values, own_origins, refuse

# Where a link on a page of another site may lead.
_PAGES = ("/", "/docs")


class AllowedOrigin:
    """origins: of pages of other sites that may use this server. After TrustedHost: there is one Host header."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (page := self._foreign_page(scope)) is not None:
            await refuse(send, 403, f"no page of {page} may use this server: 'indexer serve --allow-origin' allows it")
            return
        await self._app(scope, receive, send)

    def _foreign_page(self, scope: Scope) -> str | None:
        """The foreign site of the requesting page; None if it is allowed, or if no page sent the request."""
        origins = header_values(scope, b"origin")
        for origin in origins:
            if len(origins) > 1 or not self._is_allowed(origin, scope):
                return origin
        sites = set(header_values(scope, b"sec-fetch-site"))
        if origins or sites <= {"same-origin", "none"} or _is_followed_link(scope):
            return None
        pages = [_origin_of(url) for url in header_values(scope, b"referer")]
        return None if len(pages) == 1 and self._is_allowed(pages[0], scope) else "another site"

    def _is_allowed(self, origin: str, scope: Scope) -> bool:
        return origin in self._origins or origin in own_origins(scope)


def _is_followed_link(scope: Scope) -> bool:
    """Whether a user followed a link to one of our pages, which other pages cannot read."""
    fetched_as = [header_values(scope, name) for name in (b"sec-fetch-mode", b"sec-fetch-dest")]
    return scope["method"] == "GET" and scope["path"] in _PAGES and fetched_as == [["navigate"], ["document"]]


def _origin_of(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"
    return ""
