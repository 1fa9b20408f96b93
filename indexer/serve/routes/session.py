"""/api/session: signing in with a key, once, so that a browser loads pictures too."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response
from pydantic import BaseModel, Field

from indexer.store.api_keys import ACTIONS

from ..answers import answer, errors
from ..guard import TOO_MANY
from ..keys import SESSION_SECONDS, Keys, cookie_name
from ..routing import Body, make_router
from ..settings import Settings
from ..state import state_of

router = make_router(prefix="/api/session", tags=["session"])


class Session(BaseModel):
    needs_key: bool = Field(description="Whether this server asks for a key at all.")
    signed_in: bool = Field(description="Whether this request came with a valid key, or the cookie of a session.")
    read_only: bool = Field(description="Whether the server refuses every change.")
    actions: list[str] = Field(description="What the key, or without one anybody, may do.", examples=[list(ACTIONS)])


class SessionKey(Body):
    key: str = Field(min_length=1, max_length=1000, description="As for Authorization: Bearer.")


@router.get("", response_model=Session, responses=errors())
async def get_session(request: Request) -> Response:
    """Who is asking, as far as the server knows. For everybody."""
    settings, allowed = _settings(request), request.scope["actions"]
    found = answer(
        {
            "needs_key": settings.needs_key,
            "signed_in": settings.needs_key and bool(allowed),
            "read_only": settings.read_only,
            "actions": [one for one in ACTIONS if one in allowed],
        }
    )
    found.headers["cache-control"] = "no-store"
    return found


@router.post("", status_code=204, responses=errors(401, 429))
async def begin_session(request: Request, asked: SessionKey) -> Response:
    """Sign in: the answer has a cookie, which stands for the key until the server ends, 30 days at most. For changes it
    counts only with the Origin of this server. Where no key is needed, none is looked at, and there is no cookie."""
    settings, keys = _settings(request), _keys(request)
    if not settings.needs_key:
        return Response(status_code=204)
    address = request.client.host if request.client else ""
    if keys.slowdown.is_full(address):
        raise HTTPException(*TOO_MANY)
    token = keys.begin_session(asked.key)
    if token is None:
        if not await keys.slowdown.wait(address):
            raise HTTPException(*TOO_MANY)
        raise HTTPException(401, "this key is not known here")
    keys.slowdown.forget(address)
    if (former := _token(request)) is not None:
        keys.sessions.end(former)
    return _with_cookie(request, token, SESSION_SECONDS)


@router.delete("", status_code=204, responses=errors())
async def end_session(request: Request) -> Response:
    """Sign out: the cookie is worth nothing from then on. Over https, and at localhost, the browser forgets the photos
    that it kept; elsewhere it ignores that."""
    if (token := _token(request)) is not None:
        _keys(request).sessions.end(token)
    done = _with_cookie(request, "", 0)
    done.headers["clear-site-data"] = '"cache"'
    return done


def _settings(request: Request) -> Settings:
    return state_of(request).settings


def _keys(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


def _token(request: Request) -> str | None:
    return request.cookies.get(cookie_name(_settings(request).port))


def _with_cookie(request: Request, value: str, seconds: int) -> Response:
    done = Response(status_code=204)
    done.set_cookie(
        cookie_name(_settings(request).port),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return done
