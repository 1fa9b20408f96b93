"""/api/search"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import File, Form, Query, Response, UploadFile
from PIL import Image

from indexer.errors import Undecodable, UsageError
from indexer.index import Index, decoders
from indexer.index.assets import AssetFilter
from indexer.index.search import Match

from ..answers import answer_text, errors, unprocessable
from ..dependencies import BaseUrl, StateDep
from ..routing import make_router
from ..schemas.common import MOST_IDS, PERSON_ID, LibraryId
from ..schemas.search import SearchResults
from ..state import State
from ..urls import with_urls

router = make_router(prefix="/api/search", tags=["search"])

Text = Annotated[str | None, Query(description="Words and filters, in the search language of the command line.")]


@router.get("", response_model=SearchResults, responses=errors(404))
async def search(
    state: StateDep,
    base: BaseUrl,
    query: Text = None,
    captured_after: Annotated[datetime | None, Query()] = None,
    captured_before: Annotated[datetime | None, Query()] = None,
    person_ids: Annotated[
        list[str] | None, Query(description="Photos with all of these people. Repeat it, or separate ids by commas.")
    ] = None,
    library_id: LibraryId | None = None,
    threshold: Annotated[float, Query(ge=0, le=1, description="The largest distance.")] = 0.8,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> Response:
    """Search photos, best matches first; without a query, the newest first."""
    which = _filter(person_ids, library_id, captured_after, captured_before)
    matches = await _search(state, query, which, None, threshold, offset=(page - 1) * limit, limit=limit)
    return _answer(state, matches, base)


@router.post("", response_model=SearchResults, responses=errors(404))
async def search_assets(
    state: StateDep,
    base: BaseUrl,
    query: Annotated[str | None, Form()] = None,
    image: Annotated[UploadFile | None, File(description="Find photos similar to this picture.")] = None,
    captured_after: Annotated[datetime | None, Form()] = None,
    captured_before: Annotated[datetime | None, Form()] = None,
    person_ids: Annotated[list[str] | None, Form()] = None,
    library_id: Annotated[LibraryId | None, Form()] = None,
    threshold: Annotated[float, Form(ge=0, le=1)] = 0.8,
    page: Annotated[int, Form(ge=1, le=10_000)] = 1,
    limit: Annotated[int, Form(ge=1, le=200)] = 20,
) -> Response:
    """Search like GET, also for photos similar to a picture."""
    state.reader.libraries.ensure(library_id)
    which = _filter(person_ids, library_id, captured_after, captured_before)
    picture = None
    if image is not None:
        async with state.turn():  # until then the upload stays on disk
            picture = await _decode(await image.read())
    matches = await _search(state, query, which, picture, threshold, offset=(page - 1) * limit, limit=limit)
    return _answer(state, matches, base)


def _filter(
    person_ids: list[str] | None, library_id: str | None, after: datetime | None, before: datetime | None
) -> AssetFilter:
    people = [person_id.strip() for part in person_ids or () for person_id in part.split(",") if person_id.strip()]
    if len(people) > MOST_IDS:
        raise unprocessable("person_ids", f"there are more than {MOST_IDS}")
    for person_id in people:
        if not PERSON_ID.fullmatch(person_id):
            raise unprocessable("person_ids", f"'{person_id}' is not the id of a person")
    return AssetFilter(person_ids=tuple(people), library_id=library_id, after=after, before=before)


async def _decode(content: bytes) -> Image.Image:
    """Decode a picture in another process, so that it cannot block or crash the server."""
    try:
        return await decoders.decode(content)
    except Undecodable as error:
        raise unprocessable("image", str(error), "body") from error


async def _search(
    state: State,
    query: str | None,
    which: AssetFilter,
    picture: Image.Image | None,
    threshold: float,
    *,
    offset: int,
    limit: int,
) -> Sequence[Match]:
    query = (query or "").strip()
    if not query and picture is None:
        return [Match(asset_id, None) for asset_id in state.reader.assets.page(which, offset + limit)[offset:]]

    def matches(index: Index) -> Sequence[Match]:
        return index.searches.matches(query, which, picture=picture, threshold=threshold, offset=offset, limit=limit)

    try:
        return await state.search(matches)
    except (UsageError, Undecodable) as error:
        raise unprocessable("query", str(error)) from error


def _answer(state: State, matches: Sequence[Match], base: str) -> Response:
    distances = dict(matches)
    texts = []
    for record in state.reader.assets.records(list(distances)):
        distance = distances[record.id]
        shown = "null" if distance is None else round(distance, 4)
        texts.append(f'{{"asset":{with_urls(state.reader, record, base)},"distance":{shown}}}')
    return answer_text(f'{{"data":[{",".join(texts)}]}}')
