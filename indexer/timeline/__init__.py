"""The timeline: every view of the index as an ordered list of tiles, kept in memory and updated from the event feed.

The order of all live assets is read once and spliced where something changed. A view (an album, a folder, a search) is
a set of assets projected onto that order. A tile is one asset, or a stack represented by its best member."""

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
from indexer.store.assets import count_live
from indexer.store.search_index import is_behind
from indexer.store.timeline import Ints, Moment

from . import order as arrays
from . import snapshot as files
from .order import Order, Rows
from .snapshot import Snapshot

if TYPE_CHECKING:
    from indexer.index import Index

# Views kept in memory besides the order.
_MAX_VIEWS = 24
_BROTLI_QUALITY = 5
# If a larger share of all assets changed, or more days, the order is read again instead of spliced.
_MAX_SPLICED_SHARE, _MAX_SPLICED_DAYS = 0.2, 1000
# Seconds: a view that took longer than _QUICK stays valid for _VALIDITY_FACTOR times as long, at most _MAX_VALIDITY.
_QUICK, _VALIDITY_FACTOR, _MAX_VALIDITY = 0.01, 20, 5.0
# Seconds that a search from an outdated full-text index stays valid, if this process cannot update the index.
_OLD_WORDS = 1.0
# Attempts at a search whose full-text index falls behind while it begins.
_MAX_ATTEMPTS = 3
# Events after which the snapshot is saved again.
_EVENTS_UNSAVED = 5000


class View(NamedTuple):
    """The conditions on assets, all of which must hold, and their order. order: best is by rank, for searches."""

    q: str = ""
    album_id: str | None = None
    person_id: str | None = None
    folder: str | None = None
    state: Literal["live", "trashed"] = "live"
    order: Literal["newest", "oldest", "best"] = "newest"


class Geometry:
    """The aspect ratios of tiles, one byte each (see `ratio_bytes`), encoded for transfer."""

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
    """A view at a moment of the feed. changed: the event at which it last changed. tiles: the numbers of the assets
    that represent them, in order; the last `undated` ones are undated. days: the days of the others, with the number of
    their tiles in day_counts; empty if ordered by rank. assets: the number of assets, stacked ones included.
    good_until: until when (time.monotonic) it may be used despite newer events."""

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
        """Whether both show the same tiles in the same positions."""
        return (
            np.array_equal(self.tiles, other.tiles)
            and np.array_equal(self.geometry.ratios, other.geometry.ratios)
            and (self.undated, self.days, self.day_counts) == (other.undated, other.days, other.day_counts)
        )

    def ordinal_of(self, number: int) -> int | None:
        """The position of the tile that shows an asset or its stack; None if it is not in the view."""
        rows = self.base.rows_of(np.array([number]))
        if not len(rows):
            return None
        positions = np.flatnonzero(self.tiles == self.base.order.leaders[rows[0]])
        return int(positions[0]) if len(positions) else None

    def numbers(self, start: int, stop: int, *, with_members: bool = False) -> list[int]:
        """Numbers of the assets of tiles. with_members: with all members of their stacks."""
        tiles = self.tiles[start:stop]
        if with_members and len(self.base.followers[0]) and len(tiles):
            tiles = self.base.order.numbers[np.concatenate(self.base.members_of(tiles))]
        numbers: list[int] = tiles.tolist()
        return numbers


@dataclass(frozen=True)
class Base:
    """The order that views are projected onto."""

    order: Order

    @cached_property
    def rows(self) -> Rows:
        """Rows by asset number; -1 if it is not in the order."""
        numbers = self.order.numbers
        return arrays.rows_of(numbers, np.arange(numbers.max(initial=0) + 1))

    def rows_of(self, numbers: NDArray[Any]) -> Rows:
        """Rows of those assets that are in the order."""
        rows: Rows = self.rows[numbers[numbers < len(self.rows)]]
        return rows[rows >= 0]

    @cached_property
    def followers(self) -> tuple[Ints, Rows]:
        """The stack members represented by another asset: their leaders, sorted, and their rows."""
        rows = np.flatnonzero(self.order.leaders != self.order.numbers)
        leaders = self.order.leaders[rows]
        by_leader = np.argsort(leaders, kind="stable")
        return leaders[by_leader], rows[by_leader]

    def members_of(self, numbers: Ints) -> list[Rows]:
        """Rows of the stacks that these assets represent, their own row first."""
        leaders, rows = self.followers
        own = self.rows[numbers]
        firsts, ends = (np.searchsorted(leaders, numbers, side) for side in ("left", "right"))
        return [
            own[at : at + 1] if first == end else np.concatenate((own[at : at + 1], rows[first:end]))
            for at, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True))
        ]


_NOTHING = Base(Order(*(np.empty(0, np.int32) for _ in Order._fields)))


