"""/api/oauth: the sign-in endpoints that clients of the cloud request; there are no accounts here."""

from __future__ import annotations

from fastapi import HTTPException, Response

from ..answers import errors
from ..routing import make_router
from ..schemas.oauth import SignIn

router = make_router(prefix="/api/oauth", tags=["account"])

_NO_ACCOUNTS = "there are no accounts to sign in to: this is a server of your own; with a key, where it asks for one"


@router.get("/auth-url", status_code=501, responses=errors(501))
async def auth_url(
    redirect_uri: str | None = None, code_challenge: str | None = None, code_challenge_method: str | None = None
) -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@router.post("/exchange", status_code=501, responses=errors(501))
async def exchange(body: SignIn) -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@router.get("/logout-endpoint", status_code=501, responses=errors(501))
async def logout_endpoint() -> Response:
    """Not of a server without accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)
