"""/api/oauth: the cloud's sign-in endpoints. This server has no accounts."""

from __future__ import annotations

from fastapi import HTTPException, Response

from ..answers import errors
from ..routing import make_router
from ..schemas.oauth import SignIn

router = make_router(prefix="/api/oauth", tags=["account"])

_NO_ACCOUNTS = "this server has no accounts: use it directly, with an API key if it requires one"


@router.get("/auth-url", status_code=501, responses=errors(501))
async def auth_url(
    redirect_uri: str | None = None, code_challenge: str | None = None, code_challenge_method: str | None = None
) -> Response:
    """Always fails: this server has no accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@router.post("/exchange", status_code=501, responses=errors(501))
async def exchange(body: SignIn) -> Response:
    """Always fails: this server has no accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)


@router.get("/logout-endpoint", status_code=501, responses=errors(501))
async def logout_endpoint() -> Response:
    """Always fails: this server has no accounts."""
    raise HTTPException(501, _NO_ACCOUNTS)
