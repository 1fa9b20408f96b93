"""The files that asset_urls name: /files/{asset_id}/{variant}, /files/faces/{face_id}.

No part of a path comes from the request: an id and the name of a variant are looked up in the index, which says where
the file lies."""

from __future__ import annotations

import os
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Path as InPath
from fastapi import Query, Request, Response
from fastapi.responses import FileResponse

from indexer.errors import NotFound, Undecodable, UsageError
from indexer.files import is_regular, regular_nofollow
from indexer.store import enrichments
from indexer.store.enrichments import Served
from indexer.store.faces import select_faces

from ..answers import errors, no_such
from ..models import AssetId, FaceId
from ..pictures import LEFT, Left
from ..ranges import part_response, requested_range
from ..routing import make_router
from ..state import State, not_found, state_of
from ..urls import version_of

router = make_router(prefix="/files", tags=["files"])

_FILES = {
    **errors(404),
    200: {"description": "The file.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "A part of it."},
    304: {"description": "As the client has it already."},
    400: {"description": "A range that makes no sense."},
    416: {"description": "A range that lies behind its end."},
}
# Bytes: a smaller file is read at once, without a thread.
_SMALL = 250_000
# Shown by the browser itself; anything else is saved, for it might be run.
_SHOWN = ("image/", "video/", "audio/")
_NEVER_SHOWN = ("image/svg+xml",)
Version = Annotated[str | None, Query(description="As in asset_urls: the content is the same for ever.")]


@router.head("/faces/{face_id}", include_in_schema=False)
@router.get("/faces/{face_id}", responses=_FILES)
async def get_face_file(request: Request, face_id: FaceId, v: Version = None) -> Response:
    """The portrait of a face."""
    here = state_of(request)
    found = select_faces(here.looks, [face_id])
    if not found:
        raise not_found("face", face_id)
    asset_id = found[0].asset_id
    try:
        drawn = await _variant(request, here, asset_id, face_id)
    except Left:
        return Response(status_code=LEFT)
    one = _served(here, asset_id)
    tag = drawn.stem if isinstance(drawn, Path) else f"{version_of(one)}-{face_id}"
    return _file(request, drawn, "image/jpeg", tag, f"{face_id}.jpg", is_fixed=False)


@router.head("/{asset_id}/motion", include_in_schema=False)
@router.get("/{asset_id}/motion", responses=_FILES)
async def get_motion(request: Request, asset_id: AssetId, v: Version = None) -> Response:
    """The video of a motion photo, out of its file, or of a live photo."""
    here = state_of(request)
    one = _served(here, asset_id)
    try:
        found = await here.look(lambda index: index.assets.motion_video(asset_id))
        mtime = os.stat(found.path).st_mtime
    except NotFound as error:
        raise no_such(f"video: {error}") from error
    except OSError as error:
        raise no_such("file now: its drive is away, or it has gone") from error
    # A live photo's video is another asset's file, which may change while the still does not.
    owner = version_of(_served(here, found.asset_id))
    name = f"{os.path.splitext(one.original_name)[0]}-motion"
    headers = _headers(f'"{owner}-{found.start}"', mtime, found.mime_type, name, is_fixed=v == owner)
    if _is_known(request, headers["etag"], mtime):
        return Response(status_code=304, headers=headers)
    is_other = request.headers.get("if-range", headers["etag"]) not in (headers["etag"], headers["last-modified"])
    wanted = requested_range(None if is_other else request.headers.get("range"), found.size)
    if request.method == "HEAD":
        return Response(headers={**headers, "content-length": str(found.size)}, media_type=found.mime_type)
    return part_response(found.path, found.start, found.size, wanted, headers, found.mime_type)


@router.head("/{asset_id}/{name}", include_in_schema=False)
@router.get("/{asset_id}/{name}", responses=_FILES)
async def get_file(
    request: Request,
    asset_id: AssetId,
    name: Annotated[Literal["original", "thumbnail", "preview", "fullsize"], InPath()],
    v: Version = None,
    download: Annotated[bool, Query(description="Have the browser save it.")] = False,
) -> Response:
    """A photo or film, or a smaller picture of it, made now if there is none."""
    here = state_of(request)
    one = _served(here, asset_id)
    version, original_name = version_of(one), one.original_name
    if name == "original":
        found = _original(here, asset_id)
        mime_type, shown_name = one.mime_type, original_name
    else:
        try:
            found = await _variant(request, here, asset_id, name)
        except Left:
            return Response(status_code=LEFT)
        is_own = isinstance(found, bytes) or (found.suffix == ".jpg" and found.parent.parent == here.cache)
        mime_type = "image/jpeg" if is_own else one.mime_type
        shown_name = f"{os.path.splitext(original_name)[0]}-{name}.jpg" if is_own else original_name
    return _file(request, found, mime_type, f"{version}-{name}", shown_name, is_fixed=v == version, download=download)


def _served(state: State, asset_id: str) -> Served:
    found = enrichments.served(state.looks, asset_id)
    if found is None:
        raise not_found("asset", asset_id)
    return found


def _original(state: State, asset_id: str) -> Path | bytes:
    for file in enrichments.picture_files(state.looks, asset_id):
        if is_regular(file.real_path):
            return Path(file.real_path)
    raise no_such("file now: its drive is away, or it has gone")


async def _variant(request: Request, state: State, asset_id: str, name: str) -> Path | bytes:
    """Of a server that only reads it is kept nowhere but in memory."""
    try:
        return await state.pictures.get(request, asset_id, name)
    except (NotFound, Undecodable, UsageError) as error:
        raise no_such(f"picture: {error}") from error


def _file(
    request: Request,
    found: Path | bytes,
    mime_type: str,
    tag: str,
    name: str,
    *,
    is_fixed: bool,
    download: bool = False,
) -> Response:
    info = None
    if isinstance(found, Path):
        path = found
        try:
            with open(path, "rb", opener=regular_nofollow) as file:
                info = os.fstat(file.fileno())
                if info.st_size <= _SMALL and "range" not in request.headers:
                    found = file.read()
        except OSError as error:
            raise no_such("file now: its drive is away, or it has gone") from error
    mtime = None if info is None else info.st_mtime
    headers = _headers(f'"{tag}"', mtime, mime_type, name, is_fixed=is_fixed, download=download)
    if _is_known(request, headers["etag"], mtime):
        return Response(status_code=304, headers=headers)
    if isinstance(found, bytes):
        return Response(found, headers={**headers, "accept-ranges": "bytes"}, media_type=mime_type)
    return FileResponse(found, headers=headers, media_type=mime_type, stat_result=info)


def _headers(
    etag: str, mtime: float | None, mime_type: str, name: str, *, is_fixed: bool, download: bool = False
) -> dict[str, str]:
    is_shown = mime_type.startswith(_SHOWN) and mime_type not in _NEVER_SHOWN and not download
    return {
        "etag": etag,
        **({} if mtime is None else {"last-modified": formatdate(mtime, usegmt=True)}),
        "cache-control": "private, max-age=31536000, immutable" if is_fixed else "private, no-cache",
        "content-disposition": _disposition("inline" if is_shown else "attachment", name),
    }


def _is_known(request: Request, etag: str, mtime: float | None) -> bool:
    """RFC 9110, 13.2.2: the tags count, and only where there are none the time."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None or mtime is None:
        return False
    try:
        return int(mtime) <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def _disposition(kind: str, name: str) -> str:
    """RFC 6266: the name in letters that every client knows, and the name as it is."""
    plain = "".join(one if " " <= one <= "~" and one not in '"\\%' else "_" for one in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
