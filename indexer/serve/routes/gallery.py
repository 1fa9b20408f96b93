"""/ and /gallery/…: the web gallery, as built into the folder `static`. If it was not built, / reports that.

The page itself contains no information about photos, so it needs no key; it gets them from the API."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path
from typing import NamedTuple

from fastapi import Request, Response

from ..answers import encoding_for, no_such, tags_of
from ..dependencies import get_state
from ..routing import make_router

router = make_router(include_in_schema=False)

FOLDER = Path(__file__).parents[1] / "static"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".bin": "application/octet-stream",
}
_ENDINGS = {"br": ".br", "gzip": ".gz"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_PLAIN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_PLAIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>indexer</title><link rel="icon" href="data:,">
<style>body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }
:root { color-scheme: light dark }</style></head>
<body><h1>indexer</h1><p>WHAT</p><p>NOTE</p>
<ul><li><a href="/docs">The API, to read and to try</a></li>
<li><a href="/api/openapi.json">Its description, for programs</a></li>LINKS</ul></body></html>"""
_LINKS = {
    "/api/assets": "Photos and videos, newest first",
    "/api/assets/counts": "Counts by month",
    "/api/albums": "Albums",
    "/api/people": "People",
}
_NOTE = (
    "The web gallery is not part of this installation{why}. To build it, install indexer again from its source"
    " (<code>python -m pip install --force-reinstall --no-deps .</code>) while npm's registry can be reached and"
    " INDEXER_SKIP_GALLERY is not set."
)


class _Content(NamedTuple):
    body: bytes
    tag: str
    encoding: str | None


class Gallery:
    """The files of a built gallery. An install may replace them while the server runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state: tuple[int, int] | None = None
        self._paths: dict[str, Path] = {}
        self._contents: dict[tuple[str, str | None], _Content] = {}

    def index(self, encoding: str | None) -> _Content | None:
        """The page; None if the gallery was not built."""
        return self._content("", encoding)

    def part(self, name: str, encoding: str | None) -> _Content | None:
        return self._content(name, encoding) if name else None

    def why_not_built(self) -> str | None:
        try:
            return (self._folder / "not-built.txt").read_text(encoding="utf-8")
        except OSError:
            return None

    def _content(self, name: str, encoding: str | None) -> _Content | None:
        self._refresh()
        path = self._paths.get(name)
        if path is None:
            return None
        content = self._contents.get((name, encoding))
        if content is None:
            try:
                content = self._contents[name, encoding] = _read(path, encoding)
            except FileNotFoundError:  # just being replaced
                return None
        return content

    def _refresh(self) -> None:
        """Names come from the folder, never from a request."""
        index = self._folder / "index.html"
        try:
            info = index.stat()
            state = info.st_mtime_ns, info.st_ino
            if state == self._state:
                return
            parts = [path for path in (self._folder / "gallery").iterdir() if path.suffix in _TYPES and path.is_file()]
        except OSError:
            if self._folder.is_dir():  # else a new folder is about to take its place
                self._state, self._paths, self._contents = None, {}, {}
            return
        self._state, self._contents = state, {}
        self._paths = {"": index, **{path.name: path for path in parts}}


def why_not_built() -> str | None:
    """The reason why the gallery was not built; None if it was."""
    gallery = Gallery(FOLDER)
    return None if gallery.index(None) else gallery.why_not_built() or "it was left out of this installation"


def _read(path: Path, encoding: str | None) -> _Content:
    """Read a file, compressed if the build made a compressed one."""
    if encoding is not None:
        try:
            body = path.with_name(path.name + _ENDINGS[encoding]).read_bytes()
        except FileNotFoundError:
            encoding = None
    if encoding is None:
        body = path.read_bytes()
    return _Content(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', encoding)


def _gallery(request: Request) -> Gallery:
    state = request.app.state
    if not hasattr(state, "gallery"):
        state.gallery = Gallery(FOLDER)
    gallery: Gallery = state.gallery
    return gallery


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request) -> Response:
    """The gallery's page. If it was not built, a plain page, with information about photos only for keys that allow
    read."""
    gallery = _gallery(request)
    content = gallery.index(encoding_for(request, _ENDINGS))
    if content is None:
        return await _plain(request, gallery.why_not_built())
    return _answer(request, content, "text/html; charset=utf-8", "no-cache", {"content-security-policy": _POLICY})


@router.api_route("/gallery/{name}", methods=["GET", "HEAD"])
async def part(request: Request, name: str) -> Response:
    """A script, a stylesheet, …, whose name contains the hash of its content."""
    content = _gallery(request).part(name, encoding_for(request, _ENDINGS))
    if content is None:
        raise no_such("page")
    return _answer(request, content, _TYPES[Path(name).suffix], "public, max-age=31536000, immutable")


def _answer(
    request: Request, content: _Content, media_type: str, cached: str, more: dict[str, str] | None = None
) -> Response:
    headers = {"cache-control": cached, "etag": content.tag, "vary": "accept-encoding", **(more or {})}
    known_tags = tags_of(request)
    if content.tag in known_tags or "*" in known_tags:
        return Response(status_code=304, headers=headers)
    if content.encoding is not None:
        headers["content-encoding"] = content.encoding
    return Response(content.body, media_type=media_type, headers=headers)


async def _plain(request: Request, why: str | None) -> Response:
    what, links = "Photos are served here, to programs that have a key.", ""
    if "read" in request.scope["actions"]:
        count = (await get_state(request)).reader.assets.count()
        what = f"{count:,} photos and videos are served here."
        links = "".join(f'\n<li><a href="{path}">{name}</a></li>' for path, name in _LINKS.items())
    note = _NOTE.format(why=f" ({html.escape(why)})" if why else "")
    text = _PLAIN.replace("LINKS", links).replace("WHAT", what).replace("NOTE", note)
    headers = {"content-security-policy": _PLAIN_POLICY, "cache-control": "no-store"}
    return Response(text, media_type="text/html", headers=headers)
