"""Checks of every route: the key permits its action, and no part of a request is ignored."""

from __future__ import annotations

import typing
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from indexer.index.api_keys import ACTIONS

from .dependencies import get_state
from .schemas.common import LIBRARY_ID, can_be_encoded

_READ, _WRITE, _DELETE = {"read"}, {"read", "write"}, {"read", "delete"}
_DELETE_PERMANENTLY = {"read", "delete_permanently"}
# The actions that a key needs for a route. A key for reading alone must not be able to create one that allows more.
NEEDS: dict[tuple[str, str], set[str]] = {
    ("POST", "/api/assets"): _WRITE,
    ("PATCH", "/api/assets"): _WRITE,
    ("POST", "/api/undo"): _WRITE,  # and delete, if the undo deletes something
    ("POST", "/api/assets/exist"): _READ,
    ("POST", "/api/assets/trash"): _DELETE,
    ("POST", "/api/assets/restore"): _WRITE,
    ("POST", "/api/assets/empty-trash"): _DELETE_PERMANENTLY,
    ("DELETE", "/api/assets"): _DELETE_PERMANENTLY,
    ("DELETE", "/api/assets/{asset_id}"): _DELETE_PERMANENTLY,
    ("POST", "/api/search"): _READ,
    ("POST", "/api/albums"): _WRITE,
    ("PATCH", "/api/albums/{album_id}"): _WRITE,
    ("DELETE", "/api/albums/{album_id}"): _DELETE,
    ("POST", "/api/albums/{album_id}/assets"): _WRITE,
    ("DELETE", "/api/albums/{album_id}/assets"): _WRITE,
    ("POST", "/api/people"): _WRITE,
    ("PATCH", "/api/people/{person_id}"): _WRITE,
    ("DELETE", "/api/people/{person_id}"): _DELETE,
    ("POST", "/api/people/{person_id}/merge"): _WRITE,
    ("PATCH", "/api/faces/{face_id}"): _WRITE,
    ("DELETE", "/api/faces/{face_id}"): _DELETE,
    ("POST", "/api/libraries"): _WRITE,
    ("PATCH", "/api/libraries/{library_id}"): _WRITE,
    ("DELETE", "/api/libraries/{library_id}"): _DELETE,
    ("POST", "/api/api-keys/"): set(ACTIONS),
    ("PATCH", "/api/api-keys/{key_id}"): set(ACTIONS),
    ("DELETE", "/api/api-keys/{key_id}"): set(ACTIONS),
    ("POST", "/api/oauth/exchange"): _READ,
    # These reveal nothing about photos.
    ("GET", "/api/session"): set(),
    ("POST", "/api/session"): set(),
    ("DELETE", "/api/session"): set(),
    ("GET", "/"): set(),
    ("HEAD", "/"): set(),
    ("GET", "/gallery/{name}"): set(),
    ("HEAD", "/gallery/{name}"): set(),
    ("GET", "/docs"): set(),
    ("GET", "/docs/start.js"): set(),
    ("GET", "/docs/{name}"): set(),
    ("GET", "/healthz"): set(),
    ("GET", "/api/openapi.json"): set(),
}
# Routes that read their body themselves, as it comes.
STREAMED = {("POST", "/api/assets")}
# The query of a page is for its scripts.
PAGES = {"/"}


_FORMS = "multipart/form-data or application/x-www-form-urlencoded"


def make_router(prefix: str = "", tags: Sequence[str] = (), *, include_in_schema: bool = True) -> APIRouter:
    return APIRouter(prefix=prefix, tags=list(tags), include_in_schema=include_in_schema, route_class=Route)


class Route(APIRoute):
    """Refuses unknown parameters before the body is read, and a library that does not exist."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        single = {field.alias: not _is_list(field.field_info.annotation) for field in _query_params(self.dependant)}
        fields = {field.alias: not _is_list(field.field_info.annotation) for field in self.dependant.body_params}
        is_form = self.body_field is not None and type(self.body_field.field_info).__name__ in ("Form", "File")

        async def handle_known(request: Request) -> Response:
            key = request.method, self.path_format
            self._check_actions(request, key)
            if self.path_format not in PAGES:
                refuse_unknown("query", single, [name for name, _ in request.query_params.multi_items()])
            if is_form:
                form = await _form(request)
                if not form and not _is_form(request) and await _has_body(request):
                    raise RequestValidationError([_problem(("body",), "value_error", f"send a form: {_FORMS}")])
                refuse_unknown("body", fields, [name for name, _ in form.multi_items()])
            elif self.body_field is None and key not in STREAMED and await _has_body(request):
                raise RequestValidationError([_problem(("body",), "extra_forbidden", "no body is expected here")])
            if "library_id" in single:
                await _check_library(request)
            return await handle(request)

        return handle_known

    @staticmethod
    def _check_actions(request: Request, key: tuple[str, str]) -> None:
        needed = NEEDS.get(key, _READ if key[0] in ("GET", "HEAD") else set(ACTIONS))
        if missing := needed - request.scope["actions"]:
            raise HTTPException(403, f"this key may not {', '.join(sorted(missing))}")


def _query_params(dependant: Dependant) -> Iterator[Any]:
    """The query parameters of a route and of its dependencies."""
    yield from dependant.query_params
    for dependency in dependant.dependencies:
        yield from _query_params(dependency)


def refuse_unknown(where: str, known: dict[str, bool], given: Sequence[str]) -> None:
    """known: parameter → whether it may be given only once. Raises as FastAPI does for a malformed one."""
    problems = []
    for name in dict.fromkeys(given):
        if name not in known:
            problems.append(
                _problem((where, name), "extra_forbidden", f"unknown: known are {', '.join(known) or 'none'}")
            )
        elif known[name] and given.count(name) > 1:
            problems.append(_problem((where, name), "value_error", "given more than once"))
    if problems:
        raise RequestValidationError(problems)


async def _check_library(request: Request) -> None:
    """A malformed id is left to the route."""
    library_id = request.query_params.get("library_id")
    if library_id is not None and LIBRARY_ID.fullmatch(library_id):
        (await get_state(request)).reader.libraries.ensure(library_id)


def _problem(location: tuple[str, ...], kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "loc": location, "msg": message}


async def _form(request: Request) -> FormData:
    """The form, read once: the route gets the same object."""
    try:
        form = await request.form()
    except (HTTPException, ClientDisconnect):
        raise
    except Exception as error:  # as FastAPI does
        raise HTTPException(400, "the form cannot be read") from error
    if not all(can_be_encoded(value) for _, value in form.multi_items() if isinstance(value, str)):
        raise HTTPException(400, "a lone surrogate is not valid text")
    return form


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS.split(" or ")


async def _has_body(request: Request) -> bool:
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return False
    return bool(await request.body())


def _is_list(annotation: Any) -> bool:
    parts = typing.get_args(annotation) if typing.get_origin(annotation) is not list else (annotation,)
    return annotation is list or any(part is list or typing.get_origin(part) is list for part in parts)
