"""A part of a file as an answer, and parts of that part (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fastapi import HTTPException
from fastapi.responses import StreamingResponse

from indexer.files import regular_nofollow

_PIECE = 256 * 1024
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})$", re.IGNORECASE)


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Begin and end (exclusive) of what is asked for of size bytes; None: all of it, also where the header makes no
    sense or asks for several ranges. Raises 416 for one that lies behind the end."""
    found = _RANGE.match(header.strip()) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        begin, end = max(size - int(found[2]), 0), size
    else:
        begin, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < begin:
            return None
    if begin >= end:
        raise HTTPException(416, "the range lies behind the end", {"content-range": f"bytes */{size}"})
    return begin, end


def part_response(
    path: str, start: int, size: int, wanted: tuple[int, int] | None, headers: Mapping[str, str], mime_type: str
) -> StreamingResponse:
    """size bytes of a file from start on, or of these the wanted ones."""
    begin, end = wanted or (0, size)
    told = {**headers, "accept-ranges": "bytes", "content-length": str(end - begin)}
    if wanted is not None:
        told["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    pieces = _pieces(path, start + begin, end - begin)
    return StreamingResponse(pieces, 206 if wanted else 200, headers=told, media_type=mime_type)


def _pieces(path: str, position: int, left: int) -> Iterator[bytes]:
    with open(path, "rb", opener=regular_nofollow) as file:
        file.seek(position)
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
