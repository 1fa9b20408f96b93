"""Build responses of the API."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from .schemas.common import Detail


def answer(value: Any, status: int = 200) -> Response:
    return answer_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), status)


def answer_text(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="application/json")


def answer_texts(texts: Iterable[str], *, has_more: bool) -> Response:
    """A page of JSON texts."""
    return answer_text(f'{{"data":[{",".join(texts)}],"has_more":{"true" if has_more else "false"}}}')


def answer_page(values: Sequence[dict[str, Any]], limit: int) -> Response:
    """values: one more than the limit if there are more."""
    texts = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values[:limit])
    return answer_texts(texts, has_more=len(values) > limit)


def encoding_for(request: Request, known: Container[str] = ("br", "gzip")) -> str | None:
    """The best content coding among `known` that the client accepts, or None."""
    accepted = {}
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        accepted[name] = weight.strip("0.") != "" if weight else True
    return next((name for name in ("br", "gzip") if name in known and accepted.get(name)), None)


def tags_of(request: Request) -> list[str]:
    """The entity tags of If-None-Match, weak ones as strong ones (RFC 9110, 13.1.2)."""
    return [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]


def unprocessable(name: str, message: str, where: str = "query") -> RequestValidationError:
    """FastAPI's error for a parameter with an invalid value."""
    return RequestValidationError([{"type": "value_error", "loc": (where, name), "msg": message}])


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the API's description: the errors of a route, besides those of all routes."""
    reasons = {
        401: "No valid key.",
        403: "The server is read-only, the key lacks the action, or a page of another site sent the request.",
        404: "Not found.",
        409: "Not possible in the current state.",
        413: "The body is too large.",
        429: "Too many wrong keys.",
        501: "This server has no accounts.",
        503: "The index is unavailable.",
        507: "The disk is full.",
    }
    always = (401, 403, 413, 421, 429, 503, 507)
    reasons[421] = "The server does not have this host name."
    return {status: {"model": Detail, "description": reasons[status]} for status in sorted({*always, *statuses})}


def included(include: str | None, known: Iterable[str]) -> set[str]:
    """The parts that a query's `include` names. Raises for an unknown one."""
    names = {name.strip() for name in (include or "").split(",")} - {""}
    if unknown := names - set(known):
        raise unprocessable("include", f"there is no '{min(unknown)}': there are {', '.join(known)}")
    return names


def no_such(kind: str) -> HTTPException:
    return HTTPException(404, f"there is no such {kind}")


def not_found(kind: str, item_id: str) -> HTTPException:
    return HTTPException(404, f"there is no {kind} {item_id}")
