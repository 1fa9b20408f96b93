"""Build the application: routers, middlewares, error handlers, and the API's description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from indexer import __version__

from . import docs, examples, failures
from .keys import Keys
from .middleware.api_key import ApiKey
from .middleware.headers import SecurityHeaders
from .middleware.host import TrustedHost
from .middleware.limits import BodyLimits
from .middleware.origin import AllowedOrigin
from .middleware.read_only import ReadOnly
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
    """Raises IndexUnusable if there is no index. The index stays open until the server ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.indexer = State(settings)
        try:
            yield
        finally:
            app.state.indexer.close()

    keys = Keys(settings, lambda: app.state.indexer)
    app = FastAPI(
        title="indexer",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=_middleware(settings, keys),
    )
    for router in ROUTERS:
        # Not include_router(), which for prefixes and tags that we have none of builds each route a second time: 0.1 s.
        app.router.routes.extend(router.routes)
    failures.add_handlers(app)
    app.openapi = partial(_describe, app)  # type: ignore[method-assign]
    app.state.keys = keys
    return app


def _middleware(settings: Settings, keys: Keys) -> list[Middleware]:
    """The middlewares, in the order in which a request passes them."""
    cors = Middleware(CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["*"], allow_headers=["*"])
    return [
        Middleware(SecurityHeaders, is_shared=bool(settings.origins)),
        Middleware(TrustedHost, settings),
        Middleware(AllowedOrigin, settings.origins),
        Middleware(ApiKey, settings, keys),
        *([Middleware(ReadOnly)] if settings.read_only else []),
        Middleware(BodyLimits, settings.max_upload),
        *([cors] if settings.origins else []),
    ]


def _describe(app: FastAPI) -> dict[str, Any]:
    """The API's description, with the key, which a middleware checks, and with complete examples, from which FastAPI
    drops null values."""
    if app.openapi_schema is None:
        app.openapi_schema = FastAPI.openapi(app)
        app.openapi_schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for name, example in examples.OF_MODELS.items():
            app.openapi_schema["components"]["schemas"][name]["examples"] = [example]
        app.openapi_schema["security"] = [{"key": []}, {}]  # none is needed where the server asks for none
    return app.openapi_schema
