"""Indexed folders and those in them: `Index.folders`. How many photos lie in each, and below it."""

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
    """path: absolute, as stored. parent: the position of the folder that it lies in, in the same list. assets: live
    ones in it, total: with those below it, each once however many copies there are. offline: out of reach now."""

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
        """Each folder before those within it; folders of one folder by name."""
        return _tree(self._session.connection)

    def offline(self) -> str:
        """What cannot be reached now, as a text that differs when that does."""
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
    found: list[Folder] = []
    for root in roots:
        waiting: list[tuple[str, int | None]] = [("", None)]
        while waiting:
            folder, parent = waiting.pop()
            here, place = len(found), (root.id, folder)
            path = f"{root.path.rstrip('/')}/{folder}" if folder else root.path
            name = path.rstrip("/").rpartition("/")[2] or path
            found.append(Folder(path, name, parent, own[place], total[place], _is_away(root, folder)))
            within = sorted(children.get(place, ()), key=lambda one: (one.casefold(), one), reverse=True)
            waiting += [(one, here) for one in within]
    return found


def _is_away(root: store.Root, folder: str) -> bool:
    return any(not one or folder == one or folder.startswith(one + "/") for one in root.away)


def _upwards(folder: str) -> Iterator[str]:
    """A folder within a root, those that it lies in, and the root itself."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _repeated(places: Counter[Place]) -> dict[Place, int]:
    """How often too many an asset was counted in each."""
    return {place: count - 1 for place, count in places.items() if count > 1}
