"""Decide from a file's content whether it is new, moved, copied or modified. Pure but for `Places`, which the caller
provides.

| stored at this path | content belongs to | other places of that asset | change |
| --- | --- | --- | --- |
| nothing | nobody | one lost asset with the same picture | modified, from there |
| nothing | nobody | else | new |
| A, gone | nobody | A has another picture | as for nothing, A replaced |
| A | nobody | A lies elsewhere | new, A replaced |
| A | nobody | A lay elsewhere, absent now | wait for the end of the pass, then modified |
| A | nobody | none | modified |
| A | A | any | stat changed, or returned if it was away |
| any | B | one is absent | moved from there, what is stored here replaced |
| any | B | all are present, or none | copied, or returned; what is stored here replaced |
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from indexer.media.facts import MediaFacts
from indexer.store.changes import Change
from indexer.store.files import FileStat, StoredFile

from .compare import AWAY

# With more copies of a photo than this it does not matter which of them moved.
MOST_COPIES = 100


class Places(Protocol):
    """The places of assets. Queried only as far as a decision needs: each answer costs a query or a disk access."""

    def assets_with_picture(self, fingerprint: str, limit: int = -1) -> list[str]:
        """Assets with the same image data, whatever their metadata."""

    def of(self, asset_id: str) -> Iterable[StoredFile]:
        """Every place of an asset, gone ones too, oldest first."""

    def is_absent(self, place: StoredFile) -> bool:
        """Whether the file is certainly no longer at this place; False while its drive is offline."""


def decide(
    stat: FileStat, facts: MediaFacts, row: StoredFile | None, owner: str | None, places: Places, *, is_last: bool
) -> Change | None:
    """row: the row stored for the file's path. owner: the asset that has this content. is_last: the pass has ended.
    None: undecidable until the rest of the pass is known."""
    if owner is not None:
        return _known_content(stat, facts, row, owner, places)
    if row is None or row.asset_id is None:
        return _moved_and_edited(stat, facts, places) or Change("new", stat, facts)
    if row.status == "gone" and not _has_picture(row.asset_id, facts, places):
        # Long after a photo was deleted another one got its name.
        return _moved_and_edited(stat, facts, places) or Change("new", stat, facts, replaced=row.asset_id)
    may_have_moved = False
    for place in _others(row.asset_id, row, places):
        if place.status not in AWAY:
            if not places.is_absent(place):
                return Change("new", stat, facts, replaced=row.asset_id)
            may_have_moved = True
    if may_have_moved and not is_last:
        return None
    return Change("modified", stat, facts, row.asset_id)


def _known_content(stat: FileStat, facts: MediaFacts, row: StoredFile | None, owner: str, places: Places) -> Change:
    if row is not None and row.asset_id == owner:
        return Change("returned" if row.status in AWAY else "stat_changed", stat, facts, owner)
    replaced = row.asset_id if row is not None else None
    others = list(islice(_others(owner, row, places), MOST_COPIES))
    # A file that is missing is more likely on its way than one that was given up.
    absent = sorted(filter(places.is_absent, others), key=lambda place: place.status == "gone")
    if absent:
        return Change("moved", stat, facts, owner, absent[0], replaced)
    return Change("copied" if others else "returned", stat, facts, owner, replaced=replaced)


def _moved_and_edited(stat: FileStat, facts: MediaFacts, places: Places) -> Change | None:
    """A file that moved and got other metadata at once is known by its picture, if exactly one asset with that picture
    has lost all its places."""
    if facts.fingerprint is None:
        return None
    candidates = places.assets_with_picture(facts.fingerprint, MOST_COPIES + 1)
    if len(candidates) > MOST_COPIES:
        return None
    lost = []
    for asset_id in candidates:
        known = list(places.of(asset_id))
        if known and all(map(places.is_absent, known)):
            lost.append((asset_id, known[0]))
    if len(lost) != 1:
        return None
    asset_id, place = lost[0]
    return Change("modified", stat, facts, asset_id, place)


def _has_picture(asset_id: str, facts: MediaFacts, places: Places) -> bool:
    return facts.fingerprint is not None and asset_id in places.assets_with_picture(facts.fingerprint)


def _others(asset_id: str, row: StoredFile | None, places: Places) -> Iterable[StoredFile]:
    return (place for place in places.of(asset_id) if row is None or place.id != row.id)
