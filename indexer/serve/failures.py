"""Convert errors to responses."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from indexer.errors import IndexerError, IndexUnusable, NotFound, NoWorkers, UsageError
from indexer.index.timeouts import TOO_LONG_MESSAGE, was_interrupted

from .answers import answer
from .state import State

_FULL = ("the disk is full", 507)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# Bytes. With less free than this, SQLite's I/O errors mean a full disk.
_LEAST_FREE = 1 << 20


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(IndexerError, _indexer_error)
    app.add_exception_handler(sqlite3.Error, _index_error)
    app.add_exception_handler(OSError, _system_error)


async def _malformed(request: Request, error: Exception) -> Response:
    """The errors of a malformed request, without the input: the client knows it, and it may be long or unencodable."""
    assert isinstance(error, RequestValidationError)
    return _unprocessable(error.errors())


def _unprocessable(problems: Sequence[Mapping[str, Any]]) -> Response:
    detail = [
        {
            "type": problem["type"],
            "loc": [part if isinstance(part, int) else _text(str(part)) for part in problem["loc"]],
            "msg": _text(str(problem["msg"])),
        }
        for problem in problems
    ]
    return answer({"detail": detail}, 422)


def _text(text: str) -> str:
    """Replace lone surrogates, which JSON can contain and UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


async def _http_error(request: Request, error: Exception) -> Response:
    """A body that cannot be read is answered as a malformed one."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return _unprocessable([{"type": "body_invalid", "loc": ["body"], "msg": error.detail}])
    return await http_exception_handler(request, error)


async def _indexer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, UsageError):
        return _unprocessable([{"type": "value_error", "loc": ["body"], "msg": str(error)}])
    if _is_full(error.__cause__, request):
        return _answer(*_FULL)
    later = isinstance(error, IndexUnusable | NoWorkers)
    return _answer(_text(str(error)), 503 if later else 404 if isinstance(error, NotFound) else 422)


async def _index_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, sqlite3.Error)
    if was_interrupted(error):
        return _unprocessable([{"type": "value_error", "loc": ["query"], "msg": TOO_LONG_MESSAGE}])
    if _is_full(error, request):
        return _answer(*_FULL)
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
        return _answer(f"the index cannot be used now: {_text(str(error))}", 503)
    raise error


async def _system_error(request: Request, error: Exception) -> Response:
    if _is_full(error, request):
        return _answer(*_FULL)
    raise error


def _is_full(error: BaseException | None, request: Request) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    if not isinstance(error, sqlite3.Error):
        return False
    name = getattr(error, "sqlite_errorname", "")
    state: State = request.app.state.indexer
    return name == "SQLITE_FULL" or (
        name.startswith("SQLITE_IOERR") and shutil.disk_usage(state.settings.database.parent).free < _LEAST_FREE
    )


def _answer(detail: str, status: int) -> Response:
    return answer({"detail": detail}, status)
