"""/api/timeline: any view of the photos as a list of tiles in order; see docs/api.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, HTTPException, Query, Request, Response

from indexer.errors import UsageError
from indexer.index import Index
from indexer.timeline import Arranged, Timeline, View, tiles

from ..answers import answer, encoding_for, errors, tags_of, unprocessable
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.common import AlbumId, AssetId, PersonId
from ..schemas.timeline import AssetIdList, Position, Tiles
from ..schemas.timeline import Timeline as TimelineModel
from ..state import State
from ..urls import version_of

router = make_router(prefix="/api/timeline", tags=["timeline"])

T = TypeVar("T")
MOST_TILES, MOST_IDS = 1_000, 50_000

Search = Annotated[str, Query(description="Words and filters, in the search language of the command line.")]
Folder = Annotated[str | None, Query(description="An absolute path; includes subfolders.", min_length=1)]
WhichState = Annotated[Literal["live", "trashed"], Query(alias="state")]
Order = Annotated[Literal["newest", "oldest", "best"], Query(description="best: by search rank; needs q.")]
Ordinal = Annotated[int, Query(ge=0, le=2**31)]


def _view(
    q: Search = "",
    album_id: AlbumId | None = None,
    person_id: PersonId | None = None,
    folder: Folder = None,
    which: WhichState = "live",
    order: Order = "newest",
) -> View:
    if order == "best" and not q.strip():
        raise unprocessable("order", "best needs q")
    return View(q.strip(), album_id, person_id, folder, which, order)


ViewDep = Annotated[View, Depends(_view)]


def _arranged(timeline: Timeline, index: Index, view: View, *, may_be_old: bool = False) -> Arranged:
    try:
        return timeline.arranged(index, view, may_be_old=may_be_old)
    except UsageError as error:
        raise unprocessable("q", str(error)) from error


async def _in_thread(state: State, view: View, do: Callable[[Index], T]) -> T:
    return await (state.search(do) if view.q else state.browse(do))


@router.get("", response_model=TimelineModel, responses=errors(404))
async def get_timeline(
    state: StateDep,
    view: ViewDep,
) -> Response:
    """Get the number of tiles of a view, and its days."""
    arranged = await _in_thread(state, view, lambda index: _arranged(state.timeline, index, view))
    return answer(
        {
            "cursor": arranged.changed,
            "total": len(arranged.tiles),
            "undated": arranged.undated,
            "assets": arranged.assets,
            "days": arranged.days,
            "counts": arranged.day_counts,
        }
    )


_GEOMETRY: dict[int | str, dict[str, Any]] = {
    **errors(404),
    200: {
        "description": "One byte per tile: 128 + 32 log2(width / height) of the upright picture; 128: unknown.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "Not modified."},
}


@router.get("/geometry", responses=_GEOMETRY)
async def get_geometry(
    request: Request,
    state: StateDep,
    view: ViewDep,
) -> Response:
    """Get the aspect ratios of all tiles of a view, in order. The ETag begins with the cursor."""
    encoding = encoding_for(request)

    def compute(index: Index) -> tuple[str, bytes]:
        arranged = _arranged(state.timeline, index, view)
        # A strong tag identifies the exact bytes.
        tag = f"{arranged.changed}-{encoding}" if encoding else str(arranged.changed)
        return f'"{tag}"', getattr(arranged.geometry, encoding or "plain")

    etag, content = await _in_thread(state, view, compute)
    # Not to be stored: a rebuilt index counts its events from one again, and its tags would match old content.
    headers = {"etag": etag, "cache-control": "private, no-store", "vary": "accept-encoding"}
    if etag in tags_of(request):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["content-encoding"] = encoding
    return Response(content, headers=headers, media_type="application/octet-stream")


@router.get("/tiles", response_model=Tiles, responses=errors(404))
async def get_tiles(
    state: StateDep,
    view: ViewDep,
    start: Ordinal,
    stop: Ordinal,
) -> Response:
    """Get the tiles from start up to stop (exclusive), at most 1,000, as columns."""
    _check_range(start, stop, MOST_TILES)

    def compute(index: Index) -> dict[str, Any]:
        for may_be_old in (True, False, False):
            arranged = _arranged(state.timeline, index, view, may_be_old=may_be_old)
            page = tiles.columns(index, arranged, start, stop, version_of)
            if page is not None:
                return page
        raise HTTPException(503, "photos are being deleted: try again")

    return answer(await _in_thread(state, view, compute))


@router.get("/position", response_model=Position, responses=errors(404))
async def get_position(
    state: StateDep,
    view: ViewDep,
    id: AssetId,
) -> Response:
    """Get the position of an asset in a view; for a hidden asset of a stack, the position of the stack. ordinal is null
    if the view does not contain it."""

    def compute(index: Index) -> dict[str, int | None]:
        arranged = _arranged(state.timeline, index, view)
        return {"ordinal": tiles.position(index, arranged, id), "cursor": arranged.changed}

    return answer(await _in_thread(state, view, compute))


@router.get("/ids", response_model=AssetIdList, responses=errors(404, 409))
async def get_ids(
    state: StateDep,
    view: ViewDep,
    start: Ordinal,
    stop: Ordinal,
    members: Annotated[bool, Query(description="Include the other assets of each stack.")] = False,
    cursor: Annotated[
        int | None, Query(description="Fail with 409 if the view's cursor differs: ordinals may have changed.")
    ] = None,
) -> Response:
    """Get the ids of the tiles from start up to stop (exclusive), at most 50,000."""
    _check_range(start, stop, MOST_IDS)

    def compute(index: Index) -> list[str]:
        arranged = _arranged(state.timeline, index, view, may_be_old=cursor is None)
        if cursor not in (None, arranged.changed):
            raise HTTPException(409, "the photos have changed since they were chosen: choose them again")
        return tiles.ids(index, arranged, start, stop, with_members=members)

    return answer({"ids": await _in_thread(state, view, compute)})


def _check_range(start: int, stop: int, most: int) -> None:
    if stop < start:
        raise unprocessable("stop", "it comes before start")
    if stop - start > most:
        raise unprocessable("stop", f"more than {most:,} at once")
