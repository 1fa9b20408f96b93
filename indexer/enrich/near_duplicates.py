"""Photos that look alike: resized, re-encoded, cropped copies, and the shots of a burst.

Two hashes are near when few of their 64 bits differ. Those near each other are found without comparing all with all:
of hashes with at most seven bits between them, one of their four quarters differs in at most one bit, so each quarter
is looked up as it is and with each of its bits turned (multi-index hashing, Norouzi and others, 2012).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.store.duplicates import HashedPhoto

from .enrichers.perceptual_hashes import PARTS

NEAR_BITS = 7
# A part of one picture against the whole of another is a weaker sign: the thumbnails are compared then.
_SAME_CORRELATION = 0.9
# Shots of one camera within so many seconds may differ more.
_BURST_SECONDS, _BURST_BITS = 3.0, 14
_BAND_BITS = 16
_CHUNK = 1 << 22

_Hashes = NDArray[np.uint64]
_Indexes = NDArray[np.int64]


class Alike(NamedTuple):
    """Photos that look alike, by their place in the list that was asked about. kind: the weakest of what joins them."""

    kind: Literal["copy", "crop", "burst"]
    members: list[int]


def find_alike(looks: list[HashedPhoto], cache: Path) -> list[Alike]:
    """Groups of two and more. looks in the order of their time; cache: the folder of the thumbnails."""
    if not looks:
        return []
    hashes = np.frombuffer(b"".join(one.hashes for one in looks), dtype=">u8").astype(np.uint64).reshape(len(looks), -1)
    flat = hashes[:, 0] == 0
    groups = _Groups(len(looks))
    for one, other in near(hashes[:, 0], hashes[:, 0]):
        if one < other and not flat[one]:
            groups.join(one, other, "copy")
    for one, other in _burst(looks, hashes[:, 0]):
        if not groups.are_joined(one, other) and not flat[one]:
            groups.join(one, other, "burst")
    thumbnail = _thumbnails(looks, cache)
    parts = hashes[:, 1:].ravel()
    for one, number in near(hashes[:, 0], parts):
        whole, part = number // (len(PARTS) - 1), PARTS[number % (len(PARTS) - 1) + 1]
        if one == whole or flat[one] or groups.are_joined(one, whole):
            continue
        if _correlation(thumbnail(one), thumbnail(whole), part) >= _SAME_CORRELATION:
            groups.join(one, whole, "crop")
    return groups.found()


def near(these: _Hashes, those: _Hashes, bits: int = NEAR_BITS) -> Iterator[tuple[int, int]]:
    """Indexes of all pairs, one of these and one of those, with at most `bits` (up to 7) bits between them."""
    pairs = []
    for shift in range(0, 64, _BAND_BITS):
        mask = np.uint64((1 << _BAND_BITS) - 1)
        bands = (those >> np.uint64(shift)) & mask
        order = np.argsort(bands, kind="stable")
        ordered = bands[order]
        wanted = (these >> np.uint64(shift)) & mask
        for turned in (0, *(1 << bit for bit in range(_BAND_BITS))):
            probe = wanted ^ np.uint64(turned)
            first = np.searchsorted(ordered, probe, "left")
            counts = np.searchsorted(ordered, probe, "right") - first
            for left, right in _ranges(first, counts):
                right = order[right]
                close = np.bitwise_count(these[left] ^ those[right]) <= bits
                pairs.append(np.column_stack((left[close], right[close])))
    found = np.unique(np.concatenate(pairs), axis=0) if pairs else np.empty((0, 2), dtype=np.int64)
    yield from zip(found[:, 0].tolist(), found[:, 1].tolist(), strict=True)


def _ranges(first: _Indexes, counts: _Indexes) -> Iterator[tuple[_Indexes, _Indexes]]:
    """For each i the numbers from first[i] on, counts[i] of them, beside i; in pieces that fit into memory."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _CHUNK, "right")), start + 1)
        some = counts[start:stop]
        left = np.repeat(np.arange(start, stop), some)
        offsets = np.arange(len(left)) - np.repeat(np.cumsum(some) - some, some)
        yield left, np.repeat(first[start:stop], some) + offsets
        start = stop


def _burst(looks: list[HashedPhoto], hashes: _Hashes) -> Iterator[tuple[int, int]]:
    last: dict[str, tuple[int, datetime]] = {}
    for number, one in enumerate(looks):
        if one.camera is None:
            continue
        try:
            at = datetime.fromisoformat(one.wall_clock)
        except ValueError:
            continue
        if one.camera in last:
            before, then = last[one.camera]
            is_soon = abs((at - then).total_seconds()) <= _BURST_SECONDS
            if is_soon and int(hashes[before] ^ hashes[number]).bit_count() <= _BURST_BITS:
                yield before, number
        last[one.camera] = number, at


def _thumbnails(looks: list[HashedPhoto], cache: Path) -> Callable[[int], Image.Image | None]:
    held: dict[int, Image.Image | None] = {}

    def thumbnail(number: int) -> Image.Image | None:
        if number not in held:
            if len(held) > 2000:
                held.clear()
            file = looks[number].thumbnail
            try:
                held[number] = Image.open(cache / file).convert("L") if file else None
            except OSError:
                held[number] = None
        return held[number]

    return thumbnail


def _correlation(crop: Image.Image | None, whole: Image.Image | None, part: tuple[float, float, float, float]) -> float:
    """Of the grey values of one picture with those of a part of another, 1 where they are the same. Without thumbnails
    nothing is known, and nothing is held to be alike."""
    if crop is None or whole is None:
        return 0.0
    left, top, right, bottom = part
    box = (left * whole.width, top * whole.height, right * whole.width, bottom * whole.height)
    a, b = (
        np.asarray(one, dtype=np.float64).ravel()
        for one in (crop.resize((24, 24), Image.Resampling.BOX), whole.resize((24, 24), Image.Resampling.BOX, box=box))
    )
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


class _Groups:
    """What is joined to what (union-find)."""

    _STRENGTH = ("copy", "crop", "burst")

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))
        self._kinds: dict[int, int] = defaultdict(int)

    def _top(self, one: int) -> int:
        while self._parents[one] != one:
            self._parents[one] = self._parents[self._parents[one]]
            one = self._parents[one]
        return one

    def are_joined(self, one: int, other: int) -> bool:
        return self._top(one) == self._top(other)

    def join(self, one: int, other: int, kind: Literal["copy", "crop", "burst"]) -> None:
        top, below = sorted((self._top(one), self._top(other)))
        self._parents[below] = top
        self._kinds[top] = max(self._kinds[top], self._kinds.pop(below, 0), self._STRENGTH.index(kind))

    def found(self) -> list[Alike]:
        members: dict[int, list[int]] = defaultdict(list)
        for one in range(len(self._parents)):
            members[self._top(one)].append(one)
        return [
            Alike(self._STRENGTH[self._kinds[top]], some)  # type: ignore[arg-type]
            for top, some in members.items()
            if len(some) > 1
        ]
