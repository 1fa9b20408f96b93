"""Serve the files of asset_urls: /files/{asset_id}/{name}, /files/faces/{face_id}.

No part of a path comes from the request: paths are looked up by id and rendition name."""

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
from indexer.files import regular_nofollow

from ..answers import errors, no_such, tags_of
from ..dependencies import KnownFace, StateDep
from ..ranges import part_response, requested_range
from ..renditions import LEFT, Left
from ..routing import make_router
from ..schemas.common import AssetId
from ..state import State
from ..urls import version_of

router = make_router(prefix="/files", tags=["files"])

_FILES = {
    **errors(404),
    200: {"description": "The file.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The requested range."},
    304: {"description": "Not modified."},
    400: {"description": "A malformed range."},
    416: {"description": "A range beyond the end of the file."},
}
# Bytes. A smaller file is read in one go, without a thread.
_SMALL = 250_000
# Displayed by browsers. Anything else is downloaded, since it might contain scripts.
_SHOWN = ("image/", "video/", "audio/")
_NEVER_SHOWN = ("image/svg+xml",)
Version = Annotated[str | None, Query(description="The version in asset_urls, whose content never changes.")]


@router.head("/faces/{face_id}", include_in_schema=False)
@router.get("/faces/{face_id}", responses=_FILES)
async def get_face_file(request: Request, state: StateDep, face: KnownFace, v: Version = None) -> Response:
    """Get the portrait of a face."""
    try:
        portrait, _ = await _rendition(request, state, face.asset_id, face.id)
    except Left:
        return Response(status_code=LEFT)
    asset = state.reader.assets.served(face.asset_id)
    tag = portrait.stem if isinstance(portrait, Path) else f"{version_of(asset)}-{face.id}"
    return _file(request, portrait, "image/jpeg", tag, f"{face.id}.jpg", is_fixed=False)


@router.head("/{asset_id}/motion", include_in_schema=False)
@router.get("/{asset_id}/motion", responses=_FILES)
async def get_motion(request: Request, state: StateDep, asset_id: AssetId, v: Version = None) -> Response:
    """Get the video inside a motion photo, or of a live photo."""
    asset = state.reader.assets.served(asset_id)
    try:
        video = await state.run(lambda index: index.assets.motion_video(asset_id))
        mtime = os.stat(video.path).st_mtime
    except NotFound as error:
        raise no_such(f"video: {error}") from error
    except OSError as error:
        raise no_such("file now: its drive is disconnected, or it is gone") from error
    # The video of a live photo is another asset's file, which may change while the still does not.
    version = version_of(state.reader.assets.served(video.asset_id))
    name = f"{os.path.splitext(asset.original_name)[0]}-motion"
    headers = _headers(f'"{version}-{video.start}"', mtime, video.mime_type, name, is_fixed=v == version)
    if _is_known(request, headers["etag"], mtime):
        return Response(status_code=304, headers=headers)
    is_other = request.headers.get("if-range", headers["etag"]) not in (headers["etag"], headers["last-modified"])
    part = requested_range(None if is_other else request.headers.get("range"), video.size)
    if request.method == "HEAD":
        return Response(headers={**headers, "content-length": str(video.size)}, media_type=video.mime_type)
    return part_response(video.path, video.start, video.size, part, headers, video.mime_type)


@router.head("/{asset_id}/{name}", include_in_schema=False)
@router.get("/{asset_id}/{name}", responses=_FILES)
async def get_file(
    request: Request,
    state: StateDep,
    asset_id: AssetId,
    name: Annotated[Literal["original", "thumbnail", "preview", "fullsize"], InPath()],
    v: Version = None,
    download: Annotated[bool, Query(description="Have the browser save the file.")] = False,
) -> Response:
    """Get a photo or video, or a rendition of it, which is made if it does not exist."""
    asset = state.reader.assets.served(asset_id)
    mime_type, file_name, version = asset.mime_type, asset.original_name, version_of(asset)
    tag, is_fixed = f"{version}-{name}", v == version
    if name == "original":
        content: Path | bytes = _original(state, asset_id)
    else:
        try:
            content, is_current = await _rendition(request, state, asset_id, name)
        except Left:
            return Response(status_code=LEFT)
        if isinstance(content, Path) and not is_current:
            tag, is_fixed = content.stem, False
        # Else it is the original, which serves as the rendition.
        if isinstance(content, bytes) or (content.suffix == ".jpg" and content.parent.parent == state.cache):
            mime_type, file_name = "image/jpeg", f"{os.path.splitext(file_name)[0]}-{name}.jpg"
    return _file(request, content, mime_type, tag, file_name, is_fixed=is_fixed, download=download)


def _original(state: State, asset_id: str) -> Path:
    try:
        return state.reader.assets.original(asset_id)
    except NotFound as error:
        raise no_such("file now: its drive is disconnected, or it is gone") from error


async def _rendition(request: Request, state: State, asset_id: str, name: str) -> tuple[Path | bytes, bool]:
    """A rendition, and whether it is of the photo as it is now: if no file can be reached, one of what it was before it
    was edited is better than nothing. A server that only reads keeps new ones in memory."""
    try:
        return await state.renditions.get(request, asset_id, name), True
    except NotFound as error:
        outdated = state.reader.renditions.cached(asset_id, name, outdated=True)
        if outdated is None:
            raise no_such(f"picture: {error}") from error
        return outdated, False
    except (Undecodable, UsageError) as error:
        raise no_such(f"picture: {error}") from error


def _file(
    request: Request,
    content: Path | bytes,
    mime_type: str,
    tag: str,
    name: str,
    *,
    is_fixed: bool,
    download: bool = False,
) -> Response:
    info = None
    if isinstance(content, Path):
        try:
            with open(content, "rb", opener=regular_nofollow) as file:
                info = os.fstat(file.fileno())
                if info.st_size <= _SMALL and "range" not in request.headers:
                    content = file.read()
        except OSError as error:
            raise no_such("file now: its drive is disconnected, or it is gone") from error
    mtime = None if info is None else info.st_mtime
    headers = _headers(f'"{tag}"', mtime, mime_type, name, is_fixed=is_fixed, download=download)
    if _is_known(request, headers["etag"], mtime):
        return Response(status_code=304, headers=headers)
    if isinstance(content, bytes):
        return Response(content, headers={**headers, "accept-ranges": "bytes"}, media_type=mime_type)
    return FileResponse(content, headers=headers, media_type=mime_type, stat_result=info)


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
    """Whether the client's copy is current: entity tags take precedence over the time (RFC 9110, 13.2.2)."""
    if "if-none-match" in request.headers:
        tags = tags_of(request)
        return tags == ["*"] or etag in tags
    since = request.headers.get("if-modified-since")
    if since is None or mtime is None:
        return False
    try:
        return int(mtime) <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def _disposition(kind: str, name: str) -> str:
    """Content-Disposition (RFC 6266) with the name in ASCII, for old clients, and in UTF-8."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
