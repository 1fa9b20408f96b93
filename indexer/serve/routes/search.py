"""/api/search"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import File, Form, Query, Request, Response, UploadFile
from PIL import Image

from indexer.enrich import render_processes
from indexer.errors import Undecodable, UsageError
from indexer.index import Index
from indexer.index.search import Match
from indexer.store.assets import select_page
from indexer.store.filters import AssetFilter
from indexer.store.records import select_records

from ..answers import answer_text, errors, unprocessable
from ..models import MOST_IDS, LibraryId, PersonId, SearchResults
from ..routing import make_router
from ..state import State, base_of, state_of
from ..urls import with_urls
from .assets import check_library

router = make_router(prefix="/api/search", tags=["search"])

_PERSON = PersonId.__metadata__[0].pattern  # type: ignore[attr-defined]

Query_ = Annotated[str | None, Query(description="Words, and filters as the command line has them.")]


@router.get("", response_model=SearchResults, responses=errors(404))
async def search(
    request: Request,
    query: Query_ = None,
    captured_after: Annotated[datetime | None, Query()] = None,
    captured_before: Annotated[datetime | None, Query()] = None,
    person_ids: Annotated[list[str] | None, Query(description="With all of them; commas do too.")] = None,
    library_id: LibraryId | None = None,
    threshold: Annotated[float, Query(ge=0, le=1, description="The largest distance.")] = 0.8,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> Response:
    """The best first; without a query the newest."""
    wanted = _wanted(request, person_ids, library_id, captured_after, captured_before)
    return await _found(request, wanted, query, None, threshold, page, limit)


@router.post("", response_model=SearchResults, responses=errors(404))
async def search_assets(
    request: Request,
    query: Annotated[str | None, Form()] = None,
    image: Annotated[UploadFile | None, File(description="What it is to look like.")] = None,
    captured_after: Annotated[datetime | None, Form()] = None,
    captured_before: Annotated[datetime | None, Form()] = None,
    person_ids: Annotated[list[str] | None, Form()] = None,
    library_id: Annotated[LibraryId | None, Form()] = None,
    threshold: Annotated[float, Form(ge=0, le=1)] = 0.8,
    page: Annotated[int, Form(ge=1, le=10_000)] = 1,
    limit: Annotated[int, Form(ge=1, le=200)] = 20,
) -> Response:
    """As GET; also by a picture that the photos are to look like."""
    wanted = _wanted(request, person_ids, library_id, captured_after, captured_before)
    picture = None
    if image is not None:
        async with state_of(request).turn():  # until then it lies on the disk
            picture = await _opened(await image.read())
    return await _found(request, wanted, query, picture, threshold, page, limit)


def _wanted(
    request: Request,
    person_ids: list[str] | None,
    library_id: str | None,
    after: datetime | None,
    before: datetime | None,
) -> AssetFilter:
    import re

    state = state_of(request)
    check_library(state, library_id)
    people = [one.strip() for some in person_ids or () for one in some.split(",") if one.strip()]
    if len(people) > MOST_IDS:
        raise unprocessable("person_ids", f"there are more than {MOST_IDS}")
    for one in people:
        if not re.fullmatch(_PERSON, one):
            raise unprocessable("person_ids", f"'{one}' is no id of a person")
    return AssetFilter(person_ids=people, library_id=library_id, after=after, before=before)


async def _opened(content: bytes) -> Image.Image:
    """Decoded in another process: others are answered meanwhile, whatever was sent."""
    try:
        picture: Image.Image = render_processes.the_one(await asyncio.wrap_future(render_processes.sent(content)))
        return picture
    except Undecodable as error:
        raise unprocessable("image", str(error), "body") from error


async def _found(
    request: Request,
    wanted: AssetFilter,
    query: str | None,
    picture: Image.Image | None,
    threshold: float,
    number: int,
    limit: int,
) -> Response:
    state, offset = state_of(request), (number - 1) * limit
    query = (query or "").strip()
    if not query and picture is None:
        ids = select_page(state.looks, wanted, None, offset + limit) or []
        return _answer(request, state, [Match(asset_id, None) for asset_id in ids[offset:]])

    def matches(index: Index) -> Sequence[Match]:
        return index.searches.matches(query, wanted, picture=picture, threshold=threshold, offset=offset, limit=limit)

    try:
        found = await state.search(matches)
    except (UsageError, Undecodable) as error:
        raise unprocessable("query", str(error)) from error
    return _answer(request, state, found)


def _answer(request: Request, state: State, matches: Sequence[Match]) -> Response:
    base, distances = base_of(request), dict(matches)
    texts = []
    for one in select_records(state.looks, list(distances)):
        far = distances[one.id]
        texts.append(f'{{"asset":{with_urls(one, base)},"distance":{"null" if far is None else round(far, 4)}}}')
    return answer_text(f'{{"data":[{",".join(texts)}]}}')
