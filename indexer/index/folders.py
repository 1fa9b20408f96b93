"""`Index.folders`: the tree of indexed folders, with the number of photos in and below each."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from indexer.store import folders as store

from .session import Session

# A root, and a folder within it.
Place = tuple[int, str]


class Folder(NamedTuple):
    """path: absolute, as stored. parent: the position of its parent folder in the same list. assets: number of live
    assets directly in it; total: including its subfolders, each asset counted once. offline: not reachable now."""

    path: str
    name: str
    parent: int | None
    assets: int
    total: int
    offline: bool


class Folders:
    def __init__(self, session: Session) -> None:
        self._session = session

    def tree(self) -> Sequence[Folder]:
        """Each folder before its subfolders; siblings sorted by name."""
        return _tree(self._session.connection)

    def offline(self) -> str:
        """A text that changes whenever the set of unreachable folders and missing files does."""
        return store.offline(self._session.connection)


def _tree(connection: sqlite3.Connection) -> list[Folder]:
    roots, own = store.roots(connection), Counter(store.counts(connection))
    total = Counter(dict.fromkeys(((root.id, "") for root in roots), 0))
    for (root_id, folder), count in own.items():
        for above in _upwards(folder):
            total[root_id, above] += count
    for places in store.copies(connection).values():
        own.subtract(_repeated(Counter(places)))
        total.subtract(_repeated(Counter((root_id, above) for root_id, folder in places for above in _upwards(folder))))
    children: dict[Place, list[str]] = {}
    for root_id, folder in total:
        if folder:
            children.setdefault((root_id, folder.rpartition("/")[0]), []).append(folder)
    tree: list[Folder] = []
    for root in roots:
        waiting: list[tuple[str, int | None]] = [("", None)]
        while waiting:
            folder, parent = waiting.pop()
            position, place = len(tree), (root.id, folder)
            path = f"{root.path.rstrip('/')}/{folder}" if folder else root.path
            name = path.rstrip("/").rpartition("/")[2] or path
            tree.append(Folder(path, name, parent, own[place], total[place], _is_away(root, folder)))
            within = sorted(children.get(place, ()), key=lambda child: (child.casefold(), child), reverse=True)
            waiting += [(child, position) for child in within]
    return tree


def _is_away(root: store.Root, folder: str) -> bool:
    return any(not away or folder == away or folder.startswith(away + "/") for away in root.away)


def _upwards(folder: str) -> Iterator[str]:
    """A folder within a root, its ancestors, and the root itself ('')."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _repeated(places: Counter[Place]) -> dict[Place, int]:
    """Folder -> how many times too often an asset was counted in it."""
    return {place: count - 1 for place, count in places.items() if count > 1}
