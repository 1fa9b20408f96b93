"""/api/session: sign in with a key, so that a browser can also load pictures."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response

from indexer.index.api_keys import ACTIONS

from ..answers import answer, errors
from ..dependencies import KeysDep, StateDep
from ..keys import SESSION_SECONDS, TOO_MANY, cookie_name
from ..routing import make_router
from ..schemas.session import Session, SessionKey
from ..settings import Settings

router = make_router(prefix="/api/session", tags=["session"])


@router.get("", response_model=Session, responses=errors())
async def get_session(request: Request, state: StateDep) -> Response:
    """Get the session of the request: whether it is signed in, and what it may do. Needs no key."""
    settings, allowed = state.settings, request.scope["actions"]
    response = answer(
        {
            "needs_key": settings.needs_key,
            "signed_in": settings.needs_key and bool(allowed),
            "read_only": settings.read_only,
            "actions": [action for action in ACTIONS if action in allowed],
        }
    )
    response.headers["cache-control"] = "no-store"
    return response


@router.post("", status_code=204, responses=errors(401, 429))
async def begin_session(request: Request, state: StateDep, keys: KeysDep, body: SessionKey) -> Response:
    """Sign in. Sets a cookie that replaces the key until the server ends, for at most 30 days. It allows changes only
    with this server's Origin. If no key is needed, the key is ignored and no cookie is set."""
    if not state.settings.needs_key:
        return Response(status_code=204)
    address = request.client.host if request.client else ""
    if keys.slowdown.is_full(address):
        raise HTTPException(*TOO_MANY)
    token = keys.begin_session(body.key)
    if token is None:
        if not await keys.slowdown.wait(address):
            raise HTTPException(*TOO_MANY)
        raise HTTPException(401, "this key is not known here")
    keys.slowdown.forget(address)
    if (former := _token(request, state.settings)) is not None:
        keys.sessions.end(former)
    return _with_cookie(request, state.settings, token, SESSION_SECONDS)


@router.delete("", status_code=204, responses=errors())
async def end_session(request: Request, state: StateDep, keys: KeysDep) -> Response:
    """Sign out: the cookie becomes invalid. Over https and at localhost, the browser also drops cached photos."""
    if (token := _token(request, state.settings)) is not None:
        keys.sessions.end(token)
    response = _with_cookie(request, state.settings, "", 0)
    response.headers["clear-site-data"] = '"cache"'
    return response


def _token(request: Request, settings: Settings) -> str | None:
    return request.cookies.get(cookie_name(settings.port))


def _with_cookie(request: Request, settings: Settings, value: str, seconds: int) -> Response:
    response = Response(status_code=204)
    response.set_cookie(
        cookie_name(settings.port),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response
