"""The application: routes, guard, errors, description."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from indexer import __version__

from . import docs, examples, failures
from .guard import Guard
from .keys import Keys
from .routes import (
    account,
    albums,
    api_keys,
    assets,
    changes,
    details,
    edits,
    events,
    faces,
    files,
    folders,
    gallery,
    libraries,
    oauth,
    people,
    search,
    session,
    suggestions,
    timeline,
    uploads,
)
from .settings import Settings
from .state import State

ROUTERS = (
    assets.router,
    details.router,
    edits.router,
    uploads.router,
    search.router,
    timeline.router,
    changes.router,
    folders.router,
    suggestions.router,
    albums.router,
    people.router,
    faces.router,
    libraries.router,
    events.router,
    account.router,
    api_keys.router,
    oauth.router,
    session.router,
    files.router,
    docs.router,
    gallery.router,
)
_ABOUT = "The photos of this machine, offline, with the records of a cloud photo API."


def make_app(settings: Settings) -> FastAPI:
    """Raises IndexUnusable where there is no index. The index is open from then on, until the server ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.indexer = State(settings)
        asyncio.get_running_loop().call_soon(_get_routes_ready, app)
        try:
            yield
        finally:
            app.state.indexer.close()

    app = FastAPI(
        title="indexer",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in ROUTERS:
        app.include_router(router)
    failures.add_handlers(app)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["*"], allow_headers=["*"]
        )
    app.openapi = partial(_described, app)  # type: ignore[method-assign]
    app.state.keys = Keys(settings, lambda: app.state.indexer)
    app.add_middleware(Guard, settings=settings, keys=app.state.keys)
    return app


def _get_routes_ready(app: FastAPI) -> None:
    """FastAPI prepares each route when it is first matched: of all of them that takes a tenth of a second, which no
    request is to wait for."""
    scope = {"type": "http", "method": "GET", "path": "/no such path", "root_path": "", "headers": []}
    for route in app.router.routes:
        route.matches(scope)


def _described(app: FastAPI) -> dict[str, Any]:
    """With the key, which the guard looks at before any route does; and with examples, whole (FastAPI takes out what is
    null in them)."""
    if app.openapi_schema is None:
        app.openapi_schema = FastAPI.openapi(app)
        app.openapi_schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for name, example in examples.OF_MODELS.items():
            app.openapi_schema["components"]["schemas"][name]["examples"] = [example]
        app.openapi_schema["security"] = [{"key": []}, {}]  # where none is asked for, none is needed
    return app.openapi_schema
