"""`Index.searches`: search by words, filters and pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ..query import Query, parse
from ..store import search, search_index
from ..store.assets import Listed
from ..store.filters import LIVE, AssetFilter
from ..store.search import SearchRequest

if TYPE_CHECKING:
    from PIL import Image

    from .session import Session

# The most assets that a model adds to those that contain the words.
_MOST_DESCRIBED = 200


class Match(NamedTuple):
    """distance: from the picture or the words: 0 is identical, 1 unrelated; None if no model compared them."""

    asset_id: str
    distance: float | None


class Searches:
    """For the search language see indexer.query. Methods raise UsageError for an invalid search and for one that takes
    too long."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, query: str, limit: int = 20) -> Sequence[Listed]:
        self.update()
        return search.search(self._session.connection, self._request(parse(query)), limit)

    def list_json(self, query: str, limit: int = 20) -> Iterator[str]:
        """The records of `list`, as `Index.get_json` returns them."""
        self.update()
        return search.search_json(self._session.connection, self._request(parse(query)), limit)

    def matches(
        self,
        query: str = "",
        which: AssetFilter = LIVE,
        *,
        picture: Image.Image | None = None,
        threshold: float = 1.0,
        offset: int = 0,
        limit: int = 20,
    ) -> Sequence[Match]:
        """A page of assets that match the query, the filter and the picture, within the distance threshold. picture:
        upright, RGB."""
        parsed, end = parse(query), offset + limit
        if parsed.terms or parsed.without:
            self.update()
        connection = self._session.connection
        if picture is not None:
            near = dict(pair for pair in self._by_picture(picture) if pair[1] <= threshold)
            request = self._request(parsed, which)._replace(similar=list(near))
            ids = search.search_ids(connection, request, end)
            return [Match(asset_id, near[asset_id]) for asset_id in islice(ids, offset, end)]
        distances = self._distances(parsed)
        # Matches beyond the threshold are dropped while reading rows, so more than a page is requested.
        ids = search.search_ids(connection, self._request(parsed, which), -1 if distances else end)
        matches = (Match(asset_id, distances.get(asset_id)) for asset_id in ids)
        return list(islice((match for match in matches if (match.distance or 0.0) <= threshold), offset, end))

    def numbers(self, query: str, *, is_trashed: bool = False, is_ranked: bool = False) -> Sequence[int]:
        """Numbers of all live or all trashed matches, and perhaps of others, by the current full-text index (see
        `update`); is_ranked: in the order of `list`."""
        request = self._request(parse(query)._replace(is_trashed=is_trashed))
        return search.search_numbers(self._session.connection, request, is_ranked=is_ranked)

    def sql(self, query: str, limit: int = 20) -> str:
        """The statement that `list` runs."""
        return search.as_sql(self._session.connection, SearchRequest(parse(query)), limit)

    def update(self) -> bool:
        """Bring the full-text index up to date, unless the index cannot be written. Returns whether it was behind."""
        session = self._session
        if session.read_only or not search_index.is_behind(session.connection) or not os.access(session.path, os.W_OK):
            return False
        more = True
        while more:
            with session.transaction() as tx:
                more = search_index.catch_up(tx.connection)
        return True

    def _request(self, query: Query, which: AssetFilter = LIVE) -> SearchRequest:
        return SearchRequest(query, which, described=self._described(query))

    def _described(self, query: Query) -> Sequence[str]:
        """Assets whose pictures match the free words, if there is an embedding model."""
        words = _free_words(query)
        if not words:
            return ()
        from ..enrich.enrichers import image_embeddings
        from ..store.image_embeddings import has_embeddings, nearest

        connection = self._session.connection
        kind = image_embeddings.find_model() if image_embeddings.is_available() else None
        if kind is None or not has_embeddings(connection, kind.name):
            return ()
        return nearest(connection, kind.name, image_embeddings.load(kind).of_text(words), _MOST_DESCRIBED)

    def _distances(self, query: Query) -> dict[str, float]:
        """Distances from the free words, by asset id, of the assets with an embedding, if there is a model."""
        words = _free_words(query)
        if not words:
            return {}
        from ..enrich.similarity_search import distances

        return distances(self._session.connection, words)

    def _by_picture(self, picture: Image.Image) -> Sequence[tuple[str, float]]:
        """All live photos with their distances, the nearest first: by image embedding if there is a model, else by
        perceptual hash."""
        from ..enrich.similarity_search import nearest

        return nearest(self._session.connection, picture)


def _free_words(query: Query) -> str:
    return " ".join(term.text for term in search.free_terms(query))
