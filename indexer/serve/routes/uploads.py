"""POST /api/assets: a photo or video, stored as it arrives."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from indexer import private
from indexer.errors import UsageError
from indexer.index.uploads import Upload, safe_name, staging_folder

from ..answers import answer_text, errors, unprocessable
from ..dependencies import BaseUrl, StateDep
from ..routing import make_router, refuse_unknown
from ..schemas.assets import Asset
from ..schemas.common import LibraryId
from ..urls import with_urls

router = make_router(prefix="/api/assets", tags=["assets"])

# Bytes of a text field or a header; parts of a form.
_TEXT, _PARTS = 4096, 20
_TEXT_FIELDS = ("device_asset_id", "device_id", "file_created_at", "file_modified_at")
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)
_LIBRARY: TypeAdapter[str] = TypeAdapter(LibraryId)
_FORM = {
    "type": "object",
    "required": ["asset_data", *_TEXT_FIELDS],
    "properties": {
        "asset_data": {"type": "string", "format": "binary", "description": "The photo or video."},
        "device_asset_id": {"type": "string", "description": "The device's own id of it."},
        "device_id": {"type": "string"},
        "file_created_at": {"type": "string", "format": "date-time"},
        "file_modified_at": {"type": "string", "format": "date-time"},
        "library_id": {"type": "string", "description": "Default: the default library."},
    },
}
_FIELDS = dict.fromkeys(_FORM["properties"], True)


class _Form:
    """Parses a multipart body as it arrives: keeps text fields, writes the file to disk and hashes it."""

    def __init__(self, boundary: bytes, folder: Path) -> None:
        self.texts: dict[str, str] = {}
        self.name: str | None = None
        self.path = folder / "photo"
        self.digest = hashlib.sha256()
        self._folder = folder
        self._file: BinaryIO | None = None
        self._header, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._parts = 0
        self._field: str | None = None
        self._text = bytearray()
        self._parser = MultipartParser(boundary, self._callbacks())  # type: ignore[arg-type]
        self.write = self._parser.write

    def finish(self) -> None:
        self._parser.finalize()
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._extend(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._extend(self._value, data[start:end]),
            "on_header_end": self._take_header,
            "on_headers_finished": self._take_headers,
            "on_part_data": self._take_data,
            "on_part_end": self._end,
        }

    def _extend(self, header: bytearray, part: bytes) -> None:
        header += part
        if len(header) > _TEXT:
            raise unprocessable("asset_data", f"a part has a header of more than {_TEXT} bytes", "body")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _PARTS:
            raise unprocessable("asset_data", f"there are more than {_PARTS} parts", "body")
        self._headers, self._field, self._text = {}, None, bytearray()

    def _take_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _take_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        if field == "asset_data" and b"filename" in options:
            if self.name is not None:
                raise unprocessable("asset_data", "there are two of them", "body")
            self.name = safe_name(options[b"filename"].decode("utf-8", "replace"))
            self.path = self._folder / self.name
            self._file = private.create(self.path)
        self._field = field

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        part = memoryview(data)[start:end]
        if self._file is not None:
            self.digest.update(part)
            self._file.write(part)
        elif len(self._text) + len(part) > _TEXT:
            raise unprocessable(str(self._field), f"it is longer than {_TEXT} bytes", "body")
        else:
            self._text += part

    def _end(self) -> None:
        if self._file is not None:
            self.close()
        elif self._field is not None:
            refuse_unknown("body", _FIELDS, [*self.texts, self._field])
            self.texts[self._field] = self._text.decode("utf-8", "replace")


@router.post(
    "",
    response_model=Asset,
    status_code=201,
    responses={**errors(403, 404), 200: {"model": Asset, "description": "These bytes are already indexed."},
               408: {"description": "The body did not arrive in time."}, 422: {"description": "Invalid request."}},
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)  # fmt: skip
async def create_asset(request: Request, state: StateDep, base: BaseUrl) -> Response:
    """Upload a photo or video. It is indexed once it is complete."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise unprocessable("asset_data", "the body is not multipart/form-data", "body")
    stack = ExitStack()
    folder = await asyncio.to_thread(stack.enter_context, staging_folder(state.settings.database))
    try:
        form = _Form(options[b"boundary"], folder)
        try:
            async for chunk in request.stream():
                if chunk:
                    await asyncio.to_thread(form.write, chunk)
            form.finish()
        except FormParserError as error:
            raise unprocessable("asset_data", f"the form cannot be read: {error}", "body") from error
        finally:
            form.close()
        upload = _upload(form)
        state.reader.libraries.ensure(upload.library_id)
        try:
            asset_id, is_new = await state.write(lambda index: index.uploads.add(upload))
        except UsageError as error:
            raise unprocessable("asset_data", str(error), "body") from error
    finally:
        await asyncio.to_thread(stack.close)
    state.on_upload(asset_id)
    return answer_text(with_urls(state.reader, state.reader.assets.record(asset_id), base), 201 if is_new else 200)


def _upload(form: _Form) -> Upload:
    """Raises as FastAPI does for a field that is missing or malformed."""
    problems: list[dict[str, Any]] = []

    def read(field: str, adapter: TypeAdapter[Any] | None) -> Any:
        value = form.texts.get(field)
        if value is None:
            problems.append({"type": "missing", "loc": ("body", field), "msg": "Field required"})
            return None
        try:
            return value if adapter is None else adapter.validate_python(value)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False)[0]
            problems.append({**problem, "loc": ("body", field)})
            return None

    device_asset_id, device_id = read("device_asset_id", None), read("device_id", None)
    created_at, modified_at = read("file_created_at", _TIME), read("file_modified_at", _TIME)
    library_id = read("library_id", _LIBRARY) if form.texts.get("library_id") else None
    if form.name is None:
        problems.append({"type": "missing", "loc": ("body", "asset_data"), "msg": "Field required"})
    if problems:
        raise RequestValidationError(problems)
    name = str(form.name)
    return Upload(
        form.path, name, form.digest.digest(), device_id, device_asset_id, created_at, modified_at, library_id
    )
