"""/api/folders and /api/search/suggestions agree with the timeline."""

from __future__ import annotations

import asyncio
import random
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer import Index
from indexer.index import suggestions
from indexer.index.suggestions import Suggestion, Vocabulary
from indexer.serve.app import make_app
from indexer.serve.settings import Settings
from indexer.store.suggestions import Term

from ..conftest import put
from .conftest import Server


def test_the_tree_says_what_the_timeline_shows(server: Server, indexed: Index) -> None:
    found = httpx.get(f"{server.url}/api/folders").json()["folders"]
    assert found[0]["parent"] is None and found[0]["total"] == len(indexed.list(limit=-1))
    for at, one in enumerate(found):
        shown = httpx.get(f"{server.url}/api/timeline", params={"folder": one["path"]}).json()
        assert shown["assets"] == one["total"], one
        within = [other for other in found if other["parent"] == at]
        several = [one["assets"], *(other["total"] for other in within)]  # copies lie in two of them
        assert max(several) <= one["total"] <= sum(several)
        assert all(other["path"] == f"{one['path']}/{other['name']}" for other in within)
        assert one["parent"] is None or one["parent"] < at


def test_copies_links_and_the_trash(index: Index, photos: Path) -> None:
    for place in ("a/1.jpg", "a/2.jpg", "a/b/1.jpg", "c/1.jpg", "c/d/e/f/1.jpg"):
        put(photos / place, "same")
    put(photos / "c" / "2.jpg", "other")
    put(photos / "B" / "3.jpg", "third")
    index.scan([photos])

    def counts() -> dict[str, tuple[int, int]]:
        return {one.path.removeprefix(f"{photos}"): (one.assets, one.total) for one in index.folders.tree()}

    assert counts() == {
        "": (0, 3), "/a": (1, 1), "/a/b": (1, 1), "/B": (1, 1), "/c": (2, 2), "/c/d": (0, 1), "/c/d/e": (0, 1),
        "/c/d/e/f": (1, 1),
    }  # fmt: skip
    assert list(counts()) == ["", "/a", "/a/b", "/B", "/c", "/c/d", "/c/d/e", "/c/d/e/f"]
    index.trash.put([photos / "c" / "2.jpg"])
    (photos / "a" / "b" / "1.jpg").unlink()
    index.scan(accept_loss=1)
    assert counts()["/c"] == (1, 1) and counts()[""] == (0, 2)


def test_what_is_away_is_said(index: Index, photos: Path) -> None:
    put(photos / "a" / "1.jpg", 1)
    index.scan([photos])
    photos.rename(photos.with_name("elsewhere"))
    index.scan()
    assert [(one.offline, one.total) for one in index.folders.tree()] == [(True, 1), (True, 1)]


def suggested(server: Server, q: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.url}/api/search/suggestions", params={"q": q})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["suggestions"])


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("Par", "place", "Paris, France"),
        ("place:fran", "place", "France"),
        ("cap", "person", "Captain"),
        ('person:"Cap', "person", "Captain"),
        ("pix", "camera", "Pixel 8"),
        ("apr", "month", "April 2024"),
        ("2024", "year", "2024"),
        ("taken:2024-04", "month", "April 2024"),
        ("kyo", "folder", "Kyoto"),
        ("", "person", "Captain"),
    ],
)
def test_what_begins_so_is_suggested(server: Server, indexed: Index, typed: str, kind: str, text: str) -> None:
    (found,) = [one for one in suggested(server, typed) if (one["kind"], one["text"]) == (kind, text)]
    shown = httpx.get(f"{server.url}/api/timeline", params={"q": found["query"]})
    assert shown.status_code == 200 and shown.json()["assets"] == found["count"] > 0


@pytest.mark.parametrize("typed", ["nothing like it", "(", '"', "person:", "is:x", "\0", "ﬁ", "a" * 200, "%_"])
def test_anything_may_be_typed(server: Server, typed: str) -> None:
    suggested(server, typed)


def test_odd_names_can_be_searched(index: Index, photos: Path) -> None:
    from indexer.store import suggestions as store

    path = put(photos / "a.jpg", 1)
    index.scan([photos])
    for name in ('He said "hi" twice', "Émile-Zola", "東京 旅行", "c'est l'été", "-minus", "taken:2019"):
        index.albums.create(name, [path])
    index.albums.create("…", [path])
    vocabulary = Vocabulary(store.terms(index.session.connection))
    albums = [one for one in vocabulary.matching("album:", 100) if one.kind == "album"]
    assert len(albums) == 6
    for one in albums:
        assert [found.id for found in index.search(one.query)], one
        assert one in vocabulary.matching(one.text[:4], 100)


def test_of_many_words_the_same_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By sorted words, as by a look at each of them."""
    chance = random.Random(1)
    syllables = ["pa", "ris", "é", "ß", " ", "-", "2", "東京", "ka", "(", "word", "o"]
    texts = {"".join(chance.choices(syllables, k=chance.randint(1, 6))) for _ in range(3000)}
    terms = [Term("album" if number % 3 else "keyword", one, number % 40) for number, one in enumerate(sorted(texts))]
    vocabulary = Vocabulary(terms)
    typed = ["album:", "keyword", "(", "-", "pa ris", "album:pa", "2-", "kaka", "no such"]
    for value in (*typed, *("".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(300))):
        fast = vocabulary.matching(value, 10)
        with monkeypatch.context() as patched:
            patched.setattr(vocabulary, "_candidates", lambda value: range(len(vocabulary._entries)))
            assert fast == vocabulary.matching(value, 10), value


def test_rare_terms_beyond_the_bound_are_not_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "_MOST_TERMS", 3)
    vocabulary = Vocabulary(Term("keyword", f"word{number}", number) for number in range(9))
    assert [one.text for one in vocabulary.matching("wo", 10)] == ["word8", "word7", "word6"]


def test_nobody_waits_while_it_is_looked_for(some: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def matching(self: Vocabulary, typed: str, limit: int) -> list[Suggestion]:
        threads.append(threading.current_thread())
        return []

    monkeypatch.setattr(Vocabulary, "matching", matching)

    async def run() -> None:
        app = make_app(Settings(some.path))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
        ):
            assert (await client.get("/api/search/suggestions", params={"q": "a"})).status_code == 200

    asyncio.run(run())
    assert len(threads) == 1 and threads[0] is not threading.main_thread()
