"""Sign-in of the cloud, which this server does not have."""

from __future__ import annotations

from .common import Body


class SignIn(Body):
    """The request of a cloud client."""

    code: str | None = None
    code_verifier: str | None = None
    error: str | None = None
    state: str | None = None
