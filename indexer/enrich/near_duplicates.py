"""Near-duplicates: resized, re-encoded and cropped copies, and the shots of a burst.

Two hashes are near if few of their 64 bits differ. Near pairs are found by multi-index hashing (Norouzi et al., 2012)
instead of comparing all pairs: if at most seven bits differ, at least one of the four quarters differs in at most one
bit, so each quarter is looked up as it is and with each of its bits flipped.
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
# A match of a picture with a part of another is weaker evidence: the thumbnails must correlate this much.
_SAME_CORRELATION = 0.9
# Shots of one camera within this time may differ in more bits.
_BURST_SECONDS, _BURST_BITS = 3.0, 14
_BAND_BITS = 16
# Candidate pairs compared at a time
_CHUNK = 1 << 22
# The strongest first
KINDS = ("copy", "crop", "burst")

_Hashes = NDArray[np.uint64]
_Indexes = NDArray[np.int64]


class SimilarPhotos(NamedTuple):
    """A group of similar photos. members: indices in the list passed to `find_similar`. kind: the weakest similarity
    that joins them."""

    kind: Literal["copy", "crop", "burst"]
    members: list[int]


def find_similar(photos: list[HashedPhoto], cache: Path) -> list[SimilarPhotos]:
    """Groups of two or more photos. photos: in order of time. cache: the folder of the thumbnails."""
    if not photos:
        return []
    hashes = (
        np.frombuffer(b"".join(photo.hashes for photo in photos), dtype=">u8")
        .astype(np.uint64)
        .reshape(len(photos), -1)
    )
    is_plain = hashes[:, 0] == 0
    groups = _Groups(len(photos))
    for first, second in near(hashes[:, 0], hashes[:, 0]):
        if first < second and not is_plain[first]:
            groups.join(first, second, "copy")
    for first, second in _burst(photos, hashes[:, 0]):
        if not groups.are_joined(first, second) and not is_plain[first]:
            groups.join(first, second, "burst")
    thumbnail = _thumbnails(photos, cache)
    parts = hashes[:, 1:].ravel()
    for first, part_number in near(hashes[:, 0], parts):
        whole, part = part_number // (len(PARTS) - 1), PARTS[part_number % (len(PARTS) - 1) + 1]
        if first == whole or is_plain[first] or groups.are_joined(first, whole):
            continue
        if _correlation(thumbnail(first), thumbnail(whole), part) >= _SAME_CORRELATION:
            groups.join(first, whole, "crop")
    return groups.similar_photos()


def near(these: _Hashes, those: _Hashes, bits: int = NEAR_BITS) -> Iterator[tuple[int, int]]:
    """Index pairs (in `these`, in `those`) of all hashes that differ in at most `bits` bits. bits: up to 7."""
    pairs = []
    for shift in range(0, 64, _BAND_BITS):
        mask = np.uint64((1 << _BAND_BITS) - 1)
        bands = (those >> np.uint64(shift)) & mask
        order = np.argsort(bands, kind="stable")
        ordered = bands[order]
        own_bands = (these >> np.uint64(shift)) & mask
        for flipped in (0, *(1 << bit for bit in range(_BAND_BITS))):
            probe = own_bands ^ np.uint64(flipped)
            first = np.searchsorted(ordered, probe, "left")
            counts = np.searchsorted(ordered, probe, "right") - first
            for left, right in _ranges(first, counts):
                right = order[right]
                close = np.bitwise_count(these[left] ^ those[right]) <= bits
                pairs.append(np.column_stack((left[close], right[close])))
    unique = np.unique(np.concatenate(pairs), axis=0) if pairs else np.empty((0, 2), dtype=np.int64)
    yield from zip(unique[:, 0].tolist(), unique[:, 1].tolist(), strict=True)


def _ranges(first: _Indexes, counts: _Indexes) -> Iterator[tuple[_Indexes, _Indexes]]:
    """Pairs (i, first[i]), (i, first[i] + 1), …, counts[i] for each i, as two arrays; in chunks that fit into
    memory."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _CHUNK, "right")), start + 1)
        chunk = counts[start:stop]
        left = np.repeat(np.arange(start, stop), chunk)
        offsets = np.arange(len(left)) - np.repeat(np.cumsum(chunk) - chunk, chunk)
        yield left, np.repeat(first[start:stop], chunk) + offsets
        start = stop


def _burst(photos: list[HashedPhoto], hashes: _Hashes) -> Iterator[tuple[int, int]]:
    """Index pairs of consecutive shots of a camera that belong to a burst."""
    last: dict[str, tuple[int, datetime]] = {}
    for number, photo in enumerate(photos):
        if photo.camera is None:
            continue
        try:
            at = datetime.fromisoformat(photo.wall_clock)
        except ValueError:
            continue
        if photo.camera in last:
            previous, previous_at = last[photo.camera]
            is_soon = abs((at - previous_at).total_seconds()) <= _BURST_SECONDS
            if is_soon and int(hashes[previous] ^ hashes[number]).bit_count() <= _BURST_BITS:
                yield previous, number
        last[photo.camera] = number, at


def _thumbnails(photos: list[HashedPhoto], cache: Path) -> Callable[[int], Image.Image | None]:
    """Returns a function that opens the thumbnail of a photo by its index, in grayscale; None if there is none."""
    opened: dict[int, Image.Image | None] = {}

    def thumbnail(number: int) -> Image.Image | None:
        if number not in opened:
            if len(opened) > 2000:
                opened.clear()
            file = photos[number].thumbnail
            try:
                opened[number] = Image.open(cache / file).convert("L") if file else None
            except OSError:
                opened[number] = None
        return opened[number]

    return thumbnail


def _correlation(crop: Image.Image | None, whole: Image.Image | None, part: tuple[float, float, float, float]) -> float:
    """The correlation of the gray values of a picture and of a part of another: 1 if they are equal, 0 if a thumbnail
    is missing. part: fractions (left, top, right, bottom)."""
    if crop is None or whole is None:
        return 0.0
    left, top, right, bottom = part
    box = (left * whole.width, top * whole.height, right * whole.width, bottom * whole.height)
    a, b = (
        np.asarray(image, dtype=np.float64).ravel()
        for image in (
            crop.resize((24, 24), Image.Resampling.BOX),
            whole.resize((24, 24), Image.Resampling.BOX, box=box),
        )
    )
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


class _Groups:
    """Groups of joined photos, by index (union-find)."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))
        self._kinds: dict[int, int] = defaultdict(int)

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def are_joined(self, first: int, second: int) -> bool:
        return self._root(first) == self._root(second)

    def join(self, first: int, second: int, kind: Literal["copy", "crop", "burst"]) -> None:
        root, below = sorted((self._root(first), self._root(second)))
        self._parents[below] = root
        self._kinds[root] = max(self._kinds[root], self._kinds.pop(below, 0), KINDS.index(kind))

    def similar_photos(self) -> list[SimilarPhotos]:
        members: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self._parents)):
            members[self._root(number)].append(number)
        return [
            SimilarPhotos(KINDS[self._kinds[root]], group)  # type: ignore[arg-type]
            for root, group in members.items()
            if len(group) > 1
        ]
