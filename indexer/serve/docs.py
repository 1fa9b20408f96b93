"""Routes for the interactive API documentation (/docs) and the health check (/healthz)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

from indexer.errors import IndexUnusable

from .answers import answer, no_such
from .dependencies import get_state
from .routing import make_router

router = make_router(include_in_schema=False)

# The files of the package that the page needs: name -> type.
_PARTS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>indexer: API</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>"""
_START = "SwaggerUIBundle({url: '/api/openapi.json', dom_id: '#page', deepLinking: true});"
_POLICY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
}


@router.get("/docs")
async def page() -> Response:
    return Response(_PAGE, media_type="text/html", headers=_POLICY)


@router.get("/docs/start.js")
async def start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{name}")
async def part(name: str) -> Response:
    if name not in _PARTS:
        raise no_such("page")
    import fastapi_offline

    headers = {"cache-control": "private, max-age=86400"}
    folder = Path(str(fastapi_offline.__file__)).parent / "static"
    return FileResponse(folder / name, media_type=_PARTS[name], headers=headers)


@router.get("/api/openapi.json")
async def description(request: Request) -> Response:
    return answer(request.app.openapi())


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """Whether the index is in its place, and answers."""
    try:
        state = await get_state(request)
        state.reader.assets.count()
    except (IndexUnusable, sqlite3.Error) as error:
        return answer({"status": "unavailable", "detail": str(error)}, 503)
    return answer({"status": "ok", **({"watch": state.watcher.health()} if state.watcher is not None else {})})
