"""Signing in, of which there is none here."""

from __future__ import annotations

from .common import Body


class SignIn(Body):
    """What a client of the cloud sends there."""

    code: str | None = None
    code_verifier: str | None = None
    error: str | None = None
    state: str | None = None