class Timeline:
    """The timeline of one index. Thread-safe, if each thread has its own connection."""

    def __init__(self, database: Path, *, keeps_file: bool = True) -> None:
        """keeps_file: save the order in the cache folder."""
        self._path = config.cache_folder(database) / files.NAME
        self._keeps_file = keeps_file
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._base: Base | None = None
        self._saved = -1
        self._views: OrderedDict[View, Arranged] = OrderedDict()

    def arranged(self, index: Index, view: View, *, may_be_old: bool = False) -> Arranged:
        """The current state of a view. may_be_old: accept a recent one if it is slow to compute.

        Raises NotFound for an unknown album, person or folder; UsageError for a search that is invalid or takes too
        long."""
        if view.q and parse(view.q).is_trashed:
            view = view._replace(state="trashed")
        connection, known, started = index.session.connection, self._views.get(view), time.monotonic()
        if known is not None and (known.at == store.last(connection) or (may_be_old and started < known.good_until)):
            return known
        for _ in range(_MAX_ATTEMPTS if view.q else 1):
            was_updated = bool(view.q) and index.searches.update()
            connection = index.session.connection
            with self._moment(connection) as (at, changed, base):
                if view.state == "trashed":
                    base, changed = Base(_read(connection, trashed=True)), at.cursor
                is_all = view._replace(state="live", order="newest") == View()
                chosen = None if is_all else _chosen(index, view)
                arranged = _arrange(view, at, changed if is_all else at.cursor, base, chosen)
                has_old_words = bool(view.q) and is_behind(connection)
            if not has_old_words or not was_updated:
                break
        ended = time.monotonic()
        took = ended - started
        good_until = ended + min(_VALIDITY_FACTOR * took, _MAX_VALIDITY) if took > _QUICK else ended
        if has_old_words:  # on a read-only server: another process updates the full-text index, without an event
            arranged = replace(arranged, at=arranged.at._replace(mark=""))
            good_until = max(good_until, ended + _OLD_WORDS)
        return self._keep(view, replace(arranged, good_until=good_until))

    def stack_of(self, index: Index, asset_id: str) -> list[str]:
        """Ids of the assets in an asset's stack, the one that represents it first; empty if it is in no stack."""
        number = store.number_of(index.session.connection, asset_id)
        base = self.arranged(index, View(), may_be_old=True).base
        rows = base.rows_of(np.array([] if number is None else [number], np.int32))
        if not len(rows):
            return []
        (members,) = base.members_of(base.order.leaders[rows])
        return store.ids_of(index.session.connection, base.order.numbers[members].tolist()) if len(members) > 1 else []

    def _keep(self, view: View, arranged: Arranged) -> Arranged:
        """Cache a view. If it equals the previous one, it keeps the event at which it last changed."""
        with self._lock:
            known = self._views.pop(view, None)
            if known is not None and known.at.cursor > arranged.at.cursor:  # another thread has a newer one
                self._views[view] = known
                return arranged
            if known is not None and known.changed <= arranged.changed and known.is_like(arranged):
                arranged = replace(arranged, changed=known.changed, geometry=known.geometry)
            self._views[view] = arranged
            self._release_stale()
            while len(self._views) > _MAX_VIEWS:
                self._views.popitem(last=False)
        return arranged

    def _release_stale(self) -> None:
        """Release the order of stale views; only their tiles are still compared."""
        assert self._snapshot is not None
        now, cursor = time.monotonic(), self._snapshot.at.cursor
        for view, arranged in self._views.items():
            if arranged.at.cursor < cursor and arranged.good_until < now and arranged.base is not _NOTHING:
                self._views[view] = replace(arranged, base=_NOTHING)

    @contextmanager
    def _moment(self, connection: sqlite3.Connection) -> Iterator[tuple[Moment, int, Base]]:
        """Yield the moment, its last change and the order. What the body reads is from the same moment."""
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
                if connection.in_transaction:  # else the next BEGIN fails
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
            order = _updated(connection, known)
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
        with suppress(OSError):  # the next start reads the order from the index
            files.save(self._path, self._snapshot)
            self._saved = self._snapshot.at.cursor

    def close(self) -> None:
        with self._lock:
            self._save()


def _read(connection: sqlite3.Connection, *, trashed: bool = False) -> Order:
    return arrays.whole(*store.in_order(connection, trashed=trashed), store.facts(connection, trashed=trashed))


def _updated(connection: sqlite3.Connection, known: Snapshot) -> Order | None:
    """The order updated with all changes since; None if there are too many and it must be reread."""
    order, changed = known.order, store.changed_since(connection, known.at.cursor)
    if len(changed) > max(_MAX_SPLICED_SHARE * len(order.numbers), 1000):
        return None
    numbers = np.array(changed, np.int32)
    facts = store.facts(connection, changed)
    rows = arrays.rows_of(order.numbers, numbers)
    days = set(order.days[rows[rows >= 0]].tolist()) | set(facts.days.tolist())
    if len(days) > _MAX_SPLICED_DAYS:
        return None
    by_day = {day: store.in_order_of_day(connection, day) for day in days}
    try:
        new = arrays.spliced(order, numbers, facts, by_day)
    except (ValueError, IndexError):
        return None
    return new if len(new.numbers) == count_live(connection) else None


def _shows_the_same(order: Order, other: Order) -> bool:
    if order is other:
        return True
    rows, others = order.tiles, other.tiles
    return all(
        np.array_equal(column[rows], same[others])
        for column, same in (
            (order.numbers, other.numbers), (order.ratios, other.ratios), (order.days, other.days),
            (order.undated, other.undated)
        )
    )  # fmt: skip


def _chosen(index: Index, view: View) -> Ints:
    """Numbers of the assets in a view, of any state; the best first if it is ordered by rank."""
    sets = list[Ints]()
    if view.q:
        is_trashed, is_ranked = view.state == "trashed", view.order == "best"
        ranked = index.searches.numbers(view.q, is_trashed=is_trashed, is_ranked=is_ranked)
        sets.append(np.array(ranked, np.int32))
    for kind, key, select in (
        ("album", view.album_id, store.of_album),
        ("person", view.person_id, store.of_person),
        ("indexed folder", view.folder, store.of_folder),
    ):
        if key is not None:
            numbers = select(index.session.connection, key)
            if numbers is None:
                raise NotFound(f"there is no {kind} {key}")
            sets.append(numbers)
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
