"""Answer range requests (RFC 9110, 14) for a part of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fastapi import HTTPException
from fastapi.responses import StreamingResponse

from indexer.files import regular_nofollow

_PIECE = 256 * 1024
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})$", re.IGNORECASE)


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Begin and end (exclusive) of the range within size bytes; None for all of them, also for a malformed header or
    several ranges. Raises 416 for a range beyond the end."""
    match = _RANGE.match(header.strip()) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        begin, end = max(size - int(match[2]), 0), size
    else:
        begin, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < begin:
            return None
    if begin >= end:
        raise HTTPException(416, "the range is beyond the end", {"content-range": f"bytes */{size}"})
    return begin, end


def part_response(
    path: str, start: int, size: int, part: tuple[int, int] | None, headers: Mapping[str, str], mime_type: str
) -> StreamingResponse:
    """A response with `size` bytes of a file from `start`, or the requested range of them."""
    begin, end = part or (0, size)
    headers = {**headers, "accept-ranges": "bytes", "content-length": str(end - begin)}
    if part is not None:
        headers["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    pieces = _pieces(path, start + begin, end - begin)
    return StreamingResponse(pieces, 206 if part else 200, headers=headers, media_type=mime_type)


def _pieces(path: str, position: int, left: int) -> Iterator[bytes]:
    with open(path, "rb", opener=regular_nofollow) as file:
        file.seek(position)
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
