"""/api/search/suggestions: search autocompletion."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Query, Response

from indexer.index import Index
from indexer.index.suggestions import Vocabulary

from ..answers import answer, errors
from ..dependencies import StateDep
from ..routing import make_router
from ..schemas.suggestions import Suggestions
from ..state import State

router = make_router(prefix="/api/search/suggestions", tags=["search"])

_MOST = 10
# A vocabulary is used for at least this many seconds, and this many times as long as reading it took.
_USED, _TIMES_AS_LONG = 5.0, 20


@router.get("", response_model=Suggestions, responses=errors())
async def suggest(
    state: StateDep,
    q: Annotated[
        str, Query(description='The last word or filter that was typed: par, person:"Ada L.', max_length=200)
    ] = "",
) -> Response:
    """List people, places, cameras, lenses, months, keywords, albums, folders and filters that begin with the text."""
    vocabulary = await _vocabulary(state)
    suggestions = await state.browse(lambda index: vocabulary.matching(q, _MOST))
    return answer(
        {
            "suggestions": [
                {"kind": each.kind, "text": each.text, "query": each.query, "count": each.photos}
                for each in suggestions
            ]
        }
    )


async def _vocabulary(state: State) -> Vocabulary:
    """The vocabulary, which may be some seconds old: only the first request waits for it."""
    if state.vocabulary is None:
        await _refresh(state)
    elif time.monotonic() > state.vocabulary[1]:
        state.run_aside(_refresh(state))
    assert state.vocabulary is not None
    return state.vocabulary[0]


async def _refresh(state: State) -> None:
    state.vocabulary = await state.single_flight("vocabulary", _read)


def _read(index: Index) -> tuple[Vocabulary, float]:
    """The vocabulary, and the monotonic time until which it is valid."""
    started = time.monotonic()
    vocabulary = index.suggestions.vocabulary()
    ended = time.monotonic()
    return vocabulary, ended + max(_USED, _TIMES_AS_LONG * (ended - started))
