"""/api/users, /api/server: the one user, and the server's health."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import PlainTextResponse

from ..answers import answer, errors
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.account import User

router = make_router(prefix="/api", tags=["account"])


@router.get("/users/me", response_model=User, responses=errors())
async def get_me(state: StateDep) -> Response:
    """The only user: the owner of this index."""
    libraries = state.reader.libraries
    since = libraries.indexed_since()
    return answer(
        {
            "id": libraries.user_id(),
            "created_at": since,
            "updated_at": since,
            "email": None,
            "first_name": None,
            "last_name": None,
            "is_active": True,
            "is_superuser": True,
            "is_verified": True,
        }
    )


@router.get("/server/ping", response_class=PlainTextResponse, responses=errors())
async def ping() -> Response:
    """Check that the server is running."""
    return PlainTextResponse("pong")
