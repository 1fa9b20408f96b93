"""The order of assets as in-memory arrays: built completely, or spliced where days changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.store.timeline import Facts, Ints

Rows = NDArray[Any]  # of integers


class Order(NamedTuple):
    """Columns of equal length, one row per asset, in the order of the timeline: by wall clock, newest first, ties by
    id; undated assets come last, in the same order. leaders: the number of the asset that represents the stack; for
    most assets, their own. The other columns are as in Facts."""

    numbers: Ints
    days: Ints
    undated: NDArray[Any]
    ratios: NDArray[Any]
    preferences: NDArray[Any]
    stacks: NDArray[Any]
    live: NDArray[Any]
    leaders: Ints

    @property
    def tiles(self) -> Rows:
        """Rows of the assets that represent themselves or their stack."""
        return np.flatnonzero(self.leaders == self.numbers)

    def taken(self, rows: Rows) -> Order:
        return Order(*(column[rows] for column in self))


def whole(in_order: Ints, days: Ints, undated: Ints, facts: Facts) -> Order:
    """Build the order. in_order, days: the numbers of all assets, newest first, and their days. undated: the numbers of
    undated assets; may contain others."""
    rows = rows_of(facts.numbers, in_order)
    if (rows < 0).any() or len(rows) != len(facts.numbers):
        raise ValueError("the order and the facts are not of the same assets")
    order = Order(*facts, leaders=facts.numbers).taken(rows)
    order = order._replace(days=days, undated=np.isin(in_order, undated))
    order = order.taken(np.argsort(order.undated, kind="stable"))
    _stack(order, np.flatnonzero((order.stacks > 0) | (order.live > 0)))
    return order


def rows_of(numbers: Ints, queried: NDArray[Any]) -> Rows:
    """The row of each queried number; -1 if there is none."""
    size = int(max(numbers.max(initial=0), queried.max(initial=0))) + 1
    rows = np.full(size, -1, np.intp)
    rows[numbers] = np.arange(len(numbers))
    of_queried: Rows = rows[queried]
    return of_queried


def spliced(order: Order, changed: Ints, facts: Facts, by_day: Mapping[int, Ints]) -> Order:
    """The order after these assets changed, appeared or disappeared. facts: of those that exist now. by_day: for every
    day that one of them was on or is on, the numbers of all its assets in order, undated or not. Raises ValueError if
    these are inconsistent."""
    current = Order(*facts, leaders=facts.numbers)
    pool = Order(*(np.concatenate((old, new)) for old, new in zip(order, current, strict=True)))
    latest = np.full(int(max(pool.numbers.max(initial=0), changed.max(initial=0))) + 1, -1, np.intp)
    latest[order.numbers] = np.arange(len(order.numbers))
    before = latest[changed]
    latest[changed] = -1
    latest[facts.numbers] = np.arange(len(order.numbers), len(pool.numbers))
    new = pool.taken(np.concatenate(_pieces(order, by_day, latest, pool)))
    former = before[before >= 0]
    stacks = _keys(order.stacks[former], facts.stacks)
    live = _keys(order.live[former], facts.live)
    if len(stacks) or len(live):
        members = _members(new, stacks, live)
        new.leaders[members] = new.numbers[members]
        _stack(new, members)
    return new


def _pieces(order: Order, by_day: Mapping[int, Ints], latest: Rows, pool: Order) -> list[Rows]:
    """Rows of the pool: the unchanged stretches between changed days, and these days rebuilt."""
    dated = int(np.count_nonzero(~order.undated))
    pieces: list[Rows] = []
    for is_undated, first, end in ((False, 0, dated), (True, dated, len(order.numbers))):
        descending, at = -order.days[first:end], first
        for day in sorted(by_day, reverse=True):
            low, high = (first + int(np.searchsorted(descending, -day, side)) for side in ("left", "right"))
            rows = latest[by_day[day]]
            if (rows < 0).any():
                raise ValueError("a day has an asset that is not known")
            pieces += [np.arange(at, low), rows[pool.undated[rows] == is_undated]]
            at = high
        pieces.append(np.arange(at, end))
    return pieces


def _members(order: Order, stacks: NDArray[Any], live: NDArray[Any]) -> Rows:
    """Rows of all assets connected to these stacks and live photos, directly or through shared members."""
    while True:
        rows = np.flatnonzero(_is_among(order.stacks, stacks) | _is_among(order.live, live))
        more_stacks, more_live = _keys(stacks, order.stacks[rows]), _keys(live, order.live[rows])
        if len(more_stacks) == len(stacks) and len(more_live) == len(live):
            return rows
        stacks, live = more_stacks, more_live


def _keys(keys: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    """The union, without 0, which is not a key."""
    union: NDArray[Any] = np.union1d(keys, others)
    return union[union > 0]


def _is_among(column: NDArray[Any], keys: NDArray[Any]) -> NDArray[Any]:
    # Not kind="table": NumPy 2.0's lookup table covers the range of the values, here 64-bit hashes.
    return np.isin(column, keys, kind="sort") if len(keys) else np.zeros(len(column), np.bool_)


def _stack(order: Order, rows: Rows) -> None:
    """Set the leader of each stack among these rows to its best member."""
    if not len(rows):
        return
    groups = np.arange(len(rows))
    keys = [column[rows] for column in (order.stacks, order.live)]
    while True:
        before = groups
        for key in keys:
            groups = _least_of_same(key, groups)
        if (groups == before).all():
            break
    best = np.lexsort((rows, order.preferences[rows], groups))
    starts = np.flatnonzero(np.diff(groups[best], prepend=-1))
    of_group = np.empty(len(rows), np.int32)
    of_group[groups[best][starts]] = order.numbers[rows[best[starts]]]
    order.leaders[rows] = of_group[groups]


def _least_of_same(key: NDArray[Any], groups: Rows) -> Rows:
    """The lowest group among the rows with the same key; key 0 is none."""
    by_key = np.argsort(key, kind="stable")
    by_key = by_key[np.searchsorted(key[by_key], 1) :]
    if not len(by_key):
        return groups
    starts = np.flatnonzero(np.diff(key[by_key], prepend=np.uint64(0)))
    least = np.minimum.reduceat(groups[by_key], starts)
    joined = groups.copy()
    joined[by_key] = np.repeat(least, np.diff(starts, append=len(by_key)))
    return joined
