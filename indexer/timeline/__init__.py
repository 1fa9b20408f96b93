"""The timeline: every view of the index as a list of tiles in order, kept in memory, brought up to date by the feed.

The order of all live assets is read once, and spliced where something has changed. A view (an album, a folder, a
search) is a set of assets, projected on that order. A tile is one asset, or a stack, for which its best member
stands."""

from __future__ import annotations

import gzip
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import brotli
import numpy as np
from numpy.typing import NDArray

from indexer import config
from indexer.errors import NotFound
from indexer.query import parse
from indexer.store import timeline as store
from indexer.store.search_index import is_behind
from indexer.store.timeline import Ints, Moment

from . import order as arrays
from . import snapshot as files
from .order import Order, Rows
from .snapshot import Snapshot

if TYPE_CHECKING:
    from indexer.index import Index

# Views that are kept, beside the whole timeline.
_MOST_VIEWS = 24
_BROTLI_QUALITY = 5
# More changed assets than this share of all are not spliced in, nor more days: the order is read again.
_LARGE_SHARE, _MOST_DAYS = 0.2, 1000
# Seconds: a view that took over _QUICK to make stays valid for _TIMES_AS_LONG times as long, at most _LONGEST.
_QUICK, _TIMES_AS_LONG, _LONGEST = 0.01, 20, 5.0
# Seconds that a search is used whose words are behind, where they cannot be brought up to date here.
_OLD_WORDS = 1.0
# A search whose words fall behind while it begins is begun again.
_MOST_TRIES = 3
# The file is written again after so many events.
_EVENTS_UNSAVED = 5000


class View(NamedTuple):
    """Which assets, and in which order; all of it holds. order: best is by rank, for searches."""

    q: str = ""
    album_id: str | None = None
    person_id: str | None = None
    folder: str | None = None
    state: Literal["live", "trashed"] = "live"
    order: Literal["newest", "oldest", "best"] = "newest"


class Geometry:
    """A byte of aspect ratio a tile (see `ratio_bytes`), as it is sent."""

    def __init__(self, ratios: NDArray[Any]) -> None:
        self.ratios = ratios

    @cached_property
    def plain(self) -> bytes:
        return self.ratios.tobytes()

    @cached_property
    def gzip(self) -> bytes:
        return gzip.compress(self.plain, 6, mtime=0)

    @cached_property
    def br(self) -> bytes:
        packed: bytes = brotli.compress(self.plain, quality=_BROTLI_QUALITY)
        return packed


@dataclass(frozen=True)
class Arranged:
    """A view at a moment of the feed. changed: the event at which it last changed. tiles: numbers of the assets that
    stand for them, in order; the last `undated` have no date of their own. days: the day of each of the others, and
    days_counts how many tiles it has; none where the order is by rank. assets: how many are in it, stacked ones too.
    good_until: until when, by time.monotonic, it is used though something has happened."""

    at: Moment
    changed: int
    tiles: Ints
    geometry: Geometry
    undated: int
    assets: int
    days: tuple[str, ...]
    day_counts: tuple[int, ...]
    base: Base
    good_until: float = 0.0

    def is_like(self, other: Arranged) -> bool:
        """Whether both show the same tiles in the same places."""
        return (
            np.array_equal(self.tiles, other.tiles)
            and np.array_equal(self.geometry.ratios, other.geometry.ratios)
            and (self.undated, self.days, self.day_counts) == (other.undated, other.days, other.day_counts)
        )

    def ordinal_of(self, number: int) -> int | None:
        """Of the tile that an asset is, or lies under; None: it is not in the view."""
        rows = self.base.rows_of(np.array([number]))
        if not len(rows):
            return None
        found = np.flatnonzero(self.tiles == self.base.order.leaders[rows[0]])
        return int(found[0]) if len(found) else None

    def numbers(self, start: int, stop: int, *, with_members: bool = False) -> list[int]:
        """Of the assets from one ordinal up to another; with_members: all of their stacks."""
        numbers = self.tiles[start:stop]
        if with_members and len(self.base.followers[0]) and len(numbers):
            numbers = self.base.order.numbers[np.concatenate(self.base.members_of(numbers))]
        found: list[int] = numbers.tolist()
        return found


@dataclass(frozen=True)
class Base:
    """The order that views are made of."""

    order: Order

    @cached_property
    def rows(self) -> Rows:
        """By number; -1: not in it."""
        numbers = self.order.numbers
        return arrays.rows_of(numbers, np.arange(numbers.max(initial=0) + 1))

    def rows_of(self, numbers: NDArray[Any]) -> Rows:
        """Of those that are in it."""
        rows: Rows = self.rows[numbers[numbers < len(self.rows)]]
        return rows[rows >= 0]

    @cached_property
    def followers(self) -> tuple[Ints, Rows]:
        """Of stacks, the members that others stand for: whose, in order, and their rows."""
        rows = np.flatnonzero(self.order.leaders != self.order.numbers)
        leaders = self.order.leaders[rows]
        by_leader = np.argsort(leaders, kind="stable")
        return leaders[by_leader], rows[by_leader]

    def members_of(self, numbers: Ints) -> list[Rows]:
        """Rows of the stacks that these assets stand for, their own first."""
        leaders, rows = self.followers
        own = self.rows[numbers]
        firsts, ends = (np.searchsorted(leaders, numbers, side) for side in ("left", "right"))
        return [
            own[at : at + 1] if first == end else np.concatenate((own[at : at + 1], rows[first:end]))
            for at, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True))
        ]


_NOTHING = Base(Order(*(np.empty(0, np.int32) for _ in Order._fields)))


class Timeline:
    """Of one index. For any number of threads, each with a connection of its own."""

    def __init__(self, database: Path, *, keeps_file: bool = True) -> None:
        """keeps_file: write the order into the cache folder."""
        self._path = config.cache_folder(database) / files.NAME
        self._keeps_file = keeps_file
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._base: Base | None = None
        self._saved = -1
        self._views: OrderedDict[View, Arranged] = OrderedDict()

    def arranged(self, index: Index, view: View, *, may_be_old: bool = False) -> Arranged:
        """A view as it is now. may_be_old: where it takes long to tell how it is now, as it was a moment ago will do.

        Raises NotFound for an album, a person or a folder that is not there; UsageError for a search that makes no
        sense, or takes too long."""
        if view.q and parse(view.q).is_trashed:
            view = view._replace(state="trashed")
        connection, known, started = index.session.connection, self._views.get(view), time.monotonic()
        if known is not None and (known.at == store.last(connection) or (may_be_old and started < known.good_until)):
            return known
        for _ in range(_MOST_TRIES if view.q else 1):
            was_updated = bool(view.q) and index.searches.update()
            connection = index.session.connection
            with self._moment(connection) as (at, changed, base):
                if view.state == "trashed":
                    base, changed = Base(_read(connection, trashed=True)), at.cursor
                is_all = view._replace(state="live", order="newest") == View()
                chosen = None if is_all else _chosen(index, view)
                found = _arrange(view, at, changed if is_all else at.cursor, base, chosen)
                has_old_words = bool(view.q) and is_behind(connection)
            if not has_old_words or not was_updated:
                break
        ended = time.monotonic()
        took = ended - started
        good_until = ended + min(_TIMES_AS_LONG * took, _LONGEST) if took > _QUICK else ended
        if has_old_words:  # of a server that only reads: another process brings them up to date, which is no event
            found, good_until = replace(found, at=found.at._replace(mark="")), max(good_until, ended + _OLD_WORDS)
        return self._keep(view, replace(found, good_until=good_until))

    def stack_of(self, index: Index, asset_id: str) -> list[str]:
        """Ids of the assets that are shown as one tile, the one that is shown first; none where it lies in no stack."""
        number = store.number_of(index.session.connection, asset_id)
        base = self.arranged(index, View(), may_be_old=True).base
        rows = base.rows_of(np.array([] if number is None else [number], np.int32))
        if not len(rows):
            return []
        (members,) = base.members_of(base.order.leaders[rows])
        return store.ids_of(index.session.connection, base.order.numbers[members].tolist()) if len(members) > 1 else []

    def _keep(self, view: View, found: Arranged) -> Arranged:
        """Under the event at which it last changed."""
        with self._lock:
            known = self._views.pop(view, None)
            if known is not None and known.at.cursor > found.at.cursor:  # another thread was later, and faster
                self._views[view] = known
                return found
            if known is not None and known.changed <= found.changed and known.is_like(found):
                found = replace(found, changed=known.changed, geometry=known.geometry)
            self._views[view] = found
            self._release_stale()
            while len(self._views) > _MOST_VIEWS:
                self._views.popitem(last=False)
        return found

    def _release_stale(self) -> None:
        """Release the order of stale views; only their tiles are still compared."""
        assert self._snapshot is not None
        now, cursor = time.monotonic(), self._snapshot.at.cursor
        for view, one in self._views.items():
            if one.at.cursor < cursor and one.good_until < now and one.base is not _NOTHING:
                self._views[view] = replace(one, base=_NOTHING)

    @contextmanager
    def _moment(self, connection: sqlite3.Connection) -> Iterator[tuple[Moment, int, Base]]:
        """The order, and what else is read within is of the same moment."""
        with self._lock:
            connection.execute("BEGIN")
            try:
                snapshot = self._refreshed(connection)
                if self._base is None or self._base.order is not snapshot.order:
                    self._base = Base(snapshot.order)
                base = self._base
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        try:
            yield snapshot.at, snapshot.changed, base
        finally:
            try:
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:  # the next one could not begin
                    connection.execute("ROLLBACK")

    def _refreshed(self, connection: sqlite3.Connection) -> Snapshot:
        at, known = store.last(connection), self._snapshot
        if known is None and (known := files.load(self._path)) is not None:
            self._saved = known.at.cursor
        if known is not None and known.at == at:
            self._snapshot = known
            return known
        order = None
        if known is not None and store.is_known(connection, known.at):
            order = _brought_up(connection, known)
        else:
            known = None
            self._views.clear()
        if order is None:
            order = _read(connection)
        changed = known.changed if known is not None and _shows_the_same(known.order, order) else at.cursor
        self._snapshot = Snapshot(at, changed, order)
        if known is None or at.cursor - self._saved > _EVENTS_UNSAVED:
            self._save()
        return self._snapshot

    def _save(self) -> None:
        if self._snapshot is None or not self._keeps_file or self._saved == self._snapshot.at.cursor:
            return
        with suppress(OSError):  # it is made anew when it is needed
            files.save(self._path, self._snapshot)
            self._saved = self._snapshot.at.cursor

    def close(self) -> None:
        with self._lock:
            self._save()


def _read(connection: sqlite3.Connection, *, trashed: bool = False) -> Order:
    return arrays.whole(*store.in_order(connection, trashed=trashed), store.facts(connection, trashed=trashed))


def _brought_up(connection: sqlite3.Connection, known: Snapshot) -> Order | None:
    """None where so much has changed that it is to be read anew."""
    order, changed = known.order, store.changed_since(connection, known.at.cursor)
    if len(changed) > max(_LARGE_SHARE * len(order.numbers), 1000):
        return None
    numbers = np.array(changed, np.int32)
    facts = store.facts(connection, changed)
    rows = arrays.rows_of(order.numbers, numbers)
    days = set(order.days[rows[rows >= 0]].tolist()) | set(facts.days.tolist())
    if len(days) > _MOST_DAYS:
        return None
    by_day = {day: store.in_order_of_day(connection, day) for day in days}
    try:
        new = arrays.spliced(order, numbers, facts, by_day)
    except (ValueError, IndexError):
        return None
    return new if len(new.numbers) == store.count_live(connection) else None


def _shows_the_same(one: Order, other: Order) -> bool:
    if one is other:
        return True
    rows, others = one.tiles, other.tiles
    return all(
        np.array_equal(column[rows], same[others])
        for column, same in (
            (one.numbers, other.numbers), (one.ratios, other.ratios), (one.days, other.days),
            (one.undated, other.undated)
        )
    )  # fmt: skip


def _chosen(index: Index, view: View) -> Ints:
    """Numbers of the assets in a view, whatever their state; where the order is by rank, the best first."""
    sets = list[Ints]()
    if view.q:
        is_trashed, is_ranked = view.state == "trashed", view.order == "best"
        numbers = index.searches.numbers(view.q, is_trashed=is_trashed, is_ranked=is_ranked)
        sets.append(np.array(numbers, np.int32))
    for kind, one, find in (
        ("album", view.album_id, store.of_album),
        ("person", view.person_id, store.of_person),
        ("indexed folder", view.folder, store.of_folder),
    ):
        if one is not None:
            found = find(index.session.connection, one)
            if found is None:
                raise NotFound(f"there is no {kind} {one}")
            sets.append(found)
    first, *others = sets
    for other in others:
        first = first[np.isin(first, other)]
    return first


def _arrange(view: View, at: Moment, changed: int, base: Base, chosen: Ints | None) -> Arranged:
    order = base.order
    if chosen is None:
        rows, assets = order.tiles, len(order.numbers)
    else:
        members = base.rows_of(chosen)
        assets = len(np.unique(members))
        leaders = base.rows[order.leaders[members]]
        rows, firsts = np.unique(leaders, return_index=True)
        if view.order == "best":
            rows = leaders[np.sort(firsts)]
    undated = int(np.count_nonzero(order.undated[rows]))
    if view.order == "oldest":
        dated = len(rows) - undated
        rows = np.concatenate((rows[:dated][::-1], rows[dated:][::-1]))
    days, counts = ((), ()) if view.order == "best" else _days(order.days[rows[: len(rows) - undated]])
    if view.order == "best":
        undated = 0
    return Arranged(at, changed, order.numbers[rows], Geometry(order.ratios[rows]), undated, assets, days, counts, base)


def _days(days: Ints) -> tuple[tuple[str, ...], tuple[int, ...]]:
    starts = np.flatnonzero(np.diff(days, prepend=-1))
    counts = np.diff(starts, append=len(days))
    texts = (f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}" for day in days[starts].tolist())
    return tuple(texts), tuple(counts.tolist())
